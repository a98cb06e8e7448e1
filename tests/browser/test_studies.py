"""Studies by keyboard, and a board that corrects itself while somebody reads it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from patients.models import Participant, StudyReading
from patients.services.studies import reading
from portal.accounts.roles import Role
from tests import study_reading as studying
from tests.study_reading import BP_AND_HR

from . import studies
from .journey import Journey

pytestmark = pytest.mark.browser


def names(journey: Journey) -> Locator:
    """The names on the board."""
    return journey.page.locator(".portal-list__name .portal-name__family")


def test_coordinator_works_on_a_board_by_keyboard(journey: Journey) -> None:
    journey.given_signed_in(Role.COORDINATOR)
    studies.filled(journey)
    page = journey.page

    journey.when_they_go_to("/")
    journey.when_they_tab_to(page.get_by_role("link", name="Studies", exact=True))
    page.keyboard.press("Enter")
    journey.then_they_see("Studies")
    expect(page.get_by_text("Your role: JupyterHealth Exchange member")).to_be_visible()
    journey.when_they_tab_to(page.get_by_role("link", name=studies.BOARD))
    page.keyboard.press("Enter")
    journey.then_they_see(studies.BOARD)

    declined = page.locator(".portal-funnel").get_by_role("button", name="Declined something")
    journey.when_they_tab_to(declined)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="participants, as filtered")).to_be_visible()
    expect(declined).to_have_attribute("aria-pressed", "true")
    expect(declined).to_be_focused()
    page.keyboard.press("Enter")
    expect(declined).to_have_attribute("aria-pressed", "false")

    number_is_given_by_keyboard(journey)
    journey.then_the_page_is_accessible()


def number_is_given_by_keyboard(journey: Journey) -> None:
    """Give the first without one a number, and find the person by it."""
    page = journey.page
    way = studies.give_number(journey)
    row = page.locator("tr", has=way)
    family = row.locator(".portal-name__family").first.inner_text()
    way.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Number in the study")).to_be_focused()
    journey.watch.typed.append("QX-777")
    page.keyboard.type("QX-777")
    page.keyboard.press("Enter")
    expect(page.get_by_text("QX-777")).to_be_visible()
    change = page.locator("td", has_text="QX-777").get_by_role("link", name="Change")
    expect(change).to_be_focused()
    expect(page).to_have_url(re.compile(r"/organizations/\d+/studies/[\w-]{22}/$"))

    journey.when_they_type_and_send("QX-777")
    journey.then_every_system_has_answered()
    expect(journey.person(family).first).to_be_visible()


def test_board_corrects_itself_when_it_was_read(journey: Journey) -> None:
    user = journey.given_signed_in(Role.COORDINATOR)
    study = studying.read_study(user)
    StudyReading.objects.update(fresh_at=None)
    patient = studies.others(journey)[0]
    studying.enrol(journey.sandbox, BP_AND_HR, patient)
    studies.go_to_board(journey, study)
    before = journey.page.locator(".portal-funnel__title").inner_text()
    expect(journey.page.get_by_text("Reading what is there now")).to_be_visible()
    journey.page.get_by_text("Filter these people").click()
    journey.page.get_by_label("Name or number").fill("typed meanwhile")
    journey.watch.typed.append("typed meanwhile")

    reading.read_all()

    expect(journey.page.locator(".portal-funnel__title")).not_to_have_text(before)
    expect(journey.page.get_by_text("Reading what is there now")).to_have_count(0)
    expect(journey.page.get_by_label("Name or number")).to_have_value("typed meanwhile")
    assert Participant.objects.filter(study=study, record__remote_id=patient, left_at=None).exists()
    expect(names(journey)).not_to_have_count(0)


def test_board_works_without_javascript(unscripted: Journey) -> None:
    unscripted.given_signed_in(Role.COORDINATOR)
    studies.board(unscripted)
    page = unscripted.page

    page.get_by_role("button", name="Invitation expired").click()
    expect(page.get_by_role("button", name="Remove the filter Latest invitation Expired")).to_be_visible()
    page.get_by_role("link", name="Give one").first.click()
    unscripted.watch.typed.append("QX-1")
    page.get_by_label("Number in the study").fill("QX-1")
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.get_by_text("The number is kept.")).to_be_visible()
    expect(page.get_by_text("QX-1")).to_be_visible()
