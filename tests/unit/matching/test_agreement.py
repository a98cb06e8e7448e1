"""Two records field by field."""

from datetime import date
from typing import Any

import pytest

from integrations.types import Address, Demographics, Phone, Sex
from patients.matching.agreement import compare
from patients.matching.fields import Field
from patients.matching.levels import Level

from .people import ANNE, details


def evidence(field: Field, one: Demographics, other: Demographics) -> tuple[Level, str]:
    found = next(entry for entry in compare(one, other) if entry.field is field)
    return found.level, found.sentence


NAMES: list[tuple[dict[str, Any], dict[str, Any], Level, str]] = [
    ({}, {}, Level.EXACT, "given name: Anne in both"),
    ({"given_name": "ÁNNE"}, {}, Level.EXACT, "given name: ÁNNE in both"),
    ({"given_name": "Mary-Jane"}, {"given_name": "Maryjane"}, Level.EXACT, "given name: Mary-Jane in both"),
    ({"given_name": "Anne Marie"}, {"middle_name": "Marie"}, Level.EXACT, "given name: Anne Marie in both"),
    (
        {"given_name": "William"},
        {"given_name": "Bill"},
        Level.NICKNAME,
        "given name: Bill is short for William",
    ),
    ({"given_name": "Margit"}, {"preferred_name": "Margit"}, Level.PREFERRED, "preferred name"),
    ({"given_name": "Anne Marie"}, {}, Level.PART, "share a part"),
    ({"given_name": "Micheal"}, {"given_name": "Michael"}, Level.NEAR, "spelled alike"),
    ({"given_name": "A"}, {}, Level.INITIAL, "initial"),
    ({"given_name": "Marie"}, {"middle_name": "Marie"}, Level.MIDDLE, "middle name"),
    ({"given_name": "Kathryn"}, {"given_name": "Katherine"}, Level.SIMILAR, "similar"),
    ({"given_name": "Smith", "family_name": "Anne"}, {}, Level.SWAPPED_NAMES, "swapped"),
    ({"given_name": "Smith", "family_name": "Jones"}, {}, Level.CROSSED, "as the family name"),
    ({"given_name": "Tom"}, {}, Level.DIFFERENT, "Tom and Anne differ"),
    ({"given_name": ""}, {}, Level.MISSING, "not held"),
]


@pytest.mark.parametrize(("one", "other", "level", "said"), NAMES)
def test_given_names(one: dict[str, Any], other: dict[str, Any], level: Level, said: str) -> None:
    found, sentence = evidence(Field.GIVEN_NAME, details(**one), details(**other))
    assert found is level
    assert said in sentence


@pytest.mark.parametrize(
    ("one", "other", "level", "said"),
    [
        ({"family_name": "O'Neill"}, {"family_name": "ONEILL"}, Level.EXACT, "in both"),
        ({"family_name": "Smith-Jones"}, {}, Level.PART, "share a part"),
        ({"family_name": "Smithe"}, {}, Level.NEAR, "spelled alike"),
        ({"family_name": "Jones"}, {}, Level.CHANGED_SURNAME, "a former surname?"),
        ({"family_name": "Jones", "sex": Sex.MALE}, {"sex": Sex.MALE}, Level.DIFFERENT, "differ"),
        ({"family_name": "Jones", "given_name": "Tom"}, {}, Level.DIFFERENT, "differ"),
        ({"family_name": ""}, {"family_name": ""}, Level.MISSING, "not held"),
    ],
)
def test_family_names(one: dict[str, Any], other: dict[str, Any], level: Level, said: str) -> None:
    found, sentence = evidence(Field.FAMILY_NAME, details(**one), details(**other))
    assert found is level
    assert said in sentence


@pytest.mark.parametrize(
    ("born", "level", "said"),
    [
        (date(1980, 4, 3), Level.EXACT, "birth date: 03-Apr-1980 in both"),
        (date(1980, 3, 4), Level.SWAPPED_DAY_AND_MONTH, "day and month swapped"),
        (date(1981, 4, 3), Level.ONE_DIGIT, "one digit differs"),
        (date(1980, 4, 27), Level.TWO_PARTS, "are close"),
        (date(1980, 11, 27), Level.SAME_YEAR, "only the year"),
        (date(1955, 11, 27), Level.DIFFERENT, "differ"),
        (None, Level.MISSING, "not held"),
    ],
)
def test_birth_dates(born: date | None, level: Level, said: str) -> None:
    found, sentence = evidence(Field.BIRTH_DATE, details(birth_date=born), ANNE)
    assert found is level
    assert said in sentence


def test_a_stand_in_date_is_said_to_be_one() -> None:
    unknown = details(birth_date=date(1900, 1, 1))
    assert "not known" in evidence(Field.BIRTH_DATE, unknown, unknown)[1]


@pytest.mark.parametrize(
    ("field", "change", "level"),
    [
        (Field.SEX, {"sex": Sex.MALE}, Level.DIFFERENT),
        (Field.SEX, {"sex": Sex.OTHER}, Level.UNSURE),
        (Field.SEX, {"sex": Sex.UNKNOWN}, Level.MISSING),
        (Field.NHS_NUMBER, {"nhs_number": "943-476-5919"}, Level.EXACT),
        (Field.NHS_NUMBER, {"nhs_number": "943 476 5918"}, Level.ONE_DIGIT),
        (Field.NHS_NUMBER, {"nhs_number": "401 023 2137"}, Level.DIFFERENT),
        (Field.NHS_NUMBER, {"nhs_number": ""}, Level.MISSING),
        (Field.EMAIL, {"email": "ANNE.SMITH@home.test "}, Level.EXACT),
        (Field.EMAIL, {"email": "ann.smith@home.test"}, Level.ONE_EDIT),
        (Field.EMAIL, {"email": "tom@home.test"}, Level.DIFFERENT),
        (
            Field.PHONE,
            {"phones": (Phone(number="0113 496 0000"), Phone(number="+447700900123"))},
            Level.EXACT,
        ),
        (Field.PHONE, {"phones": (Phone(number="07700 900124"),)}, Level.ONE_DIGIT),
        (Field.PHONE, {"phones": ()}, Level.MISSING),
        (Field.ADDRESS, {"address": Address(lines=("12 High St",), postcode="ls62ab")}, Level.EXACT),
        (Field.ADDRESS, {"address": Address(lines=("12b High St",), postcode="ls62ab")}, Level.NEAR),
        (Field.ADDRESS, {"address": Address(postcode="ls62ab")}, Level.POSTCODE_ALONE),
        (Field.ADDRESS, {"address": Address(lines=("12 High St",))}, Level.SAME_LINES),
        (Field.ADDRESS, {"address": Address(lines=("12 High St",), postcode="LS6 2AC")}, Level.ONE_EDIT),
        (Field.ADDRESS, {"address": Address(lines=("1 Elm Road",), postcode="M1 1AE")}, Level.DIFFERENT),
        (Field.ADDRESS, {"address": None}, Level.MISSING),
    ],
)
def test_other_fields(field: Field, change: dict[str, Any], level: Level) -> None:
    assert evidence(field, ANNE, details(**change))[0] is level


def test_an_invalid_number_in_both_is_no_agreement() -> None:
    wrong = details(nhs_number="9434765918")
    assert evidence(Field.NHS_NUMBER, wrong, wrong)[0] is Level.UNSURE


def test_an_unsplit_name_is_taken_apart() -> None:
    whole = details(given_name="", family_name="", full_name="Mrs Anne Smith")
    assert evidence(Field.GIVEN_NAME, whole, ANNE)[0] is Level.EXACT
    assert evidence(Field.FAMILY_NAME, whole, ANNE)[0] is Level.EXACT


def test_nothing_held_equals_nothing() -> None:
    assert all(entry.level is Level.MISSING for entry in compare(Demographics(), Demographics()))
