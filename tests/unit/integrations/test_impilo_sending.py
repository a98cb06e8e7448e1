"""What is sent to Impilo, and how it says that it would hold it; without any system."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.errors import Invalid
from integrations.impilo import mapping, replies, sending
from integrations.types import Address, RemotePatient, Sex
from integrations.writes import Changes, Details, NewRecord, Part, details_of, left_to_do
from tests.unit.integrations.test_mapping import unhurried

HOME = Address(lines=("4 Lantern Row",), town="Leeds", county="Yorks", postcode="LS6 1AA", country="UK")
EMILY = Details(given_name="Emily", family_name="Clark")

TEXT = st.text(max_size=12)
FULL = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=8)
ADDRESSES = st.builds(
    Address,
    lines=st.lists(FULL, min_size=1, max_size=3).map(tuple),
    town=FULL,
    county=TEXT,
    postcode=FULL,
    country=FULL,
    note=TEXT,
)
DETAILS = st.builds(
    Details,
    given_name=FULL,
    family_name=FULL,
    birth_date=st.none() | st.dates(),
    sex=st.none() | st.sampled_from(Sex),
    email=TEXT,
    phone=TEXT,
    address=st.none() | ADDRESSES,
)


def read(wire: dict[str, Any]) -> RemotePatient:
    return mapping.patient({"id": 1, **wire}, operation="test")


@unhurried
@given(details=DETAILS)
def test_what_is_sent_is_read_as_it_was_said_to_be_held(details: Details) -> None:
    new = NewRecord(details=details, own_id="portal-1")
    held = details_of(read(sending.new_patient(new)))
    wanted = sending.as_held(details)
    assert {part: getattr(held, part) for part in sending.CREATES_WITH} == {
        part: getattr(wanted, part) for part in sending.CREATES_WITH
    }
    assert sending.as_held(wanted) == wanted


@unhurried
@given(before=DETAILS, after=DETAILS, parts=st.sets(st.sampled_from(sorted(sending.CREATES_WITH))))
def test_changes_leave_nothing_to_do_and_touch_nothing_else(
    before: Details, after: Details, parts: set[Part]
) -> None:
    row = sending.new_patient(NewRecord(details=before, own_id="portal-1"))
    changes = Changes(parts=frozenset(parts), details=after)
    for body in (sending.patch, sending.put):
        sent = body(row, sending.changed(changes, row))
        record = read({**row, **sent})
        assert not left_to_do(record, changes, sending.as_held).parts
        for part in sending.CREATES_WITH - parts:
            assert getattr(details_of(record), part) == getattr(details_of(read(row)), part)


def test_bare_minimum_is_the_guides_with_our_id() -> None:
    new = NewRecord(details=EMILY, own_id="portal-1")
    assert sending.new_patient(new) == {
        "firstName": "Emily",
        "lastName": "Clark",
        "externalIdentifier": "portal-1",
    }


def test_parts_that_impilo_does_not_know_stay_as_they_are_to_be_refused() -> None:
    details = replace(EMILY, nhs_number="9990000018", title="Dr")
    assert sending.as_held(details) == details


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        (replace(HOME, postcode=""), "Impilo takes whole addresses only. Add the postcode."),
        (
            replace(HOME, lines=(" ",), country=""),
            "Impilo takes whole addresses only. Add the first line and the country.",
        ),
        (
            Address(note="Ring twice"),
            "Impilo takes whole addresses only. Add the first line, the town, the postcode and the country.",
        ),
    ],
)
def test_incomplete_address_says_what_to_add(address: Address, sentence: str) -> None:
    with pytest.raises(Invalid) as caught:
        sending.check_changes(Changes.to(address=address))
    assert caught.value.field_errors == {"address": sentence}


def test_empty_address_is_none() -> None:
    assert sending.as_held(Details(address=Address(lines=(" ",)))).address is None
    assert sending.changed(Changes.to(address=Address()), {}) == {"address": None}


@pytest.mark.parametrize("held", [None, "1 Test Lane", [], {"note": None}])
def test_address_over_one_that_cannot_be_read_is_whole(held: object) -> None:
    sent = sending.changed(Changes.to(address=HOME), {"address": held})["address"]
    assert mapping.address_in(sent) == HOME


def test_patch_names_the_person_where_the_names_are_known() -> None:
    assert sending.patch({"firstName": "Emily", "lastName": None}, {"email": None}) == {
        "firstName": "Emily",
        "email": None,
    }
    assert sending.patch({"firstName": "Emily"}, {"firstName": "Emma"}) == {"firstName": "Emma"}


def test_put_sends_what_can_be_written_in_its_documented_form() -> None:
    row = {
        "id": 7,
        "externalIdentifier": "874aa79c933a3d5b514fc7cd79fd17b3",
        "firstName": "Emily",
        "lastName": "Clark",
        "dateOfBirth": "1980-01-01T00:00:00Z",
        "gender": "female",
        "site": {"id": 301, "name": "Riverside", "active": True},
        "archived": None,
        "updatedAt": "2024-05-21T16:00:00Z",
    }
    assert sending.put(row, {"email": "e@example.org"}) == {
        "externalIdentifier": "874aa79c933a3d5b514fc7cd79fd17b3",
        "firstName": "Emily",
        "lastName": "Clark",
        "dateOfBirth": "1980-01-01",
        "sex": "female",
        "site": {"id": 301},
        "archived": None,
        "email": "e@example.org",
    }


def test_put_leaves_a_birth_date_that_cannot_be_read_as_it_is() -> None:
    assert sending.put({"dateOfBirth": "01-01-2000"}, {}) == {"dateOfBirth": "01-01-2000"}
    assert sending.put({"dateOfBirth": "01-01-2000"}, {"dateOfBirth": date(2000, 1, 1).isoformat()}) == {
        "dateOfBirth": "2000-01-01"
    }


@pytest.mark.parametrize("site", [{"name": "Riverside"}, "Riverside", {"id": None}])
def test_put_would_not_take_a_site_away(site: object) -> None:
    with pytest.raises(ValueError, match="site"):
        sending.put({"site": site}, {})
    assert sending.put({"site": None}, {}) == {"site": None}


def test_note_alone_is_left_to_do_only_where_one_is_wanted() -> None:
    record = read({"address": {"lineOne": "4 Lantern Row", "city": "Leeds", "note": "Ring twice"}})
    address = record.demographics.address
    assert address is not None
    wanted = replace(address, county="Leeds")
    held = read(
        {"address": {"lineOne": "4 Lantern Row", "city": "Leeds", "state": "Leeds", "note": "Ring twice"}}
    )
    for note, parts in (("", set()), ("Ring twice", set()), ("Knock", {Part.ADDRESS})):
        changes = Changes.to(address=replace(wanted, note=note))
        assert left_to_do(held, changes, sending.as_held).parts == parts


@pytest.mark.parametrize(
    ("message", "fields"),
    [
        ("email: must be a well-formed email address", {"email"}),
        ("address.zipCode: must not be blank", {"address", "postcode"}),
        ("lastName: must not be null; sex: must be one of male, female", {"family_name", "sex"}),
        ("The email is not valid", {"email"}),
        ("Error: the phoneNumber is not valid", {"phone"}),
        ("Something went wrong", set()),
    ],
)
def test_refusal_names_the_fields_that_it_is_about(message: str, fields: set[str]) -> None:
    assert set(replies.field_errors({"message": message}, 400)) == fields


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"message": "externalIdentifier: must be unique"}, True),
        ({"error": {"message": "Duplicate identifier"}}, True),
        ({"message": "email: must be unique"}, False),
        (None, False),
    ],
)
def test_refusal_of_an_identifier_is_told_from_others(body: object, names: bool) -> None:
    assert replies.names_identifier(body, 400) is names
