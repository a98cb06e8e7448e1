"""Typing in the look-up box: the index answers at once, without asking any system."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from .journey import Journey

pytestmark = pytest.mark.browser


def test_person_is_found_while_typing_and_opened_by_keyboard(journey: Journey) -> None:
    journey.given_signed_in()
    journey.given_index("Mbeki", "Wardle")
    journey.when_they_go_to("/")
    journey.when_they_type("grac mbeki")
    link = journey.page.get_by_role("link", name="MBEKI")
    expect(link).to_be_visible()
    journey.then_the_page_is_accessible()
    link.focus()
    journey.page.keyboard.press("Enter")
    expect(journey.page.get_by_role("heading", name="3 source records")).to_be_visible()
    journey.page.go_back()
    expect(journey.look_up_box()).to_be_visible()


def test_typing_goes_on_to_the_systems_with_enter(journey: Journey) -> None:
    journey.given_signed_in()
    journey.given_index("Wardle")
    journey.when_they_go_to("/")
    journey.when_they_type("wardle")
    expect(journey.page.locator("#typed li.portal-person")).to_have_count(3)
    journey.look_up_box().press("Enter")
    journey.page.wait_for_url("**/search/*")
    journey.then_every_system_has_answered()
    expect(journey.page.locator("li.portal-person")).to_have_count(3)
