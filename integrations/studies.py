"""Studies: what they ask for, who takes part, what people decided, how they are invited.

A kind of data is named by system and code, never by its text. A system that cannot tell something says
``None`` or ``InvitationState.NOT_KNOWN``: never no, never zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from .holdings import ScopeConsent
from .types import Study

# Why a change of a study was refused before it left: reasons of ``Conflict`` and ``Forbidden``.
ANOTHER_STUDY = "study of another organization"
NOT_IN_ORGANIZATION = "not in the study's organization"
NOT_TAKING_PART = "does not take part"
NOT_ASKED_FOR = "not asked for"
NOT_TAKEN = "did not take"
NO_SUCH_APP = "no such app"
USED_ALREADY = "used already"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """One kind of data that a study asks for."""

    system: str
    code: str
    text: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What names it."""
        return self.system, self.code


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """An app with which people take part in a study; ``invites``: an invitation can lead to it."""

    id: str
    name: str = ""
    invites: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSource:
    """A device or app from which a study's data come."""

    id: str
    name: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyPlan:
    """A study with all that it asks for. ``apps`` is empty where the study's generation names none: then the
    invitation link decides by itself."""

    study: Study
    scopes: tuple[Scope, ...] = ()
    apps: tuple[App, ...] = ()
    data_sources: tuple[DataSource, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """What one person decided in the studies of one organization. ``by_study`` names those that the person
    takes part in and that ask for something; ``unplaced`` are kinds of data that were agreed to and that no
    study, of this organization or another, asks for (any more)."""

    patient_id: str
    by_study: Mapping[str, tuple[ScopeConsent, ...]] = field(repr=False)
    unplaced: tuple[ScopeConsent, ...] = field(default=(), repr=False)

    def asked(self, study_id: str, scope_key: tuple[str, str]) -> ScopeConsent | None:
        """How one kind of data stands in one study; ``None`` where the study does not ask this person."""
        scopes = self.by_study.get(study_id, ())
        return next((each for each in scopes if (each.system, each.code) == scope_key), None)


class InvitationState(StrEnum):
    """How an invitation stands, as the system tells it. ``replaced`` by a newer one; ``not known`` where
    the system keeps no state, which is not "not connected"."""

    ISSUED = "issued"
    REPLACED = "replaced"
    REDEEMED = "redeemed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """One invitation of a person to an app. ``id`` is empty where the system keeps none."""

    patient_id: str
    id: str = ""
    app_id: str = ""
    state: InvitationState = InvitationState.NOT_KNOWN
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedInvitation:
    """An invitation made just now. Its link signs in as the patient: a secret, in the reply alone."""

    invitation: Invitation
    link: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkParts:
    """What a link is made of, to explain why it does not work. ``app`` is the app's package, or the address
    that opens it; ``host`` the server that the app will ask, empty where the link does not say. ``code`` is
    masked but for its end. Empty text for a part that cannot be made out."""

    app: str = ""
    host: str = ""
    code: str = ""


class InvitationWay(StrEnum):
    """How a generation invites: an app by its number and with a state; a link of the person; a link that
    needs an app's number."""

    APP = "app"
    LINK = "link"
    LINK_WITH_APP = "link with app"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One observation as far as a board needs it: whose, which kind of data, when it was stored. ``resume``
    is with which another call goes on from here, showing some before it once more."""

    patient_id: str
    scope: tuple[str, str]
    at: datetime | None
    resume: str = field(default="", compare=False)
