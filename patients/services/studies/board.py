"""The people of one study: counted by where they stand, narrowed, in order, a page at a time.

Everything is asked of the mirror, in the same few statements however many take part. Test participants are
marked and counted nowhere; a filter of its own shows them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any, Self

from django.db.models import Count, F, Q, QuerySet
from django.db.models.expressions import Combinable
from django.utils import timezone

from integrations.studies import InvitationState
from patients.matching.names import fold
from patients.matching.study_numbers import folded
from patients.models import Participant, Study
from patients.services import visibility
from patients.services.people_list import Page
from patients.services.visibility import Reach

from .within import invited

Standing = Participant.Standing
SILENT_DAYS = (7, 14, 30, 90)
SILENT_SHOWN = 14  # of these the one that is counted beside the funnel
#: States that an invitation can be asked for by; beside them nobody has one (``NONE``).
STATES = tuple(InvitationState)
NUMBERED, UNNUMBERED = "yes", "no"


class Sort(StrEnum):
    """By what the board is in order of."""

    NAME = "name"
    NUMBER = "number"
    STANDING = "standing"
    INVITED = "invited"
    DATA = "data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What the board is narrowed by; nothing set narrows nothing.

    ``name`` is how "family given" begins, or a number in the study. ``standing`` is where people stand now,
    ``silent`` for how many days nothing was heard from those who agreed. ``tests``: test participants, which
    are otherwise left out.
    """

    name: str = field(default="", repr=False)
    standing: int = 0
    invitation: str = ""
    declined: bool = False
    pending: bool = False
    silent: int = 0
    numbered: str = ""
    tests: bool = False

    @property
    def names(self) -> list[str]:
        """Which filters are set, for the audit: names, no values."""
        return [each for each in self.__slots__ if getattr(self, each)]

    def without(self, name: str) -> Self:
        """The same with one filter taken out."""
        return replace(self, **{name: _EMPTY[name]}) if name in _EMPTY else self

    def to_json(self) -> dict[str, Any]:
        """For the session."""
        return {name: getattr(self, name) for name in self.names}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """From the session; what is not known any more is left out."""
        return cls(**{name: value for name, value in kept.items() if name in _EMPTY})


_EMPTY: dict[str, Any] = {name: getattr(Filters(), name) for name in Filters.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """In which order the board is."""

    by: Sort = Sort.NAME
    down: bool = False

    @property
    def columns(self) -> list[Combinable]:
        """What to order by; the last one makes the order one and the same always. What is not there comes
        last in either direction."""
        by = _COLUMNS[self.by]
        first = F(by).desc(nulls_last=True) if self.down else F(by).asc(nulls_last=True)
        blank = [Q(number_key="")] if self.by is Sort.NUMBER else []
        return [*(F("is_blank").asc() for _ in blank), first, F(_NAME).asc(nulls_last=True), F("pk").asc()]


_NAME = "record__patient__list_entry__sort_name"
_COLUMNS = {
    Sort.NAME: _NAME,
    Sort.NUMBER: "number_key",
    Sort.STANDING: "standing",
    Sort.INVITED: "invited_at",
    Sort.DATA: "data_at",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the funnel: how many stand there now, and how many came so far or further."""

    standing: Participant.Standing
    here: int
    reached: int
    share: int  # of everybody, in whole per cent


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many take part, by where they stand and by what needs somebody. ``unread``: whose decisions were
    never read."""

    total: int = 0
    steps: tuple[Step, ...] = ()
    declined: int = 0
    pending: int = 0
    expired: int = 0
    silent: int = 0
    unread: int = 0
    unnumbered: int = 0
    tests: int = 0


def people_of(study: Study, reach: Reach) -> QuerySet[Participant]:
    """Everybody who takes part and is within reach, test participants too."""
    return visibility.participants(reach).filter(study=study)


_TEST = Q(is_test=True) | Q(record__is_test=True)


def counts_of(study: Study, reach: Reach) -> Counts:
    """Everybody counted; one statement, by where they stand."""
    wanted = {
        "declined": Q(declined__gt=0),
        "pending": Q(pending__gt=0),
        "expired": Q(invitation_state=InvitationState.EXPIRED),
        "silent": _silent(SILENT_SHOWN),
        "unread": Q(checked_at=None),
        "unnumbered": Q(number_key=""),
    }
    groups = people_of(study, reach).order_by().values("standing", "is_test", "record__is_test")
    here, told, tests = dict.fromkeys(Standing, 0), dict.fromkeys(wanted, 0), 0
    counted = {f"of_{name}": Count("pk", filter=each) for name, each in wanted.items()}
    rows: Iterable[Mapping[str, Any]] = groups.annotate(count=Count("pk"), **counted)
    for row in rows:
        if row["is_test"] or row["record__is_test"]:
            tests += row["count"]
            continue
        here[Standing(row["standing"])] += row["count"]
        for name in told:
            told[name] += row[f"of_{name}"]
    total = sum(here.values())
    return Counts(total=total, steps=tuple(_steps(here, total)), tests=tests, **told)


def _steps(here: Mapping[Participant.Standing, int], total: int) -> list[Step]:
    return [
        Step(
            standing=each,
            here=count,
            reached=(reached := sum(some for further, some in here.items() if further >= each)),
            share=round(100 * reached / total) if total else 0,
        )
        for each, count in here.items()
    ]


def _silent(days: int) -> Q:
    """Who agreed to something, and of whom nothing came for so many days."""
    since = timezone.now() - timedelta(days=days)
    return Q(agreed__gt=0) & (Q(data_at__lt=since) | Q(data_at=None, decided_at__lt=since))


def find(study: Study, reach: Reach, filters: Filters) -> QuerySet[Participant]:
    """The participants who fit."""
    found = people_of(study, reach).filter(_TEST if filters.tests else ~_TEST)
    if filters.name:
        name, number = fold(filters.name), folded(filters.name)
        fits = Q(**{f"{_NAME}__gte": name, f"{_NAME}__lt": f"{name}~"})
        found = found.filter((fits | Q(number_key__startswith=number)) if number else fits)
    if filters.standing:
        found = found.filter(standing=filters.standing)
    if filters.invitation:
        found = found.filter(invited(filters.invitation))
    if filters.declined:
        found = found.filter(declined__gt=0)
    if filters.pending:
        found = found.filter(pending__gt=0)
    if filters.silent:
        found = found.filter(_silent(filters.silent))
    if filters.numbered:
        found = found.filter(Q(number_key="") if filters.numbered == UNNUMBERED else ~Q(number_key=""))
    return found


def ids_in_order(found: QuerySet[Participant], order: Order) -> QuerySet[Participant, int]:
    """Everybody found, in order, by our own ids."""
    sorted_by = found.annotate(is_blank=Q(number_key="")) if order.by is Sort.NUMBER else found
    return sorted_by.order_by(*order.columns).values_list("pk", flat=True)


def page_of(
    found: QuerySet[Participant], order: Order, *, number: int, size: int, total: int | None = None
) -> Page:
    """One page; the last one where there are fewer. ``total``: how many there are, where that is known."""
    total = found.count() if total is None else total
    number = min(number, max(-(-total // size), 1))
    ids = list(ids_in_order(found, order)[(number - 1) * size : number * size])
    return Page(ids=ids, number=number, size=size, total=total, more=False)
