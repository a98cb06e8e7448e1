"""Custom fields and identifiers, row by row: what is written, refused and asked about."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from integrations.types import Identifier
from patients.entering.custom_fields import CustomEntered, CustomRow, enter_custom, is_denied, why_sensitive
from patients.entering.identifier_rows import IdentifierRow, enter_identifiers

HELD = {"preferred_language": "Polish", "emis_guid": "6f2c", "insurance_provider": "Bupa"}
DENIED = ("password", "pin", "card", "ssn")


def _against(held: dict[str, str], *rows: tuple[str, str], closed: Collection[str] = ()) -> CustomEntered:
    typed = [CustomRow(name=name, value=value) for name, value in rows]
    return enter_custom(typed, held, closed=closed, denied=DENIED, country="GB")


def _entered(*rows: tuple[str, str]) -> CustomEntered:
    return _against(HELD, *rows, closed={"emis_guid"})


def test_only_what_differs_is_written_and_empty_removes() -> None:
    entered = _entered(
        ("preferred_language", ""), ("insurance_provider", " Bupa "), ("referral_source", "GP"), ("", "")
    )

    assert entered.changes == (("preferred_language", None), ("referral_source", "GP"))
    assert not entered.findings


def test_field_that_is_left_out_stays() -> None:
    assert _entered(("referral_source", "GP")).changes == (("referral_source", "GP"),)


def test_name_without_a_value_adds_nothing() -> None:
    assert _entered(("referral_source", "")).changes == ()


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (("", "x"), "Give this field a name."),
        (("emis_guid", "other"), "another system's"),
        (("card_number", "1"), "Nothing of this name"),
        (("x" * 65, "1"), "up to 64"),
    ],
)
def test_row_that_cannot_be_written_stops(row: tuple[str, str], said: str) -> None:
    entered = _entered(row)

    assert entered.stops
    assert said in entered.findings[0].sentence
    assert not entered.changes


@pytest.mark.parametrize(
    ("name", "value", "typed"),
    [
        ("address", "1 High St\nLeeds", "1 High St\r\nLeeds"),
        ("story", "x" * 3_000, "x" * 3_000),
        ("referred  by", "GP", "GP"),
        ("n" * 80, "GP", "GP"),
    ],
)
def test_field_that_comes_back_as_it_is_held_is_left_alone(name: str, value: str, typed: str) -> None:
    assert _against({name: value}, (name, typed)) == CustomEntered()


def test_held_name_stays_letter_by_letter_where_the_value_changes() -> None:
    assert _against({"referred  by": "GP"}, ("referred  by", "Friend")).changes == (
        ("referred  by", "Friend"),
    )


def test_value_that_is_too_long_stops_and_is_not_cut() -> None:
    entered = _entered(("referral_source", "x" * 501))

    assert [each.about for each in entered.findings] == ["value"]
    assert entered.stops
    assert not entered.changes


def test_two_rows_of_one_name_stop() -> None:
    entered = _entered(("referral_source", "GP"), ("referral_source", "Friend"))

    assert [each.place for each in entered.findings] == [1]


@pytest.mark.parametrize(
    ("name", "denied"),
    [
        ("password", True), ("cardNumber", True), ("card-no", True), ("PIN", True), ("ssn", True),
        ("cardiology", False), ("opinion", False), ("pinned_note", False), ("insurance_provider", False),
    ],
)  # fmt: skip
def test_names_are_refused_by_whole_words(name: str, denied: bool) -> None:
    assert is_denied(name, DENIED) is denied


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("999 134 6236", "NHS number"),
        ("4111 1111 1111 1111", "payment card"),
        ("anne@example.org", "e-mail"),
        ("+44 7700 900123", "phone"),
        ("07700 900123", "phone"),
        ("PIN: 4821", "password or a code"),
    ],
)
def test_value_whose_form_says_that_it_is_sensitive_is_asked_about(value: str, said: str) -> None:
    assert said in why_sensitive(value, country="GB")
    entered = _entered(("note", value))
    assert entered.is_sensitive
    assert entered.changes == (("note", value),)


@pytest.mark.parametrize(
    "value", ["Polish", "999 134 6237", "4111 1111 1111 1112", "PRACTICE-0042", "2024-05-17", "1", "a pin"]
)
def test_value_that_is_only_like_it_is_not(value: str) -> None:
    assert why_sensitive(value, country="GB") == ""


# --- identifiers ------------------------------------------------------------------------------

THERE = Identifier(system="https://registry.example.org", value="r/17")


def test_identifier_is_added_as_typed_and_none_twice() -> None:
    rows = [
        IdentifierRow(system=" https://fitbit.example.org", value="F-1 "),
        IdentifierRow(system=THERE.system, value=THERE.value),
        IdentifierRow(system="", value=""),
    ]

    entered = enter_identifiers(rows, [THERE], [])

    assert entered.change.add == (Identifier(system="https://fitbit.example.org", value="F-1"),)
    assert [each.place for each in entered.findings] == [1]
    assert "holds this identifier already" in entered.findings[0].sentence


@pytest.mark.parametrize(("system", "value"), [("", "F-1"), ("https://x.example.org", " "), ("x", "1" * 192)])
def test_identifier_that_is_not_whole_stops(system: str, value: str) -> None:
    entered = enter_identifiers([IdentifierRow(system=system, value=value)], [], [THERE])

    assert entered.stops
    assert entered.change.remove == (THERE,)
