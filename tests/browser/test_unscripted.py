"""The main journeys with JavaScript turned off."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from integrations.sandbox.faults import FaultKind
from patients.models import SourceRecord
from portal.accounts.roles import Role

from .journey import Journey

pytestmark = pytest.mark.browser


def test_sign_in_look_up_open_print_and_sign_out(unscripted: Journey) -> None:
    user = unscripted.given_account()
    unscripted.when_they_sign_in(user)
    unscripted.when_they_give_the_code()
    unscripted.when_they_type_and_send("grace mbeki 18/4/75")
    unscripted.then_they_find("MBEKI, Grace")
    for system in unscripted.sandbox.stores:
        unscripted.then_the_panel_says(system, "1 record found")
    unscripted.when_they_open("MBEKI, Grace")
    unscripted.page.get_by_role("link", name="Print view").click()
    unscripted.page.get_by_role("link", name="Back to the person").click()
    unscripted.page.get_by_role("link", name="Back to the people found").click()
    unscripted.then_they_find("MBEKI, Grace")
    unscripted.when_they_sign_out()
    unscripted.then_they_see("Sign in")


def test_person_of_the_index_is_read_whole(unscripted: Journey) -> None:
    unscripted.given_signed_in()
    unscripted.given_index("Mbeki")
    then = timezone.now() - timedelta(days=3)
    SourceRecord.objects.update(whole_at=then, read_at=then)
    patient = SourceRecord.objects.get(system="impilo", given="grace").patient
    unscripted.when_they_go_to(f"/people/{patient.public_id}")
    page = unscripted.page
    expect(page.locator("#field-occupation")).to_contain_text("read now")
    expect(page.locator(".portal-source--asking, .portal-source--old")).to_have_count(0)
    page.get_by_role("link", name="Show what changed").click()
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    expect(page.get_by_text("was linked with this person").first).to_be_visible()


def test_fault_is_named_and_a_retry_helps(unscripted: Journey) -> None:
    unscripted.given_signed_in()
    unscripted.given_fault("impilo", FaultKind.STATUS, status=503)
    unscripted.when_they_look_up("grace mbeki 18/4/75")
    unscripted.then_the_panel_says("impilo", "Did not answer")
    unscripted.given_no_fault("impilo")
    unscripted.panel("impilo").get_by_role("button", name="Ask Impilo again").click()
    unscripted.then_the_panel_says("impilo", "1 record found")


def test_details_crossing_out_and_refusal(unscripted: Journey) -> None:
    unscripted.given_signed_in()
    unscripted.when_they_go_to("/")
    unscripted.look_up_box().press("Enter")
    expect(unscripted.page.get_by_role("alert")).to_contain_text("Type a name")
    unscripted.when_they_type_and_send("grace mbeki 19/4/1975")
    expect(unscripted.person("MBEKI")).to_have_count(0)
    unscripted.page.get_by_role("button", name="Look up without Born").click()
    unscripted.then_they_find("MBEKI, Grace")


def test_jhe_sign_in(unscripted: Journey) -> None:
    unscripted.when_they_sign_in_at_jhe("member_megan@example.com")
    unscripted.then_they_see("You have no role here yet")


def test_admin_looks_at_a_system_again(unscripted: Journey) -> None:
    unscripted.given_signed_in(Role.ADMIN)
    unscripted.when_they_go_to("/connections")
    unscripted.page.get_by_role("button", name="Check again Impilo").click()
    unscripted.then_they_see("Connections")
