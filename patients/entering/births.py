"""Birth dates: read in any usual form, checked for sense, read back with the age."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from patients.matching.dates import as_number, is_placeholder, is_stand_in, show
from patients.matching.tags import Conventions

from .findings import Finding, Read, hint, stop, warn
from .typed import is_blank

DAYS_UNTIL_WEEKS = 14
MONTHS_FROM_WEEKS = 3
MONTHS_UNTIL_YEARS = 24


def read_birth_date(text: str, conventions: Conventions) -> Read[date | None]:
    """A birth date, or ``None`` with the reason why it is none."""
    return _read_date("birth_date", text, conventions)


def read_death_date(text: str, conventions: Conventions, *, born: date | None) -> Read[date | None]:
    """A date of death, which cannot be before birth."""
    read = _read_date("date_of_death", text, conventions)
    if read.value and born and read.value < born:
        return Read(None, (stop("date_of_death", f"{show(read.value)} is before birth: check both dates."),))
    return read


def birth_findings(day: date, today: date) -> tuple[Finding, ...]:
    """What is to be said of a birth date that there is."""
    if is_stand_in(as_number(day)):
        said = f"{show(day)} is often entered where the birth date is not known: ask, or leave it empty."
        return (warn("birth_date", said),)
    if day > today:
        return (stop("birth_date", f"{show(day)} is in the future: check the year."),)
    if is_placeholder(as_number(day)):
        said = f"1 January is often entered where only the year is known: ask whether it is {show(day)}."
        return (hint("birth_date", said),)
    return ()


def age_at(born: date, today: date) -> str:
    """An age as clinics say it: days, then weeks, months until two years, then years; empty before birth."""
    if born > today:
        return ""
    days = (today - born).days
    months = (today.year - born.year) * 12 + today.month - born.month - (today.day < born.day)
    if days < DAYS_UNTIL_WEEKS:
        return _counted(days, "day") if days else "born today"
    if months < MONTHS_FROM_WEEKS:
        return _counted(days // 7, "week")
    return _counted(months, "month") if months < MONTHS_UNTIL_YEARS else _counted(months // 12, "year")


def born_and_age(born: date, today: date) -> str:
    """A birth date read back: 03-Apr-1980, 46 years."""
    return ", ".join(filter(None, (show(born), age_at(born, today))))


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'}"


def _read_date(of: str, text: str, conventions: Conventions) -> Read[date | None]:
    if is_blank(text):
        return Read(None)
    reading = conventions.read_date(text)
    if not reading.dates:
        return Read(None, (stop(of, reading.problem),))
    first, *others = reading.dates
    more = birth_findings(first, conventions.today) if of == "birth_date" else ()
    return Read(first, (*_assumed(of, first, others, reading.note, conventions.today), *more))


def _assumed(of: str, first: date, others: list[date], note: str, today: date) -> Iterator[Finding]:
    """What was assumed about the order of day and month, or about the century."""
    if note:
        yield hint(of, note)
    for other in others:
        age = age_at(first, today) if of == "birth_date" else ""
        said = (
            f"Read as {', '.join(filter(None, (show(first), age)))}. If the month comes first: {show(other)}."
        )
        yield hint(of, said, (of, show(other)))
