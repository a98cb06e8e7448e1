"""A person's page: records side by side, differences in words, the strip that stays, paper."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from integrations.sandbox.faults import FaultKind

from . import persons
from .journey import Journey

pytestmark = pytest.mark.browser


def test_differences_are_marked_and_said_in_words(journey: Journey) -> None:
    journey.given_signed_in()
    journey.when_they_look_up("jamal edwards 22/3/1991")
    journey.then_they_find("EDWARDS")
    journey.when_they_open("EDWARDS")
    row = journey.page.get_by_role("row").filter(has_text="Postcode")
    expect(row.get_by_text("BS5 6GU", exact=True)).to_be_visible()
    expect(row.get_by_text("B29 6GU", exact=True)).to_be_visible()
    expect(row.locator("mark")).not_to_have_count(0)
    expect(row.locator(".portal-compare__says").last).to_be_visible()
    expect(journey.page.get_by_text("differ between the records")).to_be_visible()


def test_every_system_is_named_with_a_way_to_its_own_screens(journey: Journey) -> None:
    journey.given_signed_in()
    journey.when_they_look_up("grace mbeki 18/4/75")
    journey.then_they_find("MBEKI")
    journey.when_they_open("MBEKI")
    for system in journey.sandbox.stores:
        link = journey.page.get_by_role("link", name=f"Open in {journey.label(system)}")
        expect(link).to_have_attribute("rel", "noopener noreferrer")
        expect(link).to_have_attribute("target", "_blank")


def test_identity_stays_while_one_reads_and_hides_no_focus(journey: Journey) -> None:
    journey.given_signed_in()
    journey.when_they_look_up("albert ramsbottom")
    journey.then_they_find("RAMSBOTTOM")
    journey.when_they_open("RAMSBOTTOM")
    strip = journey.page.get_by_role("region", name="This page is about")
    expect(strip).to_contain_text("RAMSBOTTOM, Albert")
    expect(strip).to_contain_text("Deceased")
    for height in (900, 520):
        journey.page.set_viewport_size({"width": 1280, "height": height})
        journey.page.evaluate("scrollTo(0, document.body.scrollHeight)")
        expect(strip).to_be_in_viewport(ratio=1)
        journey.then_the_focus_is_visible_all_the_way()


def test_paper_carries_who_it_is_about_who_printed_it_and_no_controls(journey: Journey) -> None:
    journey.given_signed_in()
    journey.when_they_look_up("albert ramsbottom")
    journey.then_they_find("RAMSBOTTOM")
    journey.when_they_open("RAMSBOTTOM")
    journey.page.get_by_role("link", name="Print view").click()
    expect(journey.page.get_by_role("button", name="Print", exact=True)).to_be_visible()
    journey.page.emulate_media(media="print")
    expect(journey.page.get_by_role("region", name="This page is about")).to_be_visible()
    expect(journey.page.get_by_text("Printed by Sam Clinic Staff")).to_be_visible()
    for gone in ("button", "nav", "[data-portal-lookup]", ".govuk-back-link"):
        expect(journey.page.locator(f"{gone} >> visible=true")).to_have_count(0)
    assert journey.page.pdf(format="A4").startswith(b"%PDF")


def test_system_that_is_down_is_named_and_can_be_asked_from_here(journey: Journey) -> None:
    journey.given_signed_in()
    journey.given_fault("impilo", FaultKind.STATUS, status=503)
    journey.when_they_look_up("grace mbeki 18/4/75")
    journey.then_they_find("MBEKI")
    journey.when_they_open("MBEKI")
    expect(journey.page.get_by_text("Did not answer.")).to_be_visible()
    journey.given_no_fault("impilo")
    journey.page.get_by_role("button", name="Ask Impilo again").click()
    journey.then_the_panel_says("impilo", "1 record found")


def test_record_that_cannot_be_read_anew_is_not_shown_as_current(journey: Journey) -> None:
    journey.given_signed_in()
    persons.person_not_read_anew(journey)
    expect(journey.page.get_by_text("As of 2 minutes ago.", exact=True)).to_be_visible()
    expect(journey.page.locator(".portal-notice--bad, .portal-notice--warn").first).to_contain_text(
        "Jump EHR"
    )


def test_page_is_corrected_without_losing_the_place_or_the_focus(journey: Journey) -> None:
    journey.given_signed_in()
    with journey.sandbox.stores["impilo"].writing() as state:
        for row in state["patients"].values():
            row["enrolled"] = False
    persons.patient_being_checked(journey)
    page = journey.page
    row = page.locator("#field-enrolled")
    expect(row).to_contain_text("No Impilo as of 3 days ago")
    page.set_viewport_size({"width": 1280, "height": 600})
    link = page.get_by_role("link", name="Open in JupyterHealth Exchange")
    link.focus()
    row.scroll_into_view_if_needed()
    before = row.evaluate("e => e.getBoundingClientRect().top")
    with journey.sandbox.stores["impilo"].writing() as state:
        for each in state["patients"].values():
            each["enrolled"] = True
    journey.given_no_fault("impilo")

    expect(
        page.get_by_role("status").filter(has_text="Every system that holds a record has answered")
    ).to_have_count(1)
    expect(row).to_contain_text("Yes Impilo read now")
    expect(link).to_be_focused()
    assert abs(row.evaluate("e => e.getBoundingClientRect().top") - before) < 3


def test_alerts_are_in_view_on_a_narrow_window(journey: Journey) -> None:
    journey.given_signed_in()
    journey.page.set_viewport_size({"width": 390, "height": 844})
    persons.patient_with_alerts(journey)
    expect(journey.page.get_by_text("BSL interpreter").first).to_be_in_viewport(ratio=1)


def test_opening_a_person_takes_few_requests_and_bytes(journey: Journey) -> None:
    journey.given_signed_in()
    persons.patient_read_days_ago(journey)
    journey.when_they_type("mbeki g")
    asked: list[str] = []
    journey.page.on("request", lambda request: asked.append(request.url))
    journey.page.get_by_role("link", name="MBEKI").click()
    expect(journey.page.get_by_text("Every system that holds a record has answered")).to_be_visible()
    assert len(asked) <= 8, asked
    assert len(journey.page.content()) < 60_000


def test_history_opens_in_its_place_and_says_what_changed(journey: Journey) -> None:
    journey.given_signed_in()
    persons.patient_history(journey)
    entry = journey.page.locator(".portal-history__entry").filter(has_text="Changed in Jump EHR").first
    expect(entry).to_contain_text("Lighthouse keeper")
    expect(journey.page.get_by_role("region", name="This page is about")).to_be_visible()


def test_person_whom_every_system_refuses_is_gone_from_the_screen(journey: Journey) -> None:
    journey.given_signed_in()
    persons.patient_withheld(journey)
    expect(journey.page.get_by_text("MBEKI")).to_have_count(0)


def test_portal_that_does_not_answer_is_not_waited_for_for_ever(journey: Journey) -> None:
    journey.given_signed_in()
    persons.patient_read_days_ago(journey)
    journey.watch.excuse("Failed to load|net::ERR_FAILED|htmx:(sendError|afterRequest)")
    journey.page.route("**/live?*", lambda route: route.abort())
    journey.when_they_type("mbeki g")
    journey.page.get_by_role("link", name="MBEKI").click()
    expect(journey.page.get_by_role("link", name="Ask every system again")).to_be_visible()
    expect(journey.page.locator("#field-family-name")).to_contain_text("as of 3 days ago")


def test_markup_in_a_name_is_shown_as_it_is(journey: Journey) -> None:
    journey.given_signed_in()
    journey.when_they_look_up("test patient")
    journey.then_every_system_has_answered()
    journey.when_they_look_up("alert sandbox script")
    journey.then_every_system_has_answered()
    expect(journey.page.locator("li.portal-person script")).to_have_count(0)
