"""Archiving, taking back, leaving and deleting: by keyboard alone, by two people, without JavaScript."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from patients.models import Operation, Removal
from portal.accounts.roles import Role
from tests.conftest import make_user
from tests.ending import PERSON, is_there
from tests.support import connected
from tests.writing import held, work_off

from . import endings
from .endings import REASON
from .journey import Journey

pytestmark = pytest.mark.browser


def press(journey: Journey, name: str) -> None:
    """Tab to a button and press Enter."""
    journey.when_they_tab_to(journey.page.get_by_role("button", name=name))
    journey.page.keyboard.press("Enter")


def write(journey: Journey, label: str, text: str) -> None:
    """Tab to a field and type."""
    journey.when_they_tab_to(journey.page.get_by_label(label, exact=True))
    journey.page.keyboard.type(text)


def test_record_is_archived_and_taken_back_by_keyboard_alone(journey: Journey) -> None:
    journey.given_signed_in(Role.CLINIC_STAFF)
    journey.given_index("Mbeki")
    record, page = endings.record(), journey.page
    journey.when_they_go_to(endings.person_page(record))
    journey.then_every_system_has_answered()
    journey.when_they_tab_to(page.locator("[id^=record-jump-]").get_by_role("link", name="Archive"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Archive this record in Jump EHR?")).to_be_visible()
    expect(page.get_by_text("MBEKI, Grace, born 18-Apr-1975").first).to_be_visible()
    page.get_by_label("Moved away").focus()
    page.keyboard.press("Space")
    write(journey, "What else there is to say", "Told at the desk")
    press(journey, "Archive in Jump EHR")
    expect(page.get_by_text("is asked to archive the record")).to_be_visible()
    assert work_off().state == Operation.State.DONE
    assert journey.user
    assert held("jump", record.remote_id, by=journey.user).status == "archived"

    journey.when_they_go_to(endings.person_page(record))
    journey.then_every_system_has_answered()
    journey.when_they_tab_to(page.get_by_role("link", name="Take back into use"))
    page.keyboard.press("Enter")
    write(journey, "Reason", "Came back")
    press(journey, "Take back into use in Jump EHR")
    expect(page.get_by_text("is asked to take the record back")).to_be_visible()
    assert work_off().state == Operation.State.DONE
    assert held("jump", record.remote_id, by=journey.user).status == "active"


def test_record_leaves_an_organization_after_what_goes_was_counted(journey: Journey) -> None:
    journey.given_signed_in(Role.CLINIC_STAFF, jhe_login=endings.MARY)
    endings.leaving(journey)
    page = journey.page
    expect(page.get_by_text("2 observations of this person in all")).to_be_visible()
    expect(page.get_by_text("What stays:")).to_be_visible()
    write(journey, "Reason", REASON)
    press(journey, "Take out of")
    expect(page.get_by_text("is asked to take the record out of it")).to_be_visible()
    assert work_off().state == Operation.State.DONE
    assert is_there(journey.sandbox)


def deleted_by_two(journey: Journey, *, keyboard: bool) -> None:
    """The first asks, the second confirms; then JHE holds the record no more."""
    first = journey.given_signed_in(Role.CLINIC_STAFF)
    endings.deleting(journey)
    page = journey.page
    if keyboard:
        write(journey, "Id of the record", PERSON)
        write(journey, "Reason", REASON)
        press(journey, "Ask a second person to confirm the deletion")
    else:
        page.get_by_label("Id of the record").fill(PERSON)
        endings.reason(journey).fill(REASON)
        page.get_by_role("button", name="Ask a second person").click()
    expect(page.get_by_text("Nothing is deleted yet")).to_be_visible()
    assert not Operation.objects.exists()

    second = make_user("second@example.org", Role.ADMIN, name="Sandra Second")
    connected(second, endings.MARY, journey.sandbox)
    journey.given_session_of(second)
    journey.when_they_go_to("/")
    page.get_by_role("link", name="it waits for a second person").click()
    expect(page.get_by_text(str(first)).first).to_be_visible()
    expect(page.get_by_text("2 observations of this person in all")).to_be_visible()
    if keyboard:
        journey.when_they_tab_to(page.get_by_label("I have checked"))
        page.keyboard.press("Space")
        press(journey, "Confirm: delete")
    else:
        page.get_by_label("I have checked").check()
        page.get_by_role("button", name="Confirm: delete").click()
    expect(page.get_by_text("Confirmed: the record is being deleted")).to_be_visible()
    operation = work_off()
    assert operation.state == Operation.State.DONE, operation.problem
    assert not is_there(journey.sandbox)
    page.reload()
    expect(page.get_by_text("does not hold the record any more")).to_be_visible()


def test_record_is_deleted_by_two_people_by_keyboard_alone(journey: Journey) -> None:
    deleted_by_two(journey, keyboard=True)


def test_record_is_deleted_by_two_people_without_javascript(unscripted: Journey) -> None:
    deleted_by_two(unscripted, keyboard=False)


def test_what_would_be_lost_comes_as_a_file(journey: Journey) -> None:
    journey.given_signed_in(Role.CLINIC_STAFF)
    endings.deleting(journey)
    with journey.page.expect_download() as downloading:
        journey.page.get_by_role("button", name="Export what would be lost").click()
    path = downloading.value.path()
    lines = path.read_text(encoding="utf-8").splitlines()
    assert '"part": "end"' in lines[-1]
    assert PERSON not in downloading.value.suggested_filename


def test_form_of_one_tab_is_refused_at_the_person_of_another(journey: Journey) -> None:
    journey.given_signed_in(Role.CLINIC_STAFF)
    journey.given_index("Mbeki", "Wardle")
    one, other = endings.record(), endings.record(family="wardle")
    addresses = [f"{endings.person_page(each)}/records/{each.pk}/archive" for each in (one, other)]
    second = journey.page.context.new_page()
    journey.when_they_go_to(addresses[0])
    second.goto(journey.portal + addresses[1])
    _send_to(second, addresses[0])
    second.get_by_label("Died").check()
    second.get_by_role("button", name="Archive in Jump EHR").click()
    expect(second.get_by_role("alert").first).to_contain_text("The form was about WARDLE")
    assert not Operation.objects.exists()
    second.close()


def test_second_person_of_two_is_told_that_it_was_confirmed(journey: Journey) -> None:
    journey.given_signed_in(Role.CLINIC_STAFF)
    removal = endings.asked(journey)
    page, other = journey.page, journey.page.context.new_page()
    for each in (page, other):
        each.goto(f"{journey.portal}/removals/{removal.public_id}")
        each.get_by_label("I have checked").check()
    page.get_by_role("button", name="Confirm: delete").click()
    expect(page.get_by_text("Confirmed: the record is being deleted")).to_be_visible()
    other.get_by_role("button", name="Confirm: delete").click()
    expect(other.get_by_role("alert")).to_contain_text("It was confirmed meanwhile")
    assert Operation.objects.count() == 1
    assert Removal.objects.get().state == Removal.State.CONFIRMED
    other.close()


def _send_to(page: Page, address: str) -> None:
    """Make the form of a tab go to another address, as no page does by itself."""
    page.locator("main form").last.evaluate("(form, to) => { form.action = to; }", address)
