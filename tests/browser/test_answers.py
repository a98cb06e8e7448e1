"""Answers join the page as they arrive; what failed, is missing or cannot be asked is said."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from integrations.sandbox.faults import FaultKind
from portal.accounts.roles import Role
from tests.support import change

from .journey import Journey

pytestmark = pytest.mark.browser

GRACE = "MBEKI, Grace"


def test_answers_join_the_page_and_neither_focus_nor_reading_place_moves(journey: Journey) -> None:
    journey.given_signed_in()
    journey.given_fault("impilo", FaultKind.HANG)
    journey.when_they_look_up("wardle")
    journey.then_the_panel_says("jump", "3 records found")
    journey.then_the_panel_says("impilo", "Asking")
    expect(journey.page.locator("#lookup-status")).to_contain_text("2 of 3 systems have answered")
    reading = journey.person("Vera").get_by_role("link").first
    reading.focus()
    journey.page.set_viewport_size({"width": 1440, "height": 420})
    journey.page.evaluate("scrollTo(0, 180)")

    journey.given_no_fault("impilo")

    journey.then_every_system_has_answered()
    expect(reading).to_be_focused()
    assert journey.page.evaluate("scrollY") == 180


def test_fault_is_named_with_its_reason_delays_nobody_and_a_retry_helps(journey: Journey) -> None:
    journey.given_signed_in()
    journey.given_fault("impilo", FaultKind.STATUS, status=503)
    journey.when_they_look_up("grace mbeki 18/4/75")
    journey.then_they_find(GRACE)
    journey.then_the_panel_says("impilo", "Did not answer")
    journey.then_the_panel_says("jump", "1 record found")
    expect(journey.person(GRACE)).not_to_contain_text("Impilo")

    journey.given_no_fault("impilo")
    journey.panel("impilo").get_by_role("button", name="Ask Impilo again").click()

    journey.then_the_panel_says("impilo", "1 record found")
    expect(journey.person(GRACE)).to_contain_text("Impilo")
    expect(journey.page.get_by_text("Did not answer")).to_have_count(0)
    expect(journey.panel("impilo")).to_be_focused()


def test_retry_that_fails_again_still_says_so(journey: Journey) -> None:
    journey.given_signed_in()
    journey.given_fault("jump", FaultKind.STATUS, status=503)
    journey.when_they_look_up("grace mbeki 18/4/75")
    journey.then_the_panel_says("jump", "Did not answer")
    with journey.page.expect_response("**/systems/jump?*"):
        journey.panel("jump").get_by_role("button", name="Ask Jump EHR again").click()
    journey.then_the_panel_says("jump", "Did not answer")
    expect(journey.panel("jump").get_by_role("button", name="Ask Jump EHR again")).to_be_visible()
    journey.then_they_find(GRACE)


def test_hanging_system_holds_up_only_its_own_panel(journey: Journey) -> None:
    journey.given_signed_in()
    change(journey.settings, "jhe", DEADLINE=1.0)
    journey.given_fault("jhe", FaultKind.HANG)
    journey.when_they_look_up("grace mbeki 18/4/75")
    journey.then_the_panel_says("jump", "1 record found")
    journey.then_the_panel_says("impilo", "1 record found")
    journey.then_the_panel_says("jhe", "Did not answer")


def test_portal_that_fails_for_one_system_says_so_in_its_panel(journey: Journey) -> None:
    journey.given_signed_in()
    journey.watch.excuse("status of 500|Status Error Code 500")
    journey.given_fault("impilo", FaultKind.HANG)  # not answered yet when the page comes
    journey.page.route("**/systems/impilo*", lambda route: route.fulfill(status=500, body=""))
    journey.when_they_look_up("grace mbeki 18/4/75")
    journey.then_the_panel_says("impilo", "The portal could not ask Impilo")
    journey.page.unroute("**/systems/impilo*")
    journey.given_no_fault("impilo")
    journey.panel("impilo").get_by_role("button", name="Ask Impilo again").click()
    journey.then_the_panel_says("impilo", "1 record found")


def test_nobody_failed_cannot_and_no_reach_never_look_alike(journey: Journey) -> None:
    journey.given_signed_in(jhe_login="")
    journey.given_fault("impilo", FaultKind.STATUS, status=500)
    journey.when_they_look_up("quillon xanthopoulos")
    journey.then_the_panel_says("jump", "Answered: nobody found")
    journey.then_the_panel_says("impilo", "Did not answer")
    journey.then_the_panel_says("jhe", "Not asked: your role does not reach there")
    expect(journey.page.get_by_text("Nobody found where we could look")).to_be_visible()

    journey.when_they_look_up("07700 900123")
    journey.then_the_panel_says("jump", "Not asked: it cannot search by that")


def test_nobody_is_said_when_every_system_says_so(journey: Journey) -> None:
    journey.given_signed_in()
    journey.when_they_look_up("quillon xanthopoulos")
    journey.then_every_system_has_answered()
    expect(journey.page.get_by_text("Nobody found", exact=True)).to_be_visible()


def test_coordinator_sees_participants_only(journey: Journey) -> None:
    journey.given_signed_in(Role.COORDINATOR)
    journey.when_they_look_up("wardle")
    journey.then_every_system_has_answered()
    expect(journey.page.locator("li.portal-person")).to_have_count(0)
    journey.then_the_panel_says("jump", "Your role shows participants of your organizations only")
    journey.when_they_look_up("grace mbeki 18/4/75")
    journey.then_they_find(GRACE)


def test_list_whose_time_is_over_says_what_to_do(journey: Journey) -> None:
    journey.given_signed_in()
    journey.when_they_go_to("/search/AAAAAAAAAAAAAAAAAAAAAA")
    expect(journey.page.get_by_role("link", name="Look somebody up")).to_be_visible()
