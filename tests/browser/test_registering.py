"""Registering at the desk: by keyboard, with and without JavaScript, whoever is here already."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Locator, expect

from integrations.sandbox.faults import FaultKind
from patients.models import Draft, Flag, Operation, SourceRecord
from patients.services.operations import sending
from portal.accounts.roles import Role
from portal.audit.models import Event
from tests.conftest import make_user
from tests.support import connected
from tests.writing import named

from . import registering
from .journey import Journey
from .registering import REASON, ZOE, choose, held_as, open_form, search_for, searched, type_in
from .registering import field as field_of

pytestmark = pytest.mark.browser

HAND_MS = 60  # between two keys: faster ones are a scanner's, whose Tab looks up


@dataclass
class Keys:
    """Somebody who types: keys beyond the data itself are counted."""

    journey: Journey
    count: int = 0
    pressed: list[str] = field(default_factory=list)

    def press(self, key: str, times: int = 1) -> None:
        """Press a key that is no data."""
        for _ in range(times):
            self.journey.page.keyboard.press(key)
            self.pressed.append(key)
        self.count += times

    def type(self, text: str) -> None:
        """Type data into whatever has the focus, as fast as a hand does."""
        self.journey.watch.typed.append(text)
        self.journey.page.keyboard.type(text, delay=HAND_MS)

    def tab_to(self, place: Locator) -> None:
        """Press Tab until something has the focus."""
        for _ in range(15):
            self.press("Tab")
            if place.evaluate("e => e === document.activeElement"):
                return
        raise AssertionError("Tab never gets there")


def press(journey: Journey, name: str) -> None:
    """Go to a button by Tab and press it."""
    journey.when_they_tab_to(journey.page.get_by_role("button", name=name, exact=True))
    journey.page.keyboard.press("Enter")


def create(journey: Journey, name: str) -> None:
    """Press the button that creates, and let the worker work."""
    press(journey, name)
    expect(journey.page.get_by_role("heading", name="Being registered")).to_be_visible()
    sending.send_due()


def test_receptionist_registers_a_new_person_in_two_systems_with_few_keys(journey: Journey) -> None:
    journey.given_signed_in()
    page, keys = journey.page, Keys(journey)
    journey.when_they_go_to("/")
    expect(journey.look_up_box()).to_be_focused()
    keys.type("Zoë Quartermaine 9/3/1987")
    keys.press("Tab", 2)
    keys.press("Enter")
    expect(field_of(journey, "Sex")).to_be_focused()
    keys.type("F")
    for label, text in (
        ("NHS number", "9434765919"), ("Phone", "07700 900461"), ("E-mail", ZOE["E-mail"]),
        ("Address", "14 Quarry Street"), ("Town or city", "Leeds"), ("Postcode", "LS6 2AB"),
    ):  # fmt: skip
        keys.press("Tab")
        expect(field_of(journey, label)).to_be_focused()
        keys.type(text)
    keys.press("Enter")
    searched(journey, "Nobody like this was found")
    keys.tab_to(page.get_by_role("button", name="Register in Jump EHR and Impilo"))
    keys.press("Enter")
    expect(page.get_by_role("heading", name="Being registered")).to_be_visible()
    assert keys.count <= 25, keys.pressed
    sending.send_due()
    expect(page.get_by_role("heading", name="2 source records")).to_be_visible(timeout=10_000)
    assert [len(named(journey.sandbox, name)) for name in ("jump", "impilo")] == [1, 1]
    (row,) = named(journey.sandbox, "jump")
    assert (row["first_name"], row["biological_sex"], row["postcode"]) == ("Zoë", "female", "LS6 2AB")
    expect(page.get_by_text("No record in JupyterHealth Exchange is known")).to_be_visible()
    expect(page.get_by_role("button", name="Add to JupyterHealth Exchange")).to_be_visible()


def test_somebody_who_is_held_is_opened_from_home_with_few_keys(journey: Journey) -> None:
    journey.given_signed_in()
    registering.given_index(journey)
    page, keys = journey.page, Keys(journey)
    journey.when_they_go_to("/")
    expect(journey.look_up_box()).to_be_focused()
    keys.type("Grace Mbeki 18/4/1975")
    keys.press("Tab", 2)
    keys.press("Enter")
    expect(page.locator("#known .portal-met__person")).to_be_visible()
    keys.press("Tab")
    keys.press("Enter")
    searched(journey, "This person is held already")
    keys.tab_to(page.get_by_role("link", name="MBEKI, Grace").first)
    keys.press("Enter")
    expect(page.get_by_role("button", name="Edit", exact=True)).to_be_visible()
    assert keys.count <= 10, keys.pressed
    assert not Operation.objects.exists()


def test_who_is_known_shows_while_typing_and_is_opened_instead(journey: Journey) -> None:
    journey.given_signed_in()
    registering.given_index(journey)
    open_form(journey)
    known = journey.page.locator("#known")
    with journey.page.expect_response("**/register/typed"):
        type_in(journey, held_as("jump", "mbeki") | {"NHS number": ""})
    expect(known.locator(".portal-met__person")).to_contain_text("MBEKI, Grace")
    expect(known).to_contain_text("Held already")
    expect(journey.page.locator("#said-birth_date")).to_contain_text("18-Apr-1975, 51 years")
    journey.then_the_page_is_accessible()
    assert Event.objects.filter(action="draft.suggested").count() == 1
    registering.send(journey)
    searched(journey, "This person is held already")
    journey.then_the_page_is_accessible()
    link = journey.page.get_by_role("button", name="Open this person")
    journey.when_they_tab_to(link)
    journey.page.keyboard.press("Enter")
    expect(journey.page.get_by_role("heading", name="MBEKI, Grace")).to_be_visible()
    journey.page.go_back()
    searched(journey, "This person is held already")
    assert not Operation.objects.exists()


def test_suggestion_is_taken_with_one_press_and_nothing_typed_is_lost_on_reload(journey: Journey) -> None:
    journey.given_signed_in()
    open_form(journey)
    with journey.page.expect_response("**/register/typed"):
        type_in(journey, ZOE | {"E-mail": "zoe@gmial.com"})
    take = journey.page.get_by_role("button", name="Use zoe@gmail.com")
    expect(take).to_be_visible()
    with journey.page.expect_response("**/register/typed"):
        take.click()
    expect(field_of(journey, "E-mail")).to_have_value("zoe@gmail.com")
    expect(field_of(journey, "E-mail")).to_be_focused()
    expect(journey.page).to_have_url(f"{journey.portal}/register/{Draft.objects.get().public_id}")
    journey.page.reload()
    expect(field_of(journey, "E-mail")).to_have_value("zoe@gmail.com")
    expect(field_of(journey, "Given name")).to_have_value("Zoë")


def test_doubt_needs_a_reason_and_leaves_a_flag(journey: Journey) -> None:
    journey.given_signed_in()
    registering.doubtful(journey)
    page = journey.page
    journey.then_the_page_is_accessible()
    press(journey, "It is another person: register in Jump EHR and Impilo")
    expect(page.get_by_role("alert")).to_contain_text("Say why this is another person")
    journey.then_the_page_is_accessible()
    journey.when_they_tab_to(page.get_by_label("Why is this another person?"))
    page.keyboard.type(REASON)
    create(journey, "It is another person: register in Jump EHR and Impilo")
    expect(page.get_by_role("heading", name="2 source records")).to_be_visible(timeout=10_000)
    flag = Flag.objects.get()
    assert (flag.reason, flag.kind) == (REASON, "duplicate")


def test_young_twins_are_two_people(journey: Journey) -> None:
    journey.given_signed_in()
    child = ZOE | {"Birth date": "9 3 2020"}
    twin = child | {"Given name": "Marcus"}
    search_for(journey, twin, "Nobody like this was found", systems=("jump",))
    create(journey, "Register in Jump EHR")
    expect(journey.page.get_by_role("heading", name="1 source record")).to_be_visible(timeout=10_000)
    search_for(journey, child, "Nobody like this was found", systems=("jump",))
    expect(journey.page.get_by_text("1 relative: they share mailbox, phone or address")).to_be_visible()
    create(journey, "Register in Jump EHR")
    expect(journey.page.get_by_role("heading", name="1 source record")).to_be_visible(timeout=10_000)
    assert len(named(journey.sandbox, "jump")) == 2
    assert SourceRecord.objects.filter(family="quartermaine").values("patient").distinct().count() == 2


def test_child_with_a_parents_mailbox(journey: Journey) -> None:
    journey.given_signed_in()
    registering.mailbox(journey)
    page = journey.page
    journey.then_the_page_is_accessible()
    create(journey, "Register in Jump EHR")
    expect(page.get_by_role("heading", name="1 source record")).to_be_visible(timeout=10_000)
    assert [each.system for each in Operation.objects.all()] == ["jump"]


def test_newborn_without_a_name_waits_on_home(journey: Journey) -> None:
    journey.given_signed_in()
    open_form(journey)
    choose(journey, "jump")
    type_in(journey, {"Family name": "Okonkwo"})
    journey.page.get_by_label("Is it known who they are?").select_option("newborn")
    journey.page.locator("#said-birth_date").get_by_role("button", name="Use").click()
    registering.send(journey)
    searched(journey, "Nobody like this was found")
    create(journey, "Register in Jump EHR")
    expect(journey.page.get_by_role("heading", name="1 source record")).to_be_visible(timeout=10_000)
    journey.when_they_go_to("/")
    waiting = journey.page.get_by_role("region", name="Something is missing of them")
    expect(waiting).to_contain_text("OKONKWO, Baby")
    expect(waiting).to_contain_text("Missing: given name, NHS number")
    journey.then_the_page_is_accessible()


def test_emergency_creates_without_the_contested_number(journey: Journey) -> None:
    journey.given_signed_in()
    registering.conflict(journey)
    page = journey.page
    journey.then_the_page_is_accessible()
    journey.when_they_tab_to(page.locator("summary", has_text="It is somebody else all the same"))
    page.keyboard.press("Enter")
    journey.when_they_tab_to(page.get_by_label("Why is this another person?"))
    page.keyboard.type("Unconscious, taken to theatre")
    journey.when_they_tab_to(page.get_by_label("Care cannot wait"))
    page.keyboard.press("Space")
    create(journey, "It is another person: register in Jump EHR and Impilo")
    expect(page.get_by_role("heading", name="2 source records")).to_be_visible(timeout=10_000)
    (row,) = named(journey.sandbox, "jump")
    assert not row["nhs_number"]
    assert Flag.objects.get().kind == "conflict"


def test_system_that_is_down_catches_up_by_itself(journey: Journey) -> None:
    journey.given_signed_in()
    registering.system_down(journey)
    page = journey.page
    journey.then_the_page_is_accessible()
    create(journey, "Register in Jump EHR and Impilo")
    expect(page.get_by_role("heading", name="1 source record")).to_be_visible(timeout=10_000)
    writes = page.get_by_role("region", name="Changes on their way")
    expect(writes).to_contain_text("Impilo")
    journey.then_the_page_is_accessible()
    journey.given_no_fault("impilo")
    Operation.objects.filter(system="impilo").update(due_at="2026-01-01T00:00Z")
    sending.send_due()
    page.reload()
    expect(page.get_by_role("heading", name="2 source records")).to_be_visible(timeout=10_000)
    assert len(named(journey.sandbox, "impilo")) == 1


def test_draft_is_handed_over_and_taken_up(journey: Journey) -> None:
    journey.given_signed_in()
    dora = connected(
        make_user("dora@example.org", Role.CLINIC_STAFF, name="Dora Staff"),
        registering.OTHER,
        journey.sandbox,
    )
    open_form(journey)
    type_in(journey, ZOE)
    press(journey, "Park this form")
    page = journey.page
    expect(page.get_by_text("Parked: the form waits for you")).to_be_visible()
    journey.when_they_tab_to(page.get_by_role("link", name="QUARTERMAINE, Zoë, 9 3 1987"))
    page.keyboard.press("Enter")
    expect(field_of(journey, "Given name")).to_have_value("Zoë")
    journey.when_they_tab_to(page.get_by_role("link", name="Hand it over"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Hand this form over")).to_be_visible()
    journey.then_the_page_is_accessible()
    page.get_by_label("Who goes on with it?").select_option(label="Dora Staff")
    press(journey, "Hand over")
    expect(page.get_by_text("Handed over: Dora Staff finds it")).to_be_visible()
    expect(page.get_by_role("link", name="QUARTERMAINE, Zoë, 9 3 1987")).to_have_count(0)

    journey.user = dora
    journey.given_session_of(dora)
    journey.when_they_go_to("/")
    expect(page.get_by_role("region", name="Forms that are not sent yet")).to_contain_text(
        "handed over by Sam Clinic Staff"
    )
    page.get_by_role("link", name="QUARTERMAINE, Zoë, 9 3 1987").click()
    expect(field_of(journey, "E-mail")).to_have_value(ZOE["E-mail"])
    registering.send(journey)
    searched(journey, "Nobody like this was found")
    create(journey, "Register in Jump EHR and Impilo")
    assert {each.asked_by for each in Operation.objects.all()} == {dora}


def test_lock_takes_nothing_that_was_typed(journey: Journey) -> None:
    journey.given_signed_in()
    open_form(journey)
    type_in(journey, ZOE)
    journey.given_idle_too_long()
    registering.send(journey)
    journey.then_they_see("Screen locked")
    journey.given_time_enough()
    journey.when_they_unlock_by_password()
    journey.page.get_by_role("button", name="Send it").click()
    searched(journey, "Nobody like this was found")
    expect(journey.page.locator(".portal-read-back")).to_contain_text("zoe.quartermaine")


def test_double_click_back_and_reload_make_one_record(journey: Journey) -> None:
    journey.given_signed_in()
    registering.clear(journey)
    page = journey.page
    page.get_by_role("button", name="Register in Jump EHR").dblclick()
    expect(page.get_by_role("heading", name="Being registered")).to_be_visible()
    page.reload()
    page.go_back()
    expect(page.get_by_role("heading", name="Being registered")).to_be_visible()
    sending.send_due()
    expect(page.get_by_role("heading", name="3 source records")).to_be_visible(timeout=10_000)
    assert Operation.objects.count() == 3
    assert [len(named(journey.sandbox, name)) for name in ("jump", "jhe", "impilo")] == [1, 1, 1]


def test_all_of_it_without_javascript(unscripted: Journey) -> None:
    journey = unscripted
    journey.given_signed_in()
    registering.given_index(journey)
    open_form(journey)
    type_in(journey, ZOE | {"E-mail": "zoe@gmial.com"})
    registering.send(journey)
    searched(journey, "Nobody like this was found")
    journey.page.get_by_role("link", name="Change what was entered").click()
    journey.page.get_by_role("button", name="Use zoe@gmail.com").click()
    expect(field_of(journey, "E-mail")).to_have_value("zoe@gmail.com")
    registering.send(journey)
    searched(journey, "Nobody like this was found")
    expect(journey.page.locator(".portal-read-back")).to_contain_text("zoe@gmail.com")
    journey.page.get_by_role("button", name="Register in Jump EHR and Impilo").click()
    expect(journey.page.get_by_role("heading", name="Being registered")).to_be_visible()
    sending.send_due()
    journey.page.reload()
    expect(journey.page.get_by_role("heading", name="2 source records")).to_be_visible()


def test_nobody_found_by_a_look_up_is_registered_with_what_was_typed(journey: Journey) -> None:
    journey.given_signed_in()
    journey.when_they_look_up("zoë van der quartermaine 9/3/1987 zoe.q@example.org")
    journey.then_every_system_has_answered()
    press(journey, "Register a new person")
    expect(field_of(journey, "Given name")).to_have_value("Zoë")
    expect(field_of(journey, "Family name")).to_have_value("van der Quartermaine")
    expect(field_of(journey, "Birth date")).to_have_value("09-Mar-1987")
    expect(field_of(journey, "E-mail")).to_have_value("zoe.q@example.org")


def test_person_is_added_to_a_system_from_their_page(journey: Journey) -> None:
    journey.given_signed_in()
    search_for(journey, ZOE, "Nobody like this was found", systems=("jump",))
    create(journey, "Register in Jump EHR")
    page = journey.page
    expect(page.get_by_role("heading", name="1 source record")).to_be_visible(timeout=10_000)
    press(journey, "Add to JupyterHealth Exchange")
    expect(page.get_by_role("heading", name="Add somebody to another system")).to_be_visible()
    expect(field_of(journey, "E-mail")).to_have_value(ZOE["E-mail"])
    journey.then_the_page_is_accessible()
    registering.send(journey)
    searched(journey, "Nobody like this was found")
    page.get_by_role("button", name="Register in JupyterHealth Exchange").click()
    page.wait_for_url("**/people/*")
    sending.send_due()
    page.reload()
    expect(page.get_by_role("heading", name="2 source records")).to_be_visible(timeout=10_000)
    assert SourceRecord.objects.filter(family="quartermaine").values("patient").distinct().count() == 1


def test_slow_system_holds_up_neither_form_nor_reading_back(journey: Journey) -> None:
    journey.given_signed_in()
    journey.given_fault("jump", FaultKind.HANG)
    open_form(journey)
    type_in(journey, ZOE)
    registering.send(journey)
    expect(journey.page.get_by_role("heading", name="Searching …")).to_be_visible()
    expect(journey.page.locator(".portal-read-back")).to_contain_text("zoe.quartermaine")
    journey.given_no_fault("jump")
    searched(journey, "Nobody like this was found")
