"""Enrolling: neither lost nor doubled, by who may, for one person and many."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django.fixtures import Settings

from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from patients.models import Operation, Participant, SourceRecord, Study
from patients.services.operations import bulks, queue, settling
from patients.services.operations.whys import Why
from patients.services.operations.wishes import Kind
from patients.services.studies import enrolling
from patients.services.studies.allowed import Because, Fix, Refused
from portal.accounts.models import User
from tests import support
from tests.studying import (
    BP_AND_HR,
    PAMELA,
    PETER,
    die_after_sending,
    enrolled,
    reach,
    study_read,
    until_it_ends,
)
from tests.support import connected
from tests.writing import LIFESPAN, known, pass_time, work_off

State = Operation.State
pytestmark = pytest.mark.slow
PATIENTS = r"/studies/\d+/patients$"

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
        state["patients"][newcomer.remote_id]["organizations"] = [20002]
    work_off()
    assert enrolled(sandbox, newcomer.remote_id, BP_AND_HR) == 0
    with sandbox.stores["jhe"].writing() as state:
        state["patients"][newcomer.remote_id]["organizations"] = [int(LIFESPAN)]
    for each in Operation.objects.filter(state=State.HELD):  # out of the coordinator's reach by then
        settling.give_up(each, reason="Was taken out by mistake", by=asker)

    again = bulks.again(asked.bulk, by=asker)
    work_off()

    assert len(again.outcomes) == 1
    assert enrolled(sandbox, newcomer.remote_id, BP_AND_HR) == 1
    assert enrolled(sandbox, PETER, BP_AND_HR) == 1
