"""Made-up people, one after the other: no two share a name, an address or a number.

Names are syllables, so that nobody is like anybody else in the eyes of matching; numbers are from the
range that is never given to anybody (999), addresses from reserved domains.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

_ONSETS = ("b", "d", "f", "g", "h", "j", "k", "l", "m", "n", "p", "r", "s", "t", "v", "w", "z", "br", "st")
_VOWELS = ("a", "e", "i", "o", "u", "ai", "ou")
_GIVEN = ("Amara", "Bjorn", "Chidi", "Delia", "Ewan", "Farida", "Gwen", "Hamid", "Ines", "Jonas")
NHS_STRIDE = 617_353  # no common factor with a million: the numbers are as spread as real ones
_FIRST_DAY, _DAYS = date(1932, 1, 2), 27_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One made-up person."""

    number: int
    given: str = field(repr=False)
    family: str = field(repr=False)
    born: date = field(repr=False)
    nhs: str = field(repr=False)
    email: str = field(repr=False)
    phone: str = field(repr=False)


class People:
    """Gives one person after the other; the same ones for the same ``seed``."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._families: set[str] = set()
        self._count = 0
        self._nhs = 0

    def one(self) -> Made:
        """Somebody new."""
        self._count += 1
        family = self._family()
        given = _GIVEN[self._count % len(_GIVEN)]
        return Made(
            number=self._count,
            given=given,
            family=family,
            born=_FIRST_DAY + timedelta(days=self._chance.randrange(_DAYS)),
            nhs=self._number(),
            email=f"{given}.{family}@example.org".lower(),
            phone=phone(self._count),
        )

    def _family(self) -> str:
        while True:
            syllables = (f"{self._chance.choice(_ONSETS)}{self._chance.choice(_VOWELS)}" for _ in range(4))
            name = "".join(syllables).capitalize()
            if name not in self._families:
                self._families.add(name)
                return name

    def _number(self) -> str:
        """The next NHS number whose check digit exists."""
        while True:
            self._nhs = (self._nhs + NHS_STRIDE) % 1_000_000
            digits = f"999{self._nhs:06}"
            rest = sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=True))
            check = 11 - rest % 11
            if check != 10:
                return f"{digits}{0 if check == 11 else check}"


def phone(number: int) -> str:
    """A telephone number out of the range kept for stories, as a form writes it."""
    return f"+4477009{number % 100_000:05}"
