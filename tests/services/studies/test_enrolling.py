"""Enrolling and unenrolling: neither lost nor doubled, by who may, and no decision lost with a study."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError
from pytest_django.fixtures import Settings

from integrations.abilities import KeepsMembers
from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from patients.models import Decision, Invitation, Operation, Participant, SourceRecord, Study
from patients.services.connections import open_system
from patients.services.operations import queue, recording, settling
from patients.services.operations.contents import contents_of
from patients.services.operations.whom import wish_of
from patients.services.operations.whys import Why
from patients.services.operations.wishes import Kind, Leave
from patients.services.studies import enrolling, history, many
from patients.services.studies.allowed import Because, Fix, Refused
from portal.accounts.models import User
from tests import support
from tests.studying import (
    BP,
    BP_AND_HR,
    PAMELA,
    PETER,
    PRESSURE,
    decided,
    die_after_sending,
    enrolled,
    full,
    reach,
    study_read,
    taking_part,
    until_it_ends,
)
from tests.support import connected
from tests.writing import LIFESPAN, known, pass_time, work_off

State = Operation.State
pytestmark = pytest.mark.slow
PATIENTS = r"/studies/\d+/patients$"
CONSENTS = r"/patients/\d+/consents$"

UNKNOWN = [
    pytest.param(FaultKind.DELAY, {}, id="late effect"),
    pytest.param(FaultKind.RESET, {}, id="reset before"),
    pytest.param(FaultKind.RESET, {"after_effect": True}, id="reset after"),
    pytest.param(FaultKind.STATUS, {"status": 500, "html": True}, id="500 before"),
    pytest.param(FaultKind.HALF_DONE, {}, id="half done"),
    pytest.param(FaultKind.STATUS, {"status": 502, "html": True, "after_effect": True}, id="502 after"),
]


def _fault(sandbox: Sandbox, kind: FaultKind, method: str, path: str = PATIENTS, **values: Any) -> None:
    values = {"times": 1, "seconds": 3.0} | values
    sandbox.faults["jhe"].add(Fault(kind=kind, method=method, path=path, **values))


def _enrol(study: Study, record: SourceRecord, by: User, **values: Any) -> Operation:
    return enrolling.enrol(study, record, by=by, reach=reach(by), **values)


def _unenrol(study: Study, record: SourceRecord, by: User) -> Operation:
    return enrolling.unenrol(study, record, reason="Asked to stop", by=by, reach=reach(by))


# --- enrolling ------------------------------------------------------------------------------


def test_newcomer_takes_part_once_however_often_it_is_asked_for(
    sandbox: Sandbox, asker: User, study: Study, newcomer: SourceRecord
) -> None:
    first, second = _enrol(study, newcomer, asker), _enrol(study, newcomer, asker)
    work_off()

    for each in (first, second):
        each.refresh_from_db()
        assert each.state == State.DONE, (each.why, each.problem)
    assert not second.attempts.filter(sent=True).exists()
    assert enrolled(sandbox, newcomer.remote_id, BP_AND_HR) == 1
    participant = Participant.objects.get(study=study, record=newcomer)
    assert (participant.left_at, participant.standing) == (None, Participant.Standing.ENROLLED)
    newcomer.refresh_from_db()
    assert newcomer.vanished_at is None


@pytest.mark.parametrize(("kind", "values"), UNKNOWN)
def test_enrolment_whose_answer_is_lost_is_unknown_and_then_done_once(
    sandbox: Sandbox, settings: Settings, asker: User, study: Study, newcomer: SourceRecord,
    kind: FaultKind, values: dict[str, Any],
) -> None:  # fmt: skip
    support.change(settings, "jhe", TIMEOUT=(0.5, 1.0))
    _fault(sandbox, kind, "POST", **values)
    operation = work_off(_enrol(study, newcomer, asker))

    assert operation.state == State.UNKNOWN, (operation.state, operation.why)
    operation = until_it_ends(operation)
    assert operation.state == State.DONE, (operation.why, operation.problem)
    assert enrolled(sandbox, newcomer.remote_id, BP_AND_HR) == 1


def test_worker_that_dies_after_sending_leaves_nothing_open(
    sandbox: Sandbox, asker: User, study: Study, newcomer: SourceRecord
) -> None:
    """Killed between the reply and keeping it: the next one finds it done."""
    operation = die_after_sending(_enrol(study, newcomer, asker))
    assert enrolled(sandbox, newcomer.remote_id, BP_AND_HR) == 1

    pass_time(seconds=queue.LEASE + 1)
    operation = work_off(operation)

    assert operation.state == State.DONE
    assert not operation.attempts.filter(sent=True).exists()
    assert Participant.objects.filter(study=study, record=newcomer, left_at=None).exists()


# --- who may, and whom ----------------------------------------------------------------------


def test_viewer_is_told_role_and_whom_to_ask_and_nothing_leaves(
    sandbox: Sandbox, asker: User, viewer: User, study: Study, newcomer: SourceRecord
) -> None:
    roles = reach(viewer)
    sandbox.faults["jhe"].forget_requests()
    with pytest.raises(Refused) as caught:
        enrolling.enrol(study, newcomer, by=viewer, reach=roles)
    refusal = caught.value.refusal
    assert refusal.because is Because.ROLE
    assert "is viewer" in refusal.sentence
    assert "member or manager" in refusal.sentence
    assert "manager of Lifespan Lab" in refusal.step
    assert not Operation.objects.filter(kind=Kind.ENROL).exists()
    assert all(each.method == "GET" for each in sandbox.faults["jhe"].requests())


def test_who_holds_no_role_there_and_who_only_reads_here_are_refused(
    sandbox: Sandbox, clinic_staff: User, reader: User, study: Study, newcomer: SourceRecord
) -> None:
    connected(clinic_staff, "manager_mark@example.com", sandbox)
    connected(reader, "manager_mary@example.com", sandbox)
    expected = {clinic_staff: Because.ROLE, reader: Because.PORTAL_ROLE}
    for user, because in expected.items():
        with pytest.raises(Refused) as caught:
            _enrol(study, newcomer, user)
        assert caught.value.refusal.because is because


def test_role_that_is_taken_away_before_it_is_sent_stops_it(
    sandbox: Sandbox, asker: User, study: Study, newcomer: SourceRecord
) -> None:
    """JHE itself would let a viewer do it."""
    operation = _enrol(study, newcomer, asker)
    with sandbox.stores["jhe"].writing() as state:
        for row in state["roles"]:
            if row["organization_id"] == int(LIFESPAN) and row["role"] == "member":
                row["role"] = "viewer"

    operation = work_off(operation)

    assert (operation.state, operation.why) == (State.HELD, Why.NO_RIGHT)
    assert enrolled(sandbox, newcomer.remote_id, BP_AND_HR) == 0


def test_record_of_another_organization_is_refused_with_what_helps(
    sandbox: Sandbox, boss: User, study: Study, newcomer: SourceRecord
) -> None:
    elsewhere = study_read(BP_AND_HR, by=boss)
    newcomer.memberships.all().delete()
    with pytest.raises(Refused) as caught:
        _enrol(elsewhere, newcomer, boss)
    refusal = caught.value.refusal
    assert (refusal.because, refusal.fix) == (Because.OUTSIDE, Fix.ADD_TO_ORGANIZATION)
    assert "Lifespan Lab" in refusal.step
    assert not Operation.objects.filter(kind=Kind.ENROL).exists()


def test_record_is_added_to_the_organization_first_where_that_is_wanted(
    sandbox: Sandbox, boss: User, study: Study, newcomer: SourceRecord
) -> None:
    """It belongs to another one of the manager's by now."""
    with sandbox.stores["jhe"].writing() as state:
        state["patients"][newcomer.remote_id]["organizations"] = [20002]
    known("jhe", newcomer.remote_id, by=boss)
    operation = _enrol(study, newcomer, boss, add=True)
    kinds = list(Operation.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds[-2:] == [Kind.JOIN, Kind.ENROL]

    operation = work_off(operation)

    assert operation.state == State.DONE, (operation.why, operation.problem)
    assert enrolled(sandbox, newcomer.remote_id, BP_AND_HR) == 1


def test_record_that_left_the_organization_meanwhile_is_refused_and_holds_nobody_up(
    sandbox: Sandbox, boss: User, study: Study, newcomer: SourceRecord
) -> None:
    operation = _enrol(study, newcomer, boss)
    with sandbox.stores["jhe"].writing() as state:
        state["patients"][newcomer.remote_id]["organizations"] = [20002]

    operation = work_off(operation)

    assert (operation.state, operation.why) == (State.REFUSED, Why.NOT_IN_ORGANIZATION)
    assert "Add the record" in operation.next_step
    assert enrolled(sandbox, newcomer.remote_id, BP_AND_HR) == 0


def test_nobody_says_by_hand_that_somebody_takes_part(
    sandbox: Sandbox, boss: User, study: Study, newcomer: SourceRecord
) -> None:
    operation = _enrol(study, newcomer, boss)
    assert not settling.possible(operation, by=boss).by_hand
    with pytest.raises(settling.NotNow):
        settling.by_hand(operation, remote_id="", reason="I saw it", by=boss)


# --- many -----------------------------------------------------------------------------------


def test_many_get_an_outcome_each_and_what_failed_is_asked_for_again(
    sandbox: Sandbox, asker: User, study: Study, newcomer: SourceRecord, peter: SourceRecord
) -> None:
    outside = known("jhe", PAMELA, by=asker)
    outside.memberships.all().delete()
    asked = enrolling.enrol_many(study, [newcomer, outside, peter, newcomer], by=asker, reach=reach(asker))
    assert [each.operation is not None for each in asked.outcomes] == [True, False, True]
    (left_out,) = asked.refused
    assert left_out.refusal is not None
    assert left_out.refusal.because is Because.OUTSIDE
    assert asked.bulk is not None
    with sandbox.stores["jhe"].writing() as state:
        state["patients"][newcomer.remote_id]["organizations"] = [20002, int(LIFESPAN)][:1]
    work_off()
    assert enrolled(sandbox, newcomer.remote_id, BP_AND_HR) == 0
    with sandbox.stores["jhe"].writing() as state:
        state["patients"][newcomer.remote_id]["organizations"] = [int(LIFESPAN)]
    Operation.objects.filter(state=State.HELD).update(state=State.REFUSED)  # given up, as staff would

    again = many.retry(asked.bulk, study, by=asker, reach=reach(asker))
    work_off()

    assert len(again.outcomes) == 1
    assert enrolled(sandbox, newcomer.remote_id, BP_AND_HR) == 1
    assert enrolled(sandbox, PETER, BP_AND_HR) == 1


# --- leaving --------------------------------------------------------------------------------


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
