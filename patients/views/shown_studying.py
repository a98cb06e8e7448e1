"""What may be done with one record in studies, as links beside it on its person's page."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse

from patients.models import Participant, SourceRecord
from patients.services import visibility
from patients.services.opening import Opened
from patients.services.studies import offers
from portal.accounts.access import is_allowed, who_may
from portal.accounts.models import User

from .shown_endings import RecordAction


def study_actions(opened: Opened, *, by: User) -> tuple[RecordAction, ...]:
    """The links of every record that can take part in studies; none where a system refuses one."""
    if opened.refused or not is_allowed(by, who_may("patients:enrol", "POST")):
        return ()
    rows = visibility.records(opened.reach).filter(patient=opened.patient, vanished_at=None)
    able = [row for row in rows.defer("held").order_by("pk") if offers.has_studies(row)]
    return tuple(each for row in able for each in _of_record(row, opened))


def _of_record(row: SourceRecord, opened: Opened) -> Iterator[RecordAction]:
    at = [opened.patient.public_id, row.pk]

    def action(key: str, label: str, name: str, *more: object) -> RecordAction:
        url = reverse(name, args=[*at, *more])
        return RecordAction(system=row.system, id=row.remote_id, key=f"{key}-{row.pk}", label=label, url=url)

    own = opened.reach.organizations.get(row.system, frozenset())
    rows = Participant.objects.filter(record=row, left_at=None, study__organization__in=own)
    for participant in rows.select_related("study").order_by("study__name", "pk"):
        study = participant.study
        yield action(f"invite-{study.pk}", f"Invite to {study.name}", "patients:invite", study.public_id)
        yield action(f"unenrol-{study.pk}", f"Take out of {study.name}", "patients:unenrol", study.public_id)
    yield action("enrol", "Enrol in a study", "patients:enrol")
