"""Consents: read, withdrawn and recorded by keyboard alone, without JavaScript, and seen to be written."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from patients.models import Operation
from portal.accounts.roles import Role
from tests.consenting import ask_again_page
from tests.studying import BP_AND_HR, PETER, PRESSURE, decided
from tests.writing import work_off

from . import consents
from .journey import Journey

pytestmark = pytest.mark.browser


def press(journey: Journey, role: str, name: str) -> None:
    """Tab to a link or button and press Enter."""
    journey.when_they_tab_to(journey.page.get_by_role(role, name=name))  # type: ignore[arg-type]
    journey.page.keyboard.press("Enter")


def write(journey: Journey, label: str, text: str) -> None:
    """Tab to a field and type."""
    journey.when_they_tab_to(journey.page.get_by_label(label, exact=True))
    journey.page.keyboard.press("Control+A")
    journey.page.keyboard.type(text)


def choose(journey: Journey, label: str) -> None:
    """Choose one of several, from wherever the group is entered."""
    journey.page.get_by_label(label, exact=True).focus()
    journey.page.keyboard.press("Space")


def test_consent_is_withdrawn_by_keyboard_alone_and_seen_to_be_written(journey: Journey) -> None:
    journey.given_signed_in(Role.COORDINATOR)
    consents.opened(journey)
    page = journey.page
    expect(page.get_by_text("1 kind of data was declined")).to_be_visible()
    press(journey, "button", "Withdraw consent in Lifespan Study on BP & HR")
    expect(page.get_by_role("heading", name="Withdraw consent in")).to_be_visible()
    expect(page.get_by_role("group", name="Blood pressure").get_by_label("Declines")).to_be_checked()
    choose(journey, "The person")
    choose(journey, "In person")
    write(journey, "Version of the consent form", "3.1")
    journey.when_they_tab_to(page.get_by_label("Language of the form"))
    page.keyboard.type("English")
    write(journey, "Version of the information sheet", "2.0")
    write(journey, "Date signed", "15 jan 2026")
    press(journey, "button", "Continue: see what follows")
    expect(page.get_by_text("What was collected before stays").first).to_be_visible()
    expect(page.get_by_text("15-Jan-2026")).to_be_visible()
    assert not Operation.objects.exists()

    press(journey, "button", "Record")
    expect(page.get_by_text("Being written: declined").first).to_be_visible()
    assert work_off().state == Operation.State.DONE
    expect(page.get_by_text("Being written")).to_have_count(0, timeout=10_000)
    expect(page.get_by_text("Recorded here by Sam Coordinator")).to_be_visible()
    assert decided(journey.sandbox, PETER, BP_AND_HR)[PRESSURE[1]] is False


def test_decisions_are_recorded_without_javascript(unscripted: Journey) -> None:
    unscripted.given_signed_in(Role.CLINIC_STAFF)
    consents.confirming(unscripted)
    page = unscripted.page
    page.get_by_role("button", name="Change something").click()
    expect(page.get_by_label("Name of the representative or parent")).to_have_value("Ruth Pearson")
    expect(page.get_by_role("group", name="Heart rate").get_by_label("Agrees")).to_be_checked()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Record these decisions").click()
    expect(page.get_by_text("is asked to record 2 decisions")).to_be_visible()
    work_off()
    page.get_by_role("link", name="Read again").click()
    expect(page.get_by_text("Ruth Pearson, legal guardian")).to_be_visible()
    page.get_by_role("link", name="Record for the study file of Lifespan Study on BP & HR").click()
    expect(page.get_by_text("Recorded here by Sam Clinic Staff")).to_be_visible()


def test_manager_says_which_form_is_used_and_sees_who_is_to_be_asked(journey: Journey) -> None:
    journey.given_signed_in(Role.CLINIC_STAFF, jhe_login=consents.MARY)
    study = consents.given_study(journey)
    journey.when_they_go_to(ask_again_page(study))
    page = journey.page
    expect(page.get_by_text("2 participants to ask, of 2")).to_be_visible()
    journey.when_they_tab_to(page.locator("summary", has_text="Enter it"))
    page.keyboard.press("Enter")
    write(journey, "Version of the consent form", "4.0")
    write(journey, "Version of the information sheet", "2.1")
    write(journey, "Languages", "English, es")
    press(journey, "button", "Use this form from now on")
    expect(page.get_by_text("English, Spanish", exact=True)).to_be_visible()
    page.get_by_role("link", name="PEARSON").click()
    expect(page.get_by_role("heading", name="Consents", exact=True)).to_be_visible()
