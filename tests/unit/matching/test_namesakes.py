"""Who may be confused with whom, and what tells them apart."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from integrations.types import Address, Demographics, Phone, Sex
from patients.matching.compared import Compared, compared
from patients.matching.keys import lookup_keys, matching_keys
from patients.matching.namesakes import Closeness, likeness, may_be_near, namesake_keys

HOME = Address(lines=("4 Mill Lane",), town="Leeds", postcode="LS1 4AP")
PHONES = (Phone(number="07700 900123"),)
ELSEWHERE = Address(lines=("19 High Street",), town="York", postcode="YO1 7HH")


def form(**details: Any) -> Compared:
    known: dict[str, Any] = {"given_name": "John", "family_name": "Smith", "birth_date": date(1980, 5, 3)}
    return compared(Demographics(**{**known, **details}))


JOHN = form()


@pytest.mark.parametrize(
    ("other", "closeness", "differs"),
    [
        ({"given_name": "Jon", "birth_date": date(1981, 5, 3)}, Closeness.NEAR_BIRTH_DATE,
         ("given name like it", "other year of birth")),
        ({"family_name": "Smyth"}, Closeness.SAME_BIRTH_DATE, ("family name like it",)),
        ({"given_name": "Johnny"}, Closeness.SAME_BIRTH_DATE, ("given name like it",)),
        ({"birth_date": date(1980, 3, 5)}, Closeness.NEAR_BIRTH_DATE, ("day and month of birth swapped",)),
        ({"birth_date": date(1980, 11, 27)}, Closeness.SAME_YEAR, ("other day and month of birth",)),
        ({"birth_date": date(1952, 5, 3)}, Closeness.SAME_DAY, ("other year of birth",)),
        ({"given_name": "Paul"}, Closeness.TWINS, ("other given name",)),
        ({"given_name": "Smith", "family_name": "John"}, Closeness.SAME_BIRTH_DATE,
         ("given and family name swapped",)),
    ],
)  # fmt: skip
def test_namesakes_and_what_tells_them_apart(
    other: dict[str, Any], closeness: Closeness, differs: tuple[str, ...]
) -> None:
    found = likeness(JOHN, form(**other), records=100_000)

    assert found is not None
    assert (found.closeness, found.differs, found.is_one_person) == (closeness, differs, False)


def test_father_and_son_of_one_name_at_one_address_are_namesakes() -> None:
    father, son = form(address=HOME, birth_date=date(1950, 1, 2)), form(address=HOME)

    found = likeness(father, son, records=100_000)

    assert found is not None
    assert found.closeness is Closeness.SAME_ADDRESS
    assert found.differs == ("other birth date", "same address")
    assert not found.is_one_person


def test_twins_of_like_names_at_one_address_are_never_taken_for_one_person() -> None:
    one, other = (form(given_name=name, address=HOME, phones=PHONES) for name in ("Anika", "Anisha"))

    found = likeness(one, other, records=150)

    assert found is not None
    assert not found.is_one_person


@pytest.mark.parametrize(
    "other",
    [
        {"family_name": "Okafor"},
        {"given_name": "Paul", "birth_date": date(1981, 5, 3)},
        {"birth_date": date(1952, 11, 27)},
        {"given_name": "Johnny", "birth_date": date(1980, 11, 27)},
        {"given_name": "Paul", "family_name": "Okafor"},
        {"birth_date": None},
        {"given_name": "", "family_name": ""},
    ],
)
def test_others_are_nobodys_namesakes(other: dict[str, Any]) -> None:
    assert likeness(JOHN, form(**other), records=100_000) is None


def test_two_records_that_look_like_one_person_are_told_apart_from_namesakes() -> None:
    one = form(email="john@example.org", address=HOME)
    slip = form(email="john@example.org", address=HOME, birth_date=date(1980, 5, 8))
    another = form(nhs_number="9434765919", sex=Sex.MALE, address=HOME)
    numbered = form(nhs_number="4010232137", address=HOME, birth_date=date(1980, 5, 8))

    assert getattr(likeness(one, slip, records=100_000), "is_one_person", None) is True
    apart = likeness(another, numbered, records=100_000)
    assert apart is not None
    assert not apart.is_one_person
    assert "other NHS number" in apart.differs


def test_equal_name_and_birth_date_are_always_said() -> None:
    found = likeness(form(address=HOME), form(address=ELSEWHERE), records=100_000)

    assert found is not None
    assert not found.is_one_person
    assert found.differs == ("other address", "same name and birth date")


def test_likeness_is_the_same_from_either_side() -> None:
    others = [form(given_name="Jon"), form(birth_date=date(1980, 3, 5)), form(given_name="Paul"), form()]
    for other in others:
        there, back = likeness(JOHN, other, records=1000), likeness(other, JOHN, records=1000)
        assert there == back


def test_keys_are_keys_of_the_index() -> None:
    one = form(address=HOME)

    assert set(namesake_keys(one)) <= {*matching_keys(one), *lookup_keys(one)}


def test_near_dates_are_those_that_the_rule_takes() -> None:
    assert may_be_near(19800503, 19801127)
    assert may_be_near(19800503, 19520503)
    assert may_be_near(19800503, 19810503)
    assert not may_be_near(19800503, 19521127)
    assert not may_be_near(0, 0)
