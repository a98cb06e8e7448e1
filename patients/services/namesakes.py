"""The namesakes of people on a page: others of the index, within reach, with whom they may be confused.

Whatever the number of people, the statements are as many.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from integrations.types import RecordStatus
from patients.matching.keys import Kind
from patients.matching.namesakes import CAPS, Likeness, likeness, may_be_near, namesake_keys
from patients.models import SourceRecord
from portal.accounts.models import User

from . import blocks, bulk
from .finding import Row, about_how_many, births_of, by_person, rows_by, visible
from .hand_links import Side, side_of
from .visibility import Reach

RecordKey = tuple[str, str]  # system and the system's id
MOST_NAMED = 4  # of each kind: one more than pages name, so that they can tell of others


@dataclass(frozen=True, slots=True, kw_only=True)
class Namesake:
    """Another person: the record of theirs that comes nearest, and what tells the two apart."""

    public_id: str
    name: str = field(repr=False)
    likeness: Likeness = field(repr=False)
    record: RecordKey = field(repr=False)


def of_records(keys: Collection[RecordKey], *, by: User, reach: Reach) -> dict[RecordKey, list[Namesake]]:
    """Record → other people, namesakes of whose it is; records that the index does not know have none."""
    rows = SourceRecord.objects.filter(bulk.with_keys(keys))
    known = {
        (system, number): patient
        for system, number, patient in rows.values_list("system", "remote_id", "patient")
    }
    found = of_people(set(known.values()), by=by, reach=reach, perhaps_same=False)
    return {key: found.get(patient, []) for key, patient in known.items()}


def of_people(
    people: Collection[int], *, by: User, reach: Reach, perhaps_same: bool = True
) -> dict[int, list[Namesake]]:
    """Person → the namesakes of theirs, the nearest first; then, if wanted, who may be the same person."""
    own = by_person(visible(rows_by("patient_id", people), by=by, reach=reach))
    near = _near(own)
    ids = {one for some in near.values() for one in some}
    others = {row.pk: row for row in visible(rows_by("id", _counting(ids)), by=by, reach=reach)}
    found = {
        person: [
            each
            for each in _nearest(own[person], [others[one] for one in sorted(some) if one in others])
            if perhaps_same or not each[1].is_one_person
        ]
        for person, some in near.items()
    }
    return _named(found)


def _near(own: Mapping[int, Sequence[Row]]) -> dict[int, set[int]]:
    """Person → ids of records that share a key and, unless they share the address, have a near birth date."""
    keys = {person: _keys(rows) for person, rows in own.items()}
    found = blocks.read({key: CAPS[kind] for some in keys.values() for key, kind in some.items()}).records
    births = births_of({one for some in found.values() for one in some})
    near: dict[int, set[int]] = {}
    for person, rows in own.items():
        mine, dates = {row.pk for row in rows}, {row.form.birth for row in rows}
        near[person] = {
            one
            for key, kind in keys[person].items()
            for one in found.get(key, ())
            if one in births
            and one not in mine
            and (kind is Kind.POSTCODE_GIVEN or any(may_be_near(date, births[one]) for date in dates))
        }
    return near


def _counting(ids: Collection[int]) -> list[int]:
    """Of these records those that are somebody's: no test record, not merged away, not gone."""
    if not ids:
        return []
    rows = SourceRecord.objects.filter(pk__in=ids, is_test=False, vanished_at=None, patient__is_listed=True)
    return list(rows.exclude(status=RecordStatus.MERGED).values_list("pk", flat=True))


def _keys(rows: Iterable[Row]) -> dict[int, Kind]:
    return blocks.kinds_by_hash(key for row in rows for key in namesake_keys(row.form))


def _nearest(mine: Sequence[Row], near: Sequence[Row]) -> list[tuple[int, Likeness]]:
    """The nearest of other people's records, one a person; one person only where no pair says otherwise."""
    best: dict[int, tuple[int, Likeness]] = {}
    total = about_how_many()
    forms = [own.form for own in sorted(mine, key=lambda own: own.pk)]
    for row in near:
        if row.patient_id == mine[0].patient_id:
            continue
        for form in forms:
            found = likeness(form, row.form, records=total)
            known = best.get(row.patient_id)
            if found and (known is None or _place(found) < _place(known[1])):
                best[row.patient_id] = row.pk, found
    in_order = sorted(best.values(), key=lambda pair: (*_place(pair[1]), pair[0]))
    others = [each for each in in_order if not each[1].is_one_person]
    perhaps_same = [each for each in in_order if each[1].is_one_person]
    return [*others[:MOST_NAMED], *perhaps_same[:MOST_NAMED]]


def _place(found: Likeness) -> tuple[bool, int, int]:
    """Of records that come equally near, those first that tell the two people apart by the most."""
    return found.is_one_person, found.closeness, -len(found.differs)


def _named(found: Mapping[int, Sequence[tuple[int, Likeness]]]) -> dict[int, list[Namesake]]:
    """The namesakes with their names as their systems spell them."""
    told = [one for some in found.values() for one, _ in some]
    rows = SourceRecord.objects.select_related("patient").in_bulk(told) if told else {}
    known = {pk: side_of(row.patient, [row]) for pk, row in rows.items()}
    return {
        person: [_namesake(known[one], each) for one, each in some if one in known]
        for person, some in found.items()
        if some
    }


def _namesake(side: Side, likeness: Likeness) -> Namesake:
    return Namesake(
        public_id=side.patient.public_id,
        name=side.name,
        likeness=likeness,
        record=side.person.kept[0].key,
    )
