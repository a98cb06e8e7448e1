"""What people decide: try now, overrule, take over, give up, done by hand; and when they cannot."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

import pytest

from integrations.errors import Forbidden
from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from integrations.writes import details_of
from patients.models import Claim, Operation, SourceRecord
from patients.services.operations import decisions, queue, settling, step
from patients.services.operations.settling import NotNow
from patients.services.operations.standing import standing_of
from patients.services.operations.whys import Why
from patients.services.seals import Broken
from portal.accounts.models import PersonToken, User
from portal.audit.models import Event
from tests.writing import LIFESPAN, ZOE, change, held, known, named, new_record, pass_time, register, work_off

State = Operation.State
pytestmark = pytest.mark.slow
PHONE = "+44 7700 900111"


def _register(by: User, system: str, **values: Any) -> Operation:
    new = replace(new_record(**values), organization_id=LIFESPAN if system == "jhe" else "")
    return register({system: new}, by=by)[0]


def _done(by: User, system: str, **values: Any) -> SourceRecord:
    operation = work_off(_register(by, system, **values))
    assert operation.record, operation.problem
    return operation.record


def _reasons(operation: Operation, action: str) -> list[tuple[str, str]]:
    events = Event.objects.filter(action=action, details__operation=operation.public_id)
    return list(events.values_list("actor_label", "reason"))


# --- the sign-in of who asked has ended -----------------------------------------------------


def test_admin_takes_over_what_waits_for_somebodys_sign_in(sandbox: Sandbox, asker: User, boss: User) -> None:
    operation = _register(asker, "jhe")
    PersonToken.objects.filter(user=asker).delete()
    operation = work_off(operation)
    assert operation.why == Why.NO_TOKEN
    assert settling.possible(operation, by=boss).take_over

    settling.take_over(operation, by=boss)

    operation = work_off(operation)
    assert (operation.state, operation.acts_for, operation.asked_by) == (State.DONE, boss, asker)
    assert _reasons(operation, "operation.taken_over") == [(str(boss), "")]
    assert len(named(sandbox, "jhe")) == 1


def test_only_admins_take_over_and_only_where_they_may_write(
    sandbox: Sandbox, asker: User, reader: User, coordinator: User, admin: User
) -> None:
    operation = _register(asker, "jump")

    for user in (reader, coordinator):
        with pytest.raises(Forbidden):
            settling.take_over(operation, by=user)
    with pytest.raises(NotNow):
        settling.take_over(operation, by=asker)
    assert not settling.possible(operation, by=reader).anything
    assert not settling.possible(operation, by=asker).take_over
    assert Operation.objects.get().acts_for == asker
    settling.take_over(operation, by=admin)
    assert Operation.objects.get().acts_for == admin


# --- trying again, overruling ---------------------------------------------------------------


def test_change_that_somebody_else_made_is_overwritten_only_with_a_reason(
    sandbox: Sandbox, asker: User
) -> None:
    record = _done(asker, "jump")
    stale = SourceRecord.objects.get(pk=record.pk)
    work_off(change(record, by=asker, phone="+44 7700 900001"))
    operation = work_off(change(stale, by=asker, phone=PHONE))
    assert settling.possible(operation, by=asker).overrule

    settling.try_now(operation, by=asker)
    assert work_off(operation).why == Why.MOVED
    settling.try_now(operation, by=asker, reason="She said so at the desk")

    assert work_off(operation).state == State.DONE
    assert details_of(held("jump", record.remote_id, by=asker)).phone == PHONE
    assert (str(asker), "She said so at the desk") in _reasons(operation, "operation.tried_now")


def test_what_was_changed_once_more_is_not_overwritten_with_what_was_seen_before(
    sandbox: Sandbox, asker: User
) -> None:
    record = _done(asker, "jump")
    stale = SourceRecord.objects.get(pk=record.pk)
    work_off(change(record, by=asker, phone="+44 7700 900001"))
    operation = work_off(change(stale, by=asker, phone=PHONE))
    assert operation.why == Why.MOVED
    assert operation.record is not None
    sealed = decisions.seal(operation, by=asker)
    with sandbox.stores["jump"].writing() as state:
        state["patients"][record.remote_id]["phone"] = "+44 7700 900002"
    known("jump", record.remote_id, by=asker)

    with pytest.raises(NotNow, match="once more"):
        settling.try_now(operation, by=asker, reason="She said so at the desk")
    with pytest.raises(Broken):
        decisions.check(sealed, Operation.objects.get(pk=operation.pk), by=asker)

    assert Operation.objects.get(pk=operation.pk).state == State.HELD
    assert details_of(held("jump", record.remote_id, by=asker)).phone == "+44 7700 900002"


def test_who_asked_overrules_nothing_in_the_name_of_who_took_it_over(
    sandbox: Sandbox, asker: User, boss: User
) -> None:
    record = _done(asker, "jump")
    stale = SourceRecord.objects.get(pk=record.pk)
    work_off(change(record, by=asker, phone="+44 7700 900001"))
    operation = work_off(change(stale, by=asker, phone=PHONE))
    settling.take_over(operation, by=boss)
    operation = work_off(operation)
    assert operation.why == Why.MOVED

    assert not settling.possible(operation, by=asker).overrule
    assert settling.possible(operation, by=boss).overrule
    with pytest.raises(NotNow, match="somebody else's name"):
        settling.try_now(operation, by=asker, reason="She said so at the desk")
    assert Operation.objects.get(pk=operation.pk).state == State.HELD


def test_somebody_found_is_another_person_where_somebody_says_so(sandbox: Sandbox, asker: User) -> None:
    _done(asker, "jump")
    Claim.objects.all().delete()
    operation = work_off(_register(asker, "jump"))
    assert operation.why == Why.APPEARED

    settling.try_now(operation, by=asker, reason="Her cousin of the same name")

    assert work_off(operation).state == State.DONE
    assert len(named(sandbox, "jump")) == 2


def test_trying_now_opens_the_way_to_a_system_that_was_left_alone(sandbox: Sandbox, asker: User) -> None:
    sandbox.faults["impilo"].add(Fault(kind=FaultKind.STATUS, status=503, path="/patient"))
    operations = [_register(asker, "impilo", given_name=name) for name in ("Ann", "Bea", "Cleo", "Dora")]
    work_off()
    sandbox.faults["impilo"].clear()

    settling.try_now(operations[-1], by=asker)

    assert work_off(operations[-1]).state == State.DONE


# --- giving up ------------------------------------------------------------------------------


def test_what_is_given_up_is_not_sent_and_says_by_whom_and_why(sandbox: Sandbox, asker: User) -> None:
    operation = _register(asker, "jump")

    settling.give_up(operation, reason="Typed twice", by=asker)

    operation = work_off(operation)
    assert (operation.state, operation.why, operation.details) == (
        State.REFUSED,
        Why.GIVEN_UP,
        {"unknown": False, "in_part": False, "by": asker.pk},
    )
    assert not named(sandbox, "jump")
    assert _reasons(operation, "operation.given_up") == [(str(asker), "Typed twice")]


def test_nothing_is_decided_while_a_request_may_take_effect_still(
    sandbox: Sandbox, asker: User, boss: User
) -> None:
    sandbox.faults["impilo"].add(Fault(kind=FaultKind.RESET, method="POST", path="/patient", times=1))
    operation = work_off(_register(asker, "impilo"))
    assert operation.state == State.UNKNOWN

    possible = settling.possible(operation, by=boss)
    assert (possible.give_up, possible.by_hand) == (False, False)
    with pytest.raises(NotNow, match="seconds"):
        settling.give_up(operation, reason="Enough", by=boss)
    pass_time(seconds=step.LATE + 1)
    settling.give_up(operation, reason="Enough", by=boss)

    assert Operation.objects.get().details == {"unknown": True, "in_part": False, "by": boss.pk}


def test_nothing_is_decided_while_it_is_being_sent_or_has_ended(
    sandbox: Sandbox, asker: User, boss: User
) -> None:
    operation = _register(asker, "jump")
    taken = queue.claim("jump", "a")
    assert taken
    decisions = [
        partial(settling.try_now, operation, by=boss),
        partial(settling.take_over, operation, by=boss),
        partial(settling.give_up, operation, reason="x", by=boss),
    ]
    for decide in decisions:
        with pytest.raises(NotNow, match="being sent"):
            decide()
    queue.end(taken, State.DONE)
    for decide in decisions:
        with pytest.raises(NotNow, match="ended"):
            decide()
    assert not settling.possible(Operation.objects.get(), by=boss).anything


def test_nobody_else_decides(sandbox: Sandbox, asker: User, coordinator: User) -> None:
    operation = _register(asker, "jump")

    for decide in (settling.try_now, partial(settling.give_up, reason="x")):
        with pytest.raises(NotNow, match="admin"):
            decide(operation, by=coordinator)


def test_what_took_effect_in_part_is_told_so_whatever_is_decided(sandbox: Sandbox, asker: User) -> None:
    sandbox.switches["jump"].set(custom_fields="always", custom_fields_written="dropped")
    new = replace(new_record(), custom_fields=(("insurance_provider", "Bupa"),))
    (operation,) = register({"jump": new}, by=asker)
    operation = work_off(operation)
    assert (operation.state, operation.why) == (State.HELD, Why.NOT_TAKEN)
    assert operation.details == {"fields": ["custom_fields.insurance_provider"]}

    settling.try_now(operation, by=asker)
    operation = work_off(operation)
    assert operation.why == Why.NOT_TAKEN  # not somebody who was found: it is the record that was made
    settling.give_up(operation, reason="It goes without", by=asker)

    operation = Operation.objects.get(pk=operation.pk)
    assert operation.details == {"unknown": False, "in_part": True, "by": asker.pk}
    assert "in part" in standing_of(operation, behind=None, in_full=True).sentence
    assert len(named(sandbox, "jump")) == 1


# --- done by hand ---------------------------------------------------------------------------


def test_held_registration_is_done_by_hand_with_the_record_found(
    sandbox: Sandbox, asker: User, boss: User
) -> None:
    record = _done(asker, "jump")
    Claim.objects.all().delete()
    operation = work_off(_register(asker, "jump"))
    address = operation.patient.public_id

    found = settling.by_hand(operation, remote_id=record.remote_id, reason="It is she", by=boss)

    operation = Operation.objects.get(pk=operation.pk)
    assert (operation.state, operation.record, operation.patient) == (State.DONE, record, record.patient)
    assert (found.doubt, found.others) == ("", 0)
    assert operation.patient.public_id == address or operation.patient.pk == record.patient.pk
    assert _reasons(operation, "operation.done_by_hand") == [(str(boss), "It is she")]


def test_somebody_elses_record_is_not_taken_by_hand(sandbox: Sandbox, asker: User, boss: User) -> None:
    other = _done(asker, "jump", given_name="Mia", birth_date=date(2015, 6, 7))
    operation = _register(asker, "jump")

    with pytest.raises(NotNow, match="birth date"):
        settling.by_hand(operation, remote_id=other.remote_id, reason="x", by=boss)

    assert Operation.objects.get(pk=operation.pk).state == State.WAITING


def test_a_second_record_of_the_person_is_told_of(sandbox: Sandbox, asker: User, boss: User) -> None:
    first, _second = (_done(asker, "jump", given_name=name) for name in ("Zoë", "Mia"))
    with sandbox.stores["jump"].writing() as state:
        for row in state["patients"].values():
            if row["first_name"] == "Mia" and row["last_name"] == ZOE.family_name:
                row["first_name"] = "Zoë"
    Claim.objects.all().delete()
    operation = work_off(_register(asker, "jump"))

    found = settling.by_hand(operation, remote_id=first.remote_id, reason="It is she", by=boss)

    assert found.others == 1


def test_only_admins_say_that_it_is_done(sandbox: Sandbox, asker: User) -> None:
    record = _done(asker, "jump")
    operation = change(record, by=asker, phone=PHONE)

    with pytest.raises(NotNow, match="admin"):
        settling.by_hand(operation, remote_id="", reason="x", by=asker)


def test_change_is_done_by_hand_with_its_own_record(sandbox: Sandbox, asker: User, boss: User) -> None:
    record = _done(asker, "jump")
    operation = change(record, by=asker, phone=PHONE)
    with sandbox.stores["jump"].writing() as state:
        state["patients"][record.remote_id]["phone"] = PHONE

    settling.by_hand(operation, remote_id="", reason="Changed in Jump itself", by=boss)

    assert Operation.objects.get(pk=operation.pk).state == State.DONE
