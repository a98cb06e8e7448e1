"""Ways to the pages of editing: the form, what has to be answered in it, agreement, what is refused."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from patients.models import Patient, SourceRecord
from patients.services.operations import sending
from tests.editing import elsewhere

from .journey import Journey

FAMILIES = ("Mbeki", "Edwards", "Sobczak", "Mahmood")
PHONE, OTHER_PHONE = "07700 900555", "07700 900666"


def person_of(given: str) -> Patient:
    """Whose a record of this given name is now."""
    return SourceRecord.objects.filter(given=given).order_by("pk")[0].patient


def at(given: str, what: str) -> str:
    """An address about a person."""
    return f"/people/{person_of(given).public_id}/{what}".rstrip("/")


def record_of(given: str, system: str) -> SourceRecord:
    """The person's record in one system."""
    record: SourceRecord = person_of(given).records.get(system=system)
    return record


def field(journey: Journey, label: str) -> Locator:
    """A field of the form."""
    return journey.page.locator("main").get_by_label(label, exact=True)


def save(journey: Journey) -> None:
    """Press the button at the end of the form."""
    journey.page.get_by_role("button", name="Save", exact=True).last.click()


def saved(journey: Journey) -> None:
    """The person's page says so; the worker works."""
    expect(journey.page.get_by_text("Saved, and being written to")).to_be_visible()
    sending.send_due()


def form(journey: Journey, given: str = "grace") -> None:
    """The form as it opens."""
    journey.given_index(*FAMILIES)
    journey.when_they_go_to(at(given, "edit"))
    expect(field(journey, "Given name")).to_be_visible()


# --- states ---------------------------------------------------------------------------------


def opened(journey: Journey) -> None:
    """The form about somebody whose records differ."""
    form(journey, "jamal")


def everything_open(journey: Journey) -> None:
    """The form with every part of it unfolded."""
    form(journey, "marek")
    for summary in journey.page.locator("main details:not([open]) > summary").all():
        if summary.is_visible():
            summary.click()


def refused(journey: Journey) -> None:
    """A form with something that has to be put right."""
    form(journey)
    field(journey, "Birth date").fill("31/2/1980")
    save(journey)
    expect(journey.page.get_by_role("alert")).to_be_visible()


def moved(journey: Journey) -> None:
    """A phone that somebody else has changed meanwhile."""
    form(journey)
    elsewhere(journey.sandbox, record_of("grace", "jump"), phone=OTHER_PHONE)
    field(journey, "Phone").fill(PHONE)
    save(journey)
    expect(journey.page.get_by_role("heading", name="Choose what is to be there")).to_be_visible()


def cannot_hold(journey: Journey) -> None:
    """A sex that one system has no word for."""
    form(journey)
    field(journey, "Sex").select_option("other")
    save(journey)
    expect(journey.page.get_by_role("heading", name="Choose what is to be there")).to_be_visible()


def stopped(journey: Journey) -> None:
    """An edit that writes one person over another."""
    form(journey)
    field(journey, "Given name").fill("Brenda")
    field(journey, "Family name").fill("Okonkwo")
    save(journey)
    expect(journey.page.get_by_role("heading", name="Is this still the same person?")).to_be_visible()


def sensitive(journey: Journey) -> None:
    """A custom field that looks like a card number, and one of a name that is refused."""
    form(journey, "marek")
    journey.page.get_by_text("the organization’s own fields").click()
    for number, (name, value) in enumerate([("reference", "4111 1111 1111 1111"), ("pin", "1")]):
        field(journey, "New field").nth(number).fill(name)
        field(journey, "Value").nth(number).fill(value)
    save(journey)
    expect(journey.page.get_by_text("looks like the number of a payment card")).to_be_visible()


def stale(journey: Journey) -> None:
    """A form about somebody who is called differently by now."""
    form(journey)
    for system, wire in (("jump", "last_name"), ("impilo", "lastName"), ("jhe", "name_family")):
        elsewhere(journey.sandbox, record_of("grace", system), **{wire: "Mbeki-Jones"})
    field(journey, "Phone").fill(PHONE)
    save(journey)
    expect(journey.page.get_by_text("Nothing was changed")).to_be_visible()


def agreement(journey: Journey) -> None:
    """The details in which two records differ."""
    journey.given_index(*FAMILIES)
    journey.when_they_go_to(at("jamal", "agree"))
    expect(journey.page.get_by_role("group", name="Phone")).to_be_visible()


def in_agreement(journey: Journey) -> None:
    """Nothing left to be copied."""
    agreement(journey)
    for group in ("Phone", "Address"):
        journey.page.get_by_role("group", name=group).get_by_role("radio").first.check()
    save(journey)
    saved(journey)
    journey.when_they_go_to(at("jamal", "agree"))
    expect(journey.page.get_by_text("The records agree in every detail")).to_be_visible()


def confirmed(journey: Journey) -> None:
    """A person's page with a contact detail that was confirmed."""
    journey.given_index(*FAMILIES)
    journey.when_they_go_to(at("grace", ""))
    details = journey.page.get_by_role("region", name="Contact details: are they right?")
    details.get_by_role("button").first.click()
    expect(
        details.get_by_text("Confirmed on").or_(journey.page.get_by_text("Confirmed today")).first
    ).to_be_visible()
