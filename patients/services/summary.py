"""What the people list needs of a person, summed up from the person's records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from integrations.abilities import Capability
from integrations.registry import systems_with
from patients.models import Patient, SourceRecord

SUMMED = (
    "sort_name", "birth", "systems", "everybodys", "needs_review", "created_on", "is_listed",
    "merged_into", "version",
)  # fmt: skip
LONGEST = 200


def refresh(patients: Iterable[Patient]) -> None:
    """Sum up these people anew and save them."""
    people = list(patients)
    records: dict[int, list[SourceRecord]] = {each.pk: [] for each in people}
    for record in SourceRecord.objects.filter(patient__in=people).defer("held").order_by("pk"):
        records[record.patient_id].append(record)
    for person in people:
        sum_up(person, records[person.pk])
    Patient.objects.bulk_update(people, SUMMED)


def sum_up(person: Patient, records: Sequence[SourceRecord]) -> None:
    """Fill a person's columns from the records, without saving."""
    current = [each for each in records if each.vanished_at is None]
    real = [each for each in current if not each.is_test]
    in_use = [each for each in real if each.status == "active"] or real or current or list(records)
    narrow = set(systems_with(Capability.ORGANIZATIONS))
    leading = in_use[0] if in_use else None
    person.sort_name = f"{leading.family} {leading.given}".strip()[:LONGEST] if leading else ""
    person.birth = next((each.birth for each in in_use if each.birth), 0)
    person.systems = len({each.system for each in real})
    person.everybodys = any(each.system not in narrow for each in real)
    person.needs_review = any(each.needs_review for each in real)
    days = [each.created_at.date() for each in real if each.created_at]
    person.created_on = min(days, default=None)
    person.is_listed = bool(real) and person.merged_into_id is None
