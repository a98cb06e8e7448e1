"""Bringing records into agreement: in which details they differ, and a value copied from one to the others.

What belongs to one record alone is not copied: its status and kind of registration, whether it needs review,
enrolment, and every consent (it is given to one organization, for one purpose). Neither is a name or number
that is hidden since a transition or an adoption.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.conf import settings

from integrations.writes import Changes, Details, Part
from patients.entering.editing import same
from patients.services.operations.wording import field_label, value_of

from . import former
from .copies import Copies, Copy
from .former import Hidden
from .pages import Page
from .weighing import Wanted

#: What belongs to one record alone.
OWN = frozenset(
    {
        Part.STATUS,
        Part.REGISTRATION,
        Part.REQUIRES_REVIEW,
        Part.REVIEW_REASON,
        Part.ENROLLED,
        Part.CONSENT_SMS,
        Part.CONSENT_EMAIL,
        Part.CONSENT_MARKETING,
        Part.CONSENT_ELECTRONIC,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One value that records hold, in words. ``number`` is our id of the first record that holds it: whatever
    becomes of the others, it stands for this value. ``goes_to`` are our ids of the records that it would be
    copied to."""

    number: int
    text: str = field(repr=False)
    held_by: tuple[str, ...]
    goes_to: tuple[int, ...]
    goes_to_labels: tuple[str, ...]
    value: object = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One detail in which records differ. ``lacking`` are labels of systems that hold nothing there,
    ``notes`` say which system does not take it; ``is_hidden``: a former value is not offered."""

    part: Part
    label: str
    options: tuple[Option, ...] = field(repr=False)
    lacking: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    is_hidden: bool = False


def differences(copies: Copies, page: Page) -> tuple[Difference, ...]:
    """The details in which the records differ as ``page`` shows them, and that one of them takes."""
    hidden = former.hidden_of(copies.patient)
    found = (_difference(part, copies, page, hidden) for part in Part if part not in OWN)
    return tuple(each for each in found if each is not None)


def wanted(differing: Sequence[Difference], chosen: Mapping[Part, int]) -> tuple[Wanted, ...]:
    """What each record is to be set to, by the records whose values were chosen."""
    values: dict[int, dict[str, object]] = {}
    for each in differing:
        option = next((one for one in each.options if one.number == chosen.get(each.part)), None)
        for number in option.goes_to if option is not None else ():
            values.setdefault(number, {})[each.part.value] = option.value if option else None
    return tuple(Wanted(number=number, changes=Changes.to(**some)) for number, some in values.items())


def _difference(part: Part, copies: Copies, page: Page, hidden: Hidden) -> Difference | None:
    held = list(_held(part, copies, page))
    options = tuple(_options(part, held, hidden))
    offered = [each for each in options if not hidden.covers(part.value, each.text)]
    if not any(each.goes_to for each in offered):
        return None
    takes = [copy for copy, _ in held]
    return Difference(
        part=part,
        label=field_label(part),
        options=tuple(each for each in offered if each.goes_to),
        lacking=tuple(dict.fromkeys(copy.label for copy, value in held if _is_empty(value))),
        notes=tuple(dict.fromkeys(_notes(part, takes))),
        is_hidden=len(offered) < len(options),
    )


def _held(part: Part, copies: Copies, page: Page) -> Iterator[tuple[Copy, object]]:
    """Each record that has a place for the detail, and what the page shows of it there."""
    for copy in copies.every:
        shown = page.of(copy.number)
        if shown is not None and part in copy.holds:
            yield copy, getattr(shown.shown.details, part)


def _options(part: Part, held: Sequence[tuple[Copy, object]], hidden: Hidden) -> Iterator[Option]:
    """Every value once in meaning, with the records to which it would be copied."""
    values: list[tuple[Copy, object]] = []
    for copy, value in held:
        if not _is_empty(value) and not any(_agree(part, (copy, value), other) for other in values):
            values.append((copy, value))
    for first, value in values:
        agree = {copy.number for copy, there in held if _agree(part, (copy, there), (first, value))}
        others = [copy for copy, _ in held if copy.number not in agree and _takes(copy, part)]
        yield Option(
            number=first.number,
            text=value_of(Details(**{part.value: value}), part),  # type: ignore[arg-type]
            held_by=tuple(dict.fromkeys(copy.label for copy, _ in held if copy.number in agree)),
            goes_to=tuple(copy.number for copy in others),
            goes_to_labels=tuple(dict.fromkeys(copy.label for copy in others)),
            value=value,
        )


def _takes(copy: Copy, part: Part) -> bool:
    return not copy.closed and part in copy.system.changes


def _notes(part: Part, copies: Sequence[Copy]) -> Iterator[str]:
    """Which of the records that hold it stay as they are, and why."""
    for copy in copies:
        if part not in copy.system.changes:
            general = f"{copy.label} does not take another {field_label(part)}: it stays as it is there."
            yield copy.system.fixed.get(part, general)
        elif copy.closed:
            yield f"{copy.label}: {copy.closed}"


def _agree(part: Part, one: tuple[Copy, object], other: tuple[Copy, object]) -> bool:
    """Whether two records hold the same, each in its system's own form: one of them fills a county in."""
    (here, mine), (there, theirs) = one, other
    pairs = ((mine, theirs), (mine, _as_held(here, part, theirs)), (_as_held(there, part, mine), theirs))
    return any(same(part, *pair, country=settings.DEFAULT_COUNTRY) for pair in pairs)


def _as_held(copy: Copy, part: Part, value: object) -> object:
    held = copy.system.as_held(Details(**{part.value: value}))  # type: ignore[arg-type]
    return getattr(held, part)


def _is_empty(value: object) -> bool:
    return value in ("", None)
