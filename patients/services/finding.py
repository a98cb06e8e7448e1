"""Looking people up in the index: instant, forgiving, and only whom the role reaches."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import connection
from django.db.models import Max
from rapidfuzz import fuzz, process

from integrations.abilities import Capability
from integrations.registry import systems_with
from integrations.types import SearchQuery
from patients.matching.compared import Compared
from patients.matching.finding import Asked, Fit, asked_keys, typed_words
from patients.models import Membership, Patient, SourceRecord
from portal.accounts.models import User

from . import blocks
from .held import FORM_COLUMNS, form_from
from .reach import sees_participants_only
from .visibility import Reach

SHOWN = 10
MOST_WEIGHED = 120  # records that are weighed; of more, those whose names are likest
SECOND_LOOK = 30  # people whose other records are weighed as well
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
class _Row:
    """A candidate's columns."""

    pk: int
    patient_id: int
    system: str
    is_current: bool
    form: Compared = field(repr=False)


def find(query: SearchQuery, *, by: User, reach: Reach, most: int = SHOWN) -> Findings:
    """The people who fit a query best, of those whom the role reaches. A handful of statements."""
    wanted = asked_keys(query)
    if not wanted:
        return Findings(people=())
    caps: dict[int, int] = {}
    for key, cap in wanted.items():
        caps |= dict.fromkeys(blocks.hashed([key]), cap)
    found = blocks.read(caps)
    ids = {one for records in found.records.values() for one in records}
    rows = _visible(_rows("id", ids), by=by, reach=reach)
    asked = Asked(query, records=_total())
    likely = _by_person(_likeliest(rows, query))
    near = sorted(_fitting(likely, asked), key=_place)[:SECOND_LOOK]
    whole = _by_person(_visible(_rows("patient_id", [each.patient_id for each in near]), by=by, reach=reach))
    people = sorted(_fitting(whole, asked), key=_place)
    shown = [each for each in people if people[0].fit.weight - each.fit.weight < FAR][:most]
    return Findings(people=tuple(shown), more=len(people) > len(shown) or bool(found.long))


def _total() -> int:
    """How many records there are, about: what was ever added, without counting."""
    last: int | None = SourceRecord.objects.aggregate(last=Max("pk"))["last"]
    return last or 0


_COLUMNS = ", ".join(("id", "patient_id", "system", "vanished_at", "is_test", "status", *FORM_COLUMNS))


def _rows(column: str, ids: Collection[int]) -> list[_Row]:
    """Candidates by id or by person; columns alone, since making model objects takes longer."""
    if not ids:
        return []
    places = ", ".join(["%s"] * len(ids))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_COLUMNS} FROM patients_sourcerecord WHERE {column} IN ({places})",  # noqa: S608
            list(ids),
        )
        return [_row(values) for values in cursor.fetchall()]


def _row(values: Sequence[object]) -> _Row:
    pk, patient_id, system, vanished_at, is_test, status, *form = values
    current = vanished_at is None and not is_test and status != "merged"
    return _Row(pk, patient_id, system, current, form_from(form))  # type: ignore[arg-type]


def _visible(rows: Sequence[_Row], *, by: User, reach: Reach) -> list[_Row]:
    """The rows within reach (``visibility``), decided here for the few candidates at hand."""
    narrow = set(systems_with(Capability.ORGANIZATIONS))
    if sees_participants_only(by):
        inside = {patient for _, patient in _members(rows, reach, "patient_id")}
        rows = [row for row in rows if row.patient_id in inside]
    if not any(row.system in narrow for row in rows):
        return list(rows)
    own = {record for record, _ in _members(rows, reach, "record_id")}
    return [row for row in rows if row.system not in narrow or row.pk in own]


def _members(rows: Iterable[_Row], reach: Reach, column: str) -> list[tuple[int, int]]:
    ids = {row.patient_id if column == "patient_id" else row.pk for row in rows}
    places = [
        (system, organization)
        for system, organizations in reach.organizations.items()
        for organization in organizations
    ]
    if not (ids and places):
        return []
    found = Membership.objects.filter(**{f"{column}__in": ids})
    return [
        (record, patient)
        for record, patient, system, organization in found.values_list(
            "record_id", "patient_id", "system", "organization"
        )
        if (system, organization) in places
    ]


def _likeliest(rows: list[_Row], query: SearchQuery) -> list[_Row]:
    """Of very many rows those whose names are likest what was typed: comparing texts is cheap."""
    typed = " ".join(typed_words(query))
    if len(rows) <= MOST_WEIGHED or not typed:
        return rows[:MOST_WEIGHED]
    names = [f"{row.form.given} {row.form.family} {row.form.preferred}" for row in rows]
    likest = process.extract(typed, names, scorer=fuzz.token_sort_ratio, limit=MOST_WEIGHED)
    return [rows[place] for _, _, place in likest]


def _by_person(rows: Iterable[_Row]) -> dict[int, list[_Row]]:
    people: dict[int, list[_Row]] = {}
    for row in rows:
        people.setdefault(row.patient_id, []).append(row)
    return people


def _fitting(people: Mapping[int, Sequence[_Row]], asked: Asked) -> list[FoundPerson]:
    fits = {patient: asked.fit(row.form for row in rows) for patient, rows in people.items()}
    return [
        FoundPerson(patient_id=patient, fit=fit, record_ids=tuple(row.pk for row in people[patient]))
        for patient, fit in fits.items()
        if not fit.names_differ
    ]


def _place(found: FoundPerson) -> tuple[float, int]:
    return -round(found.fit.weight, 3), found.patient_id


def people_of(findings: Findings) -> list[Patient]:
    """The people found, in their order."""
    held = Patient.objects.in_bulk([each.patient_id for each in findings.people])
    return [held[each.patient_id] for each in findings.people]
