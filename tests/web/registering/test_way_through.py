"""Registering: the form, the search that cannot be skipped, and one record whatever is pressed twice."""

from __future__ import annotations

import pytest
from django.urls import reverse

from integrations.sandbox.run import Sandbox
from patients.models import Draft, Operation, Patient
from patients.services.operations import sending
from portal import audit
from portal.audit.models import Event
from tests.support import parsed
from tests.writing import named

from .desk import ALL, BOTH, ZOE, Desk, created, in_jhe, latest_draft, person_at

pytestmark = pytest.mark.django_db


def test_new_person_is_registered_in_three_systems(desk: Desk, sandbox: Sandbox) -> None:
    reply = desk.register(in_jhe(), systems=ALL)

    assert created() == [("jump", "waiting"), ("jhe", "waiting"), ("impilo", "waiting")]
    page = parsed(desk.client.get(reply["Location"]))
    assert "Being registered" in page.text
    assert "QUARTERMAINE, Zoë" in page.text
    sending.send_due()
    assert {state for _, state in created()} == {"done"}
    assert [len(named(sandbox, name)) for name in ALL] == [1, 1, 1]
    page = parsed(desk.client.get(reply["Location"], follow=True))
    assert "3 source records" in page.text
    assert Patient.objects.filter(merged_into=None, records__isnull=False).distinct().count() == 1


def test_form_comes_back_with_what_is_wrong_and_all_that_was_typed(desk: Desk) -> None:
    reply = desk.fill(ZOE | {"birth_date": "31/2/1980", "notes": "tall\nhat", "given_name": ""})

    page = parsed(reply)
    assert reply.status_code == 422
    assert page.of_id("id_birth_date").attributes["value"] == "31/2/1980"
    assert page.of_id("id_notes").text.split() == ["tall", "hat"]
    assert "There is no such day" in page.text or "31/2/1980" in page.text
    assert "given name" in page.text.lower()
    assert not Operation.objects.exists()


def test_suggestion_of_any_number_takes_nothing(desk: Desk) -> None:
    form = desk.new_form() | ZOE | {"systems": list(BOTH), "take": "birth_date." + "9" * 5000}

    reply = desk.send(form | {"turn": "9" * 5000})

    assert reply.status_code == 200
    assert parsed(reply).of_id("id_birth_date").attributes["value"] == ZOE["birth_date"]


def test_organization_is_needed_by_the_system_by_its_name(desk: Desk) -> None:
    page = parsed(desk.fill(ZOE | {"given_name": ""}, systems=("jhe",)))

    assert page.of_id("said-organization_id").text == "Needed by JupyterHealth Exchange"
    offered = page.of_id("id_organization_id").text  # though no record has named it yet
    assert "Lifespan Lab" in offered
    assert "organization 2" not in offered


def test_what_is_needed_depends_on_the_systems_that_are_chosen(desk: Desk) -> None:
    bare = {"given_name": "Zoë", "family_name": "Quartermaine"}

    assert desk.fill(bare, systems=("impilo",)).status_code == 303
    missing_birth = desk.fill(bare, systems=BOTH)
    missing_all = desk.fill(bare | {"birth_date": "9 3 1987"}, systems=("jhe",), organization_id="")

    assert missing_birth.status_code == 422
    assert "birth date" in parsed(missing_birth).text
    assert missing_all.status_code == 422
    assert "e-mail" in parsed(missing_all).text


def test_direct_post_without_the_search_creates_nobody(desk: Desk) -> None:
    desk.fill()
    draft = latest_draft()
    address = reverse("patients:register_create", args=[draft.public_id])

    for seal in ("", "forged"):
        reply = desk.client.post(address, {"seal": seal, "systems": "jump,impilo"})
        assert reply.status_code == 409
        assert "Look at it once more" in parsed(reply).text
    assert not Operation.objects.exists()


def test_seal_of_somebody_else_is_no_search(desk: Desk) -> None:
    desk.fill()
    other = latest_draft()
    page = desk.search(other)
    desk.fill(ZOE | {"given_name": "Zack"})
    mine = latest_draft()
    assert mine != other

    reply = desk.create(mine, page)

    assert reply.status_code == 409
    assert not Operation.objects.exists()


def test_sent_twice_or_from_the_page_before_is_one_record(desk: Desk) -> None:
    desk.fill()
    draft = latest_draft()
    page = desk.search(draft)
    first = desk.create(draft, page)

    again = desk.create(draft, page)
    back = desk.client.get(reverse("patients:register_draft", args=[draft.public_id]))
    reloaded = desk.client.get(reverse("patients:register_check", args=[draft.public_id]))
    resent = desk.send(ZOE | {"draft": draft.public_id, "systems": list(BOTH)})

    assert {each["Location"] for each in (first, again, back, reloaded, resent)} == {first["Location"]}
    assert len(created()) == 2
    assert Draft.objects.get().sent_as == person_at(first)
    assert Draft.objects.get().typed == {}


def test_page_that_has_gone_stale_shows_who_has_come_to_be_found(desk: Desk) -> None:
    desk.fill()
    draft = latest_draft()
    page = desk.search(draft)
    desk.register()
    sending.send_due()

    reply = desk.create(draft, page)

    shown = parsed(reply)
    assert reply.status_code == 409
    assert "This person is held already" in shown.text
    assert "Look at it once more" in shown.text
    assert len(created()) == 2


def test_person_who_is_being_registered_is_not_registered_again(desk: Desk, clerk: object) -> None:
    desk.fill()
    draft = latest_draft()
    page = desk.search(draft)
    first = desk.register()

    reply = desk.create(draft, page)

    assert reply.status_code == 409
    page = parsed(reply)
    assert f"{clerk} is registering somebody with these details" in page.text
    assert page.of_id("being-registered").attributes["href"] == first["Location"]
    assert len(created()) == 2


def test_registration_that_was_refused_is_put_right_and_sent_again(desk: Desk) -> None:
    reply = desk.register(systems=("jump",))
    operation = Operation.objects.get()
    Operation.objects.filter(pk=operation.pk).update(state="refused", why="", due_at=None)
    page = parsed(desk.client.get(reply["Location"]))
    assert "Not registered" in page.text

    again = desk.client.post(reverse("patients:register_start"), {"operation": operation.public_id})

    form = parsed(desk.client.get(again["Location"]))
    assert form.of_id("id_given_name").attributes["value"] == "Zoë"
    assert form.of_id("id_email").attributes["value"] == "zoe.quartermaine@example.org"


def test_each_step_leaves_its_event(desk: Desk) -> None:
    reply = desk.register()

    assert [each.action for each in audit.events_of_request(reply["X-Request-Id"])] == [
        "register.searched", "operation.asked", "operation.asked",
    ]  # fmt: skip
    assert Event.objects.filter(action="register.searched").count() == 2
    assert Event.objects.filter(action="draft.opened").exists()
