"""Who looked: admins ask, read, hand over and review, by keyboard and without JavaScript."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from patients.models import Review
from portal.accounts.roles import Role

from . import auditing
from .journey import Journey

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_admin_asks_by_keyboard_who_looked_at_a_person(journey: Journey) -> None:
    journey.given_signed_in(Role.ADMIN)
    auditing.ask(journey)
    page = journey.page
    journey.when_they_tab_to(page.get_by_label("System", exact=True))
    page.keyboard.type("Jump")
    page.keyboard.press("Tab")
    page.keyboard.type("8f1c2c1e-77aa")
    page.keyboard.press("Enter")

    journey.then_they_see("Who looked at this person")
    expect(page.get_by_role("table")).to_contain_text("Opened a person's page for printing")
    journey.then_the_focus_is_visible_all_the_way()


def test_long_list_is_read_to_its_end_and_back(journey: Journey) -> None:
    journey.given_signed_in(Role.ADMIN)
    auditing.about_staff(journey)
    page = journey.page
    rows = page.get_by_role("row")

    expect(rows).to_have_count(51)
    page.get_by_role("link", name="Older").click()
    expect(rows).to_have_count(13)
    expect(page.get_by_role("link", name="Older")).to_have_count(0)
    page.get_by_role("link", name="Newer").click()
    expect(rows).to_have_count(51)


def test_file_of_events_is_handed_over_after_a_reason(journey: Journey) -> None:
    journey.given_signed_in(Role.ADMIN)
    auditing.export(journey)
    journey.page.get_by_label("What is the file for?").fill("Asked by the data protection officer")

    with journey.page.expect_download() as download:
        journey.page.get_by_role("button", name="Export as CSV").click()

    assert download.value.suggested_filename.endswith(".csv")


def test_month_is_reviewed_and_signed_without_javascript(unscripted: Journey) -> None:
    unscripted.given_signed_in(Role.ADMIN)
    auditing.review(unscripted)
    page = unscripted.page
    for number in range(page.get_by_label("Explained").count()):
        page.get_by_label("Explained").nth(number).check()
    page.get_by_role("button", name="Save the notes").click()
    expect(page.get_by_text("5 notes are saved.")).to_be_visible()
    page.get_by_role("button", name="All refused events of Jo Park").click()
    unscripted.then_they_see("What Jo Park did")
    page.go_back()
    page.get_by_label("Summary").fill("Nothing amiss.")
    page.get_by_role("button", name="Sign").last.click()

    expect(page.get_by_text("Signed off by Sam Admin")).to_be_visible()
    assert Review.objects.get().text == "Nothing amiss."


def test_sign_in_elsewhere_is_ended_without_javascript(unscripted: Journey) -> None:
    unscripted.given_signed_in()
    auditing.sessions_elsewhere(unscripted)
    page = unscripted.page
    sections = page.locator("section.portal-card")
    before = sections.count()
    page.get_by_role("button", name="End the sign-in since").first.click()

    expect(page.get_by_text("That browser is signed out.")).to_be_visible()
    expect(sections).to_have_count(before - 1)
