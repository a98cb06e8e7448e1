"""Wire → dataclasses: a table of cases, and anything at all."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.errors import ProtocolError
from integrations.jhe import mapping
from integrations.types import Identifier, Organization, PhoneKind, Role

LAB = {"id": 20003, "name": "Lifespan Lab", "type": "laboratory", "partOf": 20002, "children": []}
CURRENT: dict[str, Any] = {
    "id": 40006,
    "jheUserId": 10012,
    "identifiers": [{"id": 1, "system": "urn:oid:1.2.3.4", "value": "E1234"}],
    "nameFamily": "O'Brien-Núñez",
    "nameGiven": "Zoë",
    "birthDate": "1980-01-31",
    "telecomPhone": "555-1234",
    "telecomEmail": "Zoe@example.com",
    "organizations": [{**LAB, "currentUserRole": None}],
}
FHIR: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "40006",
    "meta": {"lastUpdated": "2026-11-21T10:14:29.084526Z"},
    "identifier": [{"system": "urn:oid:1.2.3.4", "value": "E1234"}],
    "name": [{"family": "O'Brien-Núñez", "given": ["Zoë"]}],
    "birthDate": "1980-01-31",
    "telecom": [
        {"system": "phone", "value": "555-1234", "use": "mobile"},
        {"system": "email", "value": "Zoe@example.com", "use": "home"},
    ],
}


def without(row: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in keys}


def test_current_record_is_read_whole() -> None:
    record = mapping.patient_from_rest(CURRENT)
    person = record.demographics
    assert (record.system, record.id, record.complete, record.unread) == ("jhe", "40006", True, ())
    assert (person.given_name, person.family_name) == ("Zoë", "O'Brien-Núñez")
    assert person.birth_date == date(1980, 1, 31)
    assert person.email == "Zoe@example.com"
    assert [(phone.kind, phone.number) for phone in person.phones] == [(PhoneKind.MAIN, "555-1234")]
    assert record.identifiers == (Identifier(system="urn:oid:1.2.3.4", value="E1234"),)
    assert record.administrative.login == "10012"
    (organization,) = record.organizations
    assert (organization.id, organization.part_of, organization.role) == ("20003", "20002", None)
    assert record.raw == CURRENT


def test_login_that_is_no_number_is_named_and_not_guessed() -> None:
    record = mapping.patient_from_rest({**CURRENT, "jheUserId": ["10012"]})
    assert (record.administrative.login, record.unread) == ("", ("login",))


def test_fhir_row_holds_the_same_person_without_organizations() -> None:
    whole, row = mapping.patient_from_rest(CURRENT), mapping.patient_from_fhir(FHIR)
    assert row.demographics == whole.demographics
    assert row.identifiers == whole.identifiers
    assert (row.organizations, row.complete) == ((), False)
    assert row.updated_at == datetime(2026, 11, 21, 10, 14, 29, 84526, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wire", "expected"),
    [
        ({"identifier": "MRN-7"}, (Identifier(system="", value="MRN-7"),)),
        ({"identifier": ""}, ()),
        ({"identifier": None}, ()),
        ({}, ()),
        ({"identifiers": [], "identifier": "old"}, ()),
        ({"identifiers": [{"system": None, "value": "x"}]}, (Identifier(system="", value="x"),)),
        ({"identifiers": [{"system": " s", "value": "x "}]}, (Identifier(system=" s", value="x "),)),
        ({"identifier": " MRN 7 "}, (Identifier(system="", value=" MRN 7 "),)),
    ],
)
def test_identifiers_of_both_generations(wire: dict[str, Any], expected: tuple[Identifier, ...]) -> None:
    record = mapping.patient_from_rest({**without(CURRENT, "identifiers"), **wire})
    assert record.identifiers == expected
    assert record.unread == ()


@pytest.mark.parametrize(
    ("wire", "ids"),
    [
        ({"organizationId": 20003}, ["20003"]),
        ({"organizations": [20003, 20007]}, ["20003", "20007"]),
        ({"organizations": [], "organizationId": 20003}, []),
        ({}, []),
    ],
)
def test_organizations_in_every_spelling(wire: dict[str, Any], ids: list[str]) -> None:
    record = mapping.patient_from_rest({**without(CURRENT, "organizations"), **wire})
    assert [each.id for each in record.organizations] == ids


@pytest.mark.parametrize(
    ("changes", "unread"),
    [
        ({"birthDate": "31/01/1980"}, ("birth_date",)),
        ({"birthDate": "1980-02-31"}, ("birth_date",)),
        ({"birthDate": 19800131}, ("birth_date",)),
        ({"birthDate": "19800131"}, ("birth_date",)),
        ({"birthDate": None}, ()),
        ({"birthDate": ""}, ()),
        ({"nameGiven": 7}, ("given_name",)),
        ({"nameFamily": None}, ()),
        ({"telecomPhone": ["555"]}, ("phones",)),
        ({"identifiers": [{"system": "s"}, {"system": "s", "value": "v"}]}, ("identifiers",)),
        ({"identifiers": [{"system": 7, "value": "v"}]}, ("identifiers",)),
        ({"identifiers": [{"system": "s", "value": " "}]}, ("identifiers",)),
        ({"identifiers": None, "identifier": 7}, ("identifiers",)),
        ({"identifiers": "E1234"}, ("identifiers",)),
        ({"organizations": [{"name": "no id"}]}, ("organizations",)),
        ({"lastUpdated": "yesterday"}, ("updated_at",)),
        ({"lastUpdated": "2026-11-21T10:14:29"}, ("updated_at",)),
    ],
)
def test_what_cannot_be_read_is_named_and_not_guessed(
    changes: dict[str, Any], unread: tuple[str, ...]
) -> None:
    assert mapping.patient_from_rest({**CURRENT, **changes}).unread == unread


def test_instant_with_the_servers_own_offset_is_read() -> None:
    record = mapping.patient_from_rest({**CURRENT, "lastUpdated": "2026-11-21T02:16:16.234504-08:00"})
    expected = datetime(2026, 11, 21, 2, 16, 16, 234504, tzinfo=timezone(-timedelta(hours=8)))
    assert record.updated_at == expected


@pytest.mark.parametrize(
    ("system", "value", "expected"),
    [
        (mapping.NHS_NUMBER_SYSTEM, "943 476 5919", "9434765919"),
        (mapping.NHS_NUMBER_SYSTEM, "943-476-5919", "9434765919"),
        (mapping.NHS_NUMBER_SYSTEM, "not known", "not known"),
        ("", "9434765919", ""),
        ("urn:mrn", "9434765919", ""),
    ],
)
def test_nhs_number_is_only_what_its_system_says_it_is(system: str, value: str, expected: str) -> None:
    row = {**CURRENT, "identifiers": [{"system": system, "value": value}]}
    assert mapping.patient_from_rest(row).demographics.nhs_number == expected


@pytest.mark.parametrize("wrong", [None, [], "40006", 40006, {}, {"id": None}, {"id": True}, {"id": -1}])
def test_record_without_a_readable_id_is_refused(wrong: Any) -> None:
    with pytest.raises(ProtocolError):
        mapping.patient_from_rest(wrong)


def test_other_resource_than_a_patient_is_refused() -> None:
    with pytest.raises(ProtocolError):
        mapping.patient_from_fhir({**FHIR, "resourceType": "Group"})


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("manager", Role.MANAGER),
        ("member", Role.MEMBER),
        ("viewer", Role.VIEWER),
        ("super_user", Role.SUPERUSER),
        ("owner", None),
        (None, None),
    ],
)
def test_role_that_is_not_known_is_none(role: str | None, expected: Role | None) -> None:
    assert mapping.organization_from({**LAB, "currentUserRole": role}).role is expected


def test_root_organization_has_no_parent() -> None:
    assert mapping.organization_from({"id": 0, "name": "ROOT", "partOf": None}).part_of == ""


@pytest.mark.parametrize("own", [20003, LAB])
def test_study_belongs_to_an_organization_given_either_way(own: Any) -> None:
    row = {"id": 30001, "name": "BP", "description": None, "organization": own}
    assert mapping.organization_id_of_study(row) == "20003"
    study = mapping.study_from(row, Organization(id="20003", name="Lifespan Lab"))
    assert study.organization is not None
    assert (study.id, study.description, study.organization.name) == ("30001", "", "Lifespan Lab")


@pytest.mark.parametrize(
    ("profile", "kind"),
    [
        ({"userType": "practitioner", "isSuperuser": False, "patient": {"id": 1}}, "practitioner"),
        ({"userType": "patient", "isSuperuser": False}, "patient"),
        ({"userType": None, "isSuperuser": True}, "practitioner"),
        ({"userType": None, "isSuperuser": False}, "patient"),
        ({"userType": "robot"}, "patient"),
        ({}, "patient"),
    ],
)
def test_login_is_a_practitioners_only_where_that_is_said(profile: dict[str, Any], kind: str) -> None:
    assert mapping.account_from({"id": 10002, **profile}) == ("10002", kind)


# --- anything at all ----------------------------------------------------------------------

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates().map(lambda day: str(day))
)
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)


def bent(example: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """The example with some of its values replaced by anything."""
    replaced = st.dictionaries(st.sampled_from([*example, "identifier", "organizationId"]), ANYTHING)
    return replaced.map(lambda changes: {**example, **changes})


@pytest.mark.slow
@given(ANYTHING | bent(CURRENT))
def test_any_rest_record_is_read_or_refused(data: Any) -> None:
    try:
        record = mapping.patient_from_rest(data)
    except ProtocolError:
        return
    assert record.id.isdigit()
    assert str(record) == f"RemotePatient(system='jhe', id='{record.id}')"


@pytest.mark.slow
@given(ANYTHING | bent(FHIR))
def test_any_fhir_resource_is_read_or_refused(data: Any) -> None:
    try:
        record = mapping.patient_from_fhir(data)
    except ProtocolError:
        return
    assert not record.complete


@given(ANYTHING | bent({**LAB, "currentUserRole": "manager"}))
def test_any_organization_study_and_profile_is_read_or_refused(data: Any) -> None:
    readers = (
        mapping.organization_from,
        mapping.study_from,
        mapping.organization_id_of_study,
        mapping.account_from,
    )
    for read in readers:
        try:
            read(data)
        except ProtocolError:
            continue


@given(st.dictionaries(st.sampled_from(list(CURRENT)), st.text(max_size=20)))
def test_no_text_of_a_record_shows_in_its_repr(changes: dict[str, str]) -> None:
    record = mapping.patient_from_rest({**CURRENT, **changes, "id": 1})
    assert repr(record) == "RemotePatient(system='jhe', id='1')"
    assert json.dumps(dict(record.raw))
