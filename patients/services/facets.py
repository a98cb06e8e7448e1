"""What the people list is filtered by, as bits of two whole numbers a person.

``ListEntry.facets`` has :data:`WIDTH` bits for each system: how its record stands there, how it is
registered, whether it needs review. As most people have one record in a system, these bits say all
of it; who has more is marked with :data:`SEVERAL`, and only then the records themselves are asked.
``ListEntry.places`` has one bit for each organization. Where there are more organizations than
bits, some share one, and for those the memberships themselves are asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import IntegrityError, transaction
from django.db.models import Max

from integrations.abilities import Capability
from integrations.registry import system_names, systems_with
from integrations.types import RecordStatus, Registration
from patients.models import Place, SourceRecord

STATUSES = tuple(RecordStatus)
REGISTRATIONS = tuple(Registration)
WIDTH = len(STATUSES) + len(REGISTRATIONS) + 1
_NEEDS_REVIEW = 1 << (WIDTH - 1)
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

    def present(self, systems: Iterable[str]) -> int:
        """The bits of which one is set where one of these systems holds a record."""
        return self.mask(systems, _PRESENT)

    def in_status(self, systems: Iterable[str], statuses: Iterable[str]) -> int:
        """... holds a record that stands like that."""
        return self.mask(systems, sum(1 << STATUSES.index(RecordStatus(each)) for each in set(statuses)))

    def registered(self, systems: Iterable[str], registrations: Iterable[str]) -> int:
        """... holds a record that is registered like that."""
        bits = sum(1 << REGISTRATIONS.index(Registration(each)) for each in set(registrations))
        return self.mask(systems, bits << len(STATUSES))

    def to_review(self, systems: Iterable[str]) -> int:
        """... holds a record that needs review."""
        return self.mask(systems, _NEEDS_REVIEW)

    def mask(self, systems: Iterable[str], bits: int) -> int:
        """Bits of a record moved to where each system has its own; unknown systems have none."""
        return sum(bits << self._shift(system) for system in set(systems) if system in self.slots)

    def _shift(self, system: str) -> int:
        return self.slots[system] * WIDTH


def _of_record(record: SourceRecord) -> int:
    bits = 1 << STATUSES.index(RecordStatus(record.status))
    bits |= 1 << len(STATUSES) + REGISTRATIONS.index(Registration(record.registration))
    return bits | (_NEEDS_REVIEW if record.needs_review else 0)


def bit_of(place: Place) -> int:
    """An organization's bit in ``places``."""
    return 1 << place.number % PLACE_BITS


def open_systems() -> list[str]:
    """The systems that all staff may look into."""
    narrow = systems_with(Capability.ORGANIZATIONS)
    return [each for each in system_names() if each not in narrow]


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
