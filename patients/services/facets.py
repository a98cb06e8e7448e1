"""What the people list is filtered by, as bits of two whole numbers a person.

``ListEntry.facets`` has :data:`WIDTH` bits for each system: how its record stands there, how it is
registered, whether it needs review. As most people have one record in a system, these bits say all
of it; who has more is marked with :data:`SEVERAL`, and only then the records themselves are asked.
``ListEntry.places`` has one bit for each organization. Where there are more organizations than
bits, some share one, and for those the memberships themselves are asked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import IntegrityError, connection, transaction
from django.db.models import Max

from integrations.abilities import Capability
from integrations.registry import system_names, systems_with
from integrations.types import RecordStatus, Registration
from patients.models import Place, SourceRecord

STATUSES = tuple(RecordStatus)
REGISTRATIONS = tuple(Registration)
WIDTH = len(STATUSES) + len(REGISTRATIONS) + 1
_STATUS_BITS: Mapping[str, int] = {each: 1 << place for place, each in enumerate(STATUSES)}
_REGISTRATION_BITS: Mapping[str, int] = {
    each: 1 << place for place, each in enumerate(REGISTRATIONS, start=len(STATUSES))
}
_REVIEW = 1 << (WIDTH - 1)
_PRESENT = (1 << len(STATUSES)) - 1  # a record always has a status
SEVERAL = 1 << 60
TEST = 1 << 61
MOST_SYSTEMS = 60 // WIDTH
PLACE_BITS = 62


class TooManySystems(Exception):
    """More systems than there are bits for: ``facets`` needs a second column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Which bits speak of which system and organization."""

    slots: Mapping[str, int]
    places: Mapping[tuple[str, str], Place] = field(repr=False)

    def of_records(self, records: Iterable[SourceRecord]) -> int:
        """The bits of a person's current records; test records only add :data:`TEST`."""
        bits, seen = 0, set()
        narrow = set(systems_with(Capability.ORGANIZATIONS))
        for record in records:
            if record.is_test:
                bits |= TEST
                continue
            kind = "narrow" if record.system in narrow else record.system
            bits |= SEVERAL if kind in seen else 0
            seen.add(kind)
            bits |= _of_record(record) << self._shift(record.system)
        return bits

    def of_memberships(self, memberships: Iterable[tuple[str, str]]) -> int:
        """The bits of (system, organization) pairs."""
        bits = 0
        for pair in memberships:
            bits |= bit_of(self.places[pair])
        return bits

    def holding(self, bits: int, systems: Iterable[str]) -> list[str]:
        """Which of these systems hold a record, by a person's bits."""
        return [each for each in systems if each in self.slots and bits & _PRESENT << self._shift(each)]

    def present(self, systems: Iterable[str]) -> int:
        """The bits of which one is set where one of these systems holds a record."""
        return sum(_PRESENT << self._shift(each) for each in systems if each in self.slots)

    def fits(
        self,
        bits: int,
        system: str,
        *,
        statuses: Collection[str] = (),
        registrations: Collection[str] = (),
        review: bool = False,
    ) -> bool:
        """Whether a system's record is as asked, by a person's bits: in one of the statuses, and so on."""
        own = bits >> self._shift(system)
        asked = (
            [_STATUS_BITS[each] for each in statuses],
            [_REGISTRATION_BITS[each] for each in registrations],
        )
        return all(not some or own & sum(some) for some in asked) and (not review or bool(own & _REVIEW))

    def _shift(self, system: str) -> int:
        return self.slots[system] * WIDTH


def _of_record(record: SourceRecord) -> int:
    bits = _STATUS_BITS[RecordStatus(record.status)] | _REGISTRATION_BITS[Registration(record.registration)]
    return bits | (_REVIEW if record.needs_review else 0)


def bit_of(place: Place) -> int:
    """An organization's bit in ``places``."""
    return 1 << place.number % PLACE_BITS


def open_systems() -> list[str]:
    """The systems that all staff may look into."""
    narrow = systems_with(Capability.ORGANIZATIONS)
    return [each for each in system_names() if each not in narrow]


_DIFFERENT = """
WITH RECURSIVE seen(bits) AS (
  SELECT min(facets) FROM patients_listentry
  UNION ALL
  SELECT (SELECT min(facets) FROM patients_listentry WHERE facets > seen.bits)
  FROM seen WHERE bits IS NOT NULL
)
SELECT bits FROM seen WHERE bits IS NOT NULL
"""


def different() -> list[int]:
    """Every value of ``facets`` that occurs; the index is read from one to the next."""
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERENT)
        return [bits for (bits,) in cursor.fetchall()]


# --- numbering ------------------------------------------------------------------------------


def read_layout() -> Layout:
    """The layout as it is; one query."""
    found = list(Place.objects.all())
    return Layout(
        slots={each.system: each.number for each in found if not each.organization},
        places={(each.system, each.organization): each for each in found if each.organization},
    )


def layout_for(wanted: Sequence[tuple[str, str]]) -> Layout:
    """The layout with these (system, organization) pairs in it; those that are new get a number.

    Raises :class:`TooManySystems`.
    """
    layout = read_layout()
    systems = {system for system, _ in wanted} - layout.slots.keys()
    organizations = {pair for pair in wanted if pair[1]} - layout.places.keys()
    if not systems and not organizations:
        return layout
    for system in sorted(systems):
        _number(system, "")
    for system, organization in sorted(organizations):
        _number(system, organization)
    return read_layout()


def _number(system: str, organization: str) -> None:
    """Give a place the next number of its kind; another process may be doing the same."""
    of_its_kind = (
        Place.objects.filter(organization="") if not organization else Place.objects.exclude(organization="")
    )
    while not Place.objects.filter(system=system, organization=organization).exists():
        last = of_its_kind.aggregate(last=Max("number"))["last"]
        number = 0 if last is None else last + 1
        if not organization and number >= MOST_SYSTEMS:
            raise TooManySystems
        try:
            with transaction.atomic():
                Place.objects.create(system=system, organization=organization, number=number)
        except IntegrityError:
            continue


def call(names: Mapping[tuple[str, str], str]) -> None:
    """Keep how organizations are called, as records and roles tell it."""
    told = {pair: name for pair, name in names.items() if name}
    if not told:
        return
    layout = layout_for(list(told))
    stale = [layout.places[pair] for pair, name in told.items() if layout.places[pair].name != name]
    for place in stale:
        place.name = told[place.system, place.organization][:200]
    if stale:
        Place.objects.bulk_update(stale, ["name"])
