"""How dates, numbers and states are written."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from portal.templatetags import ui

NOW = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _today() -> object:
    with time_machine.travel(NOW, tick=False) as moment:
        yield moment


@pytest.mark.parametrize(
    ("birth", "shown"),
    [
        (date(1980, 4, 3), "03-Apr-1980 (46 years)"),
        (date(1945, 11, 21), "21-Nov-1945 (81 years)"),
        (date(1945, 11, 22), "22-Nov-1945 (80 years)"),
        (date(2000, 2, 29), "29-Feb-2000 (26 years)"),
        (date(2024, 11, 22), "22-Nov-2024 (23 months)"),
        (date(2024, 11, 21), "21-Nov-2024 (2 years)"),
        (date(2026, 10, 21), "21-Oct-2026 (1 month)"),
        (date(2026, 11, 20), "20-Nov-2026 (1 day)"),
        (date(2026, 11, 21), "21-Nov-2026 (0 days)"),
        (date(2027, 1, 1), "01-Jan-2027"),
        (None, ""),
    ],
)
def test_born_date_shows_day_and_age(birth: date | None, shown: str) -> None:
    assert ui.born(birth) == shown


def test_born_of_somebody_who_died_shows_no_age() -> None:
    assert ui.born(date(1931, 2, 3), date(2024, 11, 2)) == "03-Feb-1931"
    assert ui.age(date(1931, 2, 3), date(2024, 11, 2)) == "93 years"


@pytest.mark.parametrize(
    ("held", "shown"),
    [
        ("9434765919", "943 476 5919"),
        ("943 4765 919", "943 476 5919"),
        ("12345", "12345"),
        ("943-476-5919", "943-476-5919"),
        ("", ""),
        (None, ""),
    ],
)
def test_nhs_number_of_ten_digits_is_grouped_others_stay(held: str | None, shown: str) -> None:
    assert ui.nhs_number(held) == shown


def test_last_digits_ignore_punctuation() -> None:
    assert ui.last_digits("+44 (7700) 900-123") == "123"
    assert ui.last_digits(None) == ""


@pytest.mark.parametrize(
    ("passed", "shown"),
    [
        (timedelta(seconds=59), "just now"),
        (timedelta(seconds=60), "1 minute ago"),
        (timedelta(minutes=59, seconds=59), "59 minutes ago"),
        (timedelta(hours=1), "1 hour ago"),
        (timedelta(hours=23), "23 hours ago"),
        (timedelta(days=2), "19-Nov-2026, 13:00"),
    ],
)
def test_ago_says_how_old_a_value_is(passed: timedelta, shown: str) -> None:
    assert ui.ago(NOW - passed) == shown


def test_moments_are_shown_in_local_time() -> None:
    summer = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)
    assert ui.moment(summer) == "02-Jul-2026, 00:30"
    assert ui.day(summer) == "02-Jul-2026"
    assert ui.moment(None) == ui.day(None) == ui.ago(None) == ""


@pytest.mark.parametrize(("number", "shown"), [(0, "no people"), (1, "1 person"), (2, "2 people")])
def test_counted_picks_the_word(number: int, shown: str) -> None:
    assert ui.counted(number, "person,people") == shown


def test_tone_of_an_unknown_word_is_neutral() -> None:
    assert ui.tone("Deceased") == "solid"
    assert ui.tone("something new") == "neutral"


def test_label_turns_a_value_into_words() -> None:
    assert ui.label("non_binary") == "Non binary"
    assert ui.label(None) == ""
