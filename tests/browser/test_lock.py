"""The screen locks when nobody is there, and gives back the page and what was typed."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from .journey import OPAQUE, Journey

pytestmark = pytest.mark.browser


def test_cover_falls_and_the_password_gives_back_page_and_typing(journey: Journey) -> None:
    journey.given_signed_in()
    journey.page.clock.install()
    journey.when_they_look_up("grace mbeki 18/4/75")
    journey.then_they_find("MBEKI, Grace")
    journey.page.get_by_text("Correct what was understood").click()
    journey.page.get_by_label("Phone", exact=True).fill("07700 900000")

    with journey.page.expect_response("**/lock"):
        journey.when_nobody_is_there_for("10:01")

    expect(journey.cover()).to_be_visible()
    expect(journey.page.get_by_role("link", name="MBEKI, Grace")).to_have_count(0)
    expect(journey.page).to_have_title("Screen locked – Crosswalk")
    journey.then_the_page_is_accessible()
    journey.when_they_unlock_by_password("not this one, surely")
    expect(journey.cover()).to_contain_text("not the right password")
    journey.when_they_unlock_by_password()
    expect(journey.cover()).to_have_count(0)
    expect(journey.page.get_by_label("Phone", exact=True)).to_have_value("07700 900000")
    journey.when_they_open("MBEKI, Grace")


def test_cover_left_for_the_lock_page_gives_the_typing_back_too(journey: Journey) -> None:
    journey.given_signed_in()
    journey.page.clock.install()
    journey.when_they_go_to("/?from=elsewhere")  # the page that comes back is the whole address
    with journey.page.expect_response("**/typed"):  # or the clock would send it when the screen locks
        journey.look_up_box().fill("grace mbeki 18/4/75")
    with journey.page.expect_response("**/lock"):
        journey.when_nobody_is_there_for("10:01")
    journey.cover().get_by_role("link", name="Unlock another way").click()
    journey.then_they_see("Screen locked")
    journey.when_they_unlock_by_password()
    journey.page.wait_for_url("**/?from=elsewhere")
    journey.then_they_see("Look somebody up")
    expect(journey.look_up_box()).to_have_value("grace mbeki 18/4/75")


def test_form_sent_to_a_locked_screen_waits_for_the_password(journey: Journey) -> None:
    journey.given_signed_in()
    journey.when_they_go_to("/")
    journey.given_idle_too_long()
    journey.watch.typed.append("grace mbeki")
    journey.look_up_box().fill("grace mbeki 18/4/75")
    journey.look_up_box().press("Enter")
    journey.then_they_see("Screen locked")
    journey.given_time_enough()
    journey.when_they_unlock_by_password()
    journey.then_they_see("Your form is still here")
    journey.page.get_by_role("button", name="Send it").click()
    journey.page.wait_for_url(OPAQUE)
    journey.then_they_find("MBEKI, Grace")


def test_form_waits_without_javascript_too(unscripted: Journey) -> None:
    unscripted.given_signed_in()
    unscripted.when_they_go_to("/")
    unscripted.given_idle_too_long()
    unscripted.watch.typed.append("grace mbeki")
    unscripted.look_up_box().fill("grace mbeki 18/4/75")
    unscripted.look_up_box().press("Enter")
    unscripted.then_they_see("Screen locked")
    expect(unscripted.page.get_by_text("nothing of it is lost")).to_be_visible()
    unscripted.given_time_enough()
    unscripted.when_they_unlock_by_password()
    unscripted.page.get_by_role("button", name="Send it").click()
    unscripted.then_they_find("MBEKI, Grace")


def test_page_comes_back_without_javascript(unscripted: Journey) -> None:
    unscripted.given_signed_in()
    unscripted.when_they_look_up("grace mbeki 18/4/75")
    unscripted.when_they_open("MBEKI, Grace")
    address = unscripted.page.url
    unscripted.given_idle_too_long()
    unscripted.page.reload()
    unscripted.then_they_see("Screen locked")
    assert "Mbeki" not in unscripted.page.content()
    unscripted.given_time_enough()
    unscripted.when_they_unlock_by_password()
    unscripted.page.wait_for_url(address)


def test_second_window_is_covered_and_opened_with_the_first(journey: Journey) -> None:
    journey.given_signed_in()
    journey.page.context.clock.install()
    journey.when_they_go_to("/")
    second = journey.page.context.new_page()
    second.goto(journey.portal + "/connections")
    journey.when_nobody_is_there_for("10:01")
    expect(second.get_by_role("dialog", name="Screen locked")).to_be_visible()
    expect(journey.cover()).to_be_visible()
    journey.when_they_unlock_by_password()
    expect(second.get_by_role("dialog")).to_have_count(0)
