"""Custom fields and identifiers in the form: what is written, what stays, and what is said."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from django.test import Client

from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from patients.models import Operation
from portal.accounts.models import User
from tests.conftest import signed_in
from tests.editing import elsewhere, person
from tests.support import parsed
from tests.writing import work_off

from .desk import PHONE, Desk

pytestmark = pytest.mark.slow


@pytest.fixture
def marek(clerk: User, sandbox: Sandbox) -> Desk:
    """Somebody whose Jump record has fields of its own."""
    return Desk(signed_in(Client(), clerk), sandbox, person("marek", "Sobczak", by=clerk))


def _own_fields(desk: Desk) -> Mapping[str, str]:
    with desk.sandbox.stores["jump"].reading() as state:
        found: Mapping[str, str] = state["patients"][desk.record("jump").remote_id]["custom_fields"]
    return found


def test_custom_field_that_somebody_else_changed_and_nobody_touched_stays(
    clerk: User, sandbox: Sandbox
) -> None:
    desk = Desk(signed_in(Client(), clerk), sandbox, person("marek", "Sobczak", by=clerk))
    form, record = desk.open(), desk.record("jump")
    assert form[f"custom-{record.pk}-0-value"] == "Polish"
    elsewhere(sandbox, record, custom_fields={"preferred_language": "Ukrainian"})

    assert desk.send(form, phone=PHONE).status_code == 303

    work_off()
    with sandbox.stores["jump"].reading() as state:
        assert state["patients"][record.remote_id]["custom_fields"] == {"preferred_language": "Ukrainian"}


def test_custom_fields_are_added_changed_and_removed_row_by_row(clerk: User, sandbox: Sandbox) -> None:
    desk = Desk(signed_in(Client(), clerk), sandbox, person("marek", "Sobczak", by=clerk))
    form = desk.open()
    number = desk.record("jump").pk
    assert form[f"custom-{number}-0-value"] == "Polish"
    page = parsed(desk.client.get(desk.url))
    assert "PRACTICE-0042" in page.text
    assert not page.named(f"custom-{number}-1-value")[0].attributes["value"]

    desk.send(
        form,
        **{
            f"custom-{number}-0-value": "",
            f"custom-{number}-1-name": "insurance_provider",
            f"custom-{number}-1-value": "Bupa",
        },
    )
    work_off()

    with sandbox.stores["jump"].reading() as state:
        (row,) = [each for each in state["patients"].values() if each["last_name"] == "Sobczak"]
    assert row["custom_fields"] == {
        "emis_guid": "6f2c1e8a-sandbox",
        "external_id": "PRACTICE-0042",
        "insurance_provider": "Bupa",
    }


def test_custom_field_that_looks_sensitive_is_asked_about_and_denied_names_are_refused(
    clerk: User, sandbox: Sandbox
) -> None:
    desk = Desk(signed_in(Client(), clerk), sandbox, person("marek", "Sobczak", by=clerk))
    number = desk.record("jump").pk
    name, value = f"custom-{number}-1-name", f"custom-{number}-1-value"

    denied = desk.save(**{name: "card_number", value: "1"})
    asked = desk.save(**{name: "reference", value: "4111 1111 1111 1111"})

    assert "Nothing of this name is written" in parsed(denied).text
    assert "looks like the number of a payment card" in parsed(asked).text
    assert not Operation.objects.exists()
    assert desk.send(desk.form_in(parsed(asked)), sure="1").status_code == 303
    assert Operation.objects.get().kind == "change"


def test_identifier_is_added_and_those_of_others_stay(desk: Desk) -> None:
    number = desk.record("jhe").pk
    with desk.sandbox.stores["jhe"].writing() as state:
        state["patients"][desk.record("jhe").remote_id]["identifiers"] = [
            {"id": 990, "system": "https://registry.example.org", "value": "r/17"}
        ]
    prefix = f"identifiers-{number}-0"

    half = desk.save(**{f"{prefix}-of": "https://fitbit.example.org"})
    assert "Enter the identifier itself." in parsed(half).text
    reply = desk.save(**{f"{prefix}-of": "https://fitbit.example.org", f"{prefix}-value": "F-1"})

    assert reply.status_code == 303
    work_off()
    with desk.sandbox.stores["jhe"].reading() as state:
        held = state["patients"][desk.record("jhe").remote_id]["identifiers"]
    assert {each["value"] for each in held} == {"r/17", "F-1"}
    page = parsed(desk.client.get(desk.url))
    (box,) = page.named(f"identifiers-{number}-remove")
    desk.save(**{box.attributes["name"]: [box.attributes["value"]]})
    work_off()
    with desk.sandbox.stores["jhe"].reading() as state:
        held = state["patients"][desk.record("jhe").remote_id]["identifiers"]
    assert [each["value"] for each in held] == ["r/17"]


def test_fields_that_nobody_touched_are_not_written(marek: Desk) -> None:
    held = {"directions": "Left at the church\nthen right", "history": "x" * 800, "referred  by": "GP"}
    elsewhere(marek.sandbox, marek.record("jump"), custom_fields=held)

    assert marek.save(phone=PHONE).status_code == 303
    work_off()

    assert _own_fields(marek) == held


def test_change_that_cannot_be_compared_any_more_is_said_and_stays_in_the_form(marek: Desk) -> None:
    form, value = marek.open(), f"custom-{marek.record('jump').pk}-0-value"
    fault = Fault(kind=FaultKind.STATUS, status=503)
    marek.sandbox.faults["jump"].add(fault)

    reply = marek.send(form, **{value: "Ukrainian", "phone": PHONE})

    page = parsed(reply)
    assert reply.status_code == 422
    assert "You changed Jump EHR’s own fields of this record." in page.text
    assert not Operation.objects.exists()
    marek.sandbox.faults["jump"].clear()
    assert marek.send(marek.form_in(page)).status_code == 303
    work_off()
    assert _own_fields(marek)["preferred_language"] == "Ukrainian"


def test_fields_that_the_form_was_opened_without_are_not_offered_later(marek: Desk) -> None:
    marek.sandbox.faults["jump"].add(Fault(kind=FaultKind.STATUS, status=503))
    form = marek.open()
    marek.sandbox.faults["jump"].clear()

    page = parsed(marek.send(form, birth_date="31/2/1980"))

    assert "This form was opened without them." in page.text
    assert not page.named(f"custom-{marek.record('jump').pk}-0-value")
