"""All eight states of three systems up or down: typing, list, person and people list, each usable."""

from __future__ import annotations

from itertools import combinations

import pytest
from playwright.sync_api import expect

from integrations.registry import label_of
from integrations.sandbox.faults import FaultKind

from .journey import Journey

pytestmark = pytest.mark.browser

SYSTEMS = ("jump", "jhe", "impilo")
STATES = [frozenset(down) for count in range(4) for down in combinations(SYSTEMS, count)]
GRACE = "MBEKI, Grace"


@pytest.mark.parametrize("down", STATES, ids=lambda down: "-".join(sorted(down)) or "none")
def test_portal_is_usable_in_every_state_of_the_systems(journey: Journey, down: frozenset[str]) -> None:
    page = journey.page
    journey.given_signed_in()
    journey.given_index("Mbeki", "Wardle")
    journey.given_index_two_days_old()
    for system in down:
        journey.given_fault(system, FaultKind.STATUS, status=503)

    journey.when_they_go_to("/")
    journey.when_they_type("grace mbeki")
    expect(page.get_by_role("link", name="MBEKI")).to_be_visible()
    journey.then_the_page_is_accessible()

    journey.when_they_look_up("grace mbeki")
    journey.then_they_find(GRACE)
    for system in SYSTEMS:
        journey.then_the_panel_says(system, "Did not answer" if system in down else "1 record found")
    standing = journey.person(GRACE).locator(".portal-standing")
    expect(standing).to_contain_text("did not answer: as last read" if down else "Confirmed by")
    for system in down:
        expect(standing).to_contain_text(label_of(system))
    expect(page.get_by_text("Nobody found")).to_have_count(0)
    journey.then_the_page_is_accessible()

    journey.when_they_open(GRACE)
    expect(page.get_by_role("region", name="This page is about")).to_contain_text(GRACE)
    unread = [label_of(system) for system in SYSTEMS if system in down]
    status = page.locator("#person-status")
    expect(status).to_contain_text("could not be read now" if down else "Every system that holds a record")
    for label in unread:
        expect(page.locator("#records")).to_contain_text(label)
    journey.then_the_page_is_accessible()

    page.get_by_role("link", name="Back to the people found").click()
    journey.then_they_find(GRACE)
    journey.when_they_go_to("/people/")
    expect(page.get_by_role("link", name="MBEKI")).to_be_visible()
    journey.then_the_page_is_accessible()
