"""Impilo's reading traps, each with the section of integrations/impilo/README.md that names it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from pytest_django import Settings

from integrations import errors
from integrations.impilo import sweep
from integrations.impilo.client import Filters, ImpiloClient
from integrations.impilo.mapping import HIDDEN, is_recipe
from integrations.pages import walk
from integrations.sandbox.faults import Fault, FaultKind
from integrations.types import Caller, CannotSearch, Found, RecordStatus, SearchQuery, Sex, Term

from .subjects import BORN, FAMILY, GIVEN, ON_DATABASE, Bench

pytestmark = ON_DATABASE


def found(bench: Bench, **query: Any) -> Found:
    answer = bench.adapter().search(SearchQuery(**query))
    assert isinstance(answer, Found)
    return answer


def ids(answer: Found) -> set[str]:
    return {each.id for each in answer.records}


def rows(bench: Bench) -> Iterator[dict[str, Any]]:
    with bench.sandbox.stores["impilo"].reading() as state:
        yield from [dict(row) for row in state["patients"].values()]


def row_of(bench: Bench, **fields: Any) -> dict[str, Any]:
    return next(row for row in rows(bench) if all(row[key] == value for key, value in fields.items()))


def switch(bench: Bench, **positions: Any) -> None:
    bench.sandbox.switches["impilo"].set(**positions)


def crowd(bench: Bench, size: int, **fields: Any) -> None:
    """Many people like the known one, before whom she does not come."""
    template = row_of(bench, lastName=FAMILY)
    with bench.sandbox.stores["impilo"].writing() as state:
        for number in range(1, size + 1):
            state["patients"][str(number)] = {**template, "id": number, **fields}


# --- filters (README, Filters) ---------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        {"words": (GIVEN, FAMILY)},
        {"words": (FAMILY.upper(), GIVEN.lower())},
        {"words": (FAMILY,)},
        {"words": (GIVEN,)},
        {"given_name": GIVEN, "family_name": FAMILY},
        {"words": (FAMILY,), "birth_dates": (BORN,)},
        {"birth_dates": (BORN,)},
        {"birth_dates": (date(1975, 4, 18), date(1975, 8, 4))},
        {"email": "GRACE.MBEKI@example.ORG"},
    ],
    ids=str,
)
def test_known_person_is_found_every_way(impilo: Bench, query: dict[str, Any]) -> None:
    email = row_of(impilo, lastName=FAMILY)["email"]
    if "email" in query:
        query = {"email": email.upper()}
    assert impilo.known_id in ids(found(impilo, **query))


@pytest.mark.parametrize(
    ("words", "family"),
    [
        (("siobhan", "o'connor"), "O’Connor"),
        (("Núñez", "Zoë"), "Nunez"),
        (("ashton-reeves",), "Ashton Reeves"),
        (("wojcik", "lukasz"), "Wójcik"),
        (("Zielinska", "Ewa"), "Zielińska"),
        (("vries", "de"), None),
        (("Null",), "Null"),
        (("Suryadi",), "."),
    ],
)
def test_hard_names_are_found(impilo: Bench, words: tuple[str, ...], family: str | None) -> None:
    families = [each.demographics.family_name for each in found(impilo, words=words).records]
    assert family in families if family else not families


def test_every_word_has_to_match(impilo: Bench) -> None:
    assert not found(impilo, words=(GIVEN, "Kavanagh")).records


@pytest.mark.parametrize(
    "query",
    [
        {"words": ("Quillon", "Xanthopoulos")},
        {"email": "nobody@example.org"},
        {"birth_dates": (date(1901, 1, 1),)},
        {"postcode": "ZZ1 1ZZ"},
        {"record_id": "portal-nobody"},
    ],
    ids=str,
)
def test_ignored_filters_find_nobody_and_not_everybody(impilo: Bench, query: dict[str, Any]) -> None:
    switch(impilo, filters="ignored")
    assert not found(impilo, **query).records


def test_ignored_filters_still_find_the_right_one(impilo: Bench) -> None:
    switch(impilo, filters="ignored")
    assert ids(found(impilo, words=(GIVEN, FAMILY))) == {impilo.known_id}


def test_more_people_than_are_read_is_said_even_where_none_fits(impilo: Bench) -> None:
    """ "Nobody" would be too much said where not everybody could be read."""
    switch(impilo, filters="ignored")
    crowd(impilo, 1000)
    answer = found(impilo, email="nobody@example.org")
    assert not answer.records
    assert answer.more


@pytest.mark.parametrize("match", ["any_case", "exact"])
def test_email_filter_may_mind_the_case(impilo: Bench, match: str) -> None:
    switch(impilo, email_match=match)
    email = row_of(impilo, lastName=FAMILY)["email"]
    assert ids(found(impilo, email=email.title())) == {impilo.known_id}


def test_shared_mailbox_finds_the_family(impilo: Bench) -> None:
    answer = found(impilo, email="the.kavanaghs@example.com")
    assert {each.demographics.given_name for each in answer.records} == {"Orla", "Declan", "Cormac"}


def test_shared_mailbox_does_not_hide_a_person_of_that_name(impilo: Bench) -> None:
    answer = found(impilo, email="the.kavanaghs@example.com", words=(GIVEN, FAMILY))
    assert {each.demographics.family_name for each in answer.records} == {"Kavanagh", FAMILY}
    assert answer.searched_by == frozenset()


@pytest.mark.parametrize("typed", ["BT7 3GN", "bt73gn"])
def test_postcode_is_found_with_and_without_its_space(impilo: Bench, typed: str) -> None:
    answer = found(impilo, postcode=typed)
    assert answer.searched_by == {Term.POSTCODE}
    assert {each.demographics.family_name for each in answer.records} >= {"Kavanagh"}


def test_postcode_does_not_hide_people_who_moved(impilo: Bench) -> None:
    answer = found(impilo, words=(GIVEN, FAMILY), postcode="ZZ1 1ZZ")
    assert ids(answer) == {impilo.known_id}
    assert Term.POSTCODE not in answer.searched_by


@pytest.mark.parametrize("query", [{"nhs_number": "9434765919"}, {"phone": "020 7946 0000"}], ids=str)
def test_numbers_cannot_be_searched(impilo: Bench, query: dict[str, Any]) -> None:
    answer = impilo.adapter().search(SearchQuery(**query))
    assert isinstance(answer, CannotSearch)
    assert impilo.faults.requests() == []


def test_external_identifier_finds_its_record(impilo: Bench) -> None:
    row = next(row for row in rows(impilo) if (row["externalIdentifier"] or "").startswith("CRM-"))
    answer = found(impilo, record_id=row["externalIdentifier"])
    assert ids(answer) == {str(row["id"])}


@pytest.mark.parametrize(
    ("filters", "holds"),
    [
        ({"archived": True}, lambda row: row["archived"]),
        ({"enrolled": False}, lambda row: not row["enrolled"]),
        ({"site_ids": ["301"]}, lambda row: row["site"] and row["site"]["id"] == 301),
        ({"ids": ["12010", "12013"]}, lambda row: row["id"] in (12010, 12013)),
        ({"country": "united kingdom"}, lambda row: row["address"]),
        ({"born_until": date(1930, 1, 1)}, lambda row: row["dateOfBirth"] <= "1930-01-01"),
    ],
    ids=["archived", "not enrolled", "site", "ids", "country", "born until"],
)
def test_every_filter_narrows(impilo: Bench, filters: Filters, holds: Any) -> None:
    page = sweep.page(ImpiloClient(Caller()), "", **filters)
    listed = {record.id for record in page.records}
    assert page.is_last
    assert listed == {str(row["id"]) for row in rows(impilo) if holds(row)}
    assert listed


# --- paging (README, Paging) -----------------------------------------------------------------


@pytest.mark.parametrize("paging", ["one", "zero"])
def test_pages_are_counted_from_one_or_from_zero(impilo: Bench, paging: str) -> None:
    switch(impilo, paging=paging)
    walked = [record.id for record in walk(lambda cursor: impilo.adapter().page(cursor, size=10))]
    assert sorted(walked) == sorted(str(row["id"]) for row in rows(impilo))
    assert ids(found(impilo, words=(GIVEN, FAMILY))) == {impilo.known_id}


def test_a_page_that_repeats_itself_is_a_fault(impilo: Bench) -> None:
    switch(impilo, paging="repeats")
    with pytest.raises(errors.ProtocolError):
        list(walk(lambda cursor: impilo.adapter().page(cursor, size=10)))


def test_common_names_are_read_over_several_pages(impilo: Bench) -> None:
    crowd(impilo, 600, firstName="Gloria")
    answer = found(impilo, words=(GIVEN, FAMILY))
    assert ids(answer) == {impilo.known_id}
    assert not answer.more


def test_names_too_common_to_read_are_asked_for_as_a_phrase(impilo: Bench) -> None:
    crowd(impilo, 1100, firstName="Gloria")
    assert ids(found(impilo, words=(FAMILY, GIVEN))) == {impilo.known_id}


@pytest.mark.parametrize("size", [0, 251])
def test_size_out_of_range_is_never_sent(impilo: Bench, size: int) -> None:
    with pytest.raises(ValueError, match="1 to 250"):
        ImpiloClient(Caller()).list_patients(size=size)
    assert impilo.faults.requests() == []


# --- values (README, Reading) ----------------------------------------------------------------


def test_birth_date_in_a_timestamp_is_read(impilo: Bench) -> None:
    switch(impilo, birth_date="timestamp")
    assert impilo.adapter().get(impilo.known_id).demographics.birth_date == BORN


def test_birth_date_day_first_is_flagged_and_not_guessed(impilo: Bench) -> None:
    switch(impilo, birth_date="day_first")
    record = impilo.adapter().get(impilo.known_id)
    assert record.demographics.birth_date is None
    assert record.unread == ("birth_date",)
    assert impilo.known_id in ids(found(impilo, words=(FAMILY,), birth_dates=(BORN,)))


def test_ids_as_text_gender_for_sex_and_one_name_are_read(impilo: Bench) -> None:
    switch(impilo, ids="text", sex_field="gender", names="whole")
    record = impilo.adapter().get(impilo.known_id)
    assert record.id == impilo.known_id
    assert record.demographics.sex is Sex.FEMALE
    assert (record.demographics.given_name, record.demographics.full_name) == ("", f"{GIVEN} {FAMILY}")
    assert impilo.known_id in ids(found(impilo, words=(GIVEN, FAMILY)))


def test_nulls_are_nothing_and_not_unreadable(impilo: Bench) -> None:
    switch(impilo, nulls=True)
    record = impilo.adapter().get(impilo.known_id)
    assert record.unread == ()
    assert record.status is RecordStatus.ACTIVE
    assert record.administrative.enrolled is None
    assert record.demographics.address is None


def test_archived_and_enrolled_are_two_flags(impilo: Bench) -> None:
    archived = impilo.adapter().get(str(row_of(impilo, archived=True)["id"]))
    assert archived.status is RecordStatus.ARCHIVED
    away = impilo.adapter().get(str(row_of(impilo, enrolled=False, archived=False)["id"]))
    assert (away.status, away.administrative.enrolled) == (RecordStatus.ACTIVE, False)
    assert {each.administrative.site for each in impilo.adapter().iterate()} >= {"Riverside Clinic", ""}


# --- external identifiers (README, External identifiers) -------------------------------------


def test_recipe_identifier_is_marked_and_hidden(impilo: Bench) -> None:
    row = next(row for row in rows(impilo) if is_recipe(row["externalIdentifier"] or ""))
    record = impilo.adapter().get(str(row["id"]))
    (identifier,) = record.identifiers
    assert identifier.guessable
    assert record.raw["externalIdentifier"] == HIDDEN
    assert row["externalIdentifier"] not in repr(record)


def test_opaque_identifier_is_not_marked(impilo: Bench) -> None:
    row = next(row for row in rows(impilo) if (row["externalIdentifier"] or "").startswith("portal-"))
    (identifier,) = impilo.adapter().get(str(row["id"])).identifiers
    assert not identifier.guessable
    assert identifier.value == row["externalIdentifier"]


# --- errors and limits (README, Errors; Limits) ----------------------------------------------


@pytest.mark.parametrize("shape", ["spring", "nested", "list", "detail", "text"])
def test_errors_are_read_in_every_shape(impilo: Bench, shape: str) -> None:
    switch(impilo, errors=shape)
    with pytest.raises(errors.NotFound):
        impilo.adapter().get("999999999")


@pytest.mark.parametrize("shape", ["spring", "nested", "list", "detail"])
def test_refused_values_are_named(impilo: Bench, shape: str, settings: Settings) -> None:
    switch(impilo, errors=shape)
    with pytest.raises(errors.Invalid) as caught:
        ImpiloClient(Caller()).http.get("list patients", "/patient", {"dateOfBirthMin": "yesterday"})
    assert list(caught.value.field_errors) == ["birth_date"]


@pytest.mark.parametrize("key", ["expired", "deactivated", "nonsense"])
def test_refused_key_is_a_matter_for_the_admin(impilo: Bench, settings: Settings, key: str) -> None:
    key = impilo.sandbox.keys["impilo"].get(key, key)
    settings.SYSTEMS = {**settings.SYSTEMS, "impilo": {**settings.SYSTEMS["impilo"], "API_KEY": key}}
    with pytest.raises(errors.Unauthorised):
        impilo.adapter().get(impilo.known_id)
    assert len(impilo.faults.requests()) == 1  # never retried
    health = impilo.adapter().healthcheck()
    assert health.authorised is False
    assert "IMPILO_API_KEY" in health.next_step


def test_five_tries_outlast_four_refusals(impilo: Bench) -> None:
    impilo.faults.add(Fault(kind=FaultKind.STATUS, status=503, times=4))
    assert impilo.adapter().get(impilo.known_id).id == impilo.known_id


def test_throttling_says_when_to_come_back(impilo: Bench) -> None:
    switch(impilo, per_minute=1)
    impilo.adapter().get(impilo.known_id)
    with pytest.raises(errors.RateLimited) as caught:
        impilo.adapter(seconds=0.5).get(impilo.known_id)
    assert caught.value.retry_after
