"""Which parts an edit changes in meaning."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from integrations.types import Address, Sex
from integrations.writes import Changes, Details, Part
from patients.entering.editing import changed

HOME = Address(lines=("12 High Street",), town="Leeds", postcode="LS6 2AB", note="Ring twice")
HELD = Details(
    given_name="Anne",
    family_name="Macdonald",
    birth_date=date(1980, 4, 3),
    sex=Sex.FEMALE,
    nhs_number="401 023 2137",
    email="Anne@Example.org",
    phone="07700 900123",
    address=HOME,
    consent_sms=True,
    notes="One.\nTwo.",
)


def parts(**values: object) -> set[str]:
    entered = replace(HELD, **values)  # type: ignore[arg-type]
    return {part.value for part in changed(HELD, entered, country="GB").parts}


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"phone": "+447700900123"},
        {"phone": "07700900123"},
        {"nhs_number": "4010232137"},
        {"email": "anne@example.org"},
        {"given_name": " Anne "},
        {"notes": "One.\r\nTwo."},
        {"address": replace(HOME, postcode="ls62ab")},
        {"address": replace(HOME, note="")},  # most forms know of none
        {"address": replace(HOME, lines=("12  High Street",))},
    ],
)
def test_what_is_only_written_otherwise_is_no_change(values: dict[str, object]) -> None:
    assert parts(**values) == set()


@pytest.mark.parametrize(
    "values",
    [
        {"family_name": "MacDonald"},
        {"given_name": "Anné"},
        {"given_name": ""},
        {"birth_date": date(1980, 3, 4)},
        {"birth_date": None},
        {"sex": None},
        {"nhs_number": "4010232138"},
        {"email": "anna@example.org"},
        {"phone": "07700 900124"},
        {"phone": "07700 900123 ext 4"},
        {"phone": ""},
        {"home_phone": "07700 900123"},
        {"consent_sms": False},
        {"consent_sms": None},
        {"notes": "One. Two."},
        {"address": replace(HOME, lines=("12 High Street", "Leeds"), town="")},
        {"address": replace(HOME, note="Ring once")},
        {"address": None},
    ],
)
def test_what_says_something_else_is_the_only_change(values: dict[str, object]) -> None:
    assert parts(**values) == set(values)


def test_changes_hold_the_new_values_and_nothing_else() -> None:
    entered = replace(HELD, given_name="Anna", phone="+447700900123", email="")
    assert changed(HELD, entered, country="GB") == Changes(
        parts=frozenset({Part.GIVEN_NAME, Part.EMAIL}), details=Details(given_name="Anna")
    )


def test_accent_in_one_character_or_two_is_no_change() -> None:
    one, two = Details(given_name="Zo\u00eb"), Details(given_name="Zoe\u0308")
    assert not changed(one, two, country="GB").parts
