"""Namesakes as pages name them: a banner on the person's page, a caution in rows of lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from django.urls import reverse

from patients.services import namesakes
from patients.services.lookup import Person
from patients.services.namesakes import Namesake, RecordKey
from patients.services.visibility import Reach
from portal.accounts.models import User

from .shown import ShownCaution, ShownPerson

LEAD = "Not to be confused with"
MOST = 3  # that are named; the nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownNamesakes:
    """The banner of a person's page: cautions with one record of each namesake named, and whether
    there are more. ``perhaps_same`` are people
    who may be this one, for the part of the page that links."""

    cautions: tuple[ShownCaution, ...] = field(default=(), repr=False)
    records: frozenset[RecordKey] = field(default=frozenset(), repr=False)
    more: bool = False
    perhaps_same: tuple[ShownCaution, ...] = field(default=(), repr=False)


def banner_of(patient: int, *, by: User, reach: Reach) -> ShownNamesakes:
    """The namesakes of a person (our id) whose page is shown."""
    found = namesakes.of_people([patient], by=by, reach=reach).get(patient, [])
    same = [each for each in found if each.likeness.is_one_person]
    return ShownNamesakes(
        cautions=cautions_of(found),
        records=frozenset(each.record for each in _named(found)),
        more=len(found) - len(same) > MOST,
        perhaps_same=tuple(map(_caution, same[:MOST])),
    )


def cautions_of(found: Sequence[Namesake]) -> tuple[ShownCaution, ...]:
    """A caution for each of the nearest namesakes; whoever may be the same person is not one."""
    return tuple(map(_caution, _named(found)))


def _named(found: Sequence[Namesake]) -> list[Namesake]:
    return [each for each in found if not each.likeness.is_one_person][:MOST]


def _caution(namesake: Namesake) -> ShownCaution:
    return ShownCaution(
        lead=LEAD,
        reason="",
        url=reverse("patients:patient", args=[namesake.public_id]),
        name=namesake.name,
        difference=", ".join(namesake.likeness.differs),
    )


def with_namesakes(
    shown: Sequence[ShownPerson], people: Sequence[Person], found: Mapping[RecordKey, Sequence[Namesake]]
) -> tuple[ShownPerson, ...]:
    """Rows of people found, each with cautions of the namesakes of their records.

    A namesake who is in the list is named with the address of that row, and not again where the row
    warns of them already.
    """
    records = {person.number: person.group.keys for person in people}
    rows = {each.key: each for each in shown}
    address = {key: rows[number].url for number, keys in records.items() if number in rows for key in keys}
    return tuple(_with_cautions(row, records.get(row.key, ()), found, address) for row in shown)


def _with_cautions(
    row: ShownPerson,
    records: Sequence[RecordKey],
    found: Mapping[RecordKey, Sequence[Namesake]],
    address: Mapping[RecordKey, str],
) -> ShownPerson:
    named = {each.url for each in row.cautions} | {row.url}
    more: dict[str, ShownCaution] = {}
    for namesake in (each for key in records for each in found.get(key, ())):
        caution = _caution(namesake)
        url = address.get(namesake.record, caution.url)
        if url not in named:
            more.setdefault(url, replace(caution, url=url))
    return replace(row, cautions=(*row.cautions, *tuple(more.values())[:MOST])) if more else row
