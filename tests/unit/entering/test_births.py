"""Birth dates as typed, and ages as clinics say them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.entering.births import age_at, born_and_age, read_birth_date, read_death_date
from patients.entering.findings import FindingLevel
from patients.matching.tags import Conventions

TODAY = date(2026, 11, 22)
HERE = Conventions(today=TODAY)
STOPS, WARNS, HINTS = FindingLevel


@pytest.mark.parametrize(
    ("typed", "day", "levels"),
    [
        ("31/3/1980", date(1980, 3, 31), []),
        ("31 Mar 1980", date(1980, 3, 31), []),
        ("03-Apr-1980", date(1980, 4, 3), []),
        ("1980-03-31", date(1980, 3, 31), []),
        ("3/4/1980", date(1980, 4, 3), [HINTS]),  # or 4 March
        ("31/3/26", date(2026, 3, 31), [HINTS]),  # or 1926
        ("31/2/1980", None, [STOPS]),
        ("23/11/2026", None, [STOPS]),
        ("22/11/2026", TODAY, []),
        ("31/12/1879", None, [STOPS]),
        ("01/01/1900", date(1900, 1, 1), [WARNS]),
        ("1/1/1975", date(1975, 1, 1), [HINTS]),
        ("yesterday", None, [STOPS]),
        ("  ", None, []),
    ],
)
def test_birth_date(typed: str, day: date | None, levels: list[FindingLevel]) -> None:
    read = read_birth_date(typed, HERE)
    assert read.value == day
    assert [finding.level for finding in read.findings] == levels


def test_other_order_of_day_and_month_is_one_click_away() -> None:
    (finding,) = read_birth_date("3/4/1980", HERE).findings
    assert finding.suggestion == (("birth_date", "04-Mar-1980"),)
    assert finding.sentence == "Read as 03-Apr-1980, 46 years. If the month comes first: 04-Mar-1980."
    assert read_birth_date("04-Mar-1980", HERE).findings == ()


def test_month_first_where_the_site_writes_so() -> None:
    there = Conventions(today=TODAY, date_order="MDY")
    assert read_birth_date("3/4/1980", there).value == date(1980, 3, 4)


def test_death_before_birth_stops() -> None:
    assert read_death_date("1/2/1990", HERE, born=date(1990, 2, 2)).findings[0].stops
    assert read_death_date("2/2/1990", HERE, born=date(1990, 2, 2)).value == date(1990, 2, 2)
    assert read_death_date("2/2/1990", HERE, born=None).value == date(1990, 2, 2)


@pytest.mark.parametrize(
    ("born", "today", "age"),
    [
        (date(2026, 11, 22), TODAY, "born today"),
        (date(2026, 11, 21), TODAY, "1 day"),
        (date(2026, 11, 9), TODAY, "13 days"),
        (date(2026, 11, 8), TODAY, "2 weeks"),
        (date(2026, 8, 23), TODAY, "13 weeks"),
        (date(2026, 8, 22), TODAY, "3 months"),
        (date(2024, 11, 23), TODAY, "23 months"),
        (date(2024, 11, 22), TODAY, "2 years"),
        (date(1980, 11, 23), TODAY, "45 years"),
        (date(1980, 11, 22), TODAY, "46 years"),
        (date(2024, 2, 29), date(2026, 2, 28), "23 months"),
        (date(2024, 2, 29), date(2026, 3, 1), "2 years"),
        (date(2026, 11, 23), TODAY, ""),
    ],
)
def test_age(born: date, today: date, age: str) -> None:
    assert age_at(born, today) == age


def test_birth_date_is_read_back_with_the_age() -> None:
    assert born_and_age(date(1980, 4, 3), TODAY) == "03-Apr-1980, 46 years"
    assert born_and_age(date(2030, 4, 3), TODAY) == "03-Apr-2030"


@given(st.dates(), st.dates())
def test_age_is_said_of_everybody_who_is_born(born: date, today: date) -> None:
    assert bool(age_at(born, today)) == (born <= today)


@given(st.dates(min_value=date(1890, 1, 1), max_value=TODAY))
def test_date_as_the_site_shows_it_is_read_as_that_date(day: date) -> None:
    read = read_birth_date(born_and_age(day, TODAY).partition(",")[0], HERE)
    assert read.value == day
    assert not any(finding.stops for finding in read.findings)
    assert age_at(day, TODAY + timedelta(days=1))
