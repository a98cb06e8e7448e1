"""What the people list's templates show: rows with addresses, filters as tags, columns, page numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.urls import reverse

from integrations.registry import label_of
from patients.models import Participant
from patients.services.namesakes import Namesake
from patients.services.people_list import Filters, Order, Page, Sort
from patients.services.people_rows import Row, called
from patients.services.portrait import Identity
from patients.services.studies.within import NONE, studies_within
from patients.services.visibility import Sight
from portal.templatetags.ui import day, label

from .shown import ShownCaution, ShownRecord
from .shown_namesakes import cautions_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRow:
    """A person's row with the address of their page."""

    key: str
    url: str
    identity: Identity = field(repr=False)
    records: tuple[ShownRecord, ...] = field(repr=False)
    organizations: tuple[str, ...] = field(repr=False)
    studies: tuple[str, ...] = field(repr=False)
    created: date | None = field(repr=False)
    is_chosen: bool = False
    cautions: tuple[ShownCaution, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterTag:
    """One filter that is set; ``key`` is what taking it out sends."""

    key: str
    label: str
    value: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column that the list can be in order of; ``sorted`` is ``aria-sort``'s word."""

    name: str
    label: str
    sorted: str


_COLUMNS = {Sort.NAME: "Name", Sort.BIRTH: "Born", Sort.CREATED: "First recorded"}


def shown_row(row: Row, chosen: Collection[int], found: Sequence[Namesake] = ()) -> ShownRow:
    """A row as templates show it, with cautions of the person's namesakes."""
    return ShownRow(
        key=row.public_id,
        url=reverse("patients:patient", args=[row.public_id]),
        identity=row.identity,
        records=tuple(
            ShownRecord(system_label=label_of(each.system), status=each.status, marks=each.marks)
            for each in row.records
        ),
        organizations=row.organizations,
        studies=row.studies,
        created=row.created,
        is_chosen=row.patient in chosen,
        cautions=cautions_of(found),
    )


def columns_of(order: Order) -> dict[str, Column]:
    """The columns by name."""
    word = "descending" if order.down else "ascending"
    return {
        str(sort): Column(name=str(sort), label=text, sorted=word if sort is order.by else "none")
        for sort, text in _COLUMNS.items()
    }


def sentence_of(order: Order) -> str:
    """The order in words, for paper."""
    ways = {
        Sort.NAME: ("A to Z", "Z to A"),
        Sort.BIRTH: ("oldest people first", "youngest people first"),
        Sort.CREATED: ("oldest first", "newest first"),
    }
    return f"{_COLUMNS[order.by].lower()}, {ways[order.by][order.down]}"


def tags_of(filters: Filters, sight: Sight) -> list[FilterTag]:
    """The filters that are set, each with its value."""
    return list(_tags(filters, sight))


def _tags(filters: Filters, sight: Sight) -> Iterator[FilterTag]:
    if filters.name:
        yield FilterTag(key="name", label="Name begins with", value=filters.name)
    if filters.system:
        yield FilterTag(key="system", label="Held in", value=label_of(filters.system))
    if filters.organization:
        yield FilterTag(key="organization", label="Organization", value=_organization(filters, sight))
    yield from _of_studies(filters, sight)
    for each in filters.statuses:
        yield FilterTag(key=f"statuses:{each}", label="Status", value=label(each))
    for each in filters.registrations:
        yield FilterTag(key=f"registrations:{each}", label="Registration", value=label(each))
    if filters.created_from:
        yield FilterTag(key="created_from", label="First recorded from", value=day(filters.created_from))
    if filters.created_to:
        yield FilterTag(key="created_to", label="First recorded to", value=day(filters.created_to))
    yield from _yes_or_no(filters)


def _of_studies(filters: Filters, sight: Sight) -> Iterator[FilterTag]:
    if filters.study:
        names = {each.public_id: each.name for each in studies_within(sight.reach)}
        yield FilterTag(
            key="study", label="Study", value=names.get(filters.study, "not within reach any more")
        )
    if filters.standing:
        step = Participant.Standing(filters.standing).label
        yield FilterTag(key="standing", label="Stands in a study at", value=step)
    if filters.invitation:
        value = "none" if filters.invitation == NONE else label(filters.invitation)
        yield FilterTag(key="invitation", label="Latest invitation", value=value)


def _yes_or_no(filters: Filters) -> Iterator[FilterTag]:
    words = {
        "review": "Needs review",
        "alone": "In one system only",
        "chosen": "Only the selected people",
        "tests": "Test records instead of people",
    }
    for name, text in words.items():
        if getattr(filters, name):
            yield FilterTag(key=name, label=text)


def _organization(filters: Filters, sight: Sight) -> str:
    return next(
        (called(each) for each in sight.layout.places.values() if each.pk == filters.organization),
        "not known any more",
    )


def numbers_of(page: Page) -> list[int]:
    """The page numbers to offer: first, last as far as it is known, and around this one; 0 for a gap."""
    near = {1, page.number - 1, page.number, *([page.number + 1] if page.has_next else []), page.last}
    numbers: list[int] = []
    for number in sorted(each for each in near if each > 0):
        if numbers and number > numbers[-1] + 1:
            numbers.append(0)
        numbers.append(number)
    return [*numbers, 0] if page.more else numbers
