"""Birth dates as people type them: found in a line, read in either order, checked for sense."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time

from .dates import EARLIEST_BIRTH_YEAR, show
from .text import plain

_MONTH_NAMES = (
    "jan(?:uary)?", "feb(?:ruary)?", "mar(?:ch)?", "apr(?:il)?", "may", "june?", "july?", "aug(?:ust)?",
    "sep(?:t(?:ember)?)?", "oct(?:ober)?", "nov(?:ember)?", "dec(?:ember)?",
)  # fmt: skip
_OLDEST_AGE = 110
_MONTH_NUMBERS = {name[:3]: number for number, name in enumerate(_MONTH_NAMES, start=1)}
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+)?"
_DAY = r"(?P<d>\d{1,2})(?:\s?(?:st|nd|rd|th))?"
_MONTH = rf"(?P<m>{'|'.join(_MONTH_NAMES)})(?![a-z])\.?"
_YEAR = r"'?(?P<y>\d{4}|\d{2})(?!\d)"
_GAP = r"[\s\-./,]*"
IN_WORDS = tuple(
    re.compile(rf"(?<![\w/.-]){form}(?!\w)", re.IGNORECASE)
    for form in (
        rf"{_WEEKDAY}{_DAY}(?:\s+of)?{_GAP}{_MONTH}{_GAP}{_YEAR}",
        rf"{_WEEKDAY}{_MONTH}\s*{_DAY}[\s,./-]+{_YEAR}",
        rf"(?P<y>\d{{4}}){_GAP}{_MONTH}{_GAP}{_DAY}(?!\d)",
    )
)
_LOOSE_WORD = rf"(?:\d{{1,4}}(?:st|nd|rd|th)?|day|of|in|the|year|{'|'.join(_MONTH_NAMES)})"
_LOOSE = re.compile(
    rf"(?<![\w/.-]){_LOOSE_WORD}(?:[ ,.-]{{1,3}}{_LOOSE_WORD}){{2,7}}(?![\w/-])", re.IGNORECASE
)
_MONTH_WORD = re.compile(rf"\b(?:{'|'.join(_MONTH_NAMES)})\b", re.IGNORECASE)
_NUMBERS = re.compile(r"(\d{1,4})\s*([/.\- ])\s*(\d{1,2})\s*([/.\- ])\s*(\d{1,4})")
_COMPACT = re.compile(r"\d{6}(?:\d\d)?")
_LABEL = re.compile(r"^(?:born(?:\s+on)?|d\.?\s?o\.?\s?b\.?|date\s+of\s+birth|birth\s?date)\s*[:=]?\s*", re.I)


@dataclass(frozen=True, slots=True)
class DateReading:
    """What a typed date can be: the likeliest reading first, the other order after it.

    ``problem`` says in a sentence why it is none; ``dates`` is empty then. ``note`` says what
    was assumed.
    """

    dates: tuple[date, ...] = field(default=(), repr=False)
    problem: str = field(default="", repr=False)
    note: str = field(default="", repr=False)


def find_dates_in_words(text: str) -> Iterator[re.Match[str]]:
    """Dates with the month as a word; each match is to be read by :func:`read_date`."""
    for pattern in IN_WORDS:
        yield from pattern.finditer(text)


def find_loose_dates(text: str) -> Iterator[re.Match[str]]:
    """Rarer orders and fillings of a date with the month as a word ("April 1980, 3rd")."""
    for found in _LOOSE.finditer(text):
        if len(_MONTH_WORD.findall(found[0])) == 1 and len(re.findall(r"\d+", found[0])) == 2:
            yield found


def read_date(text: str, *, date_order: str, today: date) -> DateReading:
    """Read one typed date in any usual form; ``date_order`` is "DMY", "MDY" or "YMD"."""
    typed = _LABEL.sub("", plain(text))
    for pattern in IN_WORDS:
        if found := pattern.fullmatch(typed):
            month = _MONTH_NUMBERS[found["m"][:3].lower()]
            return _judge(found["y"], month, int(found["d"]), typed=typed, today=today)
    if (found := _NUMBERS.fullmatch(typed)) and found[2] == found[4]:
        return read_numbers((found[1], found[3], found[5]), date_order=date_order, today=today)
    if _COMPACT.fullmatch(typed):
        return read_compact(typed, date_order=date_order, today=today)
    return _read_loose(typed, date_order=date_order, today=today)


def read_numbers(parts: tuple[str, str, str], *, date_order: str, today: date) -> DateReading:
    """Read three typed numbers as a date, in the given order first and in the other after it."""
    shape = "/".join(parts)
    orders = _orders(parts, date_order)
    readings = [_judge(*_ordered(parts, order), typed=shape, today=today) for order in orders]
    good = [reading for reading in readings if reading.dates]
    if not good:
        return readings[0]
    days = tuple(dict.fromkeys(day for reading in good for day in reading.dates))
    turned = "" if good[0] is readings[0] else "Day and month can only be read this way round."
    return DateReading(dates=days, note=turned or good[0].note)


def _orders(parts: tuple[str, str, str], date_order: str) -> list[str]:
    """The orders in which three numbers may be meant, the likeliest first."""
    first, _, last = parts
    if len(first) > 2 or (len(last) <= 2 and int(first) > 31):
        return ["YMD"]
    month_first = ["MDY", "DMY"] if date_order == "MDY" else ["DMY", "MDY"]
    return ["YMD", *month_first] if date_order == "YMD" and len(last) <= 2 else month_first


def read_compact(digits: str, *, date_order: str, today: date) -> DateReading:
    """Read six or eight digits without separators as a date."""
    if len(digits) == 8 and EARLIEST_BIRTH_YEAR <= int(digits[:4]) <= today.year:
        reading = read_numbers((digits[:4], digits[4:6], digits[6:]), date_order="YMD", today=today)
        if reading.dates:
            return reading
    return read_numbers((digits[:2], digits[2:4], digits[4:]), date_order=date_order, today=today)


def _ordered(parts: tuple[str, str, str], order: str) -> tuple[str, int, int]:
    year, month, day = (parts[order.index(letter)] for letter in "YMD")
    return year, int(month), int(day)


def _judge(year_typed: str, month: int, day: int, *, typed: str, today: date) -> DateReading:
    """The date meant, two-digit years being the latest that is past; or why it is none."""
    try:
        meant = _in_century(year_typed, month, day, today)
    except ValueError:
        return DateReading(problem=f"{typed} is not a date: check day, month and year.")
    if meant > today:
        return DateReading(problem=f"{show(meant)} is in the future: check the year.")
    if meant.year < EARLIEST_BIRTH_YEAR:
        return DateReading(problem=f"{show(meant)} is before {EARLIEST_BIRTH_YEAR}: check the year.")
    older = meant.year - 100
    if len(year_typed) <= 2 and today.year - older <= _OLDEST_AGE:
        return DateReading(dates=(meant,), note=f"Read as {meant.year}: for {older}, type all four digits.")
    return DateReading(dates=(meant,))


def _in_century(year_typed: str, month: int, day: int, today: date) -> date:
    """Raises ``ValueError`` where the calendar has no such day."""
    if len(year_typed) > 2:
        return date(int(year_typed), month, day)
    year = today.year // 100 * 100 + int(year_typed)
    if (year, month, day) > (today.year, today.month, today.day):
        year -= 100
    return date(year, month, day)


def _read_loose(typed: str, *, date_order: str, today: date) -> DateReading:
    refused = DateReading(problem=f"{typed} is not a date: type it like 31/3/1980 or 31 Mar 1980.")
    if not (_LOOSE.fullmatch(typed) and _MONTH_WORD.search(typed)):
        return refused
    # Imported here: its first use costs a third of a second, and few lines need it.
    import dateparser

    parsed = dateparser.parse(
        typed,
        languages=["en"],
        settings={
            "STRICT_PARSING": True,
            "DATE_ORDER": date_order,
            "PREFER_DATES_FROM": "past",
            "RELATIVE_BASE": datetime.combine(today, time.min),
        },
    )
    if parsed is None:
        return refused
    return _judge(f"{parsed.year:04d}", parsed.month, parsed.day, typed=typed, today=today)
