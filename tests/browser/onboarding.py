"""Ways to the pages of the onboarding: its begin, each of its steps, somebody made up."""

from __future__ import annotations

from playwright.sync_api import expect

from patients.models import Operation, SourceRecord, Study
from patients.services import visibility
from patients.services.onboarding import testing
from tests.studying import BP_AND_HR
from tests.writing import work_off

from . import inviting
from .journey import Journey

STUDY = "Lifespan Study on BP & HR"


def study_of(journey: Journey) -> Study:
    """The study, as it was read."""
    return inviting.given_study(journey)


def of_study(study: Study, step: str = "") -> str:
    return f"/onboarding/{study.public_id}/{step}"


def of_record(record: SourceRecord, step: str = "") -> str:
    study = Study.objects.get(remote_id=BP_AND_HR)
    now = SourceRecord.objects.select_related("patient").get(pk=record.pk)
    return of_study(study, f"{now.patient.public_id}{step}")


def begin(journey: Journey) -> None:
    """Look up, register, or try it."""
    journey.when_they_go_to(of_study(study_of(journey)))
    journey.then_they_see("New participant")


def begin_of_viewer(journey: Journey) -> None:
    """... for who may only look."""
    begin(journey)
    expect(journey.page.get_by_text("is viewer")).to_be_visible()


def to_be_enrolled(journey: Journey) -> None:
    """Registered, and in the organization."""
    record = inviting.given_newcomer(journey)
    journey.when_they_go_to(of_record(record))
    expect(journey.page.get_by_role("button", name="Enrol them")).to_be_visible()


def to_be_invited(journey: Journey) -> None:
    """Takes part."""
    record = inviting.given_participant(journey)
    journey.when_they_go_to(of_record(record))
    expect(journey.page.get_by_role("button", name="Invite them")).to_be_visible()


def of_viewer(journey: Journey) -> None:
    """... for who may only look."""
    record = inviting.given_participant(journey)
    journey.when_they_go_to(of_record(record))
    expect(journey.page.get_by_text("is viewer")).to_be_visible()


def waiting(journey: Journey) -> None:
    """Invited, and not connected yet."""
    row = inviting.given_invitation(journey)
    journey.when_they_go_to(of_record(row.participant.record))
    expect(journey.page.get_by_role("link", name="The link does not work")).to_be_visible()


def stuck(journey: Journey) -> None:
    """An enrolment that was refused."""
    record = inviting.given_newcomer(journey)
    journey.when_they_go_to(inviting.of_record(record, "enrol"))
    journey.page.get_by_label(STUDY).check()
    journey.page.get_by_role("button", name="Enrol", exact=True).click()
    expect(journey.page.get_by_role("heading", name="Being enrolled in")).to_be_visible()
    Operation.objects.filter(kind="enrol").update(
        state=Operation.State.REFUSED, problem="JupyterHealth Exchange did not enrol the person.",
        next_step="Ask for it once more.", due_at=None, ended_at="2026-01-01T00:00Z",
    )  # fmt: skip
    journey.when_they_go_to(of_record(record))
    expect(journey.page.get_by_text("needs a decision")).to_be_visible()


def given_made_up(journey: Journey) -> SourceRecord:
    """Somebody made up, by whoever is at the desk."""
    assert journey.user is not None
    study = study_of(journey)
    reach = visibility.reach_of(journey.user)
    patient = testing.make(study, by=journey.user, reach=reach)
    record = work_off(Operation.objects.get(patient=patient)).record
    assert record is not None
    return record


def made_up(journey: Journey) -> None:
    """Their steps."""
    journey.when_they_go_to(of_record(given_made_up(journey)))
    expect(journey.page.get_by_text("Test participant", exact=True)).to_be_visible()


def removing(journey: Journey) -> None:
    """What goes with them."""
    journey.when_they_go_to(of_record(given_made_up(journey), "/remove"))
    expect(journey.page.get_by_role("button", name="Remove the test participant")).to_be_visible()


def beside_person(journey: Journey) -> None:
    """On the person's page."""
    record = inviting.given_participant(journey)
    journey.when_they_go_to(inviting.person_page(record))
    journey.then_every_system_has_answered()
    expect(journey.page.get_by_role("heading", name="Onboarding")).to_be_visible()
