"""Looking people up: whatever is typed, what was understood, correcting it, opening, coming back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from .journey import OPAQUE, OPAQUE_PERSON, Journey
from .looking_up import REFERRAL

pytestmark = pytest.mark.browser

GRACE = "MBEKI, Grace"


@pytest.mark.parametrize(
    "typed",
    [
        "grace mbeki 18/4/75",
        "Mbeki, Grace 18 April 1975",
        "999 134 6236",
        "9991346236",
        "999-134-6236",
        "grace.mbeki@example.org",
        "mbeki +44 7700 900000",
        REFERRAL,
    ],
)
def test_person_is_found_by_whatever_they_say(journey: Journey, typed: str) -> None:
    journey.given_signed_in()
    journey.when_they_look_up(typed)
    journey.then_they_find(GRACE)
    expect(journey.page.locator("#lookup-status")).to_contain_text("1 person found")


def test_person_is_found_by_a_systems_own_id(journey: Journey) -> None:
    journey.given_signed_in()
    journey.when_they_go_to("/")
    journey.page.get_by_text("Give details one by one").click()
    journey.page.get_by_label("Record number", exact=True).fill("12001")
    journey.page.get_by_label("Record number of").select_option(label="Impilo")
    journey.page.get_by_role("button", name="Look up by these details").click()
    journey.page.wait_for_url(OPAQUE)
    journey.then_they_find(GRACE)
    journey.then_the_panel_says("impilo", "1 record found")


def test_what_was_understood_is_shown_crossed_out_and_corrected(journey: Journey) -> None:
    journey.given_signed_in()
    journey.when_they_look_up("grace mbeki 19/4/1975")
    journey.then_every_system_has_answered()
    expect(journey.understood()).to_have_count(2)
    expect(journey.understood().last).to_contain_text("19-Apr-1975")
    expect(journey.person("MBEKI")).to_have_count(0)

    journey.page.get_by_role("button", name=re.compile("Look up without Born")).click()
    journey.page.wait_for_url(OPAQUE)
    journey.then_they_find(GRACE)
    expect(journey.understood()).to_have_count(1)

    journey.page.get_by_text("Correct what was understood").click()
    journey.page.get_by_role("textbox", name="Birth date", exact=True).fill("18.4.1975")
    journey.page.get_by_role("button", name="Look up again").click()
    journey.page.wait_for_url(OPAQUE)
    journey.then_they_find(GRACE)
    expect(journey.understood()).to_have_count(2)


def test_back_from_a_person_returns_to_the_list(journey: Journey) -> None:
    journey.given_signed_in()
    journey.when_they_look_up("wardle")
    journey.then_they_find("WARDLE, Elsie", "WARDLE, Joan", "WARDLE, Vera")
    the_list = journey.page.url
    for way_back in (journey.page.go_back, journey.page.get_by_role("link", name="Back to the people").click):
        journey.when_they_open("Vera")
        assert OPAQUE_PERSON.search(journey.page.url)
        way_back()
        journey.page.wait_for_url(the_list)
        journey.then_they_find("WARDLE, Elsie", "WARDLE, Joan", "WARDLE, Vera")


def test_what_is_typed_stays_out_of_addresses_and_history(journey: Journey) -> None:
    journey.given_signed_in()
    journey.when_they_look_up("grace mbeki 18/4/75")
    journey.then_they_find(GRACE)
    assert OPAQUE.search(journey.page.url)
    journey.when_they_open(GRACE)
    devtools = journey.page.context.new_cdp_session(journey.page)
    entries = devtools.send("Page.getNavigationHistory")["entries"]
    told = [f"{entry['url']} {entry['title']} {entry['userTypedURL']}".casefold() for entry in entries]
    assert len(told) >= 3
    assert [each for each in told if "mbeki" in each or "grace" in each or "1975" in each] == []


def test_slash_goes_to_the_look_up_from_anywhere(journey: Journey) -> None:
    journey.given_signed_in()
    journey.when_they_look_up("elsie wardle")
    journey.then_they_find("WARDLE, Elsie")
    journey.when_they_open("WARDLE, Elsie")
    for path in ("", "/connections", "/accounts/2fa/", "/nowhere"):
        if path:
            journey.when_they_go_to(path)
        journey.page.keyboard.press("/")
        expect(journey.look_up_box()).to_be_focused()
    journey.when_they_type_and_send("grace mbeki 18/4/75")
    journey.then_they_find(GRACE)


def test_whole_journey_by_keyboard(journey: Journey) -> None:
    journey.given_signed_in()
    journey.when_they_go_to("/")
    expect(journey.look_up_box()).to_be_focused()
    journey.watch.typed.append("charlotte 11/11/1989")
    journey.page.keyboard.type("charlotte 11/11/1989")
    journey.page.keyboard.press("Enter")
    journey.page.wait_for_url(OPAQUE)
    journey.then_they_find("Charlotte")
    journey.when_they_tab_to(journey.person("Charlotte").get_by_role("link").first)
    journey.page.keyboard.press("Enter")
    journey.page.wait_for_url(OPAQUE_PERSON)
    journey.when_they_tab_to(journey.page.get_by_role("link", name="Print view"))
    journey.page.keyboard.press("Enter")
    expect(journey.page.get_by_role("button", name="Print", exact=True)).to_be_visible()
    journey.when_they_tab_to(journey.page.get_by_role("link", name="Back to the person"))
    journey.page.keyboard.press("Enter")
    journey.when_they_tab_to(journey.page.locator("[data-portal-menu] summary"))
    journey.page.keyboard.press("Enter")
    journey.when_they_tab_to(journey.page.get_by_role("button", name="Sign out"))
    journey.page.keyboard.press("Enter")
    journey.then_they_see("Sign in")


def test_refused_form_says_why_where_it_is_wrong(journey: Journey) -> None:
    journey.given_signed_in()
    journey.when_they_go_to("/")
    journey.look_up_box().press("Enter")
    expect(journey.page.get_by_role("alert")).to_be_focused()
    expect(journey.page.get_by_role("alert")).to_contain_text("Type a name")
    expect(journey.look_up_box()).to_have_attribute("aria-invalid", "true")
    journey.when_they_type_and_send("grace mbeki 18/4/75")
    journey.then_they_find(GRACE)


def test_nothing_answers_without_a_network_and_it_is_said(journey: Journey) -> None:
    journey.given_signed_in()
    journey.when_they_go_to("/")
    journey.watch.excuse("net::ERR_INTERNET_DISCONNECTED|htmx:")
    journey.page.context.set_offline(True)
    journey.look_up_box().fill("grace mbeki")
    journey.look_up_box().press("Enter")
    expect(journey.page.get_by_role("alert")).to_contain_text("The portal did not answer")
    journey.page.context.set_offline(False)
    journey.when_they_type_and_send("grace mbeki 18/4/75")
    journey.then_they_find(GRACE)
