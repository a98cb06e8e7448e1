"""What the form says of what is typed: while it is typed, and once it is sent."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.sandbox.run import Sandbox
from patients.models import Operation, Patient
from portal.accounts.models import User
from tests.conftest import signed_in
from tests.editing import elsewhere, person
from tests.support import PART, Node, connected, parsed
from tests.writing import known, work_off

from .desk import PHONE, Desk

pytestmark = pytest.mark.slow


def _typed(desk: Desk, form: dict[str, Any], **values: Any) -> Node:
    """What comes back while it is typed."""
    url = reverse("patients:edit_typed", args=[desk.person.public_id])
    return parsed(desk.client.post(url, form | values, headers=PART))


def _said(page: Node, name: str) -> str:
    return page.of_id(f"said-{name}").text


def test_suggestion_that_needs_a_field_the_form_does_not_have_is_not_offered(
    coordinator: User, grace: Patient, sandbox: Sandbox
) -> None:
    connected(coordinator, "manager_mary@example.com", sandbox)
    desk = Desk(signed_in(Client(), coordinator), sandbox, grace)
    form = desk.open()
    assert "title" not in form

    page = _typed(desk, form, given_name="Mrs Grace")

    assert "Mrs is a title" in _said(page, "given_name")
    assert not page.of_id("said-given_name").of_class("portal-said__take")


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("phone", "0770", "too short for a phone number"),
        ("email", "grace@", "no whole e-mail address"),
        ("birth_date", "1 1 {later}", "future"),
    ],
)
def test_what_stops_is_said_while_it_is_typed_and_goes_once_it_is_right(
    desk: Desk, name: str, text: str, sentence: str
) -> None:
    form = desk.open()
    wrong = text.format(later=timezone.localdate().year + 1)

    assert sentence in _said(_typed(desk, form, **{name: wrong}), name)
    refused = parsed(desk.send(form, **{name: wrong}))
    assert sentence not in _said(refused, name)
    assert sentence in refused.of_id(f"id_{name}_error").text
    right = _typed(desk, desk.form_in(refused), **{name: form[name]})
    assert sentence not in _said(right, name)
    assert "data-portal-said-below" in right.of_id(f"said-{name}").attributes


def test_long_text_that_nobody_touched_stands_in_no_ones_way_and_stays(desk: Desk) -> None:
    held = "\n".join(["Came in on foot."] * 200)
    elsewhere(desk.sandbox, desk.record("jump"), patient_notes=held)

    assert desk.save(phone=PHONE).status_code == 303
    work_off()
    assert desk.open()["notes"] == held


def test_long_text_is_kept_whole_and_stops_where_somebody_entered_it(desk: Desk) -> None:
    text = "x" * 1_500

    page = parsed(desk.save(notes=text))

    assert "This has 1,500 characters: 1,000 can be entered." in page.of_id("id_notes_error").text
    assert desk.form_in(page)["notes"] == text
    assert not Operation.objects.exists()


def test_note_that_cannot_be_taken_away_is_said(clerk: User, sandbox: Sandbox) -> None:
    jamal = person("jamal", "Edwards", by=clerk)
    desk = Desk(signed_in(Client(), clerk), sandbox, jamal)
    impilo = desk.record("impilo")
    address = {"street1": "12 High Street", "city": "Leeds", "zipCode": "LS6 2AB", "note": "Ring twice"}
    elsewhere(sandbox, impilo, address=address)
    known("impilo", impilo.remote_id, by=clerk)
    jamal.records.get(system="jump").delete()
    form = desk.open()
    assert form["address_note"] == "Ring twice"

    page = parsed(desk.send(form, address_note=""))

    assert "A note is not taken away from here" in page.text
    assert not Operation.objects.exists()


def test_archived_record_stays_so_when_its_name_is_put_right(clerk: User, sandbox: Sandbox) -> None:
    desk = Desk(signed_in(Client(), clerk), sandbox, person("joan", "Wardle", by=clerk))
    record = desk.record("jump")
    elsewhere(sandbox, record, status="archived")
    form = desk.open()
    assert form["status"] == "archived"
    assert "systems" not in form  # is not written to unless somebody says so

    reply = desk.send(form, given_name="Joanne", systems=[str(record.pk)])

    assert reply.status_code == 303, parsed(reply).text
    work_off()
    with sandbox.stores["jump"].reading() as state:
        row = state["patients"][record.remote_id]
    assert (row["first_name"], row["status"]) == ("Joanne", "archived")


def test_answer_that_is_none_is_said_in_plain_words(desk: Desk) -> None:
    page = parsed(desk.save(status="archived"))

    assert page.of_id("id_status_error").text == "Error: Choose one of the answers."
