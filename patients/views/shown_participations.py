"""The studies of a person as their page shows them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.urls import reverse

from integrations.registry import label_of
from patients.models import Patient
from patients.services.studies.of_person import Participation, participations
from patients.services.visibility import Reach
from portal.templatetags.ui import label

from .shown_board import invitation_tone, tone_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownParticipation:
    """One study of one record, with the way to its board; ``told`` are counts, invitation and dates."""

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
    told: Participation = field(repr=False)
    consents_url: str


def shown_participations(patient: Patient, reach: Reach) -> list[ShownParticipation]:
    """The studies of a person's records, as far as the reader holds a role there."""
    return [_shown(each, patient.public_id) for each in participations(patient, reach)]


def _shown(each: Participation, public_id: str) -> ShownParticipation:
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
        told=each,
        consents_url=reverse("patients:consents", args=[public_id]),
    )
