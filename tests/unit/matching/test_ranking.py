"""What of a query a record matches, and the order of people."""

from datetime import date
from typing import Any

import pytest

from integrations.types import Identifier, Phone, RecordStatus, SearchQuery
from patients.matching.fields import Field
from patients.matching.grouping import group
from patients.matching.levels import Level
from patients.matching.ranking import contradicts, matched, place

from .people import BLANK, OTHER_VALID_NHS, record

APRIL, MARCH = date(1980, 4, 3), date(1980, 3, 4)


@pytest.mark.parametrize(
    ("query", "change", "field", "level", "said"),
    [
        ({"words": ("anne",)}, {}, Field.GIVEN_NAME, Level.EXACT, "given name: Anne"),
        ({"words": ("SMITH",)}, {}, Field.FAMILY_NAME, Level.EXACT, "family name: Smith"),
        ({"words": ("smi",)}, {}, Field.FAMILY_NAME, Level.PART, "smi is a part of"),
        ({"words": ("Smyth",)}, {}, Field.FAMILY_NAME, Level.SIMILAR, "Smith is similar to Smyth"),
        ({"words": ("Bill",)}, {"given_name": "William"}, Field.GIVEN_NAME, Level.NICKNAME, "of one name"),
        ({"words": ("Jones",)}, {"family_name": "Smith-Jones"}, Field.FAMILY_NAME, Level.PART, "part of"),
        ({"words": ("Marie",)}, {"middle_name": "Marie"}, Field.MIDDLE_NAME, Level.EXACT, "Marie"),
        ({"words": ("Annie",)}, {"preferred_name": "Annie"}, Field.PREFERRED_NAME, Level.EXACT, "Annie"),
        ({"words": ("A",)}, {}, Field.GIVEN_NAME, Level.INITIAL, "initial of Anne"),
        ({"words": ("Brown",)}, {}, Field.NAME, Level.DIFFERENT, "in no name"),
        ({"words": ("王小明",)}, {"given_name": "小明", "family_name": "王"}, Field.NAME, Level.EXACT, "王"),
        ({"words": ("x",), "family_name": "Anne"}, {}, Field.GIVEN_NAME, Level.CROSSED, "looked for as"),
        ({"birth_dates": (APRIL, MARCH)}, {}, Field.BIRTH_DATE, Level.EXACT, "birth date: 03-Apr-1980"),
        ({"birth_dates": (MARCH, APRIL)}, {}, Field.BIRTH_DATE, Level.SWAPPED_DAY_AND_MONTH, "the other way"),
        ({"birth_dates": (date(1980, 4, 8),)}, {}, Field.BIRTH_DATE, Level.ONE_DIGIT, "one digit differs"),
        ({"birth_dates": (APRIL,)}, {"birth_date": None}, Field.BIRTH_DATE, Level.MISSING, "holds none"),
        ({"nhs_number": "9434765919"}, {}, Field.NHS_NUMBER, Level.EXACT, "NHS number: 943 476 5919"),
        ({"nhs_number": "9434765919"}, {"nhs_number": ""}, Field.NHS_NUMBER, Level.MISSING, "holds none"),
        ({"email": "ANNE.smith@home.test"}, {}, Field.EMAIL, Level.EXACT, "e-mail: anne.smith@home.test"),
        ({"phone": "+44 7700 900123"}, {}, Field.PHONE, Level.EXACT, "phone: 07700 900123"),
        ({"phone": "077009"}, {}, Field.PHONE, Level.PART, "has these digits"),
        ({"postcode": "LS62AB"}, {}, Field.POSTCODE, Level.EXACT, "postcode: LS6 2AB"),
        ({"postcode": "LS6"}, {}, Field.POSTCODE, Level.PART, "postcode: LS6 2AB"),
        ({"record_id": "1"}, {}, Field.RECORD_ID, Level.EXACT, "record number: 1"),
        ({"record_id": "1", "record_system": "jhe"}, {}, Field.RECORD_ID, Level.DIFFERENT, "another"),
    ],
)  # fmt: skip
def test_matched(
    query: dict[str, Any], change: dict[str, Any], field: Field, level: Level, said: str
) -> None:
    (entry,) = matched(SearchQuery(**query), record(**change))
    assert (entry.field, entry.level) == (field, level)
    assert said in entry.sentence


@pytest.mark.parametrize(
    ("query", "change", "expected"),
    [
        ({"nhs_number": "9434765919"}, {"nhs_number": OTHER_VALID_NHS}, True),
        ({"nhs_number": "9434765919"}, {"nhs_number": "9434765918"}, True),
        ({"nhs_number": "9434765918"}, {}, False),
        ({"nhs_number": "9434765919"}, {"nhs_number": "", "complete": False}, False),
        ({"birth_dates": (MARCH,)}, {}, False),
        ({"birth_dates": (date(1955, 1, 2),)}, {}, True),
        ({"birth_dates": (date(1955, 1, 2),)}, {"birth_date": None}, False),
        ({"words": ("Brown",)}, {}, True),
        ({"words": ("Brown",)}, {"given_name": "", "family_name": ""}, False),
        ({"email": "anne.smit@home.test"}, {}, False),
        ({"email": "tom@home.test"}, {}, True),
        ({"phone": "0113 496 0000"}, {}, True),
        ({"phone": "0113 496 0000"}, {"complete": False}, False),
        ({"phone": "0113 496 0000"}, {"phones": (Phone(number="12"),)}, False),
        ({"postcode": "M11AE"}, {}, True),
        ({"record_id": "9"}, {}, True),
        ({"record_id": "9"}, {"identifiers": (Identifier(system="emis", value="9"),)}, False),
        (
            {"record_id": "9"},
            {"identifiers": (Identifier(system="impilo", value="9", guessable=True),)},
            True,
        ),
        ({}, {}, False),
    ],
)
def test_contradicts_only_what_is_known_to_differ(
    query: dict[str, Any], change: dict[str, Any], expected: bool
) -> None:
    assert contradicts(SearchQuery(**query), record(**change)) is expected


def test_the_best_match_comes_first_and_what_contradicts_last() -> None:
    people = group(
        [
            record("jump", "other-date", birth_date=date(1955, 1, 2), **BLANK),
            record("jump", "near-name", family_name="Smithe", **BLANK),
            record("jump", "merged", status=RecordStatus.MERGED, **BLANK),
            record("jump", "exact", **BLANK),
        ]
    )
    query = SearchQuery(words=("Anne", "Smith"), birth_dates=(APRIL,))
    places = sorted(place(query, each.records) for each in people)
    assert [each.keys[0][1] for each in places] == ["exact", "merged", "near-name", "other-date"]
    assert sorted(place(query, each.records) for each in people[::-1]) == places
