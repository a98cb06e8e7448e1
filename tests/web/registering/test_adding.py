"""Somebody who has a record already gets one more: what is theirs, once; nothing that was typed is lost."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from integrations.writes import details_of
from patients.models import Draft, Former, Operation, Patient, SourceRecord
from patients.services import linking
from patients.services.connections import open_system
from patients.services.operations import sending
from portal.accounts.models import User
from tests.conftest import signed_in
from tests.support import fill_index, parsed
from tests.writing import LIFESPAN

from .desk import ZOE, Desk, created, latest_draft, person_at

pytestmark = pytest.mark.django_db
ADA = {"given_name": "Ada", "family_name": "Quill", "birth_date": "1 5 1961"}


@pytest.fixture
def zoe(desk: Desk) -> Patient:
    """Somebody whom Jump holds."""
    desk.register(systems=("jump",))
    sending.send_due()
    return Patient.objects.get(records__family="quartermaine")


def _add(desk: Desk, person: Patient, **also: str) -> dict[str, Any]:
    """The form that adds somebody to Impilo, as it opens."""
    sent = {"person": person.public_id, "systems": ["impilo"]} | also
    reply = desk.client.post(reverse("patients:register_start"), sent)
    assert reply.status_code == 303, reply.status_code
    return desk.fields(parsed(desk.client.get(reply["Location"])), "/register")


def _is(desk: Desk, draft: Draft) -> Any:
    """Say on the page of the search that it is who was found."""
    sent = desk.fields(desk.search(draft), "/is")
    return desk.client.post(reverse("patients:register_is", args=[draft.public_id]), sent)


# --- whose details -------------------------------------------------------------------------------


def test_details_of_another_person_are_not_added_to_somebody(desk: Desk, zoe: Patient) -> None:
    form = _add(desk, zoe) | {"given_name": "Omar", "birth_date": "1 5 1961"}

    reply = desk.send(form)
    draft = latest_draft()
    created_all_the_same = desk.create(draft)

    assert reply.status_code == 422
    assert "Their records hold another given name and birth date" in parsed(reply).text
    assert created_all_the_same.status_code == 409
    assert "edit the person first" in parsed(created_all_the_same).text
    assert [system for system, _ in created()] == ["jump"]


def test_married_name_is_still_theirs(desk: Desk, zoe: Patient) -> None:
    assert desk.send(_add(desk, zoe) | {"family_name": "Okonkwo"}).status_code == 303
    assert desk.create(latest_draft()).status_code == 303
    assert [system for system, _ in created()] == ["jump", "impilo"]


def test_system_that_holds_somebody_is_not_offered_again(desk: Desk, zoe: Patient) -> None:
    reply = desk.client.post(
        reverse("patients:register_start"), {"person": zoe.public_id, "systems": ["jump", "impilo"]}
    )
    page = parsed(desk.client.get(reply["Location"]))
    assert "They have a record there already." in page.text

    desk.send(desk.fields(page, "/register") | {"systems": ["jump", "impilo"]})
    desk.create(latest_draft())

    assert [system for system, _ in created()] == ["jump", "impilo"]


def test_consents_hidden_names_and_defaults_are_not_copied(desk: Desk, zoe: Patient, clerk: User) -> None:
    with desk.sandbox.stores["jump"].writing() as state:
        row = next(each for each in state["patients"].values() if each["last_name"] == "Quartermaine")
        row.update(consent_sms=True, preferred_name="Zack", occupation="Baker")
    fill_index(clerk, "Quartermaine")
    operation = Operation.objects.get()
    Former.objects.create(
        patient=zoe, operation=operation, part="preferred_name", value="zack", hidden_by=clerk
    )

    form = _add(desk, zoe)

    assert form["given_name"] == "Zoë"
    assert form["occupation"] == "Baker"
    assert (form["consent_sms"], form["preferred_name"]) == ("", "")


# --- linked meanwhile ----------------------------------------------------------------------------


def test_form_about_who_was_linked_meanwhile_is_about_who_they_are_now(
    desk: Desk, zoe: Patient, clerk: User
) -> None:
    desk.send(_add(desk, zoe))
    draft = latest_draft()
    desk.register(ADA, systems=("jump",))
    sending.send_due()
    other = SourceRecord.objects.get(given="ada").patient
    linking.link_people(keep=other, other=zoe, reason="One person", by=clerk)

    page = desk.search(draft)
    person = person_at(desk.create(draft, page))

    assert "held already" not in page.text
    assert person == other
    sending.send_due()
    assert sorted(other.records.values_list("system", flat=True)) == ["impilo", "jump", "jump"]


def test_membership_that_has_come_about_meanwhile_is_no_error(desk: Desk, clerk: User) -> None:
    fill_index(clerk, "Mbeki")
    record = SourceRecord.objects.get(system="jhe", given="grace", family="mbeki")
    sent = {"person": record.patient.public_id, "joins": LIFESPAN}
    reply = desk.client.post(reverse("patients:register_start"), sent)
    draft = latest_draft()
    record.memberships.get_or_create(organization=LIFESPAN, patient=record.patient)

    reply = desk.client.post(reverse("patients:register_create", args=[draft.public_id]), {"systems": ""})

    assert reply.status_code == 302
    assert not Operation.objects.exists()


# --- what was typed ------------------------------------------------------------------------------


def test_what_was_typed_otherwise_is_named_and_waits_as_an_edit(desk: Desk, zoe: Patient) -> None:
    desk.fill(ZOE | {"phone": "07700 900555", "email": "zoe@example.org", "sex": "female"})
    draft = latest_draft()

    reply = _is(desk, draft)

    page = parsed(desk.client.get(reply["Location"]))
    assert "You typed another e-mail and phone than their records hold" in page.text
    assert "waits on your home page" in page.text
    edit = Draft.objects.get(kind="edit")
    assert (edit.patient, edit.user) == (zoe, draft.user)
    form = parsed(desk.client.get(f"/people/{zoe.public_id}/edit?draft={edit.public_id}"))
    values = [form.of_id(f"id_{name}").attributes["value"] for name in ("phone", "email", "given_name")]
    assert values == ["+447700900555", "zoe@example.org", "Zoë"]


def test_what_was_typed_of_who_is_held_everywhere_opens_as_an_edit(
    desk: Desk, zoe: Patient, clerk: User
) -> None:
    desk.fill(ZOE | {"phone": "07700 900555"}, systems=("jump",))
    draft = latest_draft()
    sent = {"person": zoe.public_id}

    reply = desk.client.post(reverse("patients:register_is", args=[draft.public_id]), sent)

    page = parsed(desk.client.get(reply["Location"]))
    assert "Nothing was created." in page.text
    assert "You typed another phone than their records hold" in page.text
    assert page.of_id("id_phone").attributes["value"] == "+447700900555"
    saved = desk.client.post(f"/people/{zoe.public_id}/edit", desk.fields(page, "/edit"))
    assert saved.status_code == 303
    sending.send_due()
    record = zoe.records.get()
    held = details_of(open_system("jump", by=clerk, seconds=30).get(record.remote_id))
    assert held.phone == "+447700900555"


def test_nothing_typed_otherwise_leaves_no_edit(desk: Desk, zoe: Patient) -> None:
    desk.fill(ZOE | {"sex": "female"})  # of her sex Jump knows nothing

    reply = _is(desk, latest_draft())

    page = parsed(desk.client.get(reply["Location"]))
    assert "You typed another" not in page.text
    assert not Draft.objects.filter(kind="edit").exists()


# --- handed over meanwhile -----------------------------------------------------------------------


class _HandsOver:
    """In the moment in which an event of a search is written, somebody else has the form."""

    def __init__(self, draft: Draft, to: User) -> None:
        self.draft, self.to, self.is_done = draft, to, False

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not self.is_done and "audit_event" in sql and sql.startswith("INSERT"):
            self.is_done = True
            Draft.objects.filter(pk=self.draft.pk).update(user=self.to)
        return execute(sql, params, many, context)


@pytest.mark.parametrize("button", ["create", "is"])
def test_form_that_goes_to_a_colleague_in_this_moment_is_not_found(
    desk: Desk, zoe: Patient, admin: User, button: str
) -> None:
    desk.fill(ZOE if button == "is" else ADA)
    draft = latest_draft()
    sent = desk.fields(desk.search(draft), f"/{button}")
    before = Operation.objects.count()
    hands_over = _HandsOver(draft, admin)

    with connection.execute_wrapper(hands_over):
        reply = desk.client.post(f"/register/{draft.public_id}/{button}", sent | {"reason": "Another"})

    assert hands_over.is_done
    assert reply.status_code == 404
    assert Operation.objects.count() == before
    assert signed_in(Client(), admin).get(f"/register/{draft.public_id}").status_code == 200
