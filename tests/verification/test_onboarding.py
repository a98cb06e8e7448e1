"""Staff at a browser, the examined JHE behind the portal: a new participant, up to data on the board.

The telephone's part goes by plain HTTP, as its app would. Nobody is left behind: who was registered is
removed with everything that they sent.
"""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from integrations.sandbox.patient_app import PatientApp
from integrations.types import Organization
from patients.models import Invitation, Operation, Participant, SourceRecord, Study
from patients.services import visibility
from patients.services.operations import sending
from patients.services.studies import places, reading, readings
from portal.accounts.models import User
from tests.browser.conftest import browser_context_args, browser_type_launch_args  # noqa: F401 (fixtures)
from tests.studying import study_read

from .made import Made, unique_email
from .test_at_the_desk import AtTheDesk, desk, staff  # noqa: F401 (a fixture)
from .test_studies import BLOOD_PRESSURE

pytestmark = pytest.mark.browser
MEASURED = {
    "systolic_blood_pressure": {"value": 118, "unit": "mmHg"},
    "diastolic_blood_pressure": {"value": 76, "unit": "mmHg"},
}


@pytest.fixture
def where(made: Made) -> tuple[Organization, str]:
    """A study that asks for blood pressure and has an app to invite to, and the organization that runs it."""
    for place in made.organizations:
        for study in made.jhe.studies(place.id):
            plan = made.jhe.study_plan(study.id, place.id)
            apps = [each for each in plan.apps if each.invites]
            if BLOOD_PRESSURE in {each.key for each in plan.scopes} and (apps or not made.jhe.tells_states()):
                return place, study.id
    pytest.skip("no study of the practitioner's asks for blood pressure and has an app")


@pytest.fixture
def practitioner(desk: AtTheDesk) -> User:  # noqa: F811
    """Clinic staff who are practitioners there, at the desk."""
    user = staff(desk.subject, desk.subject.practitioner, "Drew")
    desk.sits_down(user)
    return user


def test_new_participant_is_seen_to_send_data(
    desk: AtTheDesk, practitioner: User, where: tuple[Organization, str]  # noqa: F811
) -> None:  # fmt: skip
    place, number = where
    study = study_read(number, by=practitioner, organization=place.id)
    places.own_places(visibility.reach_of(practitioner))
    record = _registered(desk, study)
    _enrolled(desk, record, study)
    app = _connected(desk, record)

    for asked, system, code in app.pending():
        app.decide(asked, system, code, agreed=True)
    app.send(*BLOOD_PRESSURE, MEASURED, at=timezone.now())
    participant = Participant.objects.get(study=study, record=record)
    readings.ask_for_study(study, by=practitioner, wanted=[participant.pk])
    reading.read_all()

    desk.page.goto(f"{desk.portal}/onboarding/{study.public_id}/{record.patient.public_id}")
    expect(desk.page.get_by_text("Everything is done")).to_be_visible()
    desk.page.get_by_role("link", name="Open the study").first.click()
    row = desk.page.get_by_role("row", name=record.family.upper())
    expect(row).to_contain_text("Sending data" if desk.made.jhe.tells_states() else "agreed to")
    participant.refresh_from_db()
    assert participant.agreed


def _registered(desk: AtTheDesk, study: Study) -> SourceRecord:  # noqa: F811
    """From where the onboarding begins to a record in the study's organization."""
    family = f"Verif{unique_email()[13:23]}".replace("-", "")
    desk.page.goto(f"{desk.portal}/onboarding/{study.public_id}/")
    desk.presses("Register as new")
    desk.fills(given_name="Zoë", family_name=family, birth_date="9 3 1987", email=unique_email())
    desk.fills(phone="020 7946 0123")
    desk.presses("Search the systems and go on")
    desk.sees("Nobody like this was found")
    desk.presses("Register in JupyterHealth Exchange")
    desk.sees("Onboarding into")
    sending.send_due()
    return desk.record(family)


def _enrolled(desk: AtTheDesk, record: SourceRecord, study: Study) -> None:  # noqa: F811
    desk.presses("Enrol them")
    desk.presses("Enrol")
    desk.sees("Being enrolled in")
    sending.send_due()
    assert Participant.objects.filter(study=study, record=record, left_at=None).exists()
    desk.sees("Invite to")


def _connected(desk: AtTheDesk, record: SourceRecord) -> PatientApp:  # noqa: F811
    """Invited in person; the app follows the link, and where the server tells it the page says so."""
    page = desk.page
    app = page.locator("[name=app]")
    if app.count():
        app.first.check()
    page.get_by_label("In person").check()
    desk.presses("Make the invitation")
    expect(page.get_by_text("Being made")).to_be_visible()
    sending.send_due()
    row = Invitation.objects.get(participant__record=record)
    assert row.operation is not None
    assert row.operation.state == Operation.State.DONE, row.operation.problem
    page.goto(f"{desk.portal}/invitations/{row.public_id}/in-person")
    expect(page.locator("main svg").first).to_be_visible()
    telephone = PatientApp(desk.subject.url)
    telephone.follow(str(row.link))
    if desk.made.jhe.tells_states():
        expect(page.get_by_role("heading", name="Connected")).to_be_visible(timeout=10_000)
    return telephone
