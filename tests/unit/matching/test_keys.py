"""Keys of records and of what is typed: who meets whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.types import Address, Demographics, Phone, SearchQuery
from patients.matching import finding, keys
from patients.matching.compared import compared
from patients.matching.keys import Kind

SECRET = b"a secret of sixteen bytes or more"
ANNE = Demographics(
    given_name="Anne",
    family_name="Smith-Jones",
    birth_date=date(1980, 4, 3),
    nhs_number="9434765919",
    email="anne@example.org",
    phones=(Phone(number="07700 900123"),),
    address=Address(lines=("12 High St",), postcode="LS6 2AB"),
)


def matching(**changed: object) -> set[keys.Key]:
    return set(keys.matching_keys(compared(replace(ANNE, **changed))))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"birth_date": date(1980, 3, 4)}, Kind.GIVEN_BIRTH),  # day and month swapped
        ({"family_name": "Jones"}, Kind.LAST_PART_BIRTH),
        ({"given_name": "Ann"}, Kind.FAMILY_BIRTH),
        ({"given_name": "Smith", "family_name": "Anne"}, Kind.NAMES_YEAR),  # names swapped
        ({"birth_date": date(1981, 4, 3)}, Kind.NAMES_DAY),
        ({"birth_date": date(1980, 4, 13)}, Kind.NAMES_YEAR),
        ({"birth_date": None, "family_name": "Brown"}, Kind.POSTCODE_GIVEN),
        ({"given_name": "Bob", "family_name": "Brown"}, Kind.PHONE),
        ({"family_name": "Smithe-Jones"}, Kind.FAMILY_SOUND_BIRTH),
    ],
)
def test_records_of_one_person_share_a_key(changed: dict[str, object], kind: Kind) -> None:
    shared = matching() & matching(**changed)
    assert kind in {key.kind for key in shared}


def test_nickname_and_formal_name_share_a_key() -> None:
    assert Kind.ROOT_BIRTH in {
        key.kind for key in matching(given_name="Bill") & matching(given_name="William")
    }


def test_other_scripts_have_keys() -> None:
    chinese = Demographics(given_name="菲菲", family_name="歐陽", birth_date=date(1980, 4, 3))
    kinds = {key.kind for key in keys.matching_keys(compared(chinese))}
    assert {Kind.GIVEN_BIRTH, Kind.FAMILY_BIRTH, Kind.NAMES_YEAR} <= kinds


@pytest.mark.parametrize(
    "query",
    [
        SearchQuery(words=("anne", "smith")),
        SearchQuery(words=("jones", "anne")),
        SearchQuery(words=("smi",)),
        SearchQuery(words=("a", "smith")),
        SearchQuery(words=("ann", "smyth")),
        SearchQuery(birth_dates=(date(1980, 3, 4),)),
        SearchQuery(nhs_number="9434765918"),  # one digit off
        SearchQuery(nhs_number="9434756919"),  # two digits exchanged
        SearchQuery(phone="0123"),
        SearchQuery(phone="+44 7700 900123"),
        SearchQuery(email="Anne@Example.org"),
        SearchQuery(postcode="ls62ab"),
        SearchQuery(record_id="PAT-1"),
    ],
)
def test_what_is_typed_shares_a_key_with_whom_it_means(query: SearchQuery) -> None:
    held = set(keys.lookup_keys(compared(ANNE), ["pat-1"])) | matching()
    assert held & set(finding.asked_keys(query))


def test_key_depends_on_the_secret_and_on_the_kind() -> None:
    (one,) = keys.hashed([keys.Key(Kind.EMAIL, "x")], SECRET)
    assert {one} != keys.hashed([keys.Key(Kind.EMAIL, "x")], b"another secret of sixteen bytes")
    assert {one} != keys.hashed([keys.Key(Kind.PHONE, "x")], SECRET)
    assert -(2**63) <= one < 2**63


@given(st.text(), st.text(), st.text(), st.dates())
def test_any_details_have_keys_without_failing(given_name: str, family: str, middle: str, born: date) -> None:
    form = compared(
        Demographics(given_name=given_name, family_name=family, middle_name=middle, birth_date=born)
    )
    keys.hashed([*keys.matching_keys(form), *keys.lookup_keys(form)], SECRET)
    finding.asked_keys(SearchQuery(words=(given_name, family), birth_dates=(born,)))
