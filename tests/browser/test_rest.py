"""Connections, accounts, and the pages for what goes wrong."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from integrations.sandbox.faults import FaultKind
from portal.accounts.roles import Role
from tests.conftest import make_user

from . import troubles
from .journey import Journey

pytestmark = pytest.mark.browser


def test_admin_sees_what_each_key_can_do_and_looks_again(journey: Journey) -> None:
    journey.given_signed_in(Role.ADMIN)
    journey.when_they_go_to("/connections")
    card = journey.page.locator("#connection-jump")
    expect(card).to_contain_text(journey.sandbox.url("jump"))
    expect(card).to_contain_text("What can be done")
    journey.given_fault("jump", FaultKind.STATUS, status=401)
    card.get_by_role("button", name="Check again").click()
    expect(card).to_contain_text("API key")
    journey.given_no_fault("jump")
    card.get_by_role("button", name="Check again").click()
    expect(card).to_contain_text("Connected")
    assert journey.page.url.endswith("/connections")


def test_staff_see_what_they_can_do_instead(journey: Journey) -> None:
    journey.given_signed_in()
    journey.given_fault("impilo", FaultKind.RESET)
    journey.when_they_go_to("/connections")
    card = journey.page.locator("#connection-impilo")
    expect(card).to_contain_text("Work goes on in the other systems")
    expect(journey.page.get_by_role("button", name="Check again")).to_have_count(0)
    expect(journey.page.locator("main")).not_to_contain_text(journey.sandbox.url("impilo"))


def test_admin_gives_a_role(journey: Journey) -> None:
    make_user("noor@example.org", None, name="Noor New")
    journey.given_signed_in(Role.ADMIN)
    journey.when_they_go_to("/staff")
    journey.page.get_by_label("Role of Noor New").select_option(label="Reader")
    journey.page.get_by_role("button", name="Give Noor New this role").click()
    expect(journey.page.get_by_label("Role of Noor New")).to_have_value("reader")


def test_page_outside_the_role_says_whose_it_is(journey: Journey) -> None:
    journey.given_signed_in()
    journey.when_they_go_to("/staff")
    journey.then_they_see("Your role does not reach this page")
    expect(journey.page.get_by_text("This page is for: admin")).to_be_visible()


def test_look_up_with_a_form_too_old_says_so_in_place(journey: Journey) -> None:
    journey.given_signed_in()
    troubles.form_too_old(journey)
    expect(journey.page.get_by_text("nothing was changed")).to_be_visible()
    journey.page.reload()
    journey.when_they_type_and_send("grace mbeki 18/4/75")
    journey.then_they_find("MBEKI, Grace")


def test_fault_of_ours_gives_a_request_id_and_no_details(journey: Journey) -> None:
    journey.given_signed_in()
    troubles.fault_of_ours(journey)
    journey.then_they_see("Something went wrong in the portal")
    expect(journey.page.get_by_text("Request id", exact=False).last).to_be_visible()
    assert "nowhere" not in journey.page.content()


def test_nobody_is_shown_where_nothing_can_be_recorded(journey: Journey) -> None:
    journey.given_signed_in()
    troubles.nothing_can_be_recorded(journey)
    screens = journey.page.get_by_role("link", name="Jump")
    expect(screens).to_have_attribute("href", journey.sandbox.console_url("jump").partition("{id}")[0])
