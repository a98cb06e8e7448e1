"""Operations as a list: admins see everybody's, others their own; narrowed, in order, a page at a time.

Counted up to :data:`COUNTED` only, state by state, so that a page costs the same among a hundred thousand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from django.db.models import F, Q, QuerySet

from patients.models import Operation
from patients.services.visibility import reach_of
from portal import audit
from portal.accounts.models import User
from portal.accounts.roles import Role, has_role

from . import readers
from .standing import Standing, standings
from .whom import BESIDE, UNREAD, Whom, whoms
from .wording import title_of

SIZE = 25
COUNTED = 10_000
States = Operation.State


class Order(StrEnum):
    """In which order the list is."""

    NEWEST = "newest"
    NEXT = "next"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What the list is narrowed by; nothing set narrows nothing. ``person`` and ``bulk`` are public ids,
    ``asked_by`` an account's number (0: anybody)."""

    state: str = ""
    system: str = ""
    kind: str = ""
    asked_by: int = 0
    person: str = ""
    bulk: str = ""

    @property
    def names(self) -> list[str]:
        """Which filters are set, for the audit: names, no values."""
        return [each for each in self.__slots__ if getattr(self, each)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One operation of the list."""

    operation: Operation
    title: str
    whom: Whom = field(repr=False)
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page. ``counts`` are by state, of everything that the other filters leave, each up to
    :data:`COUNTED`."""

    lines: tuple[Line, ...]
    number: int
    has_next: bool
    counts: Mapping[str, int]


def narrowed(filters: Filters, *, by: User) -> QuerySet[Operation]:
    """The operations that somebody may read about and that fit, whatever their state."""
    rows = Operation.objects.all()
    if not has_role(by, Role.ADMIN):
        rows = rows.filter(asked_by=by)
    plain = {"system": filters.system, "kind": filters.kind, "asked_by": filters.asked_by}
    rows = rows.filter(**{name: value for name, value in plain.items() if value})
    if filters.bulk:
        rows = rows.filter(bulk__public_id=filters.bulk)
    if filters.person:
        person = filters.person
        rows = rows.filter(Q(patient__public_id=person) | Q(patient__merged_into__public_id=person))
        rows = rows.filter(readers.beside_a_person(by, reach_of(by)))
    return rows


def rows_of(filters: Filters, order: Order, *, by: User) -> QuerySet[Operation]:
    """The same in one state, in order, ready to be shown."""
    rows = narrowed(filters, by=by)
    if filters.state:
        rows = rows.filter(state=filters.state)
    columns = ["-pk"] if order is Order.NEWEST else [F("due_at").asc(nulls_last=True), "pk"]
    return rows.select_related(*BESIDE).defer(*UNREAD).order_by(*columns)


def page(filters: Filters, order: Order, number: int, *, by: User) -> Page:
    """One page of the list; one audit event."""
    start = (number - 1) * SIZE
    found = list(rows_of(filters, order, by=by)[start : start + SIZE + 1])
    lines = lines_of(found[:SIZE], by=by)
    audit.look("operations.listed", by=by, details={"with": filters.names, "rows": len(lines)})
    return Page(lines=lines, number=number, has_next=len(found) > SIZE, counts=counts(filters, by=by))


def counts(filters: Filters, *, by: User) -> dict[str, int]:
    """How many stand in each state, up to :data:`COUNTED`."""
    rows = narrowed(filters, by=by).order_by()
    return {str(state): rows.filter(state=state)[:COUNTED].count() for state in States}


def lines_of(operations: Sequence[Operation], *, by: User) -> tuple[Line, ...]:
    """Operations as lines; some ten queries whatever their number."""
    if not operations:
        return ()
    reach = reach_of(by)
    people = whoms(operations, by=by, reach=reach)
    standing = standings(operations, by=by, reach=reach)
    return tuple(
        Line(
            operation=each,
            title=title_of(each),
            whom=people[each.pk],
            standing=standing[each.pk],
        )
        for each in operations
    )
