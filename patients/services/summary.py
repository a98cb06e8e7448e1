"""What the people list needs of a person, summed up from the person's records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from integrations.abilities import Capability
from integrations.registry import systems_with
from patients.models import ListEntry, Membership, Patient, SourceRecord

from . import bulk
from .facets import Layout, layout_for

SUMMED = ("everybodys", "is_listed", "merged_into", "version")
LONGEST = 80
_ENTRY = ("sort_name", "birth", "created", "facets", "places")


def refresh(patients: Iterable[Patient]) -> None:
    """Sum up these people anew and save them."""
    people = list(patients)
    records: dict[int, list[SourceRecord]] = {each.pk: [] for each in people}
    for some in bulk.in_parts(records):
        for record in SourceRecord.objects.filter(patient__in=some).defer("held").order_by("pk"):
            records[record.patient_id].append(record)
    for person in people:
        sum_up(person, records[person.pk])
    bulk.update(people, SUMMED)
    _list(people, [one for each in records.values() for one in each if one.vanished_at is None])


def sum_up(person: Patient, records: Sequence[SourceRecord]) -> None:
    """Fill a person's columns from the records, without saving."""
    narrow = set(systems_with(Capability.ORGANIZATIONS))
    real = [each for each in records if each.vanished_at is None and not each.is_test]
    person.everybodys = any(each.system not in narrow for each in real)
    person.is_listed = bool(real) and person.merged_into_id is None


def leading(records: Sequence[SourceRecord]) -> list[SourceRecord]:
    """Current records in the order in which the list believes them: real ones first, then those
    that all staff may see, then those in use, then the oldest."""
    narrow = set(systems_with(Capability.ORGANIZATIONS))
    return sorted(
        records, key=lambda each: (each.is_test, each.system in narrow, each.status != "active", each.pk)
    )


# --- the list -------------------------------------------------------------------------------


def _list(people: Sequence[Patient], current: Sequence[SourceRecord]) -> None:
    """Write the people's entries in the list, and take out whoever is in it no more."""
    by_person: dict[int, list[SourceRecord]] = {}
    for record in current:
        by_person.setdefault(record.patient_id, []).append(record)
    memberships = _memberships(current)
    pairs = [(each.system, "") for each in current]
    layout = layout_for([*dict.fromkeys([*pairs, *(pair for some in memberships.values() for pair in some)])])
    entries = [
        entry_of(person, by_person[person.pk], memberships, layout)
        for person in people
        if person.merged_into_id is None and person.pk in by_person
    ]
    ListEntry.objects.bulk_create(
        entries, update_conflicts=True, unique_fields=["patient"], update_fields=_ENTRY
    )
    gone = {each.pk for each in people} - {each.patient_id for each in entries}
    if gone:
        ListEntry.objects.filter(patient__in=gone).delete()


def _memberships(records: Sequence[SourceRecord]) -> dict[int, list[tuple[str, str]]]:
    """Record → (system, organization) of real records in systems with organizations."""
    narrow = set(systems_with(Capability.ORGANIZATIONS))
    asked = [each.pk for each in records if each.system in narrow and not each.is_test]
    found: dict[int, list[tuple[str, str]]] = {}
    if asked:
        rows = Membership.objects.filter(record__in=asked)
        for record, system, organization in rows.values_list("record", "system", "organization"):
            found.setdefault(record, []).append((system, organization))
    return found


def entry_of(
    person: Patient,
    current: Sequence[SourceRecord],
    memberships: dict[int, list[tuple[str, str]]],
    layout: Layout,
) -> ListEntry:
    """A person's entry, from current records and record → (system, organization) pairs, unsaved."""
    narrow = set(systems_with(Capability.ORGANIZATIONS))
    believed = leading(current)
    # Where there are records that all staff may see, order and dates tell of no other.
    open_to_all = [each for each in believed if each.system not in narrow and not each.is_test]
    told = open_to_all or [each for each in believed if each.is_test == believed[0].is_test]
    days = [int(f"{each.created_at:%Y%m%d}") for each in told if each.created_at]
    return ListEntry(
        patient=person,
        sort_name=f"{told[0].family} {told[0].given}".strip()[:LONGEST],
        birth=next((each.birth for each in told if each.birth), 0),
        created=min(days, default=0),
        facets=layout.of_records(current),
        places=layout.of_memberships(pair for each in current for pair in memberships.get(each.pk, ())),
    )
