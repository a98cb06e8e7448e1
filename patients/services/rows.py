"""What several records hold in one field: each value once, with the systems that hold it and its age."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from django.utils import timezone
from django.utils.text import slugify

from integrations.registry import label_of
from integrations.types import RemotePatient
from patients.matching.dates import show

from .answers import KeptRecord

FRESH_FOR = timedelta(seconds=60)  # what was read longer ago is not called current
_DAYS_AGO = 30  # until then an age is told in days

Values = Callable[[RemotePatient], Sequence[str]]


class Standing(StrEnum):
    """How what is shown of a record stands to what its system holds."""

    NOW = "now"
    ASKING = "asking"
    OLD = "old"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One record as the holder of values: its system, and how old what is shown of it is, in words.

    ``key`` is the record's system and id there.
    """

    system_label: str
    standing: Standing
    age: str
    problem: str = ""
    key: tuple[str, str] = field(default=("", ""), repr=False)

    @property
    def is_current(self) -> bool:
        """Whether its system has just said so."""
        return self.standing is Standing.NOW


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One value, line by line, and which records hold it."""

    lines: tuple[str, ...] = field(repr=False)
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One field over all records; ``key`` names it in a page.

    ``verdict``: same, differs, one, own (each system has its own, there is nothing to compare) or none.
    """

    label: str
    verdict: str
    says: str = field(default="", repr=False)
    values: tuple[Value, ...] = field(repr=False)

    @property
    def key(self) -> str:
        """A word for the element's id."""
        return slugify(self.label)

    @property
    def is_held(self) -> bool:
        """Whether any record holds something."""
        return self.verdict != "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowGroup:
    """Fields that are read together."""

    title: str
    rows: tuple[Row, ...] = field(repr=False)


def source_of(kept: KeptRecord, *, asking: bool) -> Source:
    """A record as the holder of values. ``asking``: its system is being asked just now."""
    is_fresh = timezone.now() - kept.read_at < FRESH_FOR
    standing = Standing.ASKING if asking else Standing.NOW if is_fresh and not kept.problem else Standing.OLD
    return Source(
        system_label=label_of(kept.record.system),
        standing=standing,
        age="read now" if standing is Standing.NOW else f"as of {since(kept.read_at)}",
        problem=kept.problem,
        key=kept.key,
    )


def since(moment: datetime) -> str:
    """How long ago something was read: ``a moment ago``, ``3 hours ago``, ``2 days ago``, then the day."""
    seconds = (timezone.now() - moment).total_seconds()
    if seconds < 60:
        return "a moment ago"
    if seconds < 3600:
        return _ago(seconds / 60, "minute")
    if seconds < 86400:
        return _ago(seconds / 3600, "hour")
    if seconds < _DAYS_AGO * 86400:
        return _ago(seconds / 86400, "day")
    return show(timezone.localtime(moment).date())


def _ago(number: float, noun: str) -> str:
    whole = int(number)
    return f"{whole} {noun}{'' if whole == 1 else 's'} ago"


def values_of(held: Sequence[Sequence[str]], sources: Sequence[Source]) -> tuple[Value, ...]:
    """Every value once, in the order of the records."""
    holders: dict[tuple[str, ...], list[Source]] = {}
    for lines, source in zip(held, sources, strict=True):
        if lines:
            holders.setdefault(tuple(lines), []).append(source)
    return tuple(Value(lines=lines, sources=tuple(some)) for lines, some in holders.items())


def row_of(
    label: str,
    values: Values,
    records: Sequence[RemotePatient],
    sources: Sequence[Source],
    alike: Callable[[str], str] | None = str.casefold,
) -> Row:
    """A field that is shown as held, and compared in the form that ``alike`` gives it, if any."""
    held = [tuple(filter(None, values(record))) for record in records]
    if alike is None:
        verdict = "own" if any(held) else "none"
        return Row(label=label, verdict=verdict, values=values_of(held, sources))
    filled = {tuple(map(alike, lines)) for lines in held if lines}
    count = sum(bool(lines) for lines in held)
    verdict = "differs" if len(filled) > 1 else "none" if not count else "same" if count > 1 else "one"
    shown = values_of(held, sources)
    says = "The same, written differently" if verdict == "same" and len(shown) > 1 else ""
    return Row(label=label, verdict=verdict, says=says, values=shown)
