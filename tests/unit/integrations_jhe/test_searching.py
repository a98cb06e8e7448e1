"""How a search is put and how its hits are checked."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.jhe import plan, searching
from integrations.jhe.mapping import NHS_NUMBER_SYSTEM
from integrations.types import Demographics, Identifier, RemotePatient, SearchQuery, Term

BORN = date(1980, 4, 3)


def record(identifiers: tuple[Identifier, ...] = (), **person: object) -> RemotePatient:
    details = {"given_name": "Anne Marie", "family_name": "van der Berg", "birth_date": BORN, **person}
    return RemotePatient(
        system="jhe",
        id="40006",
        demographics=Demographics(**details),  # type: ignore[arg-type]
        identifiers=identifiers,
    )


def nhs(value: str, system: str = NHS_NUMBER_SYSTEM) -> tuple[Identifier, ...]:
    return (Identifier(system=system, value=value),)


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        (SearchQuery(words=("smith",)), [{"name": "smith"}]),
        (
            SearchQuery(words=("john", "smith")),
            [{"family": "smith", "given": "john"}, {"family": "john", "given": "smith"}],
        ),
        (
            SearchQuery(words=("maria", "garcia", "lopez")),
            [
                {"family": "lopez", "given": "maria"},
                {"family": "garcia", "given": "maria"},
                {"family": "maria", "given": "garcia"},
            ],
        ),
        (
            SearchQuery(words=("x", "y"), family_name="Smith", given_name="Anne"),
            [{"family": "Smith", "given": "Anne"}],
        ),
        (SearchQuery(family_name="van der Berg"), [{"family": "van"}]),
        (SearchQuery(given_name="Anne, Marie"), [{"given": "Anne"}]),
        (SearchQuery(words=(",", " ")), []),
        (SearchQuery(words=("smith",), birth_dates=(BORN,)), [{"name": "smith", "birthdate": "1980-04-03"}]),
        (
            SearchQuery(birth_dates=(BORN, date(1980, 3, 4))),
            [{"birthdate": "1980-04-03"}, {"birthdate": "1980-03-04"}],
        ),
        (SearchQuery(email="a@example.org"), []),
    ],
)
def test_names_and_birth_dates_are_asked_in_sensible_ways(
    query: SearchQuery, asked: list[dict[str, str]]
) -> None:
    searches = searching.name_searches(searching.names_asked(query), query.birth_dates)
    assert searches == [searching.FhirSearch(parameters=each) for each in asked]


def test_several_readings_of_a_name_are_one_search_by_the_birth_date() -> None:
    query = SearchQuery(words=("john", "smith"), birth_dates=(BORN, date(1980, 3, 4)))
    searches = searching.name_searches(searching.names_asked(query), query.birth_dates)
    assert [each.parameters for each in searches] == [
        {"birthdate": "1980-04-03"},
        {"birthdate": "1980-03-04"},
    ]
    assert searches[0].narrower == (
        {"family": "smith", "given": "john", "birthdate": "1980-04-03"},
        {"family": "john", "given": "smith", "birthdate": "1980-04-03"},
    )


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        (SearchQuery(words=("anne", "van")), True),
        (SearchQuery(words=("VAN", "ANNE")), True),
        (SearchQuery(words=("marie", "berg")), False),
        (SearchQuery(family_name="van der Berg"), True),
        (SearchQuery(family_name="van der Berg Jones"), True),
        (SearchQuery(family_name="van Dijk"), False),
        (SearchQuery(given_name="Anne Louise"), False),
        (SearchQuery(words=("anne",)), True),
        (SearchQuery(words=("bert",)), False),
        (SearchQuery(birth_dates=(BORN,)), True),
        (SearchQuery(birth_dates=(date(1980, 3, 4),)), False),
        (SearchQuery(record_id="40006"), True),
        (SearchQuery(record_id="40007"), False),
        (SearchQuery(record_id="40007", record_system="jump", words=("anne",)), True),
    ],
)
def test_hit_is_checked_against_what_was_asked(query: SearchQuery, holds: bool) -> None:
    assert searching.check_for(query).holds(record()) is holds


def test_email_is_compared_without_letter_case() -> None:
    check = searching.check_for(SearchQuery(email=" Anne@Example.org "))
    assert check.holds(record(email="anne@example.ORG"))
    assert not check.holds(record(email=""))


@pytest.mark.parametrize(
    ("identifiers", "alone", "beside_a_name"),
    [
        (nhs("9434765919"), True, True),
        (nhs("943 476 5919"), True, True),
        (nhs("9434765919", system=""), True, True),
        (nhs("9434765919", system="urn:mrn"), False, True),
        (nhs("4010232137"), False, False),
        ((), False, True),
    ],
)
def test_nhs_number_decides_alone_and_only_contradicts_beside_a_name(
    identifiers: tuple[Identifier, ...], alone: bool, beside_a_name: bool
) -> None:
    number = next((each.value for each in identifiers if each.system == NHS_NUMBER_SYSTEM), "")
    held = record(identifiers, nhs_number=number.replace(" ", ""))
    only = searching.check_for(SearchQuery(nhs_number="9434765919"))
    both = searching.check_for(SearchQuery(nhs_number="9434765919", words=("anne",)))
    assert only.holds(held) is alone
    assert both.holds(held) is beside_a_name
    assert only.terms() == {Term.NHS_NUMBER}
    assert both.terms() == {Term.NAME}


def test_whole_record_is_preferred_to_its_short_row() -> None:
    whole = record()
    row = RemotePatient(system="jhe", id="40006", demographics=Demographics(), complete=False)
    assert searching.distinct([row, whole, row])["40006"].complete


def test_nhs_number_is_asked_as_digits_and_in_groups() -> None:
    assert searching.identifier_values("9434765919") == ("9434765919", "943 476 5919")


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("Anne@Example.org", ("Anne@Example.org", "anne@example.org")),
        ("anne@example.org", ("anne@example.org",)),
        ("  ", ()),
    ],
)
def test_email_is_asked_as_typed_and_in_lower_case(typed: str, asked: tuple[str, ...]) -> None:
    assert plan.spellings(typed) == asked


@given(st.lists(st.text(), max_size=8).map(tuple), st.text(), st.text())
def test_any_name_makes_parameters_of_one_word_without_a_comma(
    words: tuple[str, ...], given_name: str, family_name: str
) -> None:
    query = SearchQuery(words=words, given_name=given_name, family_name=family_name)
    searches = searching.name_searches(searching.names_asked(query), ())
    assert len(searches) <= searching.MOST_WORDS
    for search in searches:
        assert search.parameters
        for value in search.parameters.values():
            assert "," not in value
            assert len(value.split()) == 1
