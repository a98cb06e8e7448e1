"""Studies and who takes part in them, within somebody's reach: for lists of people."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q, QuerySet

from integrations.studies import InvitationState
from patients.models import Participant, Study
from patients.services import visibility
from patients.services.visibility import Reach

Standing = Participant.Standing
NONE = "none"  # beside the states of an invitation: there is none


def participants_within(reach: Reach) -> QuerySet[Participant]:
    """Participants in reach of studies in reach: a record may belong to a second organization, whose studies
    are that one's."""
    return visibility.participants(reach).filter(_of_organizations(reach, "study__"))


def studies_within(reach: Reach) -> list[Study]:
    """The studies of organizations within reach, by name, for choosing one."""
    if not any(reach.organizations.values()):
        return []
    found = Study.objects.filter(_of_organizations(reach), vanished_at=None).defer("plan", "sent")
    return sorted(found, key=lambda each: (each.name.casefold(), each.pk))


def in_short(patients: Collection[int], reach: Reach) -> dict[int, tuple[str, ...]]:
    """Person → each study with where they stand in it, in few words; one statement, or none for who holds no
    role anywhere."""
    if not patients or not any(reach.organizations.values()):
        return {}
    rows = participants_within(reach).filter(
        record__patient__in=patients, is_test=False, record__is_test=False
    )
    said: dict[int, list[str]] = {}
    for patient, name, standing in rows.values_list("record__patient", "study__name", "standing"):
        said.setdefault(patient, []).append(f"{name}: {Standing(standing).label.lower()}")
    return {patient: tuple(sorted(set(some), key=str.casefold)) for patient, some in said.items()}


def taking_part(
    reach: Reach, *, study: str = "", standing: int = 0, invitation: str = ""
) -> QuerySet[Participant]:
    """Participants of one study by its public id, or of any, who stand there and whose latest invitation
    stands so; test participants are nobody."""
    found = participants_within(reach).filter(is_test=False, record__is_test=False)
    if study:
        found = found.filter(study__public_id=study)
    if standing:
        found = found.filter(standing=standing)
    return found.filter(invited(invitation)) if invitation else found


def invited(state: str) -> Q:
    """By the latest invitation. Where a system keeps no states, nobody is known not to be invited."""
    keeps_none = Q(study__tells_states=False)
    if state == NONE:
        return ~keeps_none & Q(invitation_state="", invited_at=None)
    if state == InvitationState.NOT_KNOWN:
        return Q(invitation_state=state) | (keeps_none & Q(invitation_state=""))
    return Q(invitation_state=state)


def _of_organizations(reach: Reach, prefix: str = "") -> Q:
    inside = Q(pk__in=[])
    for system, some in reach.organizations.items():
        inside |= Q(**{f"{prefix}system": system, f"{prefix}organization__in": sorted(some)})
    return inside
