"""What is written to Jump: bodies, refusals, and that a record is read back in the form foretold."""

from __future__ import annotations

import string
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations import errors
from integrations.jump import mapping, writing
from integrations.sandbox.jump.drafts import changed_row, new_row
from integrations.sandbox.jump.patients import on_the_wire
from integrations.sandbox.jump.switches import JumpSwitches
from integrations.types import (
    Address,
    Gender,
    Identifier,
    RecordStatus,
    Registration,
    RemotePatient,
    Sex,
)
from integrations.writes import Changes, Details, NewRecord, Part, details_of, left_to_do

NOW = datetime(2026, 11, 21, 10, 20, tzinfo=UTC)
NADIA = Details(given_name="Nadia", family_name="Quillfeather", birth_date=date(1991, 2, 3))
TEXT = st.text(max_size=12)
DAYS = st.none() | st.dates(max_value=NOW.date())
FLAG = st.booleans()
NUMBERS = st.text(string.digits, min_size=10, max_size=10).flatmap(
    lambda digits: st.sampled_from(
        [
            digits,
            f" {digits[:3]} {digits[3:6]} {digits[6:]}",
            f"{digits[:3]}-{digits[3:6]}-{digits[6:]}\u2002",
        ]
    )
)
NAMED = TEXT.filter(lambda text: bool(writing.as_held(Details(given_name=text)).given_name))


@st.composite
def addresses(draw: st.DrawFn) -> Address:
    """One that fits: up to three lines that say something, or two and a county."""
    county = draw(TEXT)
    lines = draw(st.lists(TEXT, max_size=2 if county.strip() else 3))
    town, postcode, country = draw(st.tuples(TEXT, TEXT, TEXT))
    return Address(lines=tuple(lines), county=county, town=town, postcode=postcode, country=country)


DETAILS = st.builds(
    Details,
    given_name=NAMED,
    family_name=NAMED,
    birth_date=st.dates(max_value=NOW.date()),
    sex=st.none() | st.sampled_from(sorted(writing.SEX_WORDS)),
    gender=st.none() | st.sampled_from(sorted(writing.GENDER_WORDS)),
    nhs_number=st.just("") | NUMBERS,
    email=st.sampled_from(["", " Nadia@Example.ORG ", "n@example.org"]),
    address=st.none() | addresses(),
    registration=st.sampled_from(sorted(writing.REGISTRATION_WORDS)),
    status=st.sampled_from(sorted(writing.STATUS_WORDS)),
    date_of_death=DAYS,
    **{
        part.value: TEXT
        for part in writing.TEXTS
        if part not in (Part.GIVEN_NAME, Part.FAMILY_NAME, Part.EMAIL)
    },
    **{part.value: FLAG for part in writing.FLAGS},
)


def read(row: dict[str, Any]) -> RemotePatient:
    """A stored record as the adapter reads it."""
    return mapping.patient(on_the_wire(row, JumpSwitches()), operation="test")


def made(new: NewRecord) -> dict[str, Any]:
    """What the sandbox stores of a new record."""
    return new_row(writing.body_of_new(new, with_own_id=False), [], NOW, JumpSwitches())


# --- There and back -------------------------------------------------------------------------


@given(details=DETAILS)
def test_new_record_is_read_back_as_held(details: Details) -> None:
    details = replace(details, status=None)
    record = read(made(NewRecord(details=details)))
    wanted = replace(writing.as_held(details), status=RecordStatus.ACTIVE)
    assert details_of(record) == wanted
    assert record.unread == ()


@given(before=DETAILS, after=DETAILS, parts=st.frozensets(st.sampled_from(sorted(writing.CHANGES))))
def test_change_is_read_back_as_held_and_the_rest_stays(
    before: Details, after: Details, parts: frozenset[Part]
) -> None:
    row = made(NewRecord(details=replace(before, status=None)))
    changes = Changes(parts=parts, details=after)
    changed = changed_row(row, writing.body_of_changes(changes, {}), NOW, JumpSwitches())
    held, now = details_of(read(row)), details_of(read(changed))
    wanted = writing.as_held(after)
    for part in Part:
        assert getattr(now, part) == getattr(wanted if part in parts else held, part), part
    assert left_to_do(read(changed), changes, writing.as_held) == Changes(details=after)


@given(details=DETAILS)
def test_form_held_is_held_as_it_is(details: Details) -> None:
    held = writing.as_held(details)
    assert writing.as_held(held) == held


@given(details=DETAILS)
def test_body_is_the_same_each_time_and_holds_nothing_empty(details: Details) -> None:
    new = NewRecord(details=replace(details, status=None), own_id="portal-1")
    body = writing.body_of_new(new, with_own_id=True)
    assert list(body.items()) == list(writing.body_of_new(new, with_own_id=True).items())
    assert not {None, ""}.intersection(each for each in body.values() if isinstance(each, str | None))


def test_every_part_is_written_or_refused() -> None:
    assert {each.name for each in fields(Details)} - set(writing.CHANGES) == {"enrolled"}
    assert {Part.STATUS} == writing.CHANGES - writing.CREATES_WITH
    assert writing.NEEDS < writing.CREATES_WITH


def test_read_only_fields_are_in_no_body() -> None:
    names = {*writing.TEXTS.values(), *writing.DATES.values(), *writing.FLAGS.values()}
    names |= {name for name, _ in writing.CHOICES.values()}
    assert not names & {"id", "created_at", "updated_at", "archived_at", "archived_by"}


# --- Bodies ---------------------------------------------------------------------------------


def test_smallest_body() -> None:
    body = writing.body_of_new(NewRecord(details=NADIA, own_id="portal-1"), with_own_id=False)
    assert body == {"first_name": "Nadia", "last_name": "Quillfeather", "date_of_birth": "1991-02-03"}


def test_own_id_goes_where_nothing_else_is_asked_for() -> None:
    new = NewRecord(details=NADIA, own_id="portal-1", custom_fields=(("referral_source", "website"),))
    custom = writing.body_of_new(new, with_own_id=True)["custom_fields"]
    assert custom == {"referral_source": "website", "external_id": "portal-1"}
    given_one = replace(new, custom_fields=(("external_id", "H-7"),))
    assert writing.body_of_new(given_one, with_own_id=True)["custom_fields"] == {"external_id": "H-7"}


def test_sex_and_gender_are_never_derived_from_each_other() -> None:
    body = writing.body_of_new(NewRecord(details=replace(NADIA, sex=Sex.FEMALE)), with_own_id=False)
    assert (body["biological_sex"], "gender" in body) == ("female", False)
    body = writing.body_of_new(NewRecord(details=replace(NADIA, gender=Gender.MAN)), with_own_id=False)
    assert (body["gender"], "biological_sex" in body) == ("man", False)


@pytest.mark.parametrize(
    ("registration", "word"), [(Registration.STANDARD, "active"), (Registration.TEMPORARY, "temporary")]
)
def test_registration_has_jumps_word(registration: Registration, word: str) -> None:
    assert writing.body_of_changes(Changes.to(registration=registration), {}) == {"patient_type": word}


def test_changed_address_leaves_nothing_of_the_one_before() -> None:
    body = writing.body_of_changes(
        Changes.to(address=Address(lines=(" ", "1 Wharf Road "), town="London")), {}
    )
    assert body == {
        "address_line_1": "1 Wharf Road",
        "address_line_2": None,
        "address_line_3": None,
        "town_city": "London",
        "postcode": None,
        "country": None,
    }
    assert set(writing.body_of_changes(Changes.to(address=None), {}).values()) == {None}


def test_county_takes_a_free_line() -> None:
    held = writing.as_held(Details(address=Address(lines=("The Barn", "Mill Lane"), county="Kent")))
    assert held.address == Address(lines=("The Barn", "Mill Lane", "Kent"))


@pytest.mark.parametrize(
    "address",
    [
        Address(lines=("1", "2", "3"), county="Kent"),
        Address(lines=("1", "2", "3", "4")),
        Address(lines=("1",), note="Ring twice"),
    ],
    ids=["county", "fourth line", "note"],
)
def test_address_that_does_not_fit_is_refused_loudly(address: Address) -> None:
    new = NewRecord(details=replace(NADIA, address=address))
    ways: list[Callable[[], object]] = [
        lambda: writing.body_of_changes(Changes.to(address=address), {}),
        lambda: writing.body_of_new(new, with_own_id=False),
    ]
    for refused in ways:
        with pytest.raises(errors.Unsupported) as caught:
            refused()
        assert "address" in caught.value.for_staff
        assert not caught.value.outcome_unknown


def test_archiving_has_a_reason_and_notes_only_where_there_are_some() -> None:
    assert writing.body_of_archiving(" moved ", " ") == {"status": "archived", "archive_reason": "moved"}
    assert writing.body_of_archiving("moved", "far")["archive_notes"] == "far"
    with pytest.raises(errors.Invalid) as caught:
        writing.body_of_archiving(" ", "far")
    assert set(caught.value.field_errors) == {"reason"}


# --- Refused before anything is sent --------------------------------------------------------


def test_needed_parts_are_named_in_our_words_all_at_once() -> None:
    with pytest.raises(errors.Invalid) as caught:
        writing.body_of_new(
            NewRecord(details=Details(given_name=" ", nhs_number="123", sex=Sex.OTHER)), with_own_id=False
        )
    wanted = {"given_name", "family_name", "birth_date", "nhs_number", "sex"}
    assert set(caught.value.field_errors) == wanted
    assert all(sentence.endswith(".") for sentence in caught.value.field_errors.values())
    assert not caught.value.outcome_unknown


@pytest.mark.parametrize("part", sorted(writing.NEVER_EMPTY))
def test_what_jump_needs_cannot_be_cleared(part: Part) -> None:
    with pytest.raises(errors.Invalid) as caught:
        writing.body_of_changes(Changes(parts=frozenset({part})), {})
    assert set(caught.value.field_errors) == {part.value}


@pytest.mark.parametrize("part", sorted(writing.CHANGES - writing.NEVER_EMPTY))
def test_all_else_is_cleared_by_null(part: Part) -> None:
    body = writing.body_of_changes(Changes(parts=frozenset({part})), {})
    assert body
    assert set(body.values()) == {None}


@pytest.mark.parametrize(
    "values",
    [
        {"sex": Sex.OTHER},
        {"gender": Gender.UNKNOWN},
        {"status": RecordStatus.MERGED},
        {"status": RecordStatus.ARCHIVED},
        {"registration": Registration.DUMMY},
        {"registration": Registration.MERGED},
        {"nhs_number": "943476591"},
        {"nhs_number": "not known yet"},
        {"nhs_number": "٩٤٣٤٧٦٥٩١٩"},
    ],
    ids=str,
)
def test_value_that_jump_cannot_hold_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(errors.Invalid) as caught:
        writing.body_of_changes(Changes.to(**values), {})
    assert set(caught.value.field_errors) == set(values)


def test_number_with_a_wrong_check_digit_is_sent() -> None:
    assert writing.body_of_changes(Changes.to(nhs_number="123 456 7890"), {}) == {"nhs_number": "1234567890"}


def test_part_that_jump_has_no_place_for_is_unsupported() -> None:
    with pytest.raises(errors.Unsupported):
        writing.body_of_changes(Changes.to(enrolled=True), {})
    for new in (
        NewRecord(details=replace(NADIA, enrolled=False)),
        NewRecord(details=replace(NADIA, status=RecordStatus.ACTIVE)),
        NewRecord(details=NADIA, identifiers=(Identifier(system="other", value="1"),)),
    ):
        with pytest.raises(errors.Unsupported):
            writing.body_of_new(new, with_own_id=False)


# --- Custom fields --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "held", "sent"),
    [
        ("insurer", " Bupa ", None, "Bupa"),
        ("insurer", "", "Bupa", None),
        ("insurer", None, "Bupa", None),
        ("marketing_consent", "no", None, False),
        ("marketing_consent", "yes", "yes", True),
        ("newsletter", "yes", False, True),
        ("newsletter", "yes", "no", "yes"),
        ("children", "3", 2, 3),
        ("children", "3", "2", "3"),
        ("languages", '["en", "pl"]', ["en"], ["en", "pl"]),
    ],
)
def test_custom_field_keeps_its_type(name: str, text: str | None, held: Any, sent: Any) -> None:
    body = writing.body_of_changes(Changes(custom_fields=((name, text),)), {name: held, "other": 1})
    assert body == {"custom_fields": {name: sent}}
    assert type(body["custom_fields"][name]) is type(sent)


@pytest.mark.parametrize(
    ("name", "text", "held"),
    [
        ("marketing_consent", "perhaps", None),
        ("newsletter", "1", True),
        ("children", "three", 2),
        ("children", "true", 2),
        ("languages", '{"a": 1}', ["en"]),
    ],
)
def test_custom_field_of_another_type_is_refused(name: str, text: str, held: Any) -> None:
    with pytest.raises(errors.Invalid) as caught:
        writing.body_of_changes(Changes(custom_fields=((name, text),)), {name: held})
    assert set(caught.value.field_errors) == {"custom_fields"}


def test_identity_other_without_a_sex_says_nothing_of_the_sex() -> None:
    record = read(made(NewRecord(details=replace(NADIA, gender=Gender.OTHER))))
    assert (record.demographics.sex, record.demographics.gender) == (None, Gender.OTHER)
