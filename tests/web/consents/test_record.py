"""The record for the study file: every decision with its authority, at any time, after leaving too."""

from __future__ import annotations

import pytest
from django.test import Client

from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from patients.models import SourceRecord, Study
from patients.services.studies import enrolling
from portal.accounts.models import User
from portal.audit.models import Event
from tests.conftest import signed_in
from tests.consenting import PRESSURE_ID, at, decide, decide_there, opened, page_of
from tests.studying import BP_AND_HR, PETER, reach
from tests.support import connected
from tests.writing import work_off

pytestmark = pytest.mark.slow


@pytest.fixture
def recorded(sandbox: Sandbox, desk: Client, peter: SourceRecord) -> SourceRecord:
    """Somebody who agreed in their app, and withdrew on paper."""
    decide_there(sandbox, PETER, BP_AND_HR, PRESSURE_ID, True)
    opened(desk, page_of(peter))
    decide(desk, at("decide", peter), {"Blood pressure": "no"}, note="Does not sleep well with it")
    assert work_off().state == "done"
    return peter


def test_record_holds_person_study_every_decision_who_made_it_and_when(
    desk: Client, recorded: SourceRecord
) -> None:
    page = opened(desk, at("consent_record", recorded))
    text = page.text
    assert "Lifespan Study on BP & HR" in text
    assert "Lifespan Lab" in text
    assert "by Cora Coordinator" in text
    entries = [each.text for each in page.of_class("portal-history__entry")]
    assert "Seen in JupyterHealth Exchange" in entries[0]
    assert "Recorded here by Cora Coordinator" in entries[-1]
    assert "Nurse Nightingale" in entries[-1]
    assert "Does not sleep well with it" in entries[-1]
    assert page.of_class("portal-identity")
    assert Event.objects.filter(action="person.consent_record_opened", outcome="done").count() == 1


def test_record_is_there_after_the_person_left_the_study(
    sandbox: Sandbox, desk: Client, member: User, recorded: SourceRecord
) -> None:
    study = Study.objects.get(remote_id=BP_AND_HR)
    enrolling.unenrol(study, recorded, reason="Asked to", by=member, reach=reach(member))
    assert work_off().state == "done"
    consents = opened(desk, page_of(recorded))
    assert at("consent_record", recorded) in consents.links()
    assert "Leaving a study deletes its decisions" in consents.text
    page = opened(desk, at("consent_record", recorded))
    entries = [each.text for each in page.of_class("portal-history__entry")]
    assert any("before the study was left" in each for each in entries)
    assert "Left the study" in entries[-1]
    assert any("Nurse Nightingale" in each for each in entries)
    assert "No: left" in page.text


def test_record_asks_no_system(sandbox: Sandbox, desk: Client, recorded: SourceRecord) -> None:
    sandbox.faults["jhe"].add(Fault(kind=FaultKind.STATUS, status=503, path="/consents$"))
    assert "Nurse Nightingale" in opened(desk, at("consent_record", recorded)).text


def test_viewer_reads_it_and_others_do_not(
    sandbox: Sandbox, viewer: User, recorded: SourceRecord, clinic_staff: User
) -> None:
    url = at("consent_record", recorded)
    assert signed_in(Client(), viewer).get(url).status_code == 200
    stranger = signed_in(Client(), connected(clinic_staff, "manager_mark@example.com", sandbox))
    assert stranger.get(url).status_code == 404
