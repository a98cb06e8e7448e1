"""The people list by keyboard, by mouse, without JavaScript."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from portal.accounts.roles import Role

from . import listing
from .journey import Journey

pytestmark = pytest.mark.browser

FEW = ("Mbeki", "Wardle", "Joshi", "Ramsbottom")


def names(journey: Journey) -> Locator:
    """The names in the list."""
    return journey.page.locator(".portal-list__name .portal-name__family")


def listed(journey: Journey, role: Role = Role.CLINIC_STAFF) -> None:
    """The list with few people in it."""
    journey.given_signed_in(role)
    journey.given_index(*FEW)
    journey.when_they_go_to("/people/")


def narrow_to(journey: Journey, name: str) -> None:
    """Filter by how a name begins."""
    journey.watch.typed.append(name)
    journey.page.get_by_text("Filter the list").click()
    journey.page.get_by_label("Name begins with").fill(name)
    journey.page.get_by_label("Name begins with").press("Enter")
    expect(journey.page.get_by_role("button", name="Remove the filter Name begins with")).to_be_visible()


def test_list_is_sorted_filtered_and_opened_in_place(journey: Journey) -> None:
    listed(journey)
    expect(names(journey).first).to_have_text("JOSHI")
    journey.page.get_by_role("button", name="Name").click()
    expect(names(journey).first).to_have_text("WARDLE")
    expect(journey.page.get_by_role("columnheader", name="Name")).to_have_attribute("aria-sort", "descending")
    narrow_to(journey, "mbeki")
    expect(names(journey)).to_have_text(["MBEKI"])
    expect(journey.page.get_by_role("status").first).to_have_text("1 person, as filtered.")
    journey.page.get_by_role("button", name="Remove the filter Name begins with").click()
    expect(names(journey).first).to_have_text("WARDLE")
    journey.page.get_by_role("link", name="MBEKI").click()
    expect(journey.page).to_have_url(re.compile(r"/people/[\w-]{22}$"))


def test_selection_is_kept_while_one_filters_and_comes_back(journey: Journey) -> None:
    listed(journey)
    journey.page.get_by_role("checkbox", name="Select MBEKI").check()
    expect(journey.page.get_by_text("1 selected")).to_be_visible()
    narrow_to(journey, "wardle")
    expect(journey.page.get_by_text("1 selected")).to_be_visible()
    journey.page.get_by_role("button", name="Select all on this page").click()
    expect(journey.page.get_by_text("4 selected")).to_be_visible()
    journey.page.get_by_role("button", name="Clear all filters").click()
    expect(journey.page.get_by_role("checkbox", name="Select MBEKI")).to_be_checked()
    journey.page.reload()
    expect(journey.page.get_by_text("4 selected")).to_be_visible()


def test_keyboard_alone_ticks_sorts_and_keeps_its_place(journey: Journey) -> None:
    listed(journey)
    journey.then_the_focus_is_visible_all_the_way()
    born = journey.page.get_by_role("button", name="Born")
    journey.when_they_tab_to(born)
    journey.page.keyboard.press("Enter")
    expect(journey.page.get_by_role("columnheader", name="Born")).to_have_attribute("aria-sort", "ascending")
    expect(born).to_be_focused()
    box = journey.page.get_by_role("checkbox", name="Select MBEKI")
    journey.when_they_tab_to(box)
    journey.page.keyboard.press("Space")
    expect(journey.page.get_by_text("1 selected")).to_be_visible()
    expect(box).to_be_focused()


def test_exporting_the_selected_gives_a_file(journey: Journey) -> None:
    listed(journey, Role.ADMIN)
    journey.page.get_by_role("checkbox", name="Select MBEKI").check()
    expect(journey.page.get_by_text("1 selected")).to_be_visible()
    journey.page.get_by_role("link", name="Export").click()
    journey.page.get_by_label("Text with commas").check()
    journey.page.get_by_label("Reason").fill("Letters about the new opening hours")
    with journey.page.expect_download() as download:
        journey.page.get_by_role("button", name="Export").click()
    lines = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 2
    assert '"Mbeki"' in lines[1]


def test_paper_carries_filters_who_printed_it_and_no_controls(journey: Journey) -> None:
    listed(journey)
    narrow_to(journey, "wardle")
    journey.page.get_by_role("link", name="Print view").click()
    expect(journey.page.get_by_text("Name begins with wardle")).to_be_visible()
    journey.page.emulate_media(media="print")
    expect(journey.page.get_by_text("Printed by Sam Clinic Staff")).to_be_visible()
    for gone in ("button", "nav", "[data-portal-lookup]", ".govuk-back-link"):
        expect(journey.page.locator(f"{gone} >> visible=true")).to_have_count(0)
    assert journey.page.pdf(format="A4").startswith(b"%PDF")


def test_without_scripts_ticks_go_with_every_button(unscripted: Journey) -> None:
    unscripted.given_signed_in()
    unscripted.given_index(*listing.LISTED)
    unscripted.when_they_go_to("/people/")
    unscripted.page.get_by_role("checkbox", name="Select MBEKI").check()
    unscripted.page.get_by_role("button", name="Born").click()
    expect(unscripted.page.get_by_text("1 selected")).to_be_visible()
    expect(unscripted.page.get_by_role("checkbox", name="Select MBEKI")).to_be_checked()
    narrow_to(unscripted, "smith")
    unscripted.page.get_by_role("checkbox", name="Select SMITH").first.check()
    unscripted.page.get_by_role("button", name="Keep these ticks").click()
    expect(unscripted.page.get_by_text("2 selected")).to_be_visible()
