"""What staff see of writes and decide about them: by keyboard, with and without JavaScript."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from patients.models import Bulk, Operation
from patients.services.operations import sending
from patients.services.operations.whys import Why
from portal.accounts.roles import Role
from portal.audit.models import Event
from tests.writing import change, held, named

from . import writes
from .journey import Journey
from .writes import NEW_PHONE, REASON, State

pytestmark = pytest.mark.browser


def press(journey: Journey, place: Locator) -> None:
    """Go to a link or button by Tab and press Enter."""
    journey.when_they_tab_to(place)
    journey.page.keyboard.press("Enter")


def write_reason(journey: Journey) -> None:
    """Go to the box for the reason by Tab, and write one."""
    journey.when_they_tab_to(journey.page.get_by_label("Reason"))
    journey.page.keyboard.type(REASON)


def test_admin_walks_a_stuck_sign_in_to_its_end(journey: Journey) -> None:
    admin = journey.given_signed_in(Role.ADMIN)
    stuck = writes.without_a_token(journey)
    page = journey.page
    journey.when_they_go_to("/")
    press(journey, page.get_by_role("link", name="Writes", exact=True))
    journey.then_they_see("Writes to the systems")
    press(journey, page.get_by_role("link", name="Waiting 1"))
    expect(page.get_by_role("link", name="Waiting 1")).to_have_attribute("aria-current", "page")
    journey.then_the_page_is_accessible()
    press(journey, page.get_by_role("link", name="Change details in JupyterHealth Exchange"))
    expect(page.get_by_text("The sign-in at JupyterHealth Exchange of the person who asked")).to_be_visible()
    journey.then_the_page_is_accessible()
    press(journey, page.get_by_role("button", name="Take over"))
    expect(page.get_by_text(f"in your name, {admin}, with your rights")).to_be_visible()
    journey.then_the_page_is_accessible()
    press(journey, page.get_by_role("button", name="Take over and send"))
    expect(page.get_by_text("It is sent in your name now.")).to_be_visible()

    sending.send_due()

    expect(page.locator("#course .govuk-tag")).to_have_text("Done", timeout=10_000)
    expect(page.locator("#tries")).to_contain_text("Done.")
    operation = Operation.objects.get(pk=stuck.pk)
    assert operation.record is not None
    assert (operation.state, operation.acts_for) == (State.DONE, admin)
    now = held("jhe", operation.record.remote_id, by=admin)
    assert NEW_PHONE in [each.number for each in now.demographics.phones]
    trail = Event.objects.filter(details__operation=operation.public_id).exclude(action="operation.viewed")
    assert list(trail.order_by("at").values_list("action", "actor_label")) == [
        ("operation.asked", "Clive Staff"),
        ("operation.taken_over", str(admin)),
        ("operation.done", str(admin)),
    ]


def test_held_registration_is_compared_and_marked_as_done_by_hand(journey: Journey) -> None:
    journey.given_signed_in(Role.ADMIN)
    writes.held(journey)
    page = journey.page
    journey.then_the_page_is_accessible()
    expect(page.locator(".portal-write__found")).to_contain_text("Born 18-Apr-1975")
    press(journey, page.get_by_role("button", name="It is this person"))
    expect(page.get_by_role("region", name="The record is about")).to_contain_text("MBEKI, Grace")
    journey.then_the_page_is_accessible()
    write_reason(journey)
    press(journey, page.get_by_role("button", name="This is it: mark as done"))

    expect(page.get_by_text("It is marked as done.")).to_be_visible()
    expect(page.get_by_text("An admin marked it as done by hand.")).to_be_visible()
    operation = Operation.objects.get()
    assert (operation.state, operation.record) == (State.DONE, writes.record("jump"))
    assert operation.patient == writes.record("jump").patient
    assert Event.objects.get(action="operation.done_by_hand").reason == REASON
    assert len(named(journey.sandbox, "jump", "Mbeki")) == 1


def test_refused_write_is_read_by_who_asked_from_home(journey: Journey) -> None:
    journey.given_signed_in(Role.CLINIC_STAFF)
    writes.refused(journey)
    page = journey.page
    journey.when_they_go_to("/")
    region = page.get_by_role("region", name="Writes that need you")
    expect(region).to_contain_text("1 refused in the last 7 days")
    press(journey, region.get_by_role("link", name="Change details in Jump EHR"))

    expect(page.get_by_text("Jump EHR did not accept one of the details.")).to_be_visible()
    expect(page.get_by_text("E-mail: Jump EHR does not take this as an e-mail address.")).to_be_visible()
    expect(page.locator(".portal-write__ways")).to_have_count(0)
    journey.then_the_page_is_accessible()


def test_bulk_is_paused_goes_on_and_is_cancelled(journey: Journey) -> None:
    journey.given_signed_in(Role.ADMIN)
    writes.bulk(journey)
    page = journey.page
    bulk = Bulk.objects.get()
    press(journey, page.get_by_role("button", name="Pause"))
    expect(page.get_by_text("It is paused.")).to_be_visible()
    journey.then_the_page_is_accessible()
    assert sending.send_due() == 0
    press(journey, page.get_by_role("button", name="Go on"))
    expect(page.get_by_text("It goes on.")).to_be_visible()
    sending.send_next("jump", "one try")
    press(journey, page.get_by_role("button", name="Cancel"))
    expect(page.get_by_role("button", name="Cancel what is left")).to_be_visible()
    journey.then_the_page_is_accessible()
    press(journey, page.get_by_role("button", name="Cancel what is left"))

    expect(page.get_by_text(re.compile(r"\d writes are cancelled\."))).to_be_visible()
    states = bulk.operations.values_list("state", "why")
    assert {tuple(each) for each in states} == {
        (State.DONE, ""), (State.REFUSED, Why.INVALID), (State.REFUSED, Why.CANCELLED),
    }  # fmt: skip
    assert states.filter(state=State.DONE).count() == 2


def test_story_follows_what_comes_of_it_and_leaves_the_focus_where_it_is(journey: Journey) -> None:
    user = journey.given_signed_in(Role.CLINIC_STAFF)
    writes.given_index(journey)
    operation = change(writes.record("impilo"), by=user, phone=NEW_PHONE)
    writes.open_story(journey, operation)
    page = journey.page
    person = page.get_by_role("link", name="Open the person’s page")
    person.focus()
    expect(page.locator("#tries")).to_contain_text("Not tried yet.")

    sending.send_due()

    expect(page.locator("#course .govuk-tag")).to_have_text("Done", timeout=10_000)
    expect(person).to_be_focused()
    expect(page.locator("#tries")).to_contain_text("Sent")
    expect(page.locator("#course [hx-get]")).to_have_count(0)
    assert Event.objects.filter(action="operation.viewed").count() == 1


def test_button_that_has_the_focus_keeps_it_while_the_state_is_brought_anew(journey: Journey) -> None:
    journey.given_signed_in(Role.CLINIC_STAFF)
    writes.unknown(journey)
    page = journey.page
    way = page.get_by_role("button", name="Give up")
    way.focus()

    writes.stand(
        Operation.objects.get(), State.WAITING, Why.NOT_ANSWERING, problem="Jump EHR did not answer."
    )
    Operation.objects.update(changed_at=Operation.objects.get().asked_at)

    expect(page.locator("#course .govuk-tag")).to_have_text("Waiting", timeout=10_000)
    expect(way).to_be_focused()


def test_write_is_given_up_without_javascript(unscripted: Journey) -> None:
    unscripted.given_signed_in(Role.CLINIC_STAFF)
    writes.giving_up(unscripted)
    page = unscripted.page
    expect(page.get_by_text("It is not known whether it took effect")).to_be_visible()
    page.get_by_label("Reason").fill(REASON)
    page.get_by_role("button", name="Give up").click()

    expect(page.get_by_text("It is given up.")).to_be_visible()
    expect(page.get_by_text("It was given up, and it is not known whether it took effect.")).to_be_visible()
    page.reload()
    assert Operation.objects.get().why == Why.GIVEN_UP


def test_something_that_came_of_it_meanwhile_refuses_the_form_and_keeps_the_words(journey: Journey) -> None:
    journey.given_signed_in(Role.CLINIC_STAFF)
    writes.stale(journey)
    page = journey.page

    expect(page.get_by_label("Reason")).to_have_value(REASON)
    journey.then_the_page_is_accessible()
    assert Operation.objects.get().state == State.HELD
    page.get_by_role("button", name="Give up").click()
    expect(page.get_by_text("It is given up.")).to_be_visible()
