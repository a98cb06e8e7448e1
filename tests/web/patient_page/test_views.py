"""The view that a person's page is, the seal that its parts need, and what ends it: refusals, a lost role."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from patients.models import SourceRecord
from patients.services import rereading, taking_in
from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.audit.models import Event
from tests.conftest import make_user, signed_in
from tests.support import PART, parsed
from tests.waiting import until

from .opening import READING, address, gone_on_to_the_end, grace, grow_old, hang, live_url, opened, views

# --- a view and its seal --------------------------------------------------------------------


def test_view_is_one_event_however_often_the_page_goes_on(client: Client) -> None:
    page = opened(client)
    gone_on_to_the_end(client, page)
    gone_on_to_the_end(client, page)
    (event,) = views()
    assert len(event.details["records"]) == 3


@pytest.mark.parametrize("broken", ["none", "changed", "another account", "another person", "old"])
def test_part_without_a_view_of_this_page_shows_nothing(
    client: Client, staff: User, settings: Settings, broken: str
) -> None:
    settings.IDLE_LOCK_SECONDS = 3600
    url = live_url(opened(client))
    other = SourceRecord.objects.filter(family="wardle").first()
    assert other is not None
    bent: dict[str, Callable[[], str]] = {
        "none": lambda: f"{address()}/live",
        "changed": lambda: url.replace("view=", "view=x"),
        "another account": lambda: url,
        "another person": lambda: url.replace(grace().public_id, other.patient.public_id),
        "old": lambda: url,
    }
    somebody = make_user("reader@example.org", Role.READER) if broken == "another account" else staff
    asking = signed_in(Client(), somebody)
    with time_machine.travel(timezone.now() + timedelta(minutes=16 if broken == "old" else 0)):
        response = asking.get(bent[broken](), headers=PART)

    assert response.content == b""
    assert response["HX-Redirect"].startswith("/people/")
    assert len(views()) == 1


def test_history_without_a_view_is_an_event_of_its_own_and_with_one_it_is_not(client: Client) -> None:
    page = opened(client)
    (url,) = {each for each in page.links() if "/history" in each}
    assert client.get(url, headers=PART).status_code == 200
    assert not Event.objects.filter(action="person.history_viewed").exists()

    assert client.get(f"{address()}/history").status_code == 200
    assert Event.objects.get(action="person.history_viewed").details["records"]


def test_record_joined_since_the_view_is_not_shown_by_it(client: Client) -> None:
    page = opened(client)
    other = SourceRecord.objects.filter(family="wardle", system="jump").first()
    assert other is not None
    SourceRecord.objects.filter(pk=other.pk).update(patient=grace())
    page = gone_on_to_the_end(client, page)
    assert other.remote_id not in page.text


# --- refused --------------------------------------------------------------------------------


def refuse_from_now_on(sandbox: Sandbox, *systems: str) -> None:
    """What was asked has been answered and is old again; asked once more, these systems refuse."""
    for board in sandbox.faults.values():
        board.clear()
    until(rereading.is_idle, what="records being read")
    until(taking_in.is_idle, what="records being taken in")
    grow_old()
    rereading._rounds.clear()
    for system in systems:
        sandbox.faults[system].add(Fault(kind=FaultKind.STATUS, status=403, path=READING))


def test_record_that_its_system_refuses_disappears_with_its_values(client: Client, sandbox: Sandbox) -> None:
    hang(sandbox, "jump", "jhe", "impilo")
    page = opened(client)
    assert "Teacher" in page.text
    refuse_from_now_on(sandbox, "jump")
    page = gone_on_to_the_end(client, page)

    assert "Teacher" not in page.text
    assert "2 source records" in page.text
    assert "Jump EHR does not show this record to you." in page.text
    assert page.of_id("links").text == ""


def test_person_whom_every_system_refuses_is_not_shown_any_more(client: Client, sandbox: Sandbox) -> None:
    hang(sandbox, "jump", "jhe", "impilo")
    page = opened(client)
    refuse_from_now_on(sandbox, "jump", "jhe", "impilo")
    while url := live_url(page):
        response = client.get(url, headers=PART)
        page = parsed(response)

    assert "You may not see this person’s records" in page.text
    assert response["HX-Retarget"] == "#main"
    assert "mbeki" not in response.content.decode().lower()


def test_role_taken_away_meanwhile_ends_the_page(client: Client, staff: User, sandbox: Sandbox) -> None:
    page = opened(client)
    url = live_url(page)
    staff.groups.clear()
    staff.groups.add(*make_user("c@example.org", Role.COORDINATOR).groups.all())
    with sandbox.stores["jhe"].writing() as state:
        state["roles"] = []
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        response = client.get(url, headers=PART)
    assert response.status_code == 404
    assert "mbeki" not in response.content.decode().lower()
