"""What is said about a field that somebody filled in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from dataclasses import field as kept
from enum import StrEnum
from typing import Generic, TypeVar

T_co = TypeVar("T_co", covariant=True)


class FindingLevel(StrEnum):
    """What a finding does. ``STOPS``: the form cannot be sent so. ``WARNS``: it can, once staff have looked.
    ``HINTS``: it is only shown beside the field."""

    STOPS = "stops"
    WARNS = "warns"
    HINTS = "hints"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to be said about one field of :class:`~patients.entering.typed.Typed`.

    ``sentence`` is for staff and says what to do. ``suggestion`` are (field, text) pairs that one click
    puts into the form; empty where there is nothing to suggest.
    """

    field: str
    level: FindingLevel
    sentence: str = kept(repr=False)
    suggestion: tuple[tuple[str, str], ...] = kept(default=(), repr=False)

    @property
    def stops(self) -> bool:
        """Whether the form cannot be sent so."""
        return self.level is FindingLevel.STOPS

    def softened(self) -> Finding:
        """The same, but never stopping: for what a system holds already."""
        return replace(self, level=FindingLevel.WARNS) if self.stops else self


@dataclass(frozen=True, slots=True)
class Read(Generic[T_co]):
    """One field as it was understood, and what is to be said about it."""

    value: T_co = kept(repr=False)
    findings: tuple[Finding, ...] = ()


def stop(of: str, sentence: str, *suggestion: tuple[str, str]) -> Finding:
    """A finding that has to be put right."""
    return Finding(field=of, level=FindingLevel.STOPS, sentence=sentence, suggestion=suggestion)


def warn(of: str, sentence: str, *suggestion: tuple[str, str]) -> Finding:
    """A finding that has to be looked at."""
    return Finding(field=of, level=FindingLevel.WARNS, sentence=sentence, suggestion=suggestion)


def hint(of: str, sentence: str, *suggestion: tuple[str, str]) -> Finding:
    """A finding that may be of use."""
    return Finding(field=of, level=FindingLevel.HINTS, sentence=sentence, suggestion=suggestion)
