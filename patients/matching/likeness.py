"""Whether two given names may be one, said or typed otherwise, and whether two addresses are one home.

Wider than the levels of agreement: made for the moment before somebody is created, where nobody is
linked and a person looks. A slip, an abbreviation or the end of a name for the whole are one name here.
"""

from __future__ import annotations

import re
from enum import IntEnum

from rapidfuzz.distance import OSA

from .compared import Compared
from .levels import Level
from .names import compact, nickname_roots

SHORTEST_FOR_SLIP = 3
LONG = 6  # letters in which two slips leave a name what it is
SHORTEST_END = 3
SHORTEST_IN_MAILBOX = 4
LETTERS_LEFT_OUT = 2  # at least so many does a short form leave out
_NUMBERS = re.compile(r"\d+[a-z]?\b")
_ONE_GIVEN = frozenset(
    {Level.EXACT, Level.NICKNAME, Level.PREFERRED, Level.PART, Level.NEAR, Level.SWAPPED_NAMES}
)
_PERHAPS = frozenset({Level.SIMILAR, Level.INITIAL, Level.MIDDLE})
_ONE_FAMILY = frozenset({Level.EXACT, Level.PART, Level.NEAR, Level.SIMILAR, Level.SWAPPED_NAMES})


class Likeness(IntEnum):
    """How likely it is that two given names are one person's."""

    OTHER = 0
    PERHAPS = 1
    ONE = 2


def given_likeness(one: Compared, other: Compared, level: Level) -> Likeness:
    """Of two given names, whose ``level`` of agreement is known."""
    if level is Level.MISSING:
        return Likeness.OTHER
    if level in _ONE_GIVEN or _is_one_name(one.given, other.given) or _is_one_name(*_first(one, other)):
        return Likeness.ONE
    if level in _PERHAPS or _is_one_of_several(one, other) or _is_one_of_several(other, one):
        return Likeness.PERHAPS
    return Likeness.OTHER


def is_one_family_name(one: Compared, other: Compared, level: Level) -> bool:
    """Whether two family names, whose ``level`` of agreement is known, are one but for a slip."""
    return level in _ONE_FAMILY or is_slip(one.family, other.family)


def is_slip(one: str, other: str) -> bool:
    """Whether a typing error makes the one name of the other; in a long one two may."""
    shorter = min(len(one), len(other))
    most = 2 if shorter >= LONG else 1
    return shorter >= SHORTEST_FOR_SLIP and OSA.distance(one, other, score_cutoff=most) <= most


def is_short_form(short: str, whole: str) -> bool:
    """Whether one word is written short for another: its letters in their order after the same first
    ("Md", "Mohd" for Mohammed), or its end ("Beth" for Elizabeth)."""
    if " " in whole or len(short) < 2 or len(whole) - len(short) < LETTERS_LEFT_OUT:
        return False
    if len(short) >= SHORTEST_END and whole.endswith(short):
        return True
    rest = iter(whole)
    return short[0] == whole[0] and all(letter in rest for letter in short)


def is_named_in_mailbox(given: str, email: str) -> bool:
    """Whether a mailbox bears a given name, as most do that are somebody's own."""
    return len(given) >= SHORTEST_IN_MAILBOX and compact(given) in compact(email.partition("@")[0])


def is_one_home(one: Compared, other: Compared, level: Level) -> bool:
    """Whether two addresses, whose ``level`` of agreement is known, are one home: neighbours' differ in a
    number alone."""
    if level is Level.EXACT:
        return True
    return level is Level.NEAR and _NUMBERS.findall(one.address) == _NUMBERS.findall(other.address)


def _is_one_name(one: str, other: str) -> bool:
    """Whether a slip or a short form tells two names apart, or a pet name and a slip."""
    return is_slip(one, other) or _is_short_for(one, other) or _is_short_for(other, one)


def _first(one: Compared, other: Compared) -> tuple[str, str]:
    return one.given.split()[0], other.given.split()[0]


def _is_short_for(short: str, whole: str) -> bool:
    return is_short_form(short, whole) or any(is_slip(root, whole) for root in nickname_roots(short))


def _is_one_of_several(one: Compared, other: Compared) -> bool:
    """Whether a given name is like any other name of the other person but the family name."""
    words = f"{other.given} {other.middle} {other.preferred}".split()
    return any(_is_one_name(one.given, word) for word in words)
