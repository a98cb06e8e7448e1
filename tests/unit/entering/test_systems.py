"""What each system needs and cannot take, told by the adapters themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from pytest_django.fixtures import Settings

from integrations import errors
from integrations.abilities import System
from integrations.impilo import sending
from integrations.jump import writing
from integrations.registry import system_class
from integrations.types import Address, Identifier, RecordStatus, Sex
from integrations.writes import Changes, Details, NewRecord, Part
from patients.entering.systems import (
    IDENTIFIERS,
    ORGANIZATION,
    Trouble,
    needs_of,
    problems_for,
    problems_with,
    taken_by,
)

NAMES = ("jump", "jhe", "impilo")
FOUR_LINES = Address(lines=("1", "2", "3", "4"), town="Leeds", postcode="LS6 2AB", country="UK")
HOME = Address(lines=("12 High Street",), town="Leeds", postcode="LS6 2AB", country="UK")
ANNE = Details(
    given_name="Anne",
    family_name="Smith",
    birth_date=date(1980, 4, 3),
    email="anne@example.org",
    phone="+442079460123",
)
OURS = Identifier(system="https://clinic.example", value="7")


def of(name: str) -> type[System]:
    return system_class(name)


def told(name: str, details: Details, **more: object) -> dict[str, Trouble]:
    found = problems_for(of(name), details, **({"organization_id": "1"} | more))  # type: ignore[arg-type]
    assert all(each.system == name and each.sentence.endswith(".") for each in found)
    return {each.field: each.trouble for each in found}


def test_needs_are_those_of_the_chosen_systems() -> None:
    assert needs_of(map(of, NAMES)) == {
        "given_name": NAMES,
        "family_name": NAMES,
        "birth_date": ("jump", "jhe"),
        "email": ("jhe",),
        ORGANIZATION: ("jhe",),
    }
    assert set(needs_of([of("impilo")])) == {"given_name", "family_name"}
    assert needs_of([]) == {}


@pytest.mark.parametrize("name", NAMES)
def test_whole_person_fits_everywhere(name: str) -> None:
    assert told(name, ANNE) == {}
    assert taken_by(of(name), ANNE) == ANNE


@pytest.mark.parametrize("name", NAMES)
def test_what_is_needed_and_empty_is_missing(name: str) -> None:
    needed = needs_of([of(name)])
    assert told(name, Details(), organization_id="") == dict.fromkeys(needed, Trouble.MISSING)
    assert told(name, Details(given_name=" ", family_name="\x00"))["given_name"] is Trouble.MISSING


@pytest.mark.parametrize(
    ("name", "details", "trouble"),
    [
        ("jhe", replace(ANNE, address=HOME), {"address": Trouble.LEFT_OUT}),
        ("jhe", replace(ANNE, nhs_number="4010232137"), {"nhs_number": Trouble.LEFT_OUT}),
        ("jhe", replace(ANNE, email="x" * 250 + "@example.org"), {"email": Trouble.REFUSED}),
        ("jump", replace(ANNE, nhs_number="123"), {"nhs_number": Trouble.REFUSED}),
        ("jump", replace(ANNE, sex=Sex.OTHER), {"sex": Trouble.REFUSED}),
        ("jump", replace(ANNE, address=FOUR_LINES), {"address": Trouble.REFUSED}),
        ("jump", replace(ANNE, status=RecordStatus.ACTIVE), {"status": Trouble.LEFT_OUT}),
        ("impilo", replace(ANNE, address=replace(HOME, town="")), {"address": Trouble.REFUSED}),
        ("impilo", replace(ANNE, address=FOUR_LINES), {"address": Trouble.REFUSED}),
        ("impilo", replace(ANNE, title="Ms"), {"title": Trouble.LEFT_OUT}),
        ("impilo", replace(ANNE, nhs_number="4010232137"), {"nhs_number": Trouble.LEFT_OUT}),
    ],
)  # fmt: skip
def test_what_a_system_cannot_take(name: str, details: Details, trouble: dict[str, Trouble]) -> None:
    assert told(name, details) == trouble


def test_only_what_is_left_out_lets_the_rest_be_written() -> None:
    details = replace(ANNE, nhs_number="4010232137", address=HOME)
    (number, address) = problems_for(of("jhe"), details, organization_id="1")
    assert not any(each.stops for each in (number, address))
    assert number.sentence == "JupyterHealth Exchange does not take the NHS number: it is not written there."
    assert taken_by(of("jhe"), details) == ANNE
    (missing,) = problems_for(of("jhe"), ANNE)
    assert (missing.field, missing.stops) == (ORGANIZATION, True)


def test_nhs_number_goes_where_a_setting_says_so(settings: Settings) -> None:
    settings.SYSTEMS = settings.SYSTEMS | {"jhe": settings.SYSTEMS["jhe"] | {"WRITES_NHS_NUMBER": True}}
    details = replace(ANNE, nhs_number="4010232137")
    assert told("jhe", details) == {}
    assert taken_by(of("jhe"), details) == details


@pytest.mark.parametrize(
    ("name", "identifier", "trouble"),
    [
        ("jhe", OURS, {}),
        ("jhe", Identifier(system="", value="7"), {IDENTIFIERS: Trouble.REFUSED}),
        ("jhe", Identifier(system="x", value=" "), {IDENTIFIERS: Trouble.REFUSED}),
        ("jump", OURS, {IDENTIFIERS: Trouble.LEFT_OUT}),
        ("impilo", OURS, {IDENTIFIERS: Trouble.LEFT_OUT}),
    ],
)
def test_identifiers(name: str, identifier: Identifier, trouble: dict[str, Trouble]) -> None:
    assert told(name, ANNE, identifiers=(identifier,)) == trouble


def test_changes_are_told_apart_too() -> None:
    changes = Changes.to(given_name="", email="b@example.org", phone="")
    found = {name: {each.field: each.trouble for each in problems_with(of(name), changes)} for name in NAMES}
    assert found == {
        "jump": {"given_name": Trouble.MISSING},
        "jhe": {"given_name": Trouble.MISSING, "email": Trouble.LEFT_OUT},
        "impilo": {"given_name": Trouble.MISSING},
    }
    assert (
        problems_with(of("impilo"), Changes(parts=frozenset({Part.ENROLLED})))[0].trouble is Trouble.REFUSED
    )


@pytest.mark.parametrize(
    "details",
    [
        ANNE,
        Details(),
        replace(ANNE, address=HOME, sex=Sex.OTHER),
        replace(ANNE, address=FOUR_LINES),
        replace(ANNE, address=replace(HOME, town="")),
        replace(ANNE, nhs_number="1", family_name=" "),
    ],
)
def test_what_is_told_beforehand_is_what_is_refused_when_it_is_sent(details: Details) -> None:
    """Without a second list: each adapter's own checks answer both."""
    for system, send in (
        (of("jump"), lambda new: writing.body_of_new(new, with_own_id=False)),
        (of("impilo"), sending.check_new),
    ):
        new = NewRecord(details=taken_by(system, details), own_id="portal-1")
        stopping = [each.field for each in problems_for(system, details) if each.stops]
        if not stopping:
            send(new)
            continue
        with pytest.raises((errors.Invalid, errors.Unsupported)) as caught:
            send(new)
        if isinstance(caught.value, errors.Invalid):
            assert set(caught.value.field_errors) == set(stopping)
