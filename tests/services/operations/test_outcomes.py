"""What becomes of a write when a system fails, refuses, is slow, or the one who sends it dies."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import Group
from pytest_django.fixtures import Settings

from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from integrations.types import Identifier
from integrations.writes import details_of
from patients.models import Attempt, Breaker, Operation, SourceRecord
from patients.services.operations import breaker, queue, sending, step
from patients.services.operations.whys import Why
from portal.accounts.models import PersonToken, User
from portal.accounts.roles import Role
from tests import support
from tests.waiting import until
from tests.writing import LIFESPAN, change, held, named, new_record, pass_time, register, work_off

State = Operation.State
pytestmark = pytest.mark.slow

EACH = pytest.mark.parametrize("system", ["jump", "jhe", "impilo"])
PATHS = {"jump": "/patients", "jhe": "/api/v1/patients", "impilo": "/patient"}
WRITES = {"create": "POST", "change": "PATCH"}
PHONE = "+44 7700 900111"


def _fault(sandbox: Sandbox, system: str, kind: FaultKind, method: str, **values: Any) -> None:
    values = {"times": 1, "seconds": 3.0} | values
    sandbox.faults[system].add(Fault(kind=kind, method=method, path=PATHS[system], **values))


def _quick(settings: Settings, system: str) -> None:
    """Do not wait long for an answer that does not come."""
    support.change(settings, system, TIMEOUT=(0.5, 0.5))


def _register(by: User, system: str) -> Operation:
    new = replace(new_record(), organization_id=LIFESPAN if system == "jhe" else "")
    return register({system: new}, by=by)[0]


def _done(by: User, system: str) -> SourceRecord:
    operation = work_off(_register(by, system))
    assert operation.record, operation.problem
    return operation.record


def _until_it_ends(operation: Operation) -> Operation:
    """Try it again and again, as time passes."""
    for _ in range(12):
        operation = work_off(operation)
        if operation.state not in (State.WAITING, State.UNKNOWN, State.SENDING):
            break
        pass_time(seconds=max(step.LATE, step.LONGEST_BACKOFF) + 1)
    return operation


UNKNOWN = [
    pytest.param(FaultKind.DELAY, {}, id="late effect"),
    pytest.param(FaultKind.RESET, {}, id="reset before"),
    pytest.param(FaultKind.RESET, {"after_effect": True}, id="reset after"),
    pytest.param(FaultKind.STATUS, {"status": 500}, id="500 before"),
    pytest.param(FaultKind.STATUS, {"status": 500, "html": True, "after_effect": True}, id="500 after"),
    pytest.param(FaultKind.STATUS, {"status": 502, "html": True}, id="502"),
    pytest.param(FaultKind.TRUNCATED, {}, id="truncated"),
    pytest.param(FaultKind.WRONG_TYPES, {}, id="wrong types"),
    pytest.param(FaultKind.HALF_DONE, {}, id="half done"),
]


@EACH
@pytest.mark.parametrize(("kind", "values"), UNKNOWN)
def test_registration_whose_answer_is_lost_is_unknown_and_then_done_once(
    sandbox: Sandbox, settings: Settings, asker: User, system: str, kind: FaultKind, values: dict[str, Any]
) -> None:
    _quick(settings, system)
    _fault(sandbox, system, kind, "POST", **values)

    operation = work_off(_register(asker, system))
    if kind is FaultKind.DELAY:
        until(lambda: bool(named(sandbox, system)), what="the late effect")

    assert operation.state == State.UNKNOWN, (operation.state, operation.why)
    assert operation.left_at
    assert operation.problem
    operation = _until_it_ends(operation)
    assert operation.state == State.DONE, (operation.why, operation.problem)
    assert len(named(sandbox, system)) == 1
    assert not Operation.objects.exclude(state=State.DONE).exists()


def test_record_by_our_own_id_that_does_not_hold_all_is_told_and_not_called_done(
    sandbox: Sandbox, asker: User
) -> None:
    _fault(sandbox, "impilo", FaultKind.RESET, "POST", after_effect=True)
    operation = work_off(_register(asker, "impilo"))
    assert operation.state == State.UNKNOWN
    (row,) = named(sandbox, "impilo")
    with sandbox.stores["impilo"].writing() as state:
        state["patients"][str(row["id"])]["phoneNumber"] = "+44 7700 900222"

    operation = _until_it_ends(operation)

    assert (operation.state, operation.why) == (State.HELD, Why.NOT_TAKEN)
    assert operation.details == {"fields": ["phone"]}
    assert operation.record is not None
    assert operation.record.patient == operation.patient


def test_record_that_came_to_be_elsewhere_is_not_called_done(sandbox: Sandbox, asker: User) -> None:
    """Somebody else registered them, in an organization that was not asked for."""
    _fault(sandbox, "jhe", FaultKind.RESET, "POST", after_effect=True)
    operation = work_off(_register(asker, "jhe"))
    (row,) = named(sandbox, "jhe")
    with sandbox.stores["jhe"].writing() as state:
        state["patients"][str(row["id"])]["organizations"] = [20007]

    operation = _until_it_ends(operation)

    assert (operation.state, operation.why) == (State.HELD, Why.APPEARED)
    assert len(named(sandbox, "jhe")) == 1


def test_record_that_was_made_and_merged_since_is_not_made_again(sandbox: Sandbox, asker: User) -> None:
    _fault(sandbox, "jump", FaultKind.RESET, "POST", after_effect=True)
    operation = work_off(_register(asker, "jump"))
    (row,) = named(sandbox, "jump")
    with sandbox.stores["jump"].writing() as state:
        state["patients"][row["id"]]["status"] = "merged"
    assert operation.state == State.UNKNOWN

    pass_time(hours=25)
    operation = work_off(operation)

    assert (operation.state, operation.why) == (State.HELD, Why.MERGED)
    assert operation.details == {"records": [f"jump:{row['id']}"]}
    assert len(named(sandbox, "jump")) == 1


def test_record_that_came_to_be_without_its_identifiers_is_not_called_done(
    sandbox: Sandbox, asker: User
) -> None:
    _fault(sandbox, "jhe", FaultKind.RESET, "POST", after_effect=True)
    number = Identifier(system="https://registry.example.org", value="R-1")
    new = replace(new_record(), organization_id=LIFESPAN, identifiers=(number,))
    operation = work_off(register({"jhe": new}, by=asker)[0])
    (row,) = named(sandbox, "jhe")
    assert row["identifiers"]
    with sandbox.stores["jhe"].writing() as state:
        state["patients"][str(row["id"])]["identifiers"] = []

    operation = _until_it_ends(operation)

    assert (operation.state, operation.why) == (State.HELD, Why.APPEARED)
    assert len(named(sandbox, "jhe")) == 1


@EACH
@pytest.mark.parametrize(("kind", "values"), UNKNOWN)
def test_change_whose_answer_is_lost_is_unknown_and_then_done(
    sandbox: Sandbox, settings: Settings, asker: User, system: str, kind: FaultKind, values: dict[str, Any]
) -> None:
    record = _done(asker, system)
    _quick(settings, system)
    _fault(sandbox, system, kind, "PATCH", **values)

    operation = work_off(change(record, by=asker, phone=PHONE))

    # Impilo's reply is read back at once, whatever it looks like.
    read_back = system == "impilo" and kind is FaultKind.WRONG_TYPES
    assert operation.state == (State.DONE if read_back else State.UNKNOWN), operation.why
    operation = _until_it_ends(operation)
    assert operation.state == State.DONE, (operation.why, operation.problem)
    assert details_of(held(system, record.remote_id, by=asker)).phone == PHONE


@EACH
def test_nothing_is_sent_again_nor_the_next_while_a_request_may_take_effect_still(
    sandbox: Sandbox, settings: Settings, asker: User, system: str
) -> None:
    """Else the first request, arriving late, would undo the second."""
    record = _done(asker, system)
    _quick(settings, system)
    _fault(sandbox, system, FaultKind.RESET, "PATCH")
    first = work_off(change(record, by=asker, phone=PHONE))
    second = change(record, by=asker, phone="+44 7700 900222")

    pass_time(seconds=step.LATE - 30)
    first, second = work_off(first), work_off(second)

    assert (first.state, first.why) == (State.UNKNOWN, Why.LATE)
    assert second.state == State.WAITING
    assert not second.attempts.exists()
    pass_time(seconds=31)
    assert (work_off(first).state, work_off(second).state) == (State.DONE, State.DONE)
    assert details_of(held(system, record.remote_id, by=asker)).phone == "+44 7700 900222"


@EACH
def test_answered_fault_is_looked_into_at_once(sandbox: Sandbox, asker: User, system: str) -> None:
    """A server that answers has done with the request: nothing more comes of it."""
    record = _done(asker, system)
    _fault(sandbox, system, FaultKind.STATUS, "PATCH", status=500, html=True)
    operation = work_off(change(record, by=asker, phone=PHONE))
    assert (operation.state, operation.late_until) == (State.UNKNOWN, None)

    pass_time(seconds=step.BACKOFF + 1)

    assert work_off(operation).state == State.DONE


@EACH
def test_system_that_cannot_be_reached_is_waited_for_and_the_others_go_on(
    sandbox: Sandbox, asker: User, system: str
) -> None:
    sandbox.servers[system].stop()
    try:
        operations = {name: _register_as(asker, name) for name in ("jump", "jhe", "impilo")}
        work_off()
        states = {name: Operation.objects.get(pk=each.pk) for name, each in operations.items()}
    finally:
        sandbox.servers[system].start()

    assert (states[system].state, states[system].left_at) == (State.WAITING, None)
    assert states[system].why == Why.NOT_ANSWERING
    assert {each.state for name, each in states.items() if name != system} == {State.DONE}
    assert _until_it_ends(states[system]).state == State.DONE


def _register_as(by: User, system: str) -> Operation:
    new = replace(
        new_record(given_name={"jump": "Ann", "jhe": "Bea", "impilo": "Cleo"}[system]),
        organization_id=LIFESPAN if system == "jhe" else "",
    )
    return register({system: new}, by=by)[0]


@EACH
def test_too_many_requests_are_waited_for_as_long_as_the_system_says(
    sandbox: Sandbox, asker: User, system: str
) -> None:
    _fault(sandbox, system, FaultKind.STATUS, "POST", status=429, retry_after="30")

    operation = work_off(_register(asker, system))

    assert (operation.state, operation.why, operation.tries) == (State.WAITING, Why.LIMITED, 0)
    assert operation.left_at is None
    pass_time(seconds=29)
    assert work_off(operation).attempts.count() == 1
    pass_time(seconds=2)
    assert work_off(operation).state == State.DONE


def test_three_faults_in_a_row_leave_the_system_alone(sandbox: Sandbox, asker: User) -> None:
    sandbox.faults["impilo"].add(Fault(kind=FaultKind.STATUS, status=503, path="/patient"))
    people = [
        register({"impilo": new_record(given_name=name)}, by=asker)[0]
        for name in ("Ann", "Bea", "Cleo", "Dora", "Eva", "Fay")
    ]

    work_off()

    assert Attempt.objects.count() == breaker.FAULTS
    assert Breaker.objects.get().open_until
    sandbox.faults["impilo"].clear()
    pass_time(minutes=10)
    work_off()
    assert {work_off(each).state for each in people} == {State.DONE}
    assert Breaker.objects.get().faults == 0


@EACH
def test_worker_that_dies_between_sending_and_keeping_loses_and_doubles_nothing(
    sandbox: Sandbox, settings: Settings, asker: User, system: str
) -> None:
    """Its lease ends, and whoever takes over looks first."""
    operation = _register(asker, system)
    taken = queue.claim(system, "dies")
    assert taken
    sandbox.faults[system].add(Fault(kind=FaultKind.HANG, method="POST", path=PATHS[system], times=1))
    _quick(settings, system)
    step.Step(taken).run()
    # As if it had died then: the row says that it is sending, and nobody beats for it.
    Operation.objects.filter(pk=operation.pk).update(
        state=State.SENDING, owner="dies", lease_until=Operation.objects.get().changed_at, due_at=None
    )
    sandbox.faults[system].clear()
    pass_time(seconds=queue.LEASE + step.LATE)

    operation = _until_it_ends(operation)

    assert operation.state == State.DONE
    assert len(named(sandbox, system)) == 1


def test_attempt_that_was_cut_off_stays_without_an_end(sandbox: Sandbox, asker: User) -> None:
    _register(asker, "jump")
    taken = queue.claim("jump", "slow")
    assert taken
    pass_time(seconds=queue.LEASE + 1)
    other = queue.claim("jump", "quick")
    assert other
    step.Step(other).run()

    step.Step(taken).run()  # wakes up and finds that it is not its own any more

    outcomes = list(Attempt.objects.order_by("pk").values_list("outcome", flat=True))
    assert outcomes == ["done", "taken over"]
    assert len(named(sandbox, "jump")) == 1


# --- who asked ------------------------------------------------------------------------------


def test_write_waits_for_who_asked_to_sign_in_again(sandbox: Sandbox, asker: User) -> None:
    operation = _register(asker, "jhe")
    PersonToken.objects.filter(user=asker).delete()

    operation = work_off(operation)
    assert (operation.state, operation.why) == (State.WAITING, Why.NO_TOKEN)
    pass_time(minutes=30)
    assert work_off(operation).attempts.count() == 1

    support.connected(asker, "member_megan@example.com", sandbox)
    from patients.signals import go_on_writing

    go_on_writing(user=asker, system="jhe")
    assert work_off(operation).state == State.DONE


@EACH
def test_role_that_was_taken_away_meanwhile_holds_the_write(
    sandbox: Sandbox, asker: User, system: str
) -> None:
    operation = _register(asker, system)
    asker.groups.set([Group.objects.get(name=Role.READER)])

    operation = work_off(operation)

    assert (operation.state, operation.why) == (State.HELD, Why.NO_RIGHT)
    assert not named(sandbox, system)


@EACH
def test_account_that_was_switched_off_meanwhile_holds_the_write(
    sandbox: Sandbox, asker: User, system: str
) -> None:
    operation = _register(asker, system)
    asker.is_active = False
    asker.save()

    assert work_off(operation).why == Why.NO_RIGHT
    assert not named(sandbox, system)


def test_jhe_role_that_was_taken_away_meanwhile_holds_the_write(sandbox: Sandbox, asker: User) -> None:
    operation = _register(asker, "jhe")
    support.connected(asker, "viewer_victor@example.com", sandbox)

    operation = work_off(operation)

    assert (operation.state, operation.why) == (State.HELD, Why.NO_RIGHT)
    assert not named(sandbox, "jhe")


@pytest.mark.parametrize("system", ["jump", "impilo"])
def test_refused_key_waits_for_whoever_runs_the_portal(
    sandbox: Sandbox, settings: Settings, asker: User, system: str
) -> None:
    key = settings.SYSTEMS[system]["API_KEY"]
    support.change(settings, system, API_KEY="pk_test_wrong")
    operation = work_off(_register(asker, system))

    assert (operation.state, operation.why) == (State.WAITING, Why.NO_KEY)
    support.change(settings, system, API_KEY=key)
    pass_time(seconds=step.FOR_A_KEY + 1)
    assert work_off(operation).state == State.DONE


# --- what cannot be read, what never works --------------------------------------------------


def test_write_that_cannot_be_deciphered_is_held_and_stops_nobody(sandbox: Sandbox, asker: User) -> None:
    sealed = _register(asker, "jump")
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("UPDATE patients_operation SET wanted = 'gAAAAAB-not-ours'")
    other = register({"jump": new_record(given_name="Mia")}, by=asker)[0]

    work_off()

    row = Operation.objects.defer(*queue.SEALED).get(pk=sealed.pk)
    assert (row.state, row.why) == (State.HELD, Why.UNREADABLE)
    assert Operation.objects.get(pk=other.pk).state == State.DONE


def test_write_of_another_version_is_held_and_nothing_is_left_out_of_it(
    sandbox: Sandbox, asker: User
) -> None:
    operation = _register(asker, "jump")
    operation.wanted["new"]["details"]["species"] = "cat"
    operation.save()

    operation = work_off(operation)

    assert (operation.state, operation.why) == (State.HELD, Why.UNREADABLE)
    assert not named(sandbox, "jump")


def test_what_fails_every_time_without_taking_effect_is_held(sandbox: Sandbox, asker: User) -> None:
    record = _done(asker, "jump")
    sandbox.faults["jump"].add(Fault(kind=FaultKind.STATUS, status=500, method="PATCH", path="/patients"))
    operation = change(record, by=asker, phone=PHONE)

    operation = _until_it_ends(operation)

    assert (operation.state, operation.why) == (State.HELD, Why.IN_VAIN)
    assert operation.attempts.filter(sent=True).count() == step.MOST_IN_VAIN
    assert "did not happen" in operation.problem


def test_refusal_of_an_unknown_kind_is_held_in_the_end(sandbox: Sandbox, asker: User) -> None:
    record = _done(asker, "impilo")
    sandbox.faults["impilo"].add(Fault(kind=FaultKind.STATUS, status=410, method="PATCH", path="/patient"))

    operation = _until_it_ends(change(record, by=asker, phone=PHONE))

    assert (operation.state, operation.why) == (State.HELD, Why.CONFLICT)
    assert operation.attempts.count() == step.MOST_IN_VAIN


def test_key_that_the_system_has_forgotten_is_replaced_after_a_look(
    sandbox: Sandbox, settings: Settings, asker: User
) -> None:
    _quick(settings, "jump")
    _fault(sandbox, "jump", FaultKind.RESET, "POST", after_effect=True)
    operation = work_off(_register(asker, "jump"))
    key = operation.key
    pass_time(hours=25)

    operation = work_off(operation)

    assert operation.state == State.DONE
    assert operation.key == key  # it was found by looking
    assert len(named(sandbox, "jump")) == 1


def test_same_request_is_sent_again_at_once_where_the_system_knows_its_key(
    sandbox: Sandbox, settings: Settings, asker: User
) -> None:
    _quick(settings, "jump")
    _fault(sandbox, "jump", FaultKind.RESET, "POST")
    operation = work_off(_register(asker, "jump"))
    assert operation.late_until

    pass_time(seconds=step.BACKOFF + 1)

    assert work_off(operation).state == State.DONE
    assert len(named(sandbox, "jump")) == 1


# --- threads --------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_loops_send_what_is_due_and_end_when_they_are_told(sandbox: Sandbox, asker: User) -> None:
    ended = threading.Event()
    threads = sending.work(ended)
    try:
        for name in ("Ann", "Bea", "Cleo"):
            register({"impilo": new_record(given_name=name)}, by=asker)
        until(partial(_all_done, 3), what="three registrations")
    finally:
        ended.set()
        for thread in threads:
            thread.join(timeout=30)

    assert not any(thread.is_alive() for thread in threads)
    assert len(named(sandbox, "impilo")) == 3


def _all_done(count: int) -> bool:
    return Operation.objects.filter(state=State.DONE).count() == count
