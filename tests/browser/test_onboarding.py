"""A new participant, from nobody to data on the board; and what who only looks on is shown and told."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from integrations.sandbox.patient_app import PatientApp
from patients.models import Operation, Participant, SourceRecord
from patients.services.studies import reading, readings
from portal.accounts.roles import Role
from tests.studying import BP_AND_HR, PRESSURE, enrolled
from tests.writing import work_off

from . import inviting, onboarding
from .journey import Journey
from .registering import ZOE, searched, type_in
from .test_inviting import scanned

pytestmark = pytest.mark.browser


def test_new_participant_is_registered_enrolled_invited_and_seen_to_send_data(journey: Journey) -> None:
    journey.given_signed_in(Role.COORDINATOR)
    study, page = onboarding.study_of(journey), journey.page
    journey.when_they_go_to(inviting.of_study(""))
    page.get_by_role("button", name="New participant").click()
    page.get_by_role("button", name="Register as new").click()
    type_in(journey, ZOE)
    page.get_by_role("button", name="Search the systems and go on").click()
    searched(journey, "Nobody like this was found")
    page.get_by_role("button", name="Register in JupyterHealth Exchange").click()
    expect(page.get_by_role("heading", name=f"Onboarding into {study.name}")).to_be_visible()
    record = work_off().record
    assert record is not None

    page.get_by_role("button", name="Enrol them").click()  # it went on by itself
    page.get_by_role("button", name="Enrol", exact=True).click()
    expect(page.get_by_role("heading", name="Being enrolled in")).to_be_visible()
    work_off()
    assert enrolled(journey.sandbox, record.remote_id, BP_AND_HR) == 1
    page.get_by_label("CareX").check()  # so did this
    page.get_by_label("In person").check()
    page.get_by_role("button", name="Make the invitation").click()
    expect(page.get_by_text("Being made")).to_be_visible()
    work_off()
    page.get_by_role("button", name="Show the QR code full screen").click()
    expect(page.get_by_text("Waiting for the telephone")).to_be_visible()
    app = PatientApp(journey.sandbox.url("jhe"))
    app.follow(scanned(page))
    expect(page.get_by_role("heading", name="Connected")).to_be_visible(timeout=5_000)

    journey.when_they_go_to(onboarding.of_record(record))
    expect(page.get_by_text("Everything is done")).to_be_visible()
    _agrees_and_sends(app)
    _read(journey)
    page.get_by_role("link", name="Open the study").first.click()
    row = page.get_by_role("row", name="QUARTERMAINE")
    expect(row.get_by_text("Sending data")).to_be_visible()
    assert Participant.objects.get(record=record).standing == Participant.Standing.SENDING


def _agrees_and_sends(app: PatientApp) -> None:
    """On the telephone: yes to everything that is asked, and a first measurement."""
    for study, system, code in app.pending():
        app.decide(study, system, code, agreed=True)
    measured = {
        "systolic_blood_pressure": {"value": 118, "unit": "mmHg"},
        "diastolic_blood_pressure": {"value": 76, "unit": "mmHg"},
    }
    app.send(*PRESSURE, measured, at=timezone.now())


def _read(journey: Journey) -> None:
    """What a worker does for whoever opens the board."""
    assert journey.user is not None
    study = onboarding.study_of(journey)
    wanted = list(Participant.objects.filter(study=study).values_list("pk", flat=True))
    readings.ask_for_study(study, by=journey.user, wanted=wanted)
    reading.read_all()


def test_somebody_made_up_is_gone_with_one_word_by_keyboard(journey: Journey) -> None:
    journey.given_signed_in(Role.COORDINATOR)
    onboarding.begin(journey)
    page = journey.page
    journey.when_they_tab_to(page.get_by_role("button", name="Make a test participant"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Onboarding into")).to_be_visible()
    record = work_off().record
    assert record is not None
    remove = page.get_by_role("link", name="Remove this test participant")
    expect(remove).to_be_visible()
    journey.when_they_tab_to(remove)
    page.keyboard.press("Enter")
    journey.when_they_tab_to(page.get_by_role("button", name="Remove the test participant"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("is asked to delete the test participant")).to_be_visible()

    assert work_off().state == Operation.State.DONE
    record.refresh_from_db()
    assert record.vanished_at is not None


def test_who_only_looks_on_sees_and_is_told_why_they_cannot_act(journey: Journey) -> None:
    journey.given_signed_in(Role.CLINIC_STAFF, jhe_login="viewer_victor@example.com")
    record, page = inviting.given_participant(journey), journey.page
    journey.when_they_go_to(inviting.of_study(""))
    expect(page.get_by_text("Your role: JupyterHealth Exchange viewer")).to_be_visible()
    journey.sandbox.faults["jhe"].forget_requests()
    page.get_by_role("button", name="New participant").click()
    expect(page.get_by_text("is viewer")).to_be_visible()
    expect(page.get_by_role("button", name="Make a test participant")).to_have_count(0)
    for step in ("studies/{}/invite", "studies/{}/unenrol"):
        study = onboarding.study_of(journey).public_id
        journey.when_they_go_to(inviting.of_record(record, step.format(study)))
        expect(page.get_by_text("this takes a member or manager there")).to_be_visible()
        expect(page.get_by_text("Ask a manager of Lifespan Lab")).to_be_visible()
    journey.when_they_go_to(onboarding.of_record(record))
    expect(page.get_by_role("button", name="Invite them")).to_have_count(0)
    journey.then_the_page_is_accessible()

    sent = journey.sandbox.faults["jhe"].requests()
    assert not [each for each in sent if each.method != "GET" and each.status not in (400, 401)]
    assert not Operation.objects.exists()


def test_the_way_is_the_same_without_javascript(unscripted: Journey) -> None:
    journey, page = unscripted, unscripted.page
    journey.given_signed_in(Role.COORDINATOR)
    onboarding.begin(journey)
    page.get_by_role("button", name="Make a test participant").click()
    work_off()
    page.get_by_role("link", name="Look again").click()
    page.get_by_role("button", name="Enrol them").click()
    page.get_by_role("button", name="Enrol", exact=True).click()
    work_off()
    record = SourceRecord.objects.get(marked_test=True)
    journey.when_they_go_to(onboarding.of_record(record))

    expect(page.get_by_role("button", name="Invite them")).to_be_visible()
