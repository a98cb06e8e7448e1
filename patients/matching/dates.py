"""Birth dates as whole numbers, dates as staff read them, and dates that stand for "not known"."""

from __future__ import annotations

from datetime import date

EARLIEST_BIRTH_YEAR = 1890
"""Nobody born earlier is alive; a year before it is a typing error."""

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_STAND_INS = frozenset({19000101, 19010101, 11111111, 18000101, 99991231})


def as_number(day: date | None) -> int:
    """A date as the whole number yyyymmdd; 0 for none."""
    return day.year * 10000 + day.month * 100 + day.day if day else 0


def show(day: date) -> str:
    """A date as pages show it everywhere: 03-Apr-1980."""
    return f"{day.day:02d}-{MONTHS[day.month - 1]}-{day.year:04d}"


def is_year(digits: str, today: date) -> bool:
    """Whether four digits are a year in which somebody now alive can be born."""
    return len(digits) == 4 and EARLIEST_BIRTH_YEAR <= int(digits) <= today.year


def is_stand_in(number: int) -> bool:
    """Whether a date (yyyymmdd) is one that is entered where the real one is not known (1900-01-01)."""
    return number in _STAND_INS


def is_placeholder(number: int) -> bool:
    """Whether a date (yyyymmdd) may stand for another: a stand-in, or 1 January of any year.

    Many countries' papers carry a year only, which is entered as 1 January: such a date says
    less than another, though some people are born on that day.
    """
    return is_stand_in(number) or number % 10000 == 101


def swapped(number: int) -> int:
    """The date with day and month exchanged, 0 where that is no date or the same one."""
    year, month, day = number // 10000, number // 100 % 100, number % 100
    return year * 10000 + day * 100 + month if day <= 12 and day != month else 0
