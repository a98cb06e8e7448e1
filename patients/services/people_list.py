"""The people list: whom somebody sees of it, narrowed, in order, a page at a time.

Every filter is of columns that the list's indexes hold (``services.facets``), so that a page of a
million records is found wherever it is. People are counted up to :data:`COUNTED`: nobody pages
further, and counting on would cost as much as all the rest.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any, Self

from django.db.models import F, OuterRef, Q, QuerySet

from integrations.registry import system_names
from integrations.types import RecordStatus, Registration
from patients.matching.names import fold
from patients.models import ListEntry, Place, SourceRecord
from portal.accounts.models import User

from .facets import SEVERAL, TEST, different, read_layout
from .reach import sees_participants_only
from .studies.within import taking_part
from .visibility import Reach, Sight, any_of, reach_of, records

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

    ``name`` is how "family given" begins. ``organization`` is a :class:`Place`'s id, ``study`` a
    study's public id; ``standing`` and ``invitation`` are of a study, that one or any. ``alone``: in
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
    study: str = ""
    standing: int = 0
    invitation: str = ""
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

    @property
    def last_row(self) -> int:
        """The place of its last person."""
        return self.first_row + len(self.ids) - 1

    @property
    def before(self) -> int:
        """The number of the page before."""
        return self.number - 1

    @property
    def after(self) -> int:
        """The number of the page after."""
        return self.number + 1


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Whom somebody sees and the filters leave, asked in either of two ways.

    ``narrow`` lets an index lead to few people, whatever their order; ``in_order`` walks along the
    order's own index and passes over the others, which is best where there are many.
    ``is_filtered`` says that there may be few.
    """

    narrow: QuerySet[ListEntry]
    in_order: QuerySet[ListEntry]
    is_filtered: bool


def find(sight: Sight, filters: Filters, chosen: Collection[int] = ()) -> Found:
    """The people who fit. ``chosen`` is the selection, for the filter of that name."""
    fitting = _Fitting(sight, filters)
    further = _between(filters) & _beginning(fold(filters.name))
    if filters.chosen:
        further &= Q(patient__in=list(chosen))
    if filters.study or filters.standing or filters.invitation:
        found = taking_part(
            sight.reach, study=filters.study, standing=filters.standing, invitation=filters.invitation
        )
        further &= Q(patient__in=found.values("record__patient"))
    # The same number, and no index's column: PostgreSQL and SQLite then walk along the order's index.
    walked = ListEntry.objects.alias(bits=F("facets").bitor(0))
    return Found(
        narrow=ListEntry.objects.filter(fitting.condition("facets"), fitting.lead(), further),
        in_order=walked.filter(fitting.condition("bits"), further),
        is_filtered=bool(filters.names),
    )


def _between(filters: Filters) -> Q:
    if not (filters.created_from or filters.created_to):
        return Q()
    condition = Q(created__gte=int(f"{filters.created_from:%Y%m%d}") if filters.created_from else 1)
    return (
        condition & Q(created__lte=int(f"{filters.created_to:%Y%m%d}")) if filters.created_to else condition
    )


def _beginning(name: str) -> Q:
    """Names that begin like that, as a range that an index answers: folded names are ASCII."""
    return Q(sort_name__gte=name, sort_name__lt=f"{name}~") if name else Q()


class _Fitting:
    """Which values of ``facets`` fit: always, inside one's own organizations only, or only outside."""

    def __init__(self, sight: Sight, filters: Filters) -> None:
        self.sight = sight
        self.filters = filters
        self.place = next(
            (each for each in own_organizations(sight) if each.pk == filters.organization), None
        )
        self.system = self.place.system if self.place else filters.system
        # Where no record is asked for anything, the bits that make people visible will do.
        values = different() if self._asks_records or filters.alone or filters.tests else []
        self._outside = self._fitting(values, inside=False)
        self._within = self._fitting(values, inside=True)
        self._of_tests = [each for each in values if each & TEST]

    def condition(self, column: str) -> Q:
        """The entries that fit, by a column that holds ``facets``."""
        if self.filters.organization and not self.place:
            return Q(pk__in=[])
        if self.filters.tests:
            return self._test_records(column)
        if not (self._asks_records or self.filters.alone):
            return self.sight.visible() & self._organization()
        inside, outside, within = self.sight.inside(), self._outside, self._within
        condition = self._one_of(column, outside & within)
        if within - outside:
            condition |= self._one_of(column, within - outside) & inside
        if outside - within:
            condition |= self._one_of(column, outside - within) & ~inside
        return condition & self._organization()

    def lead(self) -> Q:
        """The values once more, for SQLite, which takes no index for alternatives; nothing where they
        would lead to most people."""
        if self.filters.tests:
            return Q(facets__in=self._of_tests)
        if not (self._asks_records or self.filters.alone):
            return Q()  # few filters of other kinds have an index of their own
        return Q(facets__in=sorted(self._outside | self._within))

    def _fitting(self, values: Sequence[int], *, inside: bool) -> set[int]:
        visible = self.sight.systems(inside=inside)
        return {each for each in values if self._fits(each, self.sight.layout.holding(each, visible))}

    def _fits(self, bits: int, seen: Sequence[str]) -> bool:
        """Whether a person with these bits fits, of whom one sees the records in these systems."""
        if self.filters.alone and len(seen) != 1:
            return False
        return any(
            self.sight.layout.fits(
                bits,
                system,
                statuses=self.filters.statuses,
                registrations=self.filters.registrations,
                review=self.filters.review,
            )
            for system in seen
            if system == (self.system or system)
        )

    def _one_of(self, column: str, values: Collection[int]) -> Q:
        """Entries with one of these values. Where bits are of several records, the records are asked."""
        plain = [each for each in values if not (self._asks_records and each & SEVERAL)]
        of_several = [each for each in values if self._asks_records and each & SEVERAL]
        condition = Q(**{f"{column}__in": plain})
        if of_several:
            exact = any_of(self._records().filter(is_test=False, patient=OuterRef("pk")))
            condition |= Q(**{f"{column}__in": of_several}) & exact
        return condition

    @property
    def _asks_records(self) -> bool:
        filters = self.filters
        return any((self.system, filters.statuses, filters.registrations, filters.review))

    def _test_records(self, column: str) -> Q:
        """People of whom there are such test records within reach."""
        found = Q(**{f"{column}__in": self._of_tests})
        found &= any_of(self._records().filter(is_test=True, patient=OuterRef("pk")))
        return found & self.sight.participates() if sees_participants_only(self.sight.user) else found

    def _organization(self) -> Q:
        return self.sight.within([(self.place.system, self.place.organization)]) if self.place else Q()

    def _records(self) -> QuerySet[SourceRecord]:
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


# --- paging ---------------------------------------------------------------------------------


def ids_in_order(found: Found, order: Order, *, most: int) -> list[int] | None:
    """Everybody found, in order; ``None`` where there are more than ``most``."""
    columns = _ORDERS[order.by]
    rows = list(found.narrow.values_list(*columns)[: most + 1])
    if len(rows) > most:
        return None
    rows.sort(reverse=order.down)  # as the databases do: names are ASCII, ordered letter by letter
    return [row[-1] for row in rows]


def page_of(found: Found, order: Order, *, number: int, size: int) -> Page:
    """One page; the last one where there are fewer."""
    beyond = (number - 1) * size >= COUNTED
    if beyond and (ids := _walk(found, order, number=number, size=size)):
        return Page(ids=ids, number=number, size=size, total=COUNTED, more=True)
    # Few are best read at once; counting comes first only where there are most likely many.
    are_many = not found.is_filtered and found.narrow[: COUNTED + 1].count() > COUNTED
    every = None if are_many else ids_in_order(found, order, most=COUNTED)
    if every is None:
        if beyond:
            return _last_page(found, order, size=size)
        ids = _walk(found, order, number=number, size=size)
        return Page(ids=ids, number=number, size=size, total=COUNTED, more=True)
    number = min(number, max(-(-len(every) // size), 1))
    shown = every[(number - 1) * size : number * size]
    return Page(ids=shown, number=number, size=size, total=len(every), more=False)


def _walk(found: Found, order: Order, *, number: int, size: int) -> list[int]:
    in_order = found.in_order.order_by(*order.columns).values_list("patient_id", flat=True)
    return list(in_order[(number - 1) * size : number * size])


def _last_page(found: Found, order: Order, *, size: int) -> Page:
    """The last page of more people than are usually counted, walked to from the end."""
    total = found.in_order.count()
    last = max(-(-total // size), 1)
    turned = replace(order, down=not order.down)
    ids = _walk(found, turned, number=1, size=total - (last - 1) * size)
    return Page(ids=ids[::-1], number=last, size=size, total=total, more=False)
