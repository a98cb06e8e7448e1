"""Dataclasses → wire, what is held of it, and what refusals say: tables of cases."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.jhe import mapping, outgoing
from integrations.types import Identifier
from integrations.writes import Details, NewRecord, Part, details_of

ANNE = Details(
    given_name=" Anne ",
    family_name="O'Brien-Núñez",
    birth_date=date(1980, 1, 31),
    email=" Anne@Example.org ",
    phone=" 020 7946 0123",
    nhs_number="999 134 6236",
)
TEXTS = st.text(max_size=12)


def read_back(details: Details, identifiers: tuple[Identifier, ...] = ()) -> Details:
    """What a GET would give of a create with these details, trimmed as a change would be."""
    body = outgoing.new_patient(details, "20003") | outgoing.several_identifiers(identifiers)
    return details_of(mapping.patient_from_rest({"id": 1, **body}))


def test_create_body_has_what_jhe_knows_and_nothing_else() -> None:
    held = outgoing.as_held(ANNE, with_nhs_number=False)
    assert outgoing.new_patient(held, "20003") == {
        "nameGiven": "Anne",
        "nameFamily": "O'Brien-Núñez",
        "birthDate": "1980-01-31",
        "telecomEmail": "anne@example.org",
        "telecomPhone": "020 7946 0123",
        "organizationId": 20003,
    }
    assert "telecomPhone" not in outgoing.new_patient(replace(held, phone=""), "20003")


@settings(deadline=None)
@given(
    st.builds(
        Details,
        given_name=TEXTS,
        family_name=TEXTS,
        birth_date=st.dates() | st.none(),
        email=TEXTS,
        phone=TEXTS,
        nhs_number=TEXTS,
    ),
    st.booleans(),
)
def test_what_is_said_to_be_held_is_what_is_read_back(details: Details, with_nhs_number: bool) -> None:
    held = outgoing.as_held(details, with_nhs_number=with_nhs_number)
    identifiers = outgoing.identifiers_of(NewRecord(details=details), held)
    if not all(map(outgoing.is_writable, identifiers)):
        return
    back = read_back(held, identifiers)
    for part in outgoing.CREATES_WITH:
        assert getattr(back, part) == getattr(held, part), part
    assert outgoing.as_held(held, with_nhs_number=with_nhs_number) == held


def test_parts_that_jhe_does_not_keep_are_left_as_they_are() -> None:
    others = {each.name for each in fields(Details)} - {part.value for part in outgoing.CREATES_WITH}
    details = replace(ANNE, notes=" kept ", title="Dr")
    held = outgoing.as_held(details, with_nhs_number=True)
    assert all(getattr(held, name) == getattr(details, name) for name in others)


@pytest.mark.parametrize(
    ("with_nhs_number", "typed", "held"),
    [
        (True, "999 134 6236", "9991346236"),
        (True, "999-134-6236", "9991346236"),
        (True, " unknown ", "unknown"),
        (False, "999 134 6236", ""),
    ],
)
def test_nhs_number_is_held_as_ten_digits_or_not_at_all(with_nhs_number: bool, typed: str, held: str) -> None:
    details = outgoing.as_held(replace(ANNE, nhs_number=typed), with_nhs_number=with_nhs_number)
    assert details.nhs_number == held
    expected = (Identifier(system=mapping.NHS_NUMBER_SYSTEM, value=held),) if held else ()
    assert outgoing.identifiers_of(NewRecord(details=ANNE), details) == expected


@pytest.mark.parametrize(
    ("values", "parts", "fields_"),
    [
        ({}, outgoing.CREATES_WITH, set()),
        ({"phone": "", "nhs_number": ""}, outgoing.CREATES_WITH, set()),
        ({"email": ""}, outgoing.CREATES_WITH, {"email"}),
        ({"email": "anne"}, outgoing.CREATES_WITH, {"email"}),
        ({"email": "a" * 243 + "@example.org"}, outgoing.CREATES_WITH, {"email"}),
        ({"birth_date": None}, outgoing.CREATES_WITH, {"birth_date"}),
        ({"birth_date": None, "given_name": ""}, frozenset({Part.GIVEN_NAME}), {"given_name"}),
        ({"phone": ""}, frozenset({Part.PHONE}), set()),
    ],
)
def test_what_is_wrong_is_named_by_our_fields(
    values: dict[str, Any], parts: frozenset[Part], fields_: set[str]
) -> None:
    details = replace(outgoing.as_held(ANNE, with_nhs_number=False), **values)
    assert set(outgoing.problems(details, parts)) == fields_


def test_change_body_names_the_parts_and_clears_a_phone_by_null() -> None:
    parts = frozenset({Part.PHONE, Part.BIRTH_DATE})
    body = outgoing.fields(Details(birth_date=date(1980, 1, 31)), parts)
    assert body == {"birthDate": "1980-01-31", "telecomPhone": None}


def test_identifiers_go_out_letter_by_letter() -> None:
    given_ = (Identifier(system=" urn:x", value="A 1 "), Identifier(system="", value="é"))
    assert outgoing.several_identifiers(given_)["identifiers"] == [
        {"system": " urn:x", "value": "A 1 "},
        {"system": "", "value": "é"},
    ]
    assert outgoing.single_identifier(given_[1:]) == {"identifier": "é"}
    assert outgoing.single_identifier(()) == {"identifier": None}
    for wrong in (given_, given_[:1], (Identifier(system="", value="A "),)):
        with pytest.raises(ValueError, match="one identifier"):
            outgoing.single_identifier(wrong)


def test_identifier_given_twice_goes_out_once() -> None:
    one, same = Identifier(system="s", value="v"), Identifier(system="s", value="v", guessable=True)
    assert len(outgoing.distinct([one, same, Identifier(system="t", value="v")])) == 2


@pytest.mark.parametrize(
    ("body", "conflict", "errors"),
    [
        (["Email is required to create a patient."], "", {"email"}),
        (["Enter a valid email address."], "", {"email"}),
        (["Enter a valid birth date (YYYY-MM-DD)."], "", {"birth_date"}),
        (["Could not save the patient because of a data conflict. Please …"], outgoing.DATA_CONFLICT, set()),
        (["The external identifier urn:x|1 is already in use by another patient."], outgoing.IN_USE, set()),
        (["This patient is already a member of this organization."], outgoing.ALREADY_A_MEMBER, set()),
        (["Something new."], "", set()),
        ({"birthDate": ["Date has wrong format."], "nameGiven": ["…"]}, "", {"birth_date", "given_name"}),
        ({"detail": "JSON parse error"}, "", set()),
        ([7, None], "", set()),
        ("text", "", set()),
        (None, "", set()),
    ],
)
def test_refusals_are_read_in_all_their_forms(body: Any, conflict: str, errors: set[str]) -> None:
    said = outgoing.refusal_from(body)
    assert (said.conflict, set(said.field_errors)) == (conflict, errors)
    assert "urn:x" not in str(said)
