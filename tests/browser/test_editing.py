"""Editing by keyboard, with and without JavaScript: what is written, asked, stopped and kept."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from patients.models import Draft, Operation
from patients.services.operations import sending
from portal.accounts.roles import Role
from portal.audit.models import Event
from tests.editing import held_by

from . import editing
from .editing import PHONE, at, field, record_of, save, saved
from .journey import Journey

pytestmark = pytest.mark.browser


def _press(journey: Journey, name: str) -> None:
    """Go to a button by Tab and press it."""
    button = journey.page.get_by_role("button", name=name, exact=True).last
    journey.when_they_tab_to(button)
    journey.page.keyboard.press("Enter")


def _held(journey: Journey, system: str) -> str:
    assert journey.user is not None
    return held_by(record_of("grace", system), by=journey.user).phone


def test_phone_is_edited_once_for_every_system_by_keyboard_alone(journey: Journey) -> None:
    journey.given_signed_in()
    journey.given_index(*editing.FAMILIES)
    journey.when_they_go_to(at("grace", ""))
    journey.when_they_tab_to(journey.page.get_by_role("button", name="Edit", exact=True))
    journey.page.keyboard.press("Enter")
    expect(field(journey, "Given name")).to_have_value("Grace")
    journey.watch.typed.append(PHONE)
    journey.when_they_tab_to(field(journey, "Phone"))
    journey.page.keyboard.press("Control+a")
    journey.page.keyboard.type(PHONE)
    _press(journey, "Save")
    saved(journey)

    assert {_held(journey, name) for name in ("jump", "jhe", "impilo")} == {"+447700900555"}
    assert set(Operation.objects.values_list("state", flat=True)) == {"done"}


def test_what_is_typed_is_kept_and_gone_on_with(journey: Journey) -> None:
    journey.given_signed_in()
    editing.form(journey)
    journey.watch.typed.append(PHONE)
    field(journey, "Phone").fill(PHONE)
    expect(journey.page.locator("#kept")).to_contain_text("Kept, encrypted")
    draft = Draft.objects.get()
    assert draft.kind == Draft.Kind.EDIT

    journey.when_they_go_to("/")
    journey.page.get_by_role("link", name="MBEKI, Grace").first.click()

    expect(field(journey, "Phone")).to_have_value(PHONE)
    save(journey)
    saved(journey)
    assert Draft.objects.get().sent_as == draft.patient


@pytest.mark.parametrize("status", [404, 503])
def test_typing_that_cannot_be_kept_leaves_the_form_as_it_is(journey: Journey, status: int) -> None:
    journey.given_signed_in()
    journey.watch.excuse(f"status of {status}|Status Error Code {status}")
    editing.form(journey)
    journey.watch.typed.append(PHONE)
    alert = journey.page.get_by_text("What you type cannot be kept just now.")
    journey.page.route("**/edit/typed", lambda route: route.fulfill(status=status, body="<p>Gone"))
    field(journey, "Phone").fill(PHONE)
    expect(alert).to_be_visible()
    expect(field(journey, "Phone")).to_have_value(PHONE)
    journey.page.unroute("**/edit/typed")

    journey.page.keyboard.type(" ")

    expect(journey.page.locator("#kept")).to_contain_text("Kept, encrypted")
    expect(alert).not_to_be_visible()


def test_what_is_wrong_is_said_while_it_is_typed_and_goes_once_it_is_right(journey: Journey) -> None:
    journey.given_signed_in()
    editing.form(journey)
    birth, said = field(journey, "Birth date"), journey.page.locator("#said-birth_date")
    right = birth.input_value()
    birth.fill("1 1 2999")
    expect(said).to_contain_text("is in the future")
    save(journey)
    above = journey.page.locator("#id_birth_date_error")
    expect(above).to_contain_text("is in the future")

    birth.fill(right)

    expect(above).to_have_count(0)
    expect(said).not_to_contain_text("is in the future")
    expect(birth).not_to_have_attribute("aria-invalid", "true")
    expect(birth).not_to_have_class("govuk-input--error")


def test_conflict_is_decided_by_keyboard(journey: Journey) -> None:
    journey.given_signed_in()
    editing.moved(journey)
    journey.then_the_page_is_accessible()

    journey.when_they_tab_to(journey.page.get_by_label("What I entered"))
    journey.page.keyboard.press("Space")
    _press(journey, "Save")
    saved(journey)

    assert _held(journey, "jump") == "+447700900555"


def test_edit_over_another_person_is_stopped_and_answered(journey: Journey) -> None:
    journey.given_signed_in()
    editing.stopped(journey)
    journey.then_the_page_is_accessible()
    assert not Operation.objects.exists()

    journey.when_they_tab_to(
        journey.page.get_by_label("Marriage").or_(journey.page.get_by_label("Correction")).first
    )
    journey.page.get_by_label("Correction").check()
    _press(journey, "It is the same person: save")
    saved(journey)

    assert set(Operation.objects.values_list("state", flat=True)) == {"done"}
    journey.page.reload()
    expect(journey.page.locator("h1")).to_contain_text("OKONKWO")


def test_whoever_goes_back_from_the_stop_has_lost_nothing(journey: Journey) -> None:
    journey.given_signed_in()
    editing.stopped(journey)

    _press(journey, "Go back to the form")

    expect(field(journey, "Given name")).to_have_value("Brenda")
    assert Event.objects.filter(action="edit.left").exists()
    assert not Operation.objects.exists()


def test_records_are_brought_into_agreement_by_keyboard(journey: Journey) -> None:
    journey.given_signed_in()
    editing.agreement(journey)
    radio = journey.page.get_by_role("group", name="Phone").get_by_label("Leave it as it is")
    journey.when_they_tab_to(radio)
    journey.page.keyboard.press("ArrowUp")
    _press(journey, "Save")
    saved(journey)

    assert Operation.objects.count() == 1


def test_contact_detail_is_confirmed_in_place(journey: Journey) -> None:
    journey.given_signed_in()
    editing.confirmed(journey)

    region = journey.page.get_by_role("region", name="Contact details: are they right?")
    expect(region.get_by_text("Confirmed on")).to_be_visible()


def test_caller_is_checked_before_anything_is_changed(journey: Journey) -> None:
    journey.given_signed_in()
    editing.form(journey)
    answer = journey.page.get_by_text("18-Apr-1975", exact=True)
    journey.page.get_by_text("Somebody on the phone? Check who it is first").click()
    expect(answer).not_to_be_visible()
    journey.page.get_by_text("Show the answer").nth(1).click()
    expect(answer).to_be_visible()
    field(journey, "I asked, and the answers were right. I spoke to").select_option("carer")
    field(journey, "Phone").fill(PHONE)
    save(journey)
    saved(journey)

    assert Event.objects.get(action="person.edited").details["caller_checked"] == "carer"


def test_edit_conflict_and_stop_without_javascript(unscripted: Journey) -> None:
    unscripted.given_signed_in()
    editing.moved(unscripted)
    unscripted.page.get_by_label("What I entered").check()
    save(unscripted)
    saved(unscripted)
    unscripted.when_they_go_to(at("grace", "edit"))
    field(unscripted, "Given name").fill("Brenda")
    field(unscripted, "Family name").fill("Okonkwo")
    save(unscripted)
    unscripted.page.get_by_label("Correction").check()
    unscripted.page.get_by_role("button", name="It is the same person: save").click()
    saved(unscripted)
    sending.send_due()

    assert set(Operation.objects.values_list("state", flat=True)) == {"done"}


def test_contact_detail_is_confirmed_without_javascript(unscripted: Journey) -> None:
    unscripted.given_signed_in()
    editing.confirmed(unscripted)

    expect(unscripted.page.get_by_text("Confirmed on")).to_be_visible()


def test_coordinator_sees_why_the_rest_is_closed(journey: Journey) -> None:
    journey.given_signed_in(Role.CLINIC_STAFF)
    journey.given_index(*editing.FAMILIES)
    journey.given_role(Role.COORDINATOR)
    journey.when_they_go_to(at("grace", "edit"))

    expect(
        journey.page.get_by_text("Your role does not let you change anything there.").first
    ).to_be_visible()
    expect(field(journey, "Occupation")).to_have_count(0)
    journey.then_the_page_is_accessible()
