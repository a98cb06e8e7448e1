"""A try that is known to have done nothing, after one of which that is not known: it stays not known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from integrations.types import Identifier
from integrations.writes import IdentifierChange
from patients.models import Operation
from patients.services.operations import bulks, recording, step, wishes
from portal.accounts.models import User
from tests.writing import (
    LIFESPAN,
    ZOE,
    held,
    known,
    named,
    new_record,
    one_of_many,
    pass_time,
    register,
    work_off,
)

State = Operation.State
pytestmark = pytest.mark.slow

THEIRS = Identifier(system="https://example.org/elsewhere", value="E-1")
OURS = Identifier(system="https://example.org/portal", value="P-1")
PATIENT = "/patients"


def _fault(sandbox: Sandbox, system: str, kind: FaultKind, method: str, **values: Any) -> None:
    sandbox.faults[system].add(Fault(kind=kind, method=method, path=PATIENT, times=1, **values))


def _try_until_it_ends(operation: Operation) -> Operation:
    for _ in range(6):
        pass_time(seconds=step.LATE + step.LONGEST_BACKOFF)
        operation = work_off(operation)
    return operation


def _emptied(sandbox: Sandbox, asker: User) -> Operation:
    """A set of identifiers that a try has emptied, and a second try that never was taken."""
    new = replace(new_record(), organization_id=LIFESPAN, identifiers=(THEIRS,))
    record = work_off(register({"jhe": new}, by=asker)[0]).record
    assert record is not None
    record = known("jhe", record.remote_id, by=asker)
    _fault(sandbox, "jhe", FaultKind.HALF_DONE, "PATCH")
    _fault(sandbox, "jhe", FaultKind.STATUS, "PATCH", status=429)
    wish = wishes.Identify(change=IdentifierChange(add=(OURS,)), organization_id=LIFESPAN)
    operation = work_off(recording.ask(wish, record=record, by=asker))
    assert not held("jhe", record.remote_id, by=asker).identifiers  # half done
    pass_time(seconds=step.LONGEST_UNKNOWN)
    return work_off(operation)


def test_identifiers_that_a_try_has_emptied_come_back_after_one_that_was_refused(
    sandbox: Sandbox, asker: User
) -> None:
    operation = _emptied(sandbox, asker)
    assert operation.state == State.UNKNOWN
    assert operation.left_at is not None

    operation = _try_until_it_ends(operation)

    assert operation.state == State.DONE, (operation.why, operation.problem)
    assert operation.record is not None
    record = held("jhe", operation.record.remote_id, by=asker)
    assert {(each.system, each.value) for each in record.identifiers} == {
        (each.system, each.value) for each in (THEIRS, OURS)
    }


def _sent_again_in_vain(sandbox: Sandbox, asker: User) -> Operation:
    """A creation that the system has made without an answer, sent again under its key and refused."""
    _fault(sandbox, "jump", FaultKind.RESET, "POST", after_effect=True)
    _fault(sandbox, "jump", FaultKind.STATUS, "POST", status=429)
    operation = work_off(register({"jump": new_record(ZOE)}, by=asker)[0])
    assert operation.state == State.UNKNOWN
    pass_time(seconds=step.BACKOFF + 1)
    return work_off(operation)


def test_creation_that_took_effect_is_known_for_ours_after_a_repeat_that_was_refused(
    sandbox: Sandbox, asker: User
) -> None:
    operation = _sent_again_in_vain(sandbox, asker)
    key = operation.key
    assert operation.state == State.UNKNOWN
    assert operation.left_at is not None
    assert operation.late_until is not None

    operation = _try_until_it_ends(operation)

    assert operation.state == State.DONE, (operation.why, operation.problem)
    assert operation.key == key
    assert len(named(sandbox, "jump")) == 1


def test_creation_that_took_effect_late_is_not_made_again_after_a_repeat_that_was_refused(
    sandbox: Sandbox, asker: User
) -> None:
    """The first request is still under way when the repeat is refused: nothing goes out under another key."""
    with sandbox.stores["jump"].reading() as state:
        before = len(state["patients"])
    _fault(sandbox, "jump", FaultKind.RESET, "POST")  # as far as can be seen here it is under way
    _fault(sandbox, "jump", FaultKind.STATUS, "POST", status=429)
    operation = work_off(register({"jump": new_record(ZOE)}, by=asker)[0])
    key = operation.key
    pass_time(seconds=step.BACKOFF + 1)
    operation = work_off(operation)
    pass_time(seconds=step.BACKOFF + 1)
    operation = work_off(operation)
    assert operation.key == key
    with sandbox.stores["jump"].reading() as state:
        assert len(state["patients"]) <= before + 1


def test_paused_bulk_follows_up_what_may_have_taken_effect(sandbox: Sandbox, asker: User) -> None:
    """Cancelled between a creation that was not answered and its repeat: it is done, not refused."""
    _fault(sandbox, "jump", FaultKind.RESET, "POST", after_effect=True)
    asked = bulks.ask([one_of_many(new_record(ZOE))], system="jump", label="One", by=asker)
    (operation,) = asked.outcomes
    assert isinstance(operation, Operation)
    operation = work_off(operation)
    assert operation.state == State.UNKNOWN
    bulks.cancel(asked.bulk, by=asker)

    operation = _try_until_it_ends(operation)

    assert operation.state == State.DONE, (operation.why, operation.problem)
    assert len(named(sandbox, "jump")) == 1
