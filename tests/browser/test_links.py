"""Linking, parting and undoing by mouse, keyboard and without JavaScript; every sealed form in two tabs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db.models import Q
from playwright.sync_api import Locator, Page, expect

from patients.models import Parked
from portal.accounts.roles import Role
from portal.audit.models import Event

from . import linking
from .journey import Journey
from .linking import REASON, at, link_of, person_of

pytestmark = pytest.mark.browser


def test_two_are_linked_and_undone_by_keyboard_alone(journey: Journey) -> None:
    journey.given_signed_in(Role.ADMIN)
    journey.given_index(*linking.INDEXED)
    page = journey.page
    journey.when_they_go_to(at("elsie", "link"))
    journey.watch.typed.append("vera wardle")
    journey.when_they_tab_to(page.get_by_label("Look somebody else up"))
    page.keyboard.type("vera wardle")
    page.keyboard.press("Enter")
    journey.when_they_tab_to(journey.person("Vera").get_by_role("link").first)
    page.keyboard.press("Enter")
    journey.when_they_tab_to(linking.reason(journey))
    page.keyboard.type(REASON)
    journey.when_they_tab_to(page.get_by_label("They are one person all the same"))
    page.keyboard.press("Space")
    journey.when_they_tab_to(page.get_by_role("button", name="Link: they are one person"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("The two are one person now.")).to_be_visible()
    assert person_of("elsie") == person_of("vera")
    journey.when_they_tab_to(page.get_by_role("link", name="Undo"))
    page.keyboard.press("Enter")
    journey.when_they_tab_to(linking.reason(journey))
    page.keyboard.type("It was somebody else after all")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The link is taken back")).to_be_visible()
    assert person_of("elsie") != person_of("vera")


def test_two_are_linked_parted_and_kept_apart_without_javascript(unscripted: Journey) -> None:
    unscripted.given_signed_in(Role.ADMIN)
    linking.kept_apart(unscripted)
    expect(unscripted.page.get_by_role("region", name="Links")).to_contain_text(f"Reason: {REASON}")
    assert person_of("elsie") != person_of("vera")


def send_to(page: Page, address: str) -> None:
    """Make the form of a tab go to another address, as no page does by itself."""
    page.locator("main form").last.evaluate("(form, to) => { form.action = to; }", address)


def box(page: Page) -> Locator:
    """Where the form asks for words."""
    return page.get_by_label("Reason").or_(page.get_by_label("What were you doing?"))


def press(page: Page, button: str) -> None:
    """Send the form, with words and tick where they are asked for."""
    box(page).fill(REASON)
    tick = page.get_by_label("They are one person all the same")
    if tick.count():
        tick.check()
    page.get_by_role("button", name=button, exact=True).click()


FORMS: dict[str, Callable[[], list[str]]] = {
    "Link: they are one person": lambda: [link_of("anika", "joan"), link_of("elsie", "joan")],
    "Not this person: part them": lambda: [_record_page("anika"), _record_page("elsie")],
    "Undo the link": lambda: [_undo_page("anika"), _undo_page("elsie")],
    "Mark as a test record": lambda: [_record_page("anika", "test"), _record_page("elsie", "test")],
    "Park": lambda: [at("anika", "park"), at("elsie", "park")],
}


def _record_page(given: str, what: str = "unlink") -> str:
    record = person_of(given).records.order_by("-pk")[0]
    return at(given, "records", str(record.pk), what)


def _undo_page(given: str) -> str:
    return at(given, "links", str(person_of(given).links.filter(rule="", undone_at=None)[0].pk), "undo")


def _written() -> int:
    """How much was written: events of links and marks, and people parked."""
    events = Event.objects.filter(Q(action__startswith="link.") | Q(action__startswith="record."))
    return events.count() + Parked.objects.count()


@pytest.mark.parametrize("button", FORMS)
def test_form_of_one_tab_is_refused_at_the_person_of_another(journey: Journey, button: str) -> None:
    journey.given_signed_in(Role.ADMIN)
    journey.given_index(*linking.INDEXED)
    linking.link(journey, "anika", "anisha")
    linking.link(journey, "elsie", "vera")
    one, other = FORMS[button]()
    second = journey.page.context.new_page()
    journey.when_they_go_to(one)
    second.goto(journey.portal + other)
    shown = [page.locator("h1").inner_text().split(" (")[0] for page in (journey.page, second)]
    before = _written()

    send_to(second, one)
    press(second, button)

    alert = second.get_by_role("alert").first
    expect(alert).to_contain_text(f"The form was about {shown[1]}, born")
    expect(alert).to_contain_text(f"This page is about {shown[0]}, born")
    assert shown[0] != shown[1]
    expect(box(second)).to_have_value(REASON)
    assert _written() == before
    assert Event.objects.filter(action="form.refused", outcome="refused").count() == 1
    press(journey.page, button)  # the other tab's own form is as good as before
    expect(journey.page.get_by_role("alert")).to_have_count(0)
    assert _written() > before
    second.close()


def test_of_two_tabs_the_second_learns_that_the_page_is_stale(journey: Journey) -> None:
    journey.given_signed_in(Role.ADMIN)
    journey.given_index(*linking.INDEXED)
    second = journey.page.context.new_page()
    for page, address in ((journey.page, link_of("anika", "joan")), (second, link_of("elsie", "joan"))):
        page.goto(journey.portal + address)
    press(journey.page, "Link: they are one person")
    expect(journey.page.get_by_text("The two are one person now.")).to_be_visible()

    press(second, "Link: they are one person")

    expect(second.get_by_role("alert").first).to_contain_text("The form was about WARDLE, Elsie")
    expect(second.get_by_text(REASON)).to_be_visible()
    assert person_of("joan") == person_of("anika") != person_of("elsie")
    second.close()
