"""Runs of digits told apart: dates, NHS numbers, phone numbers and record numbers side by side.

"3 4 80 943 476 5919 07700 900123" can be cut in many ways. Every way is given points for the
digits that it explains and for how usual each part looks, and the best is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from . import contact, numbers, tags
from .dates import is_year
from .labels import Label
from .tags import Conventions, Tag
from .typed_dates import DateReading, read_compact, read_numbers

RUN = re.compile(r"(?<![\w@])(?:\+|\((?=\+?\d{2,5}\))\+?)?\d(?:[ \t().\-/+]{0,3}\d)*(?![\w@])")
_GROUP = re.compile(r"\d+")
_MOST_GROUPS = 10
_NUMBER_LABELS = frozenset({Label.NHS, Label.PHONE, Label.BIRTH, Label.POSTCODE, Label.ADDRESS})
_DIGIT_POINTS = 10
_PART_COST = 15
_LABEL_POINTS = 60
_PHONE_ENDS = range(contact.SHORTEST_PHONE_END, contact.SHORTEST_PHONE + 1)
_USUAL_SHAPES = frozenset({(10,), (11,), (3, 3, 4), (5, 6), (5, 3, 3), (4, 3, 4), (3, 4, 4), (4, 7), (3, 8)})


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the plain line within a run; ``tag`` is ``None`` where it means nothing we know."""

    start: int
    end: int
    tag: Tag | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Groups:
    """Neighbouring groups of digits with what stands between them."""

    text: str
    digits: tuple[str, ...]
    gaps: tuple[str, ...]

    @property
    def joined(self) -> str:
        return "".join(self.digits)

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(map(len, self.digits))

    @property
    def plain_gaps(self) -> bool:
        return all(gap.strip() in {"", "-", "."} for gap in self.gaps)


@dataclass(frozen=True, slots=True)
class _Way:
    """One way of reading neighbouring groups, with its points."""

    points: int
    tag: Tag | None


def split_run(text: str, offset: int, label: Label | None, conventions: Conventions) -> list[Part]:
    """Cut one run of digits into its parts; ``offset`` is where the run starts in the plain line."""
    spans = [match.span() for match in _GROUP.finditer(text)]
    starts = [start for start, _ in spans]
    starts[0] = 0  # a leading + or bracket belongs to the first group
    for index in range(1, len(starts)):
        while text[starts[index] - 1] in "+(":
            starts[index] -= 1
    best: list[tuple[int, int, Tag | None]] = [(0, len(spans), None)]
    for first in range(len(spans) - 1, -1, -1):
        choices = []
        for last in range(first, min(len(spans), first + _MOST_GROUPS)):
            cut = text[starts[first] : spans[last][1]]
            points_after = best[len(spans) - 1 - last][0]
            choices += [
                (way.points + points_after, last + 1, way.tag)
                for way in _ways(_groups(cut), label, conventions)
            ]
        best.append(max(choices, key=lambda choice: choice[0]))
    parts, first = [], 0
    while first < len(spans):
        _, following, tag = best[len(spans) - first]
        parts.append(Part(offset + starts[first], offset + spans[following - 1][1], tag))
        first = following
    return parts


def _groups(cut: str) -> _Groups:
    digits = tuple(_GROUP.findall(cut))
    gaps = tuple(_GROUP.split(cut)[1:-1])
    return _Groups(cut, digits, gaps)


def _ways(groups: _Groups, label: Label | None, conventions: Conventions) -> Iterator[_Way]:
    """Every way of reading these groups as one thing."""
    if len(groups.digits) == 1:
        yield _Way(-_PART_COST, None)
    for reader in _READERS:
        way = reader(groups, label, conventions)
        if way is not None:
            yield _Way(way.points - _PART_COST, way.tag)


def _as_date(groups: _Groups, label: Label | None, conventions: Conventions) -> _Way | None:
    points = _LABEL_POINTS if label is Label.BIRTH else 0
    reading = _date_of(groups, conventions)
    if reading is None:
        return None
    spaced = len(groups.digits) == 3 and not groups.gaps[0].strip()
    if not reading.dates and not points and (spaced or len(groups.digits) == 1):
        return None
    points += len(groups.joined) * _DIGIT_POINTS
    points += (25 if len(groups.digits) == 3 and not spaced else 10) if reading.dates else -5
    return _Way(points, tags.birth_date_tag(groups.text, reading))


def _date_of(groups: _Groups, conventions: Conventions) -> DateReading | None:
    order, today = conventions.date_order, conventions.today
    if groups.shape in {(6,), (8,)} and groups.text.isdigit():
        return read_compact(groups.joined, date_order=order, today=today)
    if len(groups.digits) != 3 or "+" in groups.text or "(" in groups.text:
        return None
    gaps = {gap.strip() for gap in groups.gaps}
    first, middle, last = groups.digits
    sizes_fit = len(middle) <= 2 and (
        (len(first) <= 2 and len(last) in {1, 2, 4}) or (len(first) == 4 and len(last) <= 2)
    )
    if len(gaps) != 1 or gaps - {"", "/", ".", "-"} or not sizes_fit:
        return None
    return read_numbers((first, middle, last), date_order=order, today=today)


def _as_nhs(groups: _Groups, label: Label | None, conventions: Conventions) -> _Way | None:
    digits = groups.joined
    if not groups.plain_gaps or not groups.text[0].isdigit():
        return None
    labelled = label is Label.NHS
    points = _LABEL_POINTS if labelled else 0
    if len(digits) != numbers.LENGTH:
        if not labelled and (not 7 <= len(digits) <= 14 or digits.startswith("0")):
            return None
        return _Way(4 * len(digits) + (10 if labelled else 0), tags.nhs_tag(groups.text))
    valid, usual = numbers.is_valid_nhs(digits), groups.shape in _USUAL_SHAPES
    if not (valid or usual or labelled):
        return None
    as_one = usual or (valid and len(set(groups.gaps)) < 2)
    points += len(digits) * _DIGIT_POINTS + (30 if as_one else 10 if valid else 0) - (0 if valid else 25)
    note = ""
    if digits.startswith("0") and not labelled and contact.e164(digits, conventions.country):
        note = "Could also be a phone number: correct it here if it is one."
    return _Way(points, tags.nhs_tag(groups.text, note=note))


def _as_phone(groups: _Groups, label: Label | None, conventions: Conventions) -> _Way | None:
    digits = groups.joined
    labelled = label is Label.PHONE
    foreign = conventions.country != "GB" and len(digits) >= numbers.LENGTH
    if not contact.SHORTEST_PHONE <= len(digits) <= 17 or "/" in groups.text:
        return None
    international = groups.text[0] in "+("
    typed = groups.text
    if contact.lacks_plus(typed, conventions.country):
        typed, international = f"+{typed}", True
    whole = len(digits) >= 9 and bool(contact.e164(typed, conventions.country))
    if not (labelled or foreign or international or digits.startswith("0")):
        return None
    if not whole and (foreign or len(digits) > 11) and not labelled:
        return None
    points = len(digits) * _DIGIT_POINTS + (20 if whole else -10) + (_LABEL_POINTS if labelled else 0)
    points += 5 if groups.shape in _USUAL_SHAPES or groups.text.startswith("+") else 0
    note = ""
    if not labelled and len(digits) == numbers.LENGTH and groups.shape in _USUAL_SHAPES:
        note = "Ten digits like an NHS number, but it starts like a phone number."
    return _Way(points, tags.phone_tag(typed, country=conventions.country, note=note))


def _as_record(groups: _Groups, label: Label | None, conventions: Conventions) -> _Way | None:
    if len(groups.digits) != 1 or not groups.text.isdigit():
        return None
    system = conventions.system_of(groups.text)
    labelled = label is Label.RECORD
    unlabelled = len(groups.text) == 5 and groups.text[0] != "0"
    if label in _NUMBER_LABELS or not (labelled or system or unlabelled):
        return None
    points = len(groups.text) * _DIGIT_POINTS + 5 + (_LABEL_POINTS if labelled else 0)
    return _Way(points, tags.record_tag(groups.text, value=groups.text, system=system))


def _as_phone_end(groups: _Groups, label: Label | None, conventions: Conventions) -> _Way | None:
    """The last four to six digits of a phone number: what is left when they are nothing else."""
    digits = groups.text
    if not digits.isdigit() or len(digits) not in _PHONE_ENDS or label in _NUMBER_LABELS:
        return None
    if label is Label.RECORD or is_year(digits, conventions.today):
        return None
    return _Way(len(digits) * _DIGIT_POINTS - 10, tags.phone_tag(digits, country=conventions.country))


_READERS = (_as_date, _as_nhs, _as_phone, _as_record, _as_phone_end)
