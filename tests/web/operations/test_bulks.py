"""Many writes at once: how far, pausing, going on, cancelling, asking again, and who may."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from integrations.writes import Changes, shown_of
from patients.models import Bulk, Operation
from patients.services.held import whole_of
from patients.services.operations import bulks
from patients.services.operations.bulks import Part
from patients.services.operations.whys import Why
from patients.services.operations.wishes import Change
from portal import audit
from portal.accounts.models import User
from portal.audit.models import Event
from tests.support import PART, parsed

from .asking import WANTED, State, read, stand, story_url

LABEL = "New numbers after the move"


@pytest.fixture
def bulk(clinic_staff: User, transactional_db: None) -> Bulk:
    """A change of three people."""
    records = [read("jump", f"p-{each}", nhs_number="", family_name=f"Mbeki-{each}") for each in "abc"]
    parts = [
        Part(Change(changes=Changes.to(phone=WANTED), shown=shown_of(whole_of(each))), each)
        for each in records
    ]
    return bulks.ask(parts, system="jump", label=LABEL, by=clinic_staff).bulk


def at(bulk: Bulk, name: str = "bulk") -> str:
    """An address about it."""
    return reverse(f"patients:{name}", args=[bulk.public_id])


def state_of(bulk: Bulk) -> str:
    """Its state now."""
    return Bulk.objects.get(pk=bulk.pk).state


def test_bulk_says_how_far_it_is_and_what_came_of_whom(staff: Client, bulk: Bulk) -> None:
    done, refused, waiting = bulk.operations.order_by("pk")
    stand(done, State.DONE)
    stand(refused, State.REFUSED, Why.INVALID)

    response = staff.get(at(bulk))

    page = parsed(response)
    assert "2 of 3 ended" in page.text
    assert "1 done, 1 refused or cancelled, 1 waiting." in page.text
    (meter,) = page.every(lambda node: node.tag == "meter")
    assert (meter.attributes["value"], meter.attributes["max"]) == ("2", "3")
    assert {story_url(each) for each in (done, refused, waiting)} <= set(page.links())
    assert staff.get(at(bulk), {"page": "9" * 5000}).status_code == 200
    (event,) = audit.events_of_request(response["X-Request-Id"])
    assert (event.action, event.details["rows"]) == ("bulk.viewed", 3)
    only = parsed(staff.get(f"{at(bulk)}?state=refused"))
    assert story_url(refused) in only.links()
    assert story_url(done) not in only.links()
    listed = parsed(staff.get(reverse("patients:bulks")))
    assert "2 of 3 ended" in listed.text
    assert at(bulk) in listed.links()


def test_bulk_is_paused_goes_on_and_is_cancelled(staff: Client, bulk: Bulk) -> None:
    paused = staff.post(at(bulk, "bulk_turn"), {"pause": "1"}, follow=True)
    assert state_of(bulk) == Bulk.State.PAUSED
    assert "It is paused." in parsed(paused).text
    again = staff.post(at(bulk, "bulk_turn"), {"pause": "1"}, follow=True)
    assert "It is paused already." in parsed(again).text
    staff.post(at(bulk, "bulk_turn"), {"resume": "1"})
    assert state_of(bulk) == Bulk.State.RUNNING

    asked = parsed(staff.get(at(bulk, "bulk_cancel")))
    assert "What has not been sent, 3 waiting, ends as refused." in asked.text
    assert state_of(bulk) == Bulk.State.RUNNING
    reply = staff.post(at(bulk, "bulk_cancel"), follow=True)

    assert "3 writes are cancelled." in parsed(reply).text
    assert set(bulk.operations.values_list("state", "why")) == {(State.REFUSED, Why.CANCELLED)}
    refused = staff.post(at(bulk, "bulk_cancel"))
    assert refused.status_code == 409
    assert "It is cancelled already." in parsed(refused).text
    actions = Event.objects.filter(action__startswith="bulk.").exclude(action="bulk.viewed").order_by("at")
    assert list(actions.values_list("action", flat=True)) == [
        "bulk.asked", "bulk.paused", "bulk.resumed", "bulk.cancelled",
    ]  # fmt: skip


def test_what_was_refused_is_asked_for_again(staff: Client, bulk: Bulk) -> None:
    assert "Ask again" not in parsed(staff.get(at(bulk))).text
    nothing = staff.post(at(bulk, "bulk_turn"), {"again": "1"}, follow=True)
    assert "There is nothing in it that was refused" in parsed(nothing).text
    for each in bulk.operations.all():
        stand(each, State.REFUSED, Why.INVALID)
    assert "Ask again for what was refused" in parsed(staff.get(at(bulk))).text

    reply = staff.post(at(bulk, "bulk_turn"), {"again": "1"}, follow=True)

    new = Bulk.objects.latest("pk")
    assert new != bulk
    assert "3 writes are asked for again." in parsed(reply).text
    assert new.operations.count() == 3
    assert "Ask again" not in parsed(staff.get(at(bulk))).text
    twice = staff.post(at(bulk, "bulk_turn"), {"again": "1"}, follow=True)
    assert "asked for again already" in parsed(twice).text
    assert Bulk.objects.latest("pk") == new


def test_bulk_of_somebody_else_is_for_admins_alone(
    staff: Client, admins: Client, bulk: Bulk, admin: User
) -> None:
    Bulk.objects.filter(pk=bulk.pk).update(asked_by=admin)
    Operation.objects.filter(bulk=bulk).update(asked_by=admin)

    for name in ("bulk", "bulk_cancel"):
        assert staff.get(at(bulk, name)).status_code == 404
    assert staff.get(at(bulk, "bulk_progress"), headers=PART).status_code == 404
    assert staff.post(at(bulk, "bulk_turn"), {"pause": "1"}).status_code == 404
    assert state_of(bulk) == Bulk.State.RUNNING
    assert LABEL not in parsed(staff.get(reverse("patients:bulks"))).text
    assert LABEL in parsed(admins.get(at(bulk))).text


def test_progress_answers_only_when_something_has_moved(staff: Client, bulk: Bulk) -> None:
    (card,) = parsed(staff.get(at(bulk))).of_id("bulk").of_class("portal-card")
    address = card.attributes["hx-get"]

    assert staff.get(address, headers=PART).status_code == 204
    for each in bulk.operations.all():
        stand(each, State.DONE)
    changed = staff.get(address, headers=PART)

    assert "3 of 3 ended" in parsed(changed).text
    assert b"hx-trigger" not in changed.content
    assert b"Mbeki" not in changed.content
