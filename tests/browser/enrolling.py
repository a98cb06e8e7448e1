"""Ways to enrolling: one person, many, the people who are selected, somebody of another organization."""

from __future__ import annotations

from playwright.sync_api import expect

from patients.models import Study
from tests.ending import belong
from tests.studying import BP_AND_HR
from tests.writing import known, work_off

from .inviting import PERRY, given_newcomer, given_participant, given_study, of_record, of_study, person_page
from .journey import Journey


def enrolling(journey: Journey) -> None:
    """Into which study."""
    record = given_newcomer(journey)
    journey.when_they_go_to(person_page(record))
    journey.then_every_system_has_answered()
    journey.page.get_by_role("link", name="Enrol in a study").click()
    expect(journey.page.get_by_role("heading", name="Enrol in a study")).to_be_visible()


def enrolling_refused(journey: Journey) -> None:
    """A viewer who tries."""
    enrolling(journey)
    journey.page.get_by_label("Lifespan Study on BP & HR").check()
    journey.page.get_by_role("button", name="Enrol", exact=True).click()
    expect(journey.page.get_by_role("alert")).to_contain_text("is viewer")


def enrolling_outside(journey: Journey) -> None:
    """Somebody of another organization, with the button that adds them."""
    record = given_newcomer(journey)
    belong(journey.sandbox, 20002, person=PERRY)
    assert journey.user is not None
    known("jhe", PERRY, by=journey.user)
    journey.when_they_go_to(of_record(record, "enrol"))
    journey.page.get_by_label("Lifespan Study on BP & HR").check()
    journey.page.get_by_role("button", name="Enrol", exact=True).click()
    expect(journey.page.get_by_role("button", name="Add to Lifespan Lab and enrol")).to_be_visible()


def waiting(journey: Journey) -> None:
    """The enrolment is on its way."""
    enrolling(journey)
    journey.page.get_by_label("Lifespan Study on BP & HR").check()
    journey.page.get_by_role("button", name="Enrol", exact=True).click()
    expect(journey.page.get_by_role("heading", name="Being enrolled in")).to_be_visible()


def unenrolling(journey: Journey) -> None:
    """What follows from taking somebody out."""
    record = given_participant(journey)
    study = Study.objects.get(remote_id=BP_AND_HR)
    journey.when_they_go_to(of_record(record, f"studies/{study.public_id}/unenrol"))
    expect(journey.page.get_by_role("heading", name="Take this person out of")).to_be_visible()


def adding(journey: Journey) -> None:
    """People of the organization who do not take part."""
    given_newcomer(journey)
    journey.when_they_go_to(of_study("add"))
    expect(journey.page.get_by_role("heading", name="Add participants")).to_be_visible()


def added(journey: Journey) -> None:
    """What came of many, of whom one is outside."""
    given_participant(journey)
    assert journey.user is not None
    belong(journey.sandbox, 20002, person=PERRY)
    known("jhe", PERRY, by=journey.user)
    journey.when_they_go_to("/people/")
    journey.page.get_by_role("button", name="Select all on this page").click()
    journey.page.get_by_role("link", name="Enrol in a study").click()
    journey.page.get_by_label("Lifespan Study on BP & HR").check()
    journey.page.get_by_role("button", name="Enrol", exact=True).click()
    work_off()
    expect(journey.page.get_by_role("heading", name="Not asked for: 1 person")).to_be_visible()
    expect(journey.page.get_by_text("1 of 1 ended").first).to_be_visible(timeout=10_000)


def selected(journey: Journey) -> None:
    """The people who are selected, and into which study."""
    given_participant(journey)
    journey.when_they_go_to("/people/")
    journey.page.get_by_role("button", name="Select all on this page").click()
    journey.page.get_by_role("link", name="Enrol in a study").click()
    expect(journey.page.get_by_role("heading", name="Enrol 1 person in a study")).to_be_visible()


def taking_out(journey: Journey) -> None:
    """The people who are selected, on the page that takes them out of a study."""
    given_participant(journey)
    journey.when_they_go_to("/people/")
    journey.page.get_by_role("button", name="Select all on this page").click()
    journey.page.get_by_role("link", name="Take out of a study").click()
    journey.page.get_by_role("link", name="Lifespan Study on BP & HR").click()
    expect(journey.page.get_by_role("heading", name="Take people out")).to_be_visible()


def elsewhere(journey: Journey) -> None:
    """Somebody of another organization, found by e-mail."""
    given_study(journey)
    with journey.sandbox.stores["jhe"].reading() as state:
        email = state["users"][str(state["patients"][PERRY]["user_id"])]["email"]
    journey.watch.typed.append(email)
    journey.when_they_go_to(of_study("elsewhere"))
    journey.page.get_by_label("E-mail address").fill(email)
    journey.page.get_by_role("button", name="Look up everywhere").click()
    expect(journey.page.get_by_role("button", name="Add to Lifespan Lab and enrol")).to_be_visible()
