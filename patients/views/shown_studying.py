"""Enrolling in studies, as links beside the records on a person's page."""

from __future__ import annotations

from django.urls import reverse

from patients.models import SourceRecord
from patients.services import visibility
from patients.services.opening import Opened
from patients.services.studies import offers
from portal.accounts.access import is_allowed, who_may
from portal.accounts.models import User

from .shown_endings import RecordAction


def study_actions(opened: Opened, *, by: User) -> tuple[RecordAction, ...]:
    """A link for every record that can take part in studies; none where a system refuses one."""
    if opened.refused or not is_allowed(by, who_may("patients:enrol", "POST")):
        return ()
    rows = visibility.records(opened.reach).filter(patient=opened.patient, vanished_at=None)
    return tuple(_enrol(row, opened) for row in rows.defer("held").order_by("pk") if offers.has_studies(row))


def _enrol(row: SourceRecord, opened: Opened) -> RecordAction:
    return RecordAction(
        system=row.system,
        id=row.remote_id,
        key=f"enrol-{row.pk}",
        label="Enrol in a study",
        url=reverse("patients:enrol", args=[opened.patient.public_id, row.pk]),
    )
