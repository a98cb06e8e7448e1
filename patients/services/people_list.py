"""The people list: whom somebody sees of it, narrowed, in order, a page at a time.

Every filter is of bits and numbers that the list's indexes hold (``services.facets``), so that one
query finds a page of a million records wherever it is. What is counted is counted up to
:data:`COUNTED`: nobody pages further, and counting on would cost as much as all the rest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any, Self

from django.db.models import F, OuterRef, Q, QuerySet
from django.db.models.lookups import Exact

from integrations.abilities import Capability
from integrations.registry import system_names, systems_with
from integrations.types import RecordStatus, Registration
from patients.matching.names import fold
from patients.models import ListEntry, Place, SourceRecord
from portal.accounts.models import User

from .facets import SEVERAL, open_systems, read_layout
from .visibility import Reach, Sight, any_of, has_any, reach_of, records

COUNTED = 10_000
SIZES = (25, 50, 100)
STATUSES = tuple(RecordStatus)
#: Test records have a filter of their own.
REGISTRATIONS = tuple(each for each in Registration if each is not Registration.DUMMY)


class Sort(StrEnum):
    """By what the list is in order."""

    NAME = "name"
    BIRTH = "birth"
    CREATED = "created"


_ORDERS = {
    Sort.NAME: ("sort_name", "birth", "patient_id"),
    Sort.BIRTH: ("birth", "sort_name", "patient_id"),
    Sort.CREATED: ("created", "sort_name", "patient_id"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What the list is narrowed by; nothing set narrows nothing.

    ``name`` is how "family given" begins. ``organization`` is a :class:`Place`'s id. ``alone``: in
    one system only, as far as one sees. ``tests``: test records, which are otherwise left out.
    ``chosen``: only people in the selection.
    """

    name: str = field(default="", repr=False)
    statuses: tuple[str, ...] = ()
    registrations: tuple[str, ...] = ()
    created_from: date | None = None
    created_to: date | None = None
    system: str = ""
    organization: int = 0
    review: bool = False
    alone: bool = False
    tests: bool = False
    chosen: bool = False

    @property
    def names(self) -> list[str]:
        """Which filters are set, for the audit: names, no values."""
        return [each for each in self.__slots__ if getattr(self, each)]

    def without(self, name: str, value: str = "") -> Self:
        """The same with one filter taken out, or one of its several values."""
        if name not in _EMPTY:
            return self
        kept, changed = getattr(self, name), dict(_EMPTY)
        if isinstance(kept, tuple):
            changed[name] = tuple(each for each in kept if each != value)
        return replace(self, **{name: changed[name]})

    def to_json(self) -> dict[str, Any]:
        """For the session."""
        values = {name: getattr(self, name) for name in self.names}
        return {
            name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """From the session; what is not known any more is left out."""
        values = {name: value for name, value in kept.items() if name in _EMPTY}
        for name in ("created_from", "created_to"):
            if name in values:
                values[name] = date.fromisoformat(values[name])
        for name in ("statuses", "registrations"):
            values[name] = tuple(values.get(name, ()))
        if values.get("system") not in system_names():
            values.pop("system", None)
        return cls(**values)


_EMPTY: dict[str, Any] = {name: getattr(Filters(), name) for name in Filters.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """In which order the list is."""

    by: Sort = Sort.NAME
    down: bool = False

    @property
    def columns(self) -> list[str]:
        """The columns to order by; the last one makes the order one and the same always."""
        return [f"-{each}" if self.down else each for each in _ORDERS[self.by]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The people of one page by our own ids, and where it stands.

    ``total`` is how many there are where ``more`` is false, else there are more than that.
    """

    ids: Sequence[int]
    number: int
    size: int
    total: int
    more: bool

    @property
    def last(self) -> int:
        """The last page's number; 0 where there are more than were counted."""
        return 0 if self.more else max(-(-self.total // self.size), 1)

    @property
    def has_next(self) -> bool:
        """Whether there is a page after this one."""
        return len(self.ids) == self.size and (self.more or self.number < self.last)

    @property
    def first_row(self) -> int:
        """The place of the page's first person in the whole list, from 1 on."""
        return (self.number - 1) * self.size + 1


def sight_of(user: User, reach: Reach | None = None) -> Sight:
    """Whom somebody sees in the list now."""
    return Sight(user=user, reach=reach or reach_of(user), layout=read_layout())


def own_organizations(sight: Sight) -> list[Place]:
    """The organizations within reach, by name."""
    own = [
        place
        for (system, organization), place in sight.layout.places.items()
        if organization in sight.reach.organizations.get(system, ())
    ]
    return sorted(own, key=lambda each: (each.name.casefold(), each.organization))


# --- finding --------------------------------------------------------------------------------


def find(sight: Sight, filters: Filters, chosen: Collection[int] = ()) -> QuerySet[ListEntry]:
    """The entries that somebody sees and the filters leave, in no order."""
    asked = _Asked(sight, filters)
    if filters.tests:
        entries = sight.test_entries(asked.records())
    else:
        entries = sight.entries().filter(asked.in_records())
    if filters.alone:
        entries = entries.filter(_in_one_system(sight))
    if filters.chosen:
        entries = entries.filter(patient__in=list(chosen))
    return entries.filter(_between(filters), _beginning(fold(filters.name)))


def _between(filters: Filters) -> Q:
    condition = Q()
    if filters.created_from or filters.created_to:
        condition &= Q(created__gt=0)
    if filters.created_from:
        condition &= Q(created__gte=int(f"{filters.created_from:%Y%m%d}"))
    if filters.created_to:
        condition &= Q(created__lte=int(f"{filters.created_to:%Y%m%d}"))
    return condition


def _beginning(name: str) -> Q:
    """Names that begin like that, as a range that an index answers: folded names are ASCII."""
    return Q(sort_name__gte=name, sort_name__lt=f"{name}~") if name else Q()


def _in_one_system(sight: Sight) -> Q:
    """People of whom exactly one system holds a record within reach."""
    layout, open_to_all = sight.layout, open_systems()
    narrow = systems_with(Capability.ORGANIZATIONS)
    elsewhere = has_any("facets", layout.present(narrow)) & sight.inside
    condition = Q(pk__in=[])
    for system in open_to_all:
        others = layout.present(set(open_to_all) - {system})
        condition |= has_any("facets", layout.present([system])) & _has_none(others) & ~elsewhere
    for system in narrow:
        others = layout.present({*system_names()} - {system})
        condition |= has_any("facets", layout.present([system])) & sight.inside & _has_none(others)
    return condition


def _has_none(bits: int) -> Q:
    return Q(Exact(F("facets").bitand(bits), 0))


class _Asked:
    """What is asked of one and the same record."""

    def __init__(self, sight: Sight, filters: Filters) -> None:
        self.sight = sight
        self.filters = filters
        places = {place.pk: place for place in sight.layout.places.values()}
        self.place = places.get(filters.organization)
        self.system = self.place.system if self.place else filters.system

    def in_records(self) -> Q:
        """Entries of people with such a record: by bits, and by the records where those are of several."""
        if not any((self.system, self.filters.statuses, self.filters.registrations, self.filters.review)):
            return Q()
        systems = [self.system] if self.system else system_names()
        narrow = set(systems_with(Capability.ORGANIZATIONS))
        inside = self._organization() if self.place else self.sight.inside
        found = Q(pk__in=[])
        for condition in self._by_bits([each for each in systems if each not in narrow]):
            found |= condition
        for condition in self._by_bits([each for each in systems if each in narrow]):
            found |= condition & inside
        exact = any_of(self.records().filter(is_test=False, patient=OuterRef("pk")))
        return found & (_has_none(SEVERAL) | exact)

    def _by_bits(self, systems: Sequence[str]) -> Iterator[Q]:
        """For each system, or for all at once where one thing alone is asked."""
        asked = [self.filters.statuses, self.filters.registrations, self.filters.review]
        together = sum(map(bool, asked)) <= 1
        for some in [systems] if together else [[each] for each in systems]:
            masks = list(self._masks(some))
            condition = Q()
            for mask in masks:
                condition &= has_any("facets", mask)
            yield condition

    def _masks(self, systems: Sequence[str]) -> Iterator[int]:
        layout, filters = self.sight.layout, self.filters
        if filters.statuses:
            yield layout.in_status(systems, filters.statuses)
        if filters.registrations:
            yield layout.registered(systems, filters.registrations)
        if filters.review:
            yield layout.to_review(systems)
        if not (filters.statuses or filters.registrations or filters.review):
            yield layout.present(systems)

    def records(self) -> QuerySet[SourceRecord]:
        """Current records within reach that are as asked."""
        found = records(self.sight.reach).filter(vanished_at=None)
        if self.system:
            found = found.filter(system=self.system)
        if self.place:
            found = found.filter(memberships__organization=self.place.organization)
        if self.filters.statuses:
            found = found.filter(status__in=self.filters.statuses)
        if self.filters.registrations:
            found = found.filter(registration__in=self.filters.registrations)
        return found.filter(needs_review=True) if self.filters.review else found

    def _organization(self) -> Q:
        place = self.place
        is_own = place and place.organization in self.sight.reach.organizations.get(place.system, ())
        return self.sight.within([(place.system, place.organization)]) if place and is_own else Q(pk__in=[])


# --- paging ---------------------------------------------------------------------------------


def page_of(found: QuerySet[ListEntry], order: Order, *, number: int, size: int) -> Page:
    """One page; the last one where there are fewer. One query, unless it lies beyond the end."""
    ids = found.order_by(*order.columns).values_list("pk", flat=True)
    start = (number - 1) * size
    if start < COUNTED:
        counted = list(ids[: COUNTED + 1])
        total = min(len(counted), COUNTED)
        number = min(number, max(-(-total // size), 1))
        start = (number - 1) * size
        return Page(
            ids=counted[start : start + size],
            number=number,
            size=size,
            total=total,
            more=len(counted) > COUNTED,
        )
    some = list(ids[start : start + size])
    if not some:
        total = found.count()
        number = max(-(-total // size), 1)
        some = list(ids[(number - 1) * size :][:size])
        return Page(ids=some, number=number, size=size, total=total, more=False)
    return Page(ids=some, number=number, size=size, total=COUNTED, more=True)
