"""Home as a worklist: an interrupted desk finds again whom it had parked."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from . import desks
from .journey import Journey

pytestmark = pytest.mark.browser


def test_interrupted_desk_parks_somebody_and_goes_on_from_home(journey: Journey) -> None:
    journey.given_signed_in()
    desks.parked(journey)
    journey.when_they_go_to("/")
    expect(journey.look_up_box()).to_be_focused()
    waiting = journey.page.get_by_role("region", name="Waiting for you")
    expect(waiting).to_contain_text(desks.DOING)
    waiting.get_by_role("link", name="MBEKI").focus()
    journey.page.keyboard.press("Enter")
    journey.page.get_by_role("button", name="Take off your list").click()
    expect(journey.page.get_by_text("Park this person")).to_be_visible()
    journey.when_they_go_to("/")
    expect(waiting).not_to_contain_text("MBEKI")
    expect(journey.page.get_by_role("region", name="People you saw lately")).to_contain_text("MBEKI")
