"""Bringing records into agreement, former names that stay hidden, and contact details that are confirmed."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.sandbox.run import Sandbox
from integrations.writes import details_of
from patients.models import Confirmed, Former, Operation, RecordChange
from patients.services import linking
from patients.services.connections import open_system
from patients.services.editing import former
from portal import audit
from portal.accounts.models import User
from portal.audit.models import Event
from tests.conftest import signed_in
from tests.editing import elsewhere, person
from tests.filling import fields_of
from tests.support import PART, Node, parsed
from tests.writing import known, work_off

from .desk import OTHER_PHONE, PHONE, Desk

pytestmark = pytest.mark.slow


def _address(desk: Desk) -> str:
    return reverse("patients:agree", args=[desk.person.public_id])


def _open(desk: Desk) -> tuple[Node, dict[str, object]]:
    page = parsed(desk.client.get(_address(desk)))
    return page, fields_of(page, "/agree")


def _of(desk: Desk, system: str) -> str:
    """What chooses the value that a system's record holds."""
    return str(desk.record(system).pk)


def _legends(page: Node) -> list[str]:
    return [node.text for node in page.of_class("govuk-fieldset__legend")]


@pytest.fixture
def jamal(clerk: User, sandbox: Sandbox) -> Desk:
    """Somebody whose phone and town differ between Jump and Impilo."""
    return Desk(signed_in(Client(), clerk), sandbox, person("jamal", "Edwards", by=clerk))


# --- agreement --------------------------------------------------------------------------------


def test_value_is_copied_from_one_system_to_the_other_and_nothing_else(jamal: Desk, clerk: User) -> None:
    page, form = _open(jamal)
    assert {"Phone", "Address"} <= set(_legends(page))
    assert form["phone"] == ["leave"]
    assert _of(jamal, "jump") in [each.attributes["value"] for each in page.named("phone")]
    assert "copy it to Impilo" in page.text

    reply = jamal.client.post(_address(jamal), form | {"phone": _of(jamal, "jump")})

    assert reply.status_code == 303
    assert list(Operation.objects.values_list("system", flat=True)) == ["impilo"]
    work_off()
    held = [
        details_of(open_system(name, by=clerk, seconds=30).get(jamal.record(name).remote_id))
        for name in ("jump", "impilo")
    ]
    assert held[0].phone == held[1].phone
    assert held[0].address.town != held[1].address.town  # type: ignore[union-attr]


def test_records_that_agree_are_said_to(desk: Desk) -> None:
    page, form = _open(desk)
    assert _legends(page) == ["Address"]  # Impilo holds none
    desk.client.post(_address(desk), form | {"address": _of(desk, "jump")})
    work_off()

    page = parsed(desk.client.get(_address(desk)))

    assert "The records agree in every detail" in page.text
    assert not page.named("page")


def test_nothing_chosen_writes_nothing(jamal: Desk) -> None:
    _, form = _open(jamal)

    assert jamal.client.post(_address(jamal), form).status_code == 303
    assert not Operation.objects.exists()


def test_detail_that_moved_meanwhile_is_shown_as_it_is_now(jamal: Desk) -> None:
    _, form = _open(jamal)
    elsewhere(jamal.sandbox, jamal.record("impilo"), phoneNumber=OTHER_PHONE)

    reply = jamal.client.post(_address(jamal), form | {"phone": _of(jamal, "jump")})

    page = parsed(reply)
    assert reply.status_code == 422
    assert "Choose once more." in page.text
    assert OTHER_PHONE.replace(" ", "") in page.text.replace(" ", "").replace("-", "")
    assert not Operation.objects.exists()


def test_value_of_a_record_that_fell_out_meanwhile_is_not_another_one(clerk: User, sandbox: Sandbox) -> None:
    desk = Desk(signed_in(Client(), clerk), sandbox, person("grace", "Mbeki", by=clerk))
    for system, name, value in (
        ("jump", "phone", PHONE),
        ("jhe", "telecom_phone", OTHER_PHONE),
        ("impilo", "phoneNumber", "07700 900777"),
    ):
        elsewhere(sandbox, desk.record(system), **{name: value})
        known(system, desk.record(system).remote_id, by=clerk)
    _, form = _open(desk)
    gone = _of(desk, "jump")
    linking.affirm(patient=desk.person, records=[int(gone)], reason="One", by=clerk)
    linking.unlink_record(record=desk.record("jump"), reason="Somebody else's", by=clerk)

    reply = desk.client.post(_address(desk), form | {"phone": gone})

    assert reply.status_code == 422
    assert "is not offered any more" in parsed(reply).text
    assert not Operation.objects.exists()


def test_detail_that_is_asked_no_more_is_said(jamal: Desk, clerk: User) -> None:
    _, form = _open(jamal)
    linking.unlink_record(record=jamal.record("impilo"), reason="Somebody else's", by=clerk)

    reply = jamal.client.post(_address(jamal), form | {"phone": str(jamal.person.records.get().pk)})

    assert reply.status_code == 422
    assert "Phone: What you chose is not offered any more" in parsed(reply).text


def test_form_of_who_was_linked_meanwhile_is_refused_with_both_names(
    jamal: Desk, desk: Desk, clerk: User
) -> None:
    _, form = _open(jamal)
    linking.link_people(keep=desk.person, other=jamal.person, reason="One person", by=clerk)

    reply = jamal.client.post(_address(jamal), form | {"phone": "1"})

    page = parsed(reply)
    assert reply.status_code == 409
    assert "The form was about EDWARDS, Jamal" in page.text
    assert "Something was changed since this form was opened" in page.text
    assert not Operation.objects.exists()


def test_email_of_jhe_and_consents_are_not_offered(clerk: User, sandbox: Sandbox) -> None:
    desk = Desk(signed_in(Client(), clerk), sandbox, person("grace", "Mbeki", by=clerk))
    elsewhere(sandbox, desk.record("jhe"), telecom_phone=PHONE)
    known("jhe", desk.record("jhe").remote_id, by=clerk)

    page, form = _open(desk)

    assert "copy it to Jump EHR and Impilo" in page.text  # the phone
    assert "email" not in form
    assert not [name for name in form if name.startswith("consent_")]


def test_agreement_that_makes_another_person_of_a_record_stops(jamal: Desk, clerk: User) -> None:
    jump = jamal.record("jump")
    elsewhere(jamal.sandbox, jump, first_name="Brenda", last_name="Okonkwo")
    linking.affirm(patient=jamal.person, records=[jump.pk, jamal.record("impilo").pk], reason="One", by=clerk)
    page, form = _open(jamal)
    chosen = form | dict.fromkeys(("given_name", "family_name"), _of(jamal, "jump"))

    reply = jamal.client.post(_address(jamal), chosen)

    page = parsed(reply)
    assert page.of_class("portal-asked--stop")
    assert not Operation.objects.exists()
    sent = fields_of(page, "/agree") | {"why": "correction"}
    assert jamal.client.post(_address(jamal), sent).status_code == 303
    assert list(Operation.objects.values_list("system", flat=True)) == ["impilo"]


def test_form_of_another_person_is_refused(jamal: Desk, desk: Desk) -> None:
    _, form = _open(jamal)

    reply = desk.client.post(_address(desk), form | {"phone": _of(jamal, "jump")})

    assert reply.status_code == 409
    assert "The form was about EDWARDS, Jamal" in parsed(reply).text
    assert not Operation.objects.exists()


def test_opening_leaves_one_event_and_readers_are_refused(jamal: Desk, reader: User) -> None:
    reply = jamal.client.get(_address(jamal))

    (event,) = audit.events_of_request(reply["X-Request-Id"])
    assert (event.action, len(event.details["records"])) == ("person.agree_opened", 2)
    client = signed_in(Client(), reader)
    assert client.get(_address(jamal)).status_code == client.post(_address(jamal), {}).status_code == 403


# --- former names -----------------------------------------------------------------------------


def test_former_name_is_hidden_after_transition_and_offered_nowhere(desk: Desk, admin: User) -> None:
    jump = str(desk.record("jump").pk)
    sent = desk.save(given_name="Gareth", title="Mr", systems=[jump], why="transition")
    assert sent.status_code == 303
    work_off()

    assert set(Former.objects.values_list("part", flat=True)) == {"given_name"}
    assert RecordChange.objects.filter(record=desk.record("jump")).exists()
    page, form = _open(desk)
    assert "given_name" in form
    options = [each.attributes["value"] for each in page.named("given_name")]
    assert len(options) == 2  # the new name, and leaving it
    assert "A former value is hidden" in page.text
    url = reverse("patients:patient", args=[desk.person.public_id])
    history = reverse("patients:history", args=[desk.person.public_id])
    admins = signed_in(Client(), admin)
    assert "Grace (given name)" not in parsed(desk.client.get(url)).text
    assert "Grace (given name)" in parsed(admins.get(url)).text
    assert "from Grace" not in parsed(desk.client.get(history)).text
    assert "from Grace" in parsed(admins.get(history)).text


def test_marriage_hides_nothing(desk: Desk) -> None:
    desk.save(family_name="Okonkwo", why="marriage")

    assert not Former.objects.exists()
    assert Event.objects.filter(action="operation.asked", reason__startswith="Marriage").count() == 3


def test_name_comes_back_into_sight_where_the_write_was_given_up(desk: Desk) -> None:
    desk.save(given_name="Gareth", why="adoption")
    assert former.hidden_of(desk.person).covers("given_name", "grace")

    Operation.objects.update(state=Operation.State.REFUSED)

    assert not former.hidden_of(desk.person).covers("given_name", "Grace")


def test_hidden_value_is_encrypted(desk: Desk) -> None:
    desk.save(given_name="Gareth", why="transition")

    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM patients_former")
        assert "grace" not in repr(cursor.fetchall()).casefold()


# --- confirming -------------------------------------------------------------------------------


def _details(desk: Desk) -> dict[str, Node]:
    page = parsed(desk.client.get(reverse("patients:patient", args=[desk.person.public_id])))
    rows = page.of_id("confirmed").of_class("govuk-summary-list__row")
    return {row.of_class("govuk-summary-list__key")[0].text: row for row in rows}


def _token(row: Node) -> dict[str, str]:
    return {"detail": row.named("detail")[0].attributes["value"]}


def test_contact_detail_is_confirmed_with_one_click(desk: Desk, clerk: User) -> None:
    url = reverse("patients:confirm", args=[desk.person.public_id])
    row = _details(desk)["Phone"]
    assert "Not confirmed yet" in row.text

    with time_machine.travel(timezone.now() + timedelta(minutes=1), tick=True):
        part = desk.client.post(url, _token(row), headers=PART)
    assert "Confirmed on" in parsed(part).text
    assert desk.client.post(url, _token(_details(desk)["E-mail"])).status_code == 303

    assert f"by {clerk.get_full_name()}" in _details(desk)["Phone"].text
    assert Event.objects.filter(action="person.confirmed").count() == 2
    assert "07700" not in repr(list(Confirmed.objects.values()))


def test_confirmation_counts_only_while_the_value_is_what_it_was(desk: Desk, clerk: User) -> None:
    url = reverse("patients:confirm", args=[desk.person.public_id])
    token = _token(_details(desk)["Phone"])
    desk.client.post(url, token)
    for name, wire in (("jump", "phone"), ("impilo", "phoneNumber"), ("jhe", "telecom_phone")):
        elsewhere(desk.sandbox, desk.record(name), **{wire: PHONE})
        known(name, desk.record(name).remote_id, by=clerk)

    assert "Not confirmed yet" in _details(desk)["Phone"].text
    assert desk.client.post(url, token)["Location"].endswith(desk.person.public_id)
    assert Confirmed.objects.count() == 1


def test_token_of_another_person_or_account_confirms_nothing(
    desk: Desk, jamal: Desk, admin: User, reader: User
) -> None:
    token = _token(_details(jamal)["Phone"])

    desk.client.post(reverse("patients:confirm", args=[desk.person.public_id]), token)
    theirs = reverse("patients:confirm", args=[jamal.person.public_id])
    signed_in(Client(), admin).post(theirs, token)

    assert not Confirmed.objects.exists()
    assert signed_in(Client(), reader).post(theirs, token).status_code == 403
    assert jamal.client.post(reverse("patients:confirm", args=["x" * 22]), token).status_code == 404
