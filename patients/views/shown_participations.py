"""The studies of a person as their page shows them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.urls import reverse

from integrations.registry import label_of
from patients.models import Patient
from patients.services.studies.of_person import Participation, participations
from patients.services.visibility import Reach
from portal.accounts.access import is_allowed, who_may
from portal.accounts.models import User
from portal.templatetags.ui import label

from .shown_board import invitation_tone, tone_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownParticipation:
    """One study of one record, with the ways to its board, to inviting and to leaving it (where the reader's
    role may lead to that); ``told`` are counts, invitation and dates."""

    name: str
    url: str
    organization: str
    record: str
    number: str = field(repr=False)
    standing: str
    tone: str
    invitation: str
    invitation_tone: str
    since: datetime
    invite_url: str
    unenrol_url: str
    told: Participation = field(repr=False)
    consents_url: str


def shown_participations(patient: Patient, reach: Reach, *, by: User) -> list[ShownParticipation]:
    """The studies of a person's records, as far as the reader holds a role there."""
    may_act = is_allowed(by, who_may("patients:invite", "POST"))
    return [_shown(each, patient, may_act=may_act) for each in participations(patient, reach)]


def _shown(each: Participation, patient: Patient, *, may_act: bool) -> ShownParticipation:
    at = [patient.public_id, each.record.pk, each.study.public_id]
    board = reverse("patients:study", args=[each.place, each.study.public_id]) if each.place else ""
    return ShownParticipation(
        name=each.study.name or f"Study {each.study.remote_id}",
        url=board,
        organization=each.organization,
        record=f"{label_of(each.record.system)} {each.record.remote_id}",
        number=each.number,
        standing=each.standing.label,
        tone=tone_of(each.standing),
        invitation=label(each.invitation),
        invitation_tone=invitation_tone(each.invitation),
        since=each.since,
        invite_url=reverse("patients:invite", args=at) if may_act else "",
        unenrol_url=reverse("patients:unenrol", args=at) if may_act else "",
        told=each,
        consents_url=reverse("patients:consents", args=[patient.public_id]),
    )
