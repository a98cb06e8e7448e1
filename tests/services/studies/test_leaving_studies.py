"""Leaving studies and organizations: no decision is lost with them, and nothing is left where it would be."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError

from integrations.abilities import KeepsMembers
from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from patients.models import Decision, Invitation, Operation, Participant, SourceRecord, Study
from patients.services.connections import open_system
from patients.services.operations import queue, recording
from patients.services.operations.contents import contents_of
from patients.services.operations.whom import wish_of
from patients.services.operations.wishes import Leave
from patients.services.studies import enrolling, history
from portal.accounts.models import User
from tests.studying import (
    BP,
    BP_AND_HR,
    PAMELA,
    PETER,
    PRESSURE,
    decided,
    enrolled,
    full,
    reach,
    taking_part,
    until_it_ends,
)
from tests.writing import LIFESPAN, known, pass_time, work_off

State = Operation.State
pytestmark = pytest.mark.slow
PATIENTS = r"/studies/\d+/patients$"
CONSENTS = r"/patients/\d+/consents$"


def _fault(sandbox: Sandbox, kind: FaultKind, method: str, path: str = PATIENTS, **values: Any) -> None:
    values = {"times": 1, "seconds": 3.0} | values
    sandbox.faults["jhe"].add(Fault(kind=kind, method=method, path=path, **values))


def _enrol(study: Study, record: SourceRecord, by: User, **values: Any) -> Operation:
    return enrolling.enrol(study, record, by=by, reach=reach(by), **values)


def _unenrol(study: Study, record: SourceRecord, by: User) -> Operation:
    return enrolling.unenrol(study, record, reason="Asked to stop", by=by, reach=reach(by))


def test_decisions_are_kept_before_a_study_is_left(
    sandbox: Sandbox, asker: User, study: Study, peter: SourceRecord
) -> None:
    before = decided(sandbox, PETER, BP_AND_HR)
    assert before
    Invitation.objects.create(participant=Participant.objects.get(record=peter), link="a link")
    operation = work_off(_unenrol(study, peter, asker))

    assert operation.state == State.DONE, (operation.why, operation.problem)
    assert enrolled(sandbox, PETER, BP_AND_HR) == 0
    assert enrolled(sandbox, PETER, BP) == 1
    rows = Decision.objects.filter(record=peter, study=study, how=Decision.How.BEFORE_LEAVING)
    assert {row.scope_code: row.agreed for row in rows} == before
    assert all(row.decided_at and row.operation == operation for row in rows)
    assert all(row.agreed is None for row in history.latest_of(peter, study).values())
    participant = Participant.objects.get(study=study, record=peter)
    assert participant.left_at is not None
    assert participant.invitations.get().link is None
    said = {row.label: row.wanted for row in contents_of(operation, wish_of(operation) or _never()).rows}
    assert (said["Study"], said["Reason"]) == (study.name, "Asked to stop")


def _never() -> Leave:
    raise AssertionError("the wish can be read")


@pytest.mark.parametrize("leaves_organization", [False, True])
@pytest.mark.parametrize("fault", [FaultKind.STATUS, FaultKind.MALFORMED, FaultKind.WRONG_TYPES])
def test_nothing_is_left_while_decisions_cannot_be_read(
    sandbox: Sandbox, boss: User, study: Study, peter: SourceRecord, leaves_organization: bool,
    fault: FaultKind,
) -> None:  # fmt: skip
    _belong(sandbox, peter, boss)
    _fault(sandbox, fault, "GET", CONSENTS, times=None, status=503)
    operation = work_off(_leaving(study, peter, boss, leaves_organization))

    assert operation.state == State.WAITING, (operation.state, operation.why)
    assert not operation.attempts.filter(sent=True).exists()
    assert decided(sandbox, PETER, BP_AND_HR)
    for board in sandbox.faults.values():
        board.clear()
    operation = until_it_ends(operation)
    assert operation.state == State.DONE
    assert Decision.objects.filter(how=Decision.How.BEFORE_LEAVING, study=study).exists()


@pytest.mark.parametrize("leaves_organization", [False, True])
def test_nothing_is_left_while_decisions_cannot_be_kept(
    sandbox: Sandbox, boss: User, study: Study, peter: SourceRecord, leaves_organization: bool
) -> None:
    """The database takes no more rows."""
    _belong(sandbox, peter, boss)
    operation = _leaving(study, peter, boss, leaves_organization)
    with full("patients_decision"), pytest.raises(DatabaseError):
        work_off(operation)

    assert not operation.attempts.filter(sent=True).exists()
    assert decided(sandbox, PETER, BP_AND_HR)
    pass_time(seconds=queue.LEASE + 1)
    assert work_off(operation).state == State.DONE
    assert Decision.objects.filter(how=Decision.How.BEFORE_LEAVING, study=study).exists()


def test_leaving_an_organization_keeps_the_decisions_of_all_its_studies(
    sandbox: Sandbox, boss: User, study: Study, peter: SourceRecord
) -> None:
    """One of them has never been read."""
    _belong(sandbox, peter, boss)
    with sandbox.stores["jhe"].writing() as state:
        (enrolment,) = [
            each for each in state["enrolments"] if (each["patient_id"], each["study_id"]) == (40001, 30002)
        ]
        one = next(iter(state["consents"]))
        state["consents"].append({**one, "id": 9001, "enrolment_id": enrolment["id"], "consented": False})
    before = {each: decided(sandbox, PETER, each) for each in (BP_AND_HR, BP)}
    assert all(before.values())

    operation = work_off(_leaving(study, peter, boss, True))

    assert operation.state == State.DONE, (operation.why, operation.problem)
    kept = Decision.objects.filter(record=peter, how=Decision.How.BEFORE_LEAVING)
    for number, decisions in before.items():
        rows = kept.filter(study__remote_id=number)
        assert {row.scope_code: row.agreed for row in rows} == decisions
    assert Participant.objects.get(study=study, record=peter).left_at is not None


@pytest.mark.parametrize("kind", [FaultKind.HALF_DONE, FaultKind.RESET])
def test_decisions_are_kept_once_however_often_leaving_is_tried(
    sandbox: Sandbox, asker: User, study: Study, peter: SourceRecord, kind: FaultKind
) -> None:
    before = decided(sandbox, PETER, BP_AND_HR)
    _fault(sandbox, kind, "DELETE")
    operation = until_it_ends(_unenrol(study, peter, asker))

    assert operation.state == State.DONE
    rows = Decision.objects.filter(record=peter, study=study, how=Decision.How.BEFORE_LEAVING)
    assert rows.count() == len(before)
    assert enrolled(sandbox, PETER, BP_AND_HR) == 0


def test_who_comes_back_begins_anew(sandbox: Sandbox, asker: User, study: Study, peter: SourceRecord) -> None:
    Participant.objects.filter(record=peter).update(
        number="LL-014", number_key="ll014", standing=Participant.Standing.SENDING, agreed=3
    )
    work_off(_unenrol(study, peter, asker))
    other = taking_part(study, known("jhe", PAMELA, by=asker))
    Participant.objects.filter(pk=other.pk).update(number="LL-014", number_key="ll014")

    work_off(_enrol(study, peter, asker))

    back = Participant.objects.get(study=study, record=peter)
    assert (back.left_at, back.standing, back.agreed) == (None, Participant.Standing.ENROLLED, None)
    assert back.number == ""  # somebody else has it by now
    assert history.latest_of(peter, study)[PRESSURE].agreed is None


def _belong(sandbox: Sandbox, record: SourceRecord, by: User) -> None:
    """The record is in a second organization, too, so that it can leave one."""
    with sandbox.stores["jhe"].writing() as state:
        state["patients"][record.remote_id]["organizations"] = [20002, int(LIFESPAN)]
    known("jhe", record.remote_id, by=by)
    adapter = open_system("jhe", by=by, seconds=30)
    assert isinstance(adapter, KeepsMembers)
    assert len(adapter.whole_record(record.remote_id).organizations) == 2


def _leaving(study: Study, record: SourceRecord, by: User, leaves_organization: bool) -> Operation:
    if leaves_organization:
        return recording.ask(Leave(organization_id=LIFESPAN), record=record, by=by)
    return _unenrol(study, record, by)
