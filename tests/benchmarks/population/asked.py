"""A look-up as staff make it, and the kinds of error in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from integrations.types import SearchQuery, Term


class NameSlip(StrEnum):
    """What is wrong with the name asked for."""

    NEIGHBOURING_KEY = "keyboard slip"
    TRANSPOSED = "transposition"
    MISSING = "missing letter"
    DOUBLED = "doubled letter"
    MISHEARD = "phonetic"
    NICKNAME = "nickname"
    SWAPPED = "swapped order"
    EARLIER_NAME = "maiden name"
    INITIAL = "initial only"
    PART = "part of a double name"
    TRANSLITERATED = "transliteration variant"


class DateSlip(StrEnum):
    """What is wrong with the birth date asked for."""

    DAY_MONTH = "swapped day and month"
    ONE_DIGIT = "one digit"
    ONE_YEAR = "one year off"
    TWO_PARTS = "two parts wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One look-up and whom it means.

    ``date_error`` is ``None`` where the birth date is right; ``third`` names the detail given
    besides, which is right (postcode, phone or e-mail), ``None`` where there is none. ``line``
    says the same as ``query``, as typed into one box, day before month. Where a date in digits
    can be read month first too, the query holds that reading second.
    """

    person: int
    origin: str
    name_error: NameSlip
    date_error: DateSlip | None
    third: Term | None
    query: SearchQuery = field(repr=False)
    line: str = field(repr=False)
