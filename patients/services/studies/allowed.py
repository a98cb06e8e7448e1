"""Who may change what in a study, and why somebody may not: asked before anything is recorded.

The system's own role in the study's organization decides, as it was told at most half a minute ago; its
adapter asks again before anything is sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from integrations.registry import label_of
from patients.models import Place, SourceRecord, Study
from patients.services.operations import rights
from patients.services.visibility import Reach, Standing
from portal.accounts.models import User


class Because(StrEnum):
    """Why something is refused before it is recorded."""

    PORTAL_ROLE = "portal role"
    ROLE = "role"  # in the study's organization
    NOT_TOLD = "not told"  # the system does not say what role one has
    GONE = "gone"
    OUTSIDE = "outside"  # the record is not in the study's organization
    NOT_ENROLLED = "not enrolled"
    NOT_ASKED_FOR = "not asked for"
    AUTHORITY = "authority"
    DECEASED = "deceased"
    ARCHIVED = "archived"
    NO_APP = "no app"
    NO_EMAIL = "no e-mail"
    NO_PERMISSION = "no permission for e-mails"
    DISAGREEMENT = "records disagree"  # on what the person consents to
    INVITED = "invited already"
    OVER = "over"  # an invitation that leads nowhere any more
    NO_STATES = "no states"


class Fix(StrEnum):
    """What a page can offer instead, to who may."""

    NONE = ""
    ADD_TO_ORGANIZATION = "add to organization"
    ENROL = "enrol"
    INVITE_AGAIN = "invite again"
    SETTLE = "settle what they decided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why not, in a sentence for staff; what to do, and what a page can offer. No value about a person."""

    because: Because
    sentence: str
    step: str = ""
    fix: Fix = Fix.NONE


class Refused(Exception):
    """Nothing was asked for."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.because)
        self.refusal = refusal


def require(study: Study, *, by: User, reach: Reach) -> None:
    """Raise :class:`Refused` unless somebody may change people of the study's organization."""
    refusal = why_not(study, by=by, reach=reach)
    if refusal is not None:
        raise Refused(refusal)


def why_not(study: Study, *, by: User, reach: Reach) -> Refusal | None:
    """Why somebody may change nothing in a study: which role they have, which it takes, and whom to ask."""
    system, place = study.system, study.organization
    if not rights.may_write(by, system):
        return Refusal(
            because=Because.PORTAL_ROLE,
            sentence=f"Your role does not let you change anything in {label_of(system)}.",
            step="Ask a coordinator, clinic staff or an admin.",
        )
    if place in reach.writable.get(system, ()):
        return None
    if system in reach.untold:
        return Refusal(because=Because.NOT_TOLD, sentence=reach.untold[system], step="Try again in a minute.")
    name = name_of(system, place)
    return Refusal(
        because=Because.ROLE,
        sentence=f"{_held(study, name, reach=reach)}: this takes a member or manager there.",
        step=f"Ask a manager of {name} to do this, or to give you the role.",
    )


def name_of(system: str, organization: str) -> str:
    """What an organization is called."""
    row = Place.objects.filter(system=system, organization=organization).first()
    return row.name if row is not None and row.name else f"organization {organization}"


def _held(study: Study, name: str, *, reach: Reach) -> str:
    label = label_of(study.system)
    if study.organization not in reach.organizations.get(study.system, ()):
        return f"You have no {label} role at {name}"
    role = reach.standings.get((study.system, study.organization), Standing()).role.replace("_", " ")
    return f"Your {label} role at {name} is {role}" if role else f"Your {label} role at {name} only reads"


def gone(record: SourceRecord) -> Refusal | None:
    """Why nothing can be asked for a record that its system does not hold any more."""
    if record.vanished_at is None:
        return None
    label = label_of(record.system)
    return Refusal(
        because=Because.GONE,
        sentence=f"{label} does not hold this record any more.",
        step="Look at the person's page again.",
    )
