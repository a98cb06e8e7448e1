"""Birth dates gone wrong, as on a form or over a telephone; never one in the future."""

from __future__ import annotations

from datetime import date
from random import Random

from .rates import TODAY

_TRIES = 40


def day_and_month_swapped(born: date) -> date | None:
    """3 April for 4 March; ``None`` where the day is no month or is the month."""
    if born.day > 12 or born.day == born.month:
        return None
    return _date(f"{born:%m%d%Y}")


def one_digit_wrong(born: date, chance: Random) -> date | None:
    """One digit of day, month or year another one."""
    text = f"{born:%d%m%Y}"
    for _ in range(_TRIES):
        at = chance.choice((0, 1, 1, 2, 3, 3, 6, 7, 7))
        wrong = _date(f"{text[:at]}{chance.randrange(10)}{text[at + 1 :]}")
        if wrong and wrong != born:
            return wrong
    return None


def one_year_off(born: date, chance: Random) -> date | None:
    """The year before or after."""
    year = born.year + chance.choice((-1, 1))
    return _date(f"{born:%d%m}{year}")


def two_parts_wrong(born: date, chance: Random) -> date | None:
    """Two of day, month and year other ones; the year stays near."""
    for _ in range(_TRIES):
        day, month = chance.randrange(1, 29), chance.randrange(1, 13)
        year = born.year + chance.choice((-10, -3, -2, -1, 1, 2, 3, 10))
        kept = chance.randrange(3)
        parts = [(born.year, month, day), (year, born.month, day), (year, month, born.day)][kept]
        wrong = _date(f"{parts[2]:02d}{parts[1]:02d}{parts[0]:04d}")
        same = wrong and (wrong.year == born.year) + (wrong.month == born.month) + (wrong.day == born.day)
        if wrong and same == 1 and (wrong.month, wrong.day) != (born.day, born.month):
            return wrong
    return None


def _date(text: str) -> date | None:
    """A date of eight digits, day first; ``None`` where there is no such day, or not yet."""
    try:
        found = date(int(text[4:]), int(text[2:4]), int(text[:2]))
    except ValueError:
        return None
    return found if found <= TODAY else None
