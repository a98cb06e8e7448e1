"""People who were registered before all was known of them: who they are, and what is missing still."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from patients.entering.stand_ins import missing_in
from patients.models import SourceRecord, Unfinished
from patients.services import visibility
from patients.services.held import whole_of
from patients.services.linking import counts
from patients.services.people_rows import Row, rows_of
from patients.services.visibility import Sight

MOST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Incomplete:
    """Somebody of whom something is missing. ``row`` as lists show them."""

    unfinished: Unfinished
    row: Row = field(repr=False)
    missing: tuple[str, ...]


def incomplete(sight: Sight) -> tuple[Incomplete, ...]:
    """Those within reach of whom something is missing still, the latest first."""
    open_ = list(Unfinished.objects.select_related("patient__merged_into").order_by("-registered_at")[:200])
    who = {(each.patient.merged_into or each.patient).pk: each for each in reversed(open_)}
    people = visibility.people(sight.user, sight.reach).filter(pk__in=list(who))
    rows = {row.patient: row for row in rows_of(sight, list(people.values_list("pk", flat=True)))}
    missing = _missing(list(rows))
    found = [
        Incomplete(unfinished=who[pk], row=row, missing=missing[pk])
        for pk, row in rows.items()
        if missing.get(pk)
    ]
    return tuple(sorted(found, key=lambda each: each.unfinished.registered_at, reverse=True)[:MOST])


def missing_of(patient_id: int) -> tuple[str, ...]:
    """What is missing of one person who was registered so; empty of anybody else."""
    if not Unfinished.objects.filter(patient=patient_id).exists():
        return ()
    return _missing([patient_id]).get(patient_id, ())


def _missing(people: Sequence[int]) -> dict[int, tuple[str, ...]]:
    records: dict[int, list[SourceRecord]] = {}
    for row in SourceRecord.objects.filter(patient__in=people).order_by("pk"):
        if counts(row):
            records.setdefault(row.patient_id, []).append(row)
    return {pk: tuple(missing_in(whole_of(row).demographics for row in rows)) for pk, rows in records.items()}
