"""What to type first: one line each, and what it shows. ``make smoke`` looks the first one up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Example:
    """A line for the look-up box."""

    typed: str
    why: str


EXAMPLES = (
    Example("grace mbeki 18/4/75", "one person, alike in all three systems"),
    Example("smith 3/4/80", "born on 4 March or on 3 April? The systems disagree"),
    Example("robert lockwood", "father and son, one name, one address"),
)
