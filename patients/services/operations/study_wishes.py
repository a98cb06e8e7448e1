"""What is to be written about studies; kept encrypted with the operation, as all wishes are (``wishes``).

Studies and organizations are named by their numbers in the system.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from patients.services.studies.authority import Authority


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrol:
    """A record to be put into a study of an organization that it belongs to."""

    study_id: str
    organization_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unenrol:
    """A record to be taken out of a study, with which the system deletes its decisions there."""

    study_id: str
    organization_id: str
    reason: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decide:
    """One decision about one kind of data, by ``authority``."""

    study_id: str
    organization_id: str
    scope_system: str
    scope_code: str
    agreed: bool = field(repr=False)
    authority: Authority = field(repr=False)

    @property
    def scope(self) -> tuple[str, str]:
        """What names the kind of data."""
        return self.scope_system, self.scope_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite:
    """A new invitation of a participant to an app; ``app_id`` is empty where the system names none.

    ``send_email``: the system mails the link. ``channel`` is how it reaches the person otherwise; ``reason``
    why somebody without permission for e-mails gets one. ``again``: somebody who was invited already is
    meant, and ``replaces`` is the invitation that ends with that, by our id; no other one does.
    """

    study_id: str
    organization_id: str
    app_id: str
    channel: str
    send_email: bool = False
    reason: str = field(default="", repr=False)
    again: bool = False
    replaces: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelInvitation:
    """An invitation to be made useless."""

    organization_id: str
    invitation_id: str


StudyWish = Enrol | Unenrol | Decide | Invite | CancelInvitation
