"""Ways to the pages that end what a system keeps: archive, take back, leave an organization, delete."""

from __future__ import annotations

from collections.abc import Callable

from django.urls import reverse
from playwright.sync_api import Locator, expect

from integrations.sandbox.faults import FaultKind
from patients.models import Removal, SourceRecord
from portal.accounts.models import User
from portal.accounts.roles import Role
from tests import ending
from tests.conftest import make_user
from tests.ending import ELSEWHERE, PERSON, belong
from tests.support import connected
from tests.writing import LIFESPAN, known, work_off

from .journey import Journey

MARY = "manager_mary@example.com"
REASON = "Asked for it at the desk"
Way = Callable[[Journey], None]


def reason(journey: Journey) -> Locator:
    """Where the form asks for the reason."""
    return journey.page.get_by_label("Reason", exact=True)


def record(system: str = "jump", family: str = "mbeki") -> SourceRecord:
    """A record of the index."""
    return SourceRecord.objects.filter(system=system, family=family).order_by("pk")[0]


def person_page(of: SourceRecord) -> str:
    """The page of a record's person."""
    return reverse("patients:patient", args=[SourceRecord.objects.get(pk=of.pk).patient.public_id])


def colleague() -> User:
    """Somebody else who may write in the same organization."""
    return make_user("colleague@example.org", Role.CLINIC_STAFF, name="Clara Colleague")


# --- archive and take back ------------------------------------------------------------------


def archiving(journey: Journey, system: str = "jump") -> None:
    """A record that is to be archived."""
    journey.given_index("Mbeki")
    journey.when_they_go_to(person_page(record()))
    panel = journey.page.locator(f"[id^=record-{system}-]")
    panel.get_by_role("link", name="Archive").click()
    expect(journey.page.get_by_role("heading", name="Archive this record in")).to_be_visible()


def archiving_without_a_place_for_the_reason(journey: Journey) -> None:
    """In a system that keeps none."""
    archiving(journey, "impilo")


def archiving_refused(journey: Journey) -> None:
    """Without a reason."""
    archiving(journey)
    journey.page.get_by_role("button", name="Archive in Jump EHR").click()
    expect(journey.page.get_by_role("alert")).to_be_visible()


def archiving_stale(journey: Journey) -> None:
    """A record has changed since the form was opened."""
    archiving(journey)
    journey.page.get_by_label("Moved away").check()
    person = record().patient
    person.version += 1
    person.save()
    journey.page.get_by_role("button", name="Archive in Jump EHR").click()
    expect(journey.page.get_by_role("alert")).to_contain_text("Nothing was changed")


def archived(journey: Journey) -> None:
    """The page of a person one of whose records is archived."""
    archiving(journey)
    journey.page.get_by_label("Moved away").check()
    journey.page.get_by_role("button", name="Archive in Jump EHR").click()
    expect(journey.page.get_by_text("is asked to archive the record")).to_be_visible()
    work_off()
    journey.when_they_go_to(person_page(record()))
    expect(journey.page.get_by_role("link", name="Take back into use")).to_be_visible()


def taking_back(journey: Journey) -> None:
    """A record that is to be in use again."""
    archived(journey)
    journey.page.get_by_role("link", name="Take back into use").click()
    expect(journey.page.get_by_role("heading", name="back into use?")).to_be_visible()


def not_possible(journey: Journey) -> None:
    """A record that is merged into another one."""
    journey.given_index("Mbeki")
    SourceRecord.objects.filter(pk=record().pk).update(status="merged")
    journey.when_they_go_to(f"{person_page(record())}/records/{record().pk}/archive")
    expect(journey.page.get_by_text("This is not possible")).to_be_visible()


# --- leaving --------------------------------------------------------------------------------


def given_person(journey: Journey) -> SourceRecord:
    """Somebody of JHE, known to the index."""
    assert journey.user is not None
    return known("jhe", PERSON, by=journey.user)


def leaving(journey: Journey) -> None:
    """A record that is to leave one of two organizations; the manager of both is at the desk."""
    belong(journey.sandbox, int(LIFESPAN), ELSEWHERE)
    of = given_person(journey)
    journey.when_they_go_to(person_page(of))
    journey.page.locator(f"[id^=leave-{ending.place().pk}-]").click()
    expect(journey.page.get_by_role("heading", name="Take this record out of")).to_be_visible()


def leaving_unread(journey: Journey) -> None:
    """Not everything could be counted."""
    journey.given_fault("jhe", FaultKind.STATUS, status=500, html=True, path="/consents$")
    leaving(journey)
    expect(journey.page.get_by_text("Not everything could be counted")).to_be_visible()


# --- the last organization ------------------------------------------------------------------


def deleting(journey: Journey) -> None:
    """A record that would be deleted with its last organization."""
    of = given_person(journey)
    journey.when_they_go_to(person_page(of))
    journey.page.locator(f"[id^=leave-{ending.place().pk}-]").click()
    expect(journey.page.get_by_role("heading", name="Delete this record in")).to_be_visible()


def deleting_refused(journey: Journey) -> None:
    """With another id."""
    deleting(journey)
    journey.page.get_by_label("Id of the record").fill("40002")
    reason(journey).fill(REASON)
    journey.page.get_by_role("button", name="Ask a second person").click()
    expect(journey.page.get_by_role("alert")).to_contain_text("not the number of the record")


def asked(journey: Journey) -> Removal:
    """A deletion for which a colleague has asked; somebody else is at the desk."""
    of = given_person(journey)
    login = MARY if journey.user and journey.user.role == Role.CLINIC_STAFF else "member_megan@example.com"
    other = connected(colleague(), login, journey.sandbox)
    return ending.ask(of, by=other)


def second_at_home(journey: Journey) -> None:
    """What waits for a second person."""
    asked(journey)
    journey.when_they_go_to("/")
    expect(journey.page.get_by_text("waits for a second person")).to_be_visible()


def second(journey: Journey) -> None:
    """The page of the second person, after the numbers have grown."""
    removal = asked(journey)
    ending.observe(journey.sandbox)
    journey.when_they_go_to(f"/removals/{removal.public_id}")
    expect(journey.page.get_by_text("changed since it was asked for")).to_be_visible()


def second_refused(journey: Journey) -> None:
    """Without a tick."""
    second(journey)
    journey.page.get_by_role("button", name="Confirm: delete").click()
    expect(journey.page.get_by_role("alert")).to_be_visible()


def not_the_last_any_more(journey: Journey) -> None:
    """The record belongs to another organization by now."""
    removal = asked(journey)
    belong(journey.sandbox, int(LIFESPAN), ELSEWHERE)
    journey.when_they_go_to(f"/removals/{removal.public_id}")
    expect(journey.page.get_by_text("would not be deleted any more")).to_be_visible()


def first(journey: Journey) -> None:
    """The page of who has asked."""
    of = given_person(journey)
    assert journey.user is not None
    removal = ending.ask(of, by=journey.user)
    journey.when_they_go_to(f"/removals/{removal.public_id}")
    expect(journey.page.get_by_role("button", name="Withdraw")).to_be_visible()


def declined(journey: Journey) -> None:
    """A deletion that was declined."""
    removal = asked(journey)
    journey.when_they_go_to(f"/removals/{removal.public_id}")
    journey.page.get_by_label("Reason", exact=True).fill("Still in treatment here")
    journey.page.get_by_role("button", name="Decline").click()
    expect(journey.page.get_by_text("Declined: nothing is deleted")).to_be_visible()


def deleted(journey: Journey) -> None:
    """The person's page after the deletion."""
    removal = asked(journey)
    journey.when_they_go_to(f"/removals/{removal.public_id}")
    journey.page.get_by_label("I have checked").check()
    journey.page.get_by_role("button", name="Confirm: delete").click()
    expect(journey.page.get_by_text("Confirmed: the record is being deleted")).to_be_visible()
    work_off()
    journey.when_they_go_to(f"/removals/{removal.public_id}")
    expect(journey.page.get_by_text("does not hold the record any more")).to_be_visible()


def gone(journey: Journey) -> None:
    """The page of a person whose record was deleted."""
    deleted(journey)
    journey.page.get_by_role("link", name="Open this person").click()
    expect(journey.page.get_by_text("was not there any more").first).to_be_visible()


# --- unmistakable ---------------------------------------------------------------------------

STANDINGS = ("Ramsbottom", "Laurent", "Carmichael", "Northcott", "Halvorsen", "Patient", "Mbeki")


def given_people_of_every_standing(journey: Journey) -> None:
    """Somebody deceased, archived, merged, here for a while, made for a test, and in use."""
    journey.given_index(*STANDINGS)


def every_standing_listed(journey: Journey) -> None:
    """All of them in the people list."""
    given_people_of_every_standing(journey)
    journey.when_they_go_to("/people/")
    expect(journey.page.get_by_text("RAMSBOTTOM").first).to_be_visible()


def _page_of(system: str, given: str) -> Way:
    def way(journey: Journey) -> None:
        given_people_of_every_standing(journey)
        journey.when_they_go_to(person_page(SourceRecord.objects.get(system=system, given=given)))
        journey.then_every_system_has_answered()

    return way


archived_there = _page_of("jump", "simone")
merged = _page_of("jump", "pippa")
temporary = _page_of("jump", "freya")


def archiving_who_has_died(journey: Journey) -> None:
    """A form about somebody who has died."""
    given_people_of_every_standing(journey)
    of = SourceRecord.objects.get(system="jump", given="albert")
    journey.when_they_go_to(f"{person_page(of)}/records/{of.pk}/archive")
    expect(journey.page.get_by_text("Deceased: died")).to_be_visible()


def choosing_who_has_died(journey: Journey) -> None:
    """Candidates for a link, of whom one has died and one is archived."""
    given_people_of_every_standing(journey)
    of = SourceRecord.objects.get(system="jump", family="mbeki")
    journey.when_they_go_to(f"{person_page(of)}/link")
    for name in ("ramsbottom", "pippa northcott"):
        journey.watch.typed.append(name)
        journey.page.get_by_label("Look somebody else up").fill(name)
        journey.page.get_by_role("button", name="Look up in the index").click()
    expect(journey.page.get_by_text("NORTHCOTT").first).to_be_visible()
