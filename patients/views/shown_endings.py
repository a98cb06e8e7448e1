"""What there is to do about each record on a person's page, as links beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.urls import reverse

from patients.models import SourceRecord
from patients.services import visibility
from patients.services.ending import leaving, putting_away, removing
from patients.services.ending.putting_away import Step
from patients.services.opening import Opened
from patients.services.people_rows import called
from patients.services.studies import consent_reading
from portal.accounts.access import is_allowed, who_may
from portal.accounts.models import User


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordAction:
    """A link beside one record; ``key`` names it in a page."""

    system: str
    id: str = field(repr=False)
    key: str
    label: str
    url: str


_STEPS = {
    Step.ARCHIVE: ("Archive", "patients:archive"),
    Step.TAKE_BACK: ("Take back into use", "patients:take_back"),
}


def record_actions(opened: Opened, *, by: User) -> tuple[RecordAction, ...]:
    """The links of every record, in order; none where a system refuses one."""
    if opened.refused:
        return ()
    rows = visibility.records(opened.reach).filter(patient=opened.patient, vanished_at=None)
    return tuple(each for row in rows.defer("held").order_by("pk") for each in _of_record(row, opened, by=by))


def _of_record(row: SourceRecord, opened: Opened, *, by: User) -> Iterator[RecordAction]:
    at = [opened.patient.public_id, row.pk]

    def action(key: str, label: str, url: str) -> RecordAction:
        return RecordAction(system=row.system, id=row.remote_id, key=f"{key}-{row.pk}", label=label, url=url)

    if consent_reading.keeps_consents(row) and is_allowed(by, who_may("patients:consents", "GET")):
        yield action("consents", "Consents", reverse("patients:consents", args=at[:1]))
    if not is_allowed(by, who_may("patients:archive", "GET")):
        return
    for step, (label, name) in _STEPS.items():
        if not putting_away.why_not(step, row, by=by):
            yield action(name.partition(":")[2], label, reverse(name, args=at))
    for place in leaving.places_of(row, by=by, reach=opened.reach):
        url = reverse("patients:leave", args=[*at, place.pk])
        yield action(f"leave-{place.pk}", f"Take out of {called(place)}", url)
    removal = removing.open_of(row)
    if removal is not None and removal.organization in opened.reach.writable.get(row.system, ()):
        url = reverse("patients:removal", args=[removal.public_id])
        yield action("removal", "Deletion that waits for a second person", url)
