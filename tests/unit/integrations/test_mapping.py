"""Mappings get any JSON there is: a record or a ProtocolError comes out, and nothing of it gets lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.errors import ProtocolError
from integrations.impilo import mapping as impilo
from integrations.impilo import replies as impilo_replies
from integrations.jump import mapping as jump
from integrations.jump import replies as jump_replies
from integrations.sandbox.people import impilo_rows, jump_rows
from integrations.types import (
    Gender,
    Identifier,
    Phone,
    PhoneKind,
    RecordStatus,
    Registration,
    RemotePatient,
    Sex,
)

# What counts is whether a mapping breaks, not how long a busy machine takes to think of an example.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

Reader = Callable[[object], RemotePatient]


def read_jump(data: object) -> RemotePatient:
    return jump.patient(data, operation="test")


def read_impilo(data: object) -> RemotePatient:
    return impilo.patient(data, operation="test")


READERS: list[Reader] = [read_jump, read_impilo]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
JUMP_ROW, IMPILO_ROW = jump_rows()[0], impilo_rows()[0]
JUMP_KEYS = sorted({*JUMP_ROW, "city", "custom_fields", "accessibility_needs"})
IMPILO_KEYS = sorted({*IMPILO_ROW, "name", "gender"})


@unhurried
@given(data=JSON)
@pytest.mark.parametrize("read", READERS)
def test_any_json_gives_a_record_or_a_protocol_error(read: Reader, data: object) -> None:
    try:
        record = read(data)
    except ProtocolError:
        return
    assert isinstance(record, RemotePatient)
    assert record.id


@pytest.mark.slow
@unhurried
@given(bent=st.dictionaries(st.sampled_from(JUMP_KEYS), JSON))
def test_jump_object_with_bent_values_never_breaks(bent: dict[str, Any]) -> None:
    _check_bent(read_jump, {**JUMP_ROW, **bent})


@pytest.mark.slow
@unhurried
@given(bent=st.dictionaries(st.sampled_from(IMPILO_KEYS), JSON))
def test_impilo_object_with_bent_values_never_breaks(bent: dict[str, Any]) -> None:
    _check_bent(read_impilo, {**IMPILO_ROW, **bent})


def _check_bent(read: Reader, row: dict[str, Any]) -> None:
    try:
        record = read(row)
    except ProtocolError:
        return
    who = record.demographics
    texts = [who.given_name, who.family_name, who.full_name, who.email, who.nhs_number, record.id]
    for text in texts:
        assert text == text.strip()
        text.encode()  # no lone surrogates: pages and databases refuse them
        assert "\x00" not in text
    assert isinstance(who.birth_date, date | None)
    assert not set(record.unread) - set(jump.FIELD_NAMES.values()) - OUR_OTHER_FIELDS


OUR_OTHER_FIELDS = {
    "accessibility_needs",
    "archive_notes",
    "archive_reason",
    "archived_at",
    "archived_by",
    "county",
    "created_at",
    "custom_fields",
    "electronic",
    "email_consent",
    "enrolled",
    "full_name",
    "identifiers",
    "is_deceased",
    "marketing",
    "notes",
    "occupation",
    "phones",
    "requires_review",
    "review_reason",
    "site",
    "sms",
    "updated_at",
}


@unhurried
@given(data=JSON)
def test_any_json_is_a_page_or_none(data: object) -> None:
    jump_replies.page(data, offset=0)
    impilo_replies.page(data, number=1, size=15)
    for body in (data, {"data": data, "meta": data}, {"content": [], "total": data, "last": data}):
        jump_replies.page(body, offset=0)
        impilo_replies.page(body, number=1, size=15)


@unhurried
@given(data=JSON)
def test_any_json_is_read_as_an_error(data: object) -> None:
    for body in (data, {"error": data, "details": data}, {"errors": data, "message": data}):
        assert isinstance(jump_replies.error_code(body), str)
        assert jump_replies.error_message(body, 400)
        assert impilo_replies.error_message(body, 400)
        for sentences in (jump_replies.field_errors(body, 400), impilo_replies.field_errors(body, 400)):
            assert all(sentence.endswith(".") for sentence in sentences.values())


@pytest.mark.parametrize("row", jump_rows(), ids=lambda row: row["id"])
def test_every_jump_person_is_read_whole(row: dict[str, Any]) -> None:
    record = read_jump(json.loads(json.dumps(row)))
    assert record.unread == ()
    assert record.complete
    assert record.status is not RecordStatus.UNKNOWN
    assert record.registration is not Registration.UNKNOWN


def test_impilo_site_and_delivery_note_are_read_for_people() -> None:
    address = {"lineOne": "2 Quay", "city": "Leeds", "state": "", "zipCode": "LS1 4AP", "note": "Ring twice"}
    site = {"id": 7, "name": "Quay Clinic", "active": False, "phoneNumber": "0113 496 0", "address": address}
    record = read_impilo({"id": 1, "address": address, "site": site})

    assert record.demographics.address is not None
    assert record.demographics.address.note == "Ring twice"
    assert record.administrative.site == "Quay Clinic"
    assert record.administrative.site_details == (
        "2 Quay, Leeds, LS1 4AP, Ring twice",
        "0113 496 0",
        "Not active any more",
    )
    assert read_impilo({"id": 1, "site": {"id": 7, "address": "Quay"}}).unread == ("site",)


@pytest.mark.parametrize("row", impilo_rows(), ids=lambda row: str(row["id"]))
def test_every_impilo_person_is_read_whole(row: dict[str, Any]) -> None:
    assert read_impilo(json.loads(json.dumps(row))).unread == ()


#: The whole patient object, each field with something in it.
WHOLE_JUMP = {
    "id": "pat_1",
    "first_name": " Sarah ",
    "last_name": "Johnson",
    "middle_name": "Ann",
    "preferred_name": "Sally",
    "title": "Ms",
    "date_of_birth": "1985-03-15",
    "biological_sex": "indeterminate",
    "gender": "non_binary",
    "ethnicity": "Not stated",
    "nhs_number": "943 476-5919",
    "email": "sarah@example.com",
    "phone": "1",
    "mobile_phone": "2",
    "home_phone": "3",
    "address_line_1": "123 High Street",
    "address_line_2": None,
    "address_line_3": "Soho",
    "town_city": "London",
    "postcode": "SW1A 1AA",
    "country": "United Kingdom",
    "preferred_contact_method": "email",
    "status": "inactive",
    "patient_type": "temporary",
    "is_deceased": True,
    "date_of_death": "2024-01-02",
    "requires_review": True,
    "review_reason": "birth date",
    "accessibility_needs": {"hearing": True, "language": "BSL", "sight": False},
    "accessibility_notes": ["ring twice", {"side": "left"}],
    "occupation": "Teacher",
    "patient_notes": "line\nline",
    "consent_sms": True,
    "consent_email": False,
    "consent_marketing": True,
    "consent_electronic_communication": None,
    "custom_fields": {"emis_guid": "E-1", "marketing_consent": False, "gone": None},
    "archived_at": "2024-06-20T14:45:00.5+01:00",
    "archived_by": "reception",
    "archive_reason": "moved",
    "archive_notes": "far",
    "created_at": "2024-01-15T10:30:00Z",
    "updated_at": "2024-06-20T14:45:00Z",
}


def test_whole_jump_object_is_read() -> None:
    record = read_jump(WHOLE_JUMP)
    who, admin, contact = record.demographics, record.administrative, record.contact
    assert (who.given_name, who.middle_name, who.preferred_name, who.title) == ("Sarah", "Ann", "Sally", "Ms")
    assert (who.birth_date, who.sex, who.gender) == (date(1985, 3, 15), Sex.INDETERMINATE, Gender.NON_BINARY)
    assert who.nhs_number == "9434765919"
    assert who.phones == (
        Phone(kind=PhoneKind.MAIN, number="1"),
        Phone(kind=PhoneKind.MOBILE, number="2"),
        Phone(kind=PhoneKind.HOME, number="3"),
    )
    assert who.address is not None
    assert who.address.lines == ("123 High Street", "Soho")
    assert (who.address.town, who.address.postcode, who.address.country) == (
        "London",
        "SW1A 1AA",
        "United Kingdom",
    )
    assert (record.status, record.registration) == (RecordStatus.INACTIVE, Registration.TEMPORARY)
    assert (admin.is_deceased, admin.date_of_death) == (True, date(2024, 1, 2))
    assert (admin.requires_review, admin.review_reason) == (True, "birth date")
    assert (admin.ethnicity, admin.occupation, admin.notes) == ("Not stated", "Teacher", "line\nline")
    assert admin.archived_at is not None
    assert admin.archived_at.isoformat() == "2024-06-20T13:45:00.500000+00:00"
    assert (admin.archived_by, admin.archive_reason, admin.archive_notes) == ("reception", "moved", "far")
    assert admin.custom_fields == (("emis_guid", "E-1"), ("marketing_consent", "no"))
    assert record.identifiers == (Identifier(system="emis", value="E-1"),)
    assert record.accessibility.needs == ("hearing", "language: BSL")
    assert record.accessibility.notes == ("ring twice", '{"side": "left"}')
    assert (contact.preferred_method, contact.sms, contact.email) == ("email", True, False)
    assert contact.marketing is False  # the stricter of the two
    assert contact.electronic is None
    assert record.unread == ()


@pytest.mark.parametrize(
    ("values", "sex", "gender", "unread"),
    [
        ({"biological_sex": "female", "gender": "male"}, Sex.FEMALE, Gender.UNKNOWN, ("gender",)),
        ({"biological_sex": None, "gender": "male"}, Sex.MALE, None, ()),
        ({"gender": "Female"}, Sex.FEMALE, None, ()),
        ({"gender": "other"}, Sex.UNKNOWN, Gender.OTHER, ()),
        ({"gender": "woman"}, None, Gender.WOMAN, ()),
        ({"biological_sex": "intersex"}, Sex.UNKNOWN, None, ("sex",)),
        ({"biological_sex": ["male"]}, Sex.UNKNOWN, None, ("sex",)),
        ({"gender": []}, None, Gender.UNKNOWN, ("gender",)),
        ({}, None, None, ()),
    ],
    ids=str,
)
def test_jump_sex_and_gender(
    values: dict[str, Any], sex: Sex | None, gender: Gender | None, unread: tuple[str, ...]
) -> None:
    record = read_jump({"id": "1", **values})
    assert (record.demographics.sex, record.demographics.gender) == (sex, gender)
    assert record.unread == unread


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("9434765919", "9434765919"),
        ("943-476-5919", "9434765919"),
        ("943 476 5919", "9434765919"),
        (9434765919, "9434765919"),
        ("1234567890", "1234567890"),  # the documentation's sample fails its check digit
        ("12345", "12345"),
        ("unknown", "unknown"),
        ("S943476591 9", "S943476591 9"),
        (None, ""),
        (True, ""),
        ({}, ""),
    ],
)
def test_jump_nhs_number(value: object, number: str) -> None:
    assert jump.nhs_number(value) == number


@pytest.mark.parametrize(
    ("value", "day", "unread"),
    [
        ("1980-01-31", date(1980, 1, 31), False),
        ("1980-01-31T00:00:00Z", date(1980, 1, 31), False),
        ("1980-01-31 00:00", date(1980, 1, 31), False),
        ("01-01-2000", None, True),
        ("31-12-1999", None, True),
        ("1980-02-30", None, True),
        ("1980-01-311", None, True),
        ("19800131", None, True),
        (19800131, None, True),
        ("", None, False),
        (None, None, False),
    ],
)
def test_impilo_birth_date(value: object, day: date | None, unread: bool) -> None:
    record = read_impilo({"id": 1, "dateOfBirth": value})
    assert record.demographics.birth_date == day
    assert ("birth_date" in record.unread) == unread


@pytest.mark.parametrize(
    ("values", "sex"),
    [
        ({"sex": "FEMALE"}, Sex.FEMALE),
        ({"sex": "other"}, Sex.OTHER),
        ({"gender": "male"}, Sex.MALE),
        ({"sex": None, "gender": "male"}, Sex.MALE),
        ({"sex": "unknown", "gender": "male"}, Sex.UNKNOWN),
        ({"sex": "x"}, Sex.UNKNOWN),
        ({}, None),
    ],
    ids=str,
)
def test_impilo_sex(values: dict[str, Any], sex: Sex | None) -> None:
    assert read_impilo({"id": 1, **values}).demographics.sex is sex


@pytest.mark.parametrize(
    ("identifier", "recipe"),
    [
        ("874aa79c933a3d5b514fc7cd79fd17b3", True),
        ("874AA79C933A3D5B514FC7CD79FD17B3", True),
        ("874aa79c933a3d5b514fc7cd79fd17b", False),
        ("portal-5b0e8a6c-0000-4000-8000-000000000000", False),
        ("z74aa79c933a3d5b514fc7cd79fd17b3", False),
    ],
)
def test_recipe_identifier_is_recognised(identifier: str, recipe: bool) -> None:
    record = read_impilo({"id": 1, "externalIdentifier": identifier})
    assert record.identifiers[0].guessable is recipe
    assert (identifier in str(record.raw)) is not recipe


@pytest.mark.parametrize("value", [None, "", " ", True, [], {}, 1.5, "x" * 256, 10**300])
@pytest.mark.parametrize("read", READERS)
def test_record_without_a_usable_id_is_refused(read: Reader, value: object) -> None:
    with pytest.raises(ProtocolError):
        read({"id": value})
