"""Looking people up in the index: instant, forgiving, and only whom the role reaches."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import connection
from django.db.models import Max

from integrations.abilities import Capability
from integrations.registry import systems_with
from integrations.types import SearchQuery
from patients.matching.compared import Compared
from patients.matching.finding import Asked, Fit, asked_keys, keys_if_short
from patients.matching.study_numbers import folded
from patients.models import SourceRecord
from portal.accounts.models import User

from . import blocks
from .bulk import among
from .held import FORM_COLUMNS, form_from
from .reach import sees_participants_only
from .studies.within import participants_within
from .visibility import Reach

SHOWN = 10
MOST_WEIGHED = 24  # records that are weighed, of all that share a key
SECOND_LOOK = 12  # people whose other records are weighed as well
NUMBERED = 20.0  # bits: a participant's number is one person's in each study
FAR = 16.0  # bits behind the best: nobody's idea of whoever was meant


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPerson:
    """Somebody in the index, and how well they fit."""

    patient_id: int
    fit: Fit = field(repr=False)
    record_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Whom the index knows, the best first. ``more``: others fit too; typing more would narrow it."""

    people: tuple[FoundPerson, ...]
    more: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A record's columns."""

    pk: int
    patient_id: int
    system: str
    columns: tuple[Any, ...] = field(repr=False)

    @property
    def form(self) -> Compared:
        """What the record is compared by; made for the few that are weighed."""
        return form_from(self.columns)


def find(query: SearchQuery, *, by: User, reach: Reach, most: int = SHOWN) -> Findings:
    """The people who fit a query best, of those whom the role reaches. A handful of statements."""
    wanted, asked = asked_keys(query), Asked(query, records=about_how_many())
    numbered = _numbered(query, asked, by=by, reach=reach)
    if not wanted:
        return Findings(people=tuple(numbered.values())[:most], more=len(numbered) > most)
    found = blocks.read({blocks.hash_of(key): cap for key, cap in wanted.items()})
    too_long = found.long & {blocks.hash_of(key) for key in keys_if_short(query)}
    ids = {one for key, records in found.records.items() if key not in too_long for one in records}
    rows = visible(rows_by("id", ids), by=by, reach=reach)
    likely = by_person(_likeliest(rows, asked))
    near = sorted(_fitting(likely, asked), key=_place)[:SECOND_LOOK]
    whole = by_person(visible(rows_by("patient_id", [each.patient_id for each in near]), by=by, reach=reach))
    known = {each.patient_id: each for each in near}
    fuller = {patient: rows for patient, rows in whole.items() if len(rows) > len(likely[patient])}
    known |= {each.patient_id: each for each in _fitting(fuller, asked)}
    people = sorted((known | numbered).values(), key=_place)
    shown = [each for each in people if people[0].fit.weight - each.fit.weight < FAR][:most]
    return Findings(people=tuple(shown), more=len(people) > len(shown) or bool(found.long - too_long))


def _numbered(query: SearchQuery, asked: Asked, *, by: User, reach: Reach) -> dict[int, FoundPerson]:
    """Who has a number in a study that was typed: as such, or as the number of a record."""
    numbers = {folded(each) for each in (query.study_number, query.record_id)} - {""}
    if not numbers:
        return {}
    found = participants_within(reach).filter(number_key__in=numbers)
    ids = set(found.values_list("record__patient", flat=True)[:MOST_WEIGHED])
    rows = by_person(visible(rows_by("patient_id", ids), by=by, reach=reach))
    fits = {patient: asked.fit(row.form for row in some) for patient, some in rows.items()}
    return {
        patient: FoundPerson(
            patient_id=patient,
            fit=replace(fit, weight=fit.weight + NUMBERED),
            record_ids=tuple(row.pk for row in rows[patient]),
        )
        for patient, fit in fits.items()
    }


_counted: tuple[float, int] = (0.0, 0)
COUNT_HOLDS_FOR = 60.0  # seconds


def about_how_many() -> int:
    """How many records there are, about: what was ever added, without counting, a minute old at most.

    It weighs how likely anybody is meant beforehand, so its order of magnitude will do.
    """
    global _counted
    now = time.monotonic()
    if now - _counted[0] > COUNT_HOLDS_FOR or not _counted[1]:
        last: int | None = SourceRecord.objects.aggregate(last=Max("pk"))["last"]
        _counted = now, last or 0
    return _counted[1]


_COLUMNS = ", ".join(("id", "patient_id", "system", *FORM_COLUMNS))


def rows_by(column: str, ids: Collection[int]) -> list[Row]:
    """Records by ``id`` or by ``patient_id``; columns alone, since making model objects takes longer."""
    if not ids:
        return []
    condition, values = among(column, ids)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_COLUMNS} FROM patients_sourcerecord WHERE {condition}", values)  # noqa: S608
        return [_row(values) for values in cursor.fetchall()]


def births_of(ids: Collection[int]) -> dict[int, int]:
    """Record → its birth date as yyyymmdd, 0 for none."""
    if not ids:
        return {}
    condition, values = among("id", ids)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, birth FROM patients_sourcerecord WHERE {condition}", values)  # noqa: S608
        return dict(cursor.fetchall())


def _row(values: Sequence[Any]) -> Row:
    pk, patient_id, system, *columns = values
    return Row(pk, patient_id, system, tuple(columns))


def visible(rows: Sequence[Row], *, by: User, reach: Reach) -> list[Row]:
    """The rows within reach (``visibility``), decided here for the few candidates at hand."""
    narrow = set(systems_with(Capability.ORGANIZATIONS))
    if sees_participants_only(by):
        inside = _members("patient_id", {row.patient_id for row in rows}, reach)
        rows = [row for row in rows if row.patient_id in inside]
    own = _members("record_id", {row.pk for row in rows if row.system in narrow}, reach)
    return [row for row in rows if row.system not in narrow or row.pk in own]


def _members(column: str, ids: Collection[int], reach: Reach) -> set[int]:
    """Which of these records or people belong to an organization within reach."""
    inside: set[int] = set()
    for system, organizations in reach.organizations.items():
        if ids and organizations:
            within, places = among("organization", organizations)
            theirs, numbers = among(column, ids)
            with connection.cursor() as cursor:
                cursor.execute(
                    f"SELECT {column} FROM patients_membership"  # noqa: S608
                    f" WHERE system = %s AND {within} AND {theirs}",
                    [system, *places, *numbers],
                )
                inside |= {one for (one,) in cursor.fetchall()}
    return inside


def _likeliest(rows: list[Row], asked: Asked) -> list[Row]:
    """Of very many rows those that a quick look finds likest what was typed."""
    if len(rows) <= MOST_WEIGHED:
        return rows
    return sorted(rows, key=lambda row: (-asked.likeness(row.columns), row.pk))[:MOST_WEIGHED]


def by_person(rows: Iterable[Row]) -> dict[int, list[Row]]:
    """Person → the rows of theirs, in the order they came in."""
    people: dict[int, list[Row]] = {}
    for row in rows:
        people.setdefault(row.patient_id, []).append(row)
    return people


def _fitting(people: Mapping[int, Sequence[Row]], asked: Asked) -> list[FoundPerson]:
    fits = {patient: asked.fit(row.form for row in rows) for patient, rows in people.items()}
    return [
        FoundPerson(patient_id=patient, fit=fit, record_ids=tuple(row.pk for row in people[patient]))
        for patient, fit in fits.items()
        if not fit.is_somebody_else
    ]


def _place(found: FoundPerson) -> tuple[float, int]:
    return -round(found.fit.weight, 3), found.patient_id
