"""Deleting a record with its last organization: two people, the numbers of now, exactly that or nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from integrations import errors
from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from patients.models import Operation, Removal, SourceRecord
from patients.services import index, visibility
from patients.services.connections import open_system
from patients.services.ending import Refused, counted, leaving, removing
from patients.services.lookup import Gone
from patients.services.operations import recording, settling, step
from patients.services.operations.contents import contents_of
from patients.services.operations.kinds import Job, Ready, work_of
from patients.services.operations.standing import standing_of
from patients.services.operations.whom import wish_of
from patients.services.operations.whys import Why
from patients.services.operations.wishes import Kind, Remove
from patients.services.seals import Broken
from patients.tasks import expire_removals
from portal.accounts.models import User
from portal.audit.models import Event
from tests.ending import ELSEWHERE, REASON, ask, belong, confirm, is_there, observe, place, whole
from tests.support import connected, side_by_side
from tests.writing import LIFESPAN, MEMBER, pass_time, work_off

State = Operation.State
pytestmark = pytest.mark.slow


def _give_role(sandbox: Sandbox, email: str, role: str) -> None:
    """Another role in the organization, as a manager there gives it."""
    with sandbox.stores["jhe"].writing() as state:
        user = next(row["id"] for row in state["users"].values() if row["email"] == email)
        for row in state["roles"]:
            if (row["user_id"], row["organization_id"]) == (user, int(LIFESPAN)):
                row["role"] = role


def _age(removal: Removal, days: int) -> None:
    then = timezone.now() - timedelta(days=days)
    Removal.objects.filter(pk=removal.pk).update(asked_at=then)
    Removal.objects.filter(pk=removal.pk, decided_at__isnull=False).update(decided_at=then)


# --- two people -----------------------------------------------------------------------------


def test_record_is_deleted_once_a_second_person_has_confirmed_it(
    sandbox: Sandbox, asker: User, second: User, record: SourceRecord
) -> None:
    removal = ask(record, by=asker)
    assert not Operation.objects.exists()
    assert [each.removal for each in removing.waiting_for(second, visibility.reach_of(second))] == [removal]

    removal = confirm(removal, by=second)
    operation = removal.operation
    assert operation
    assert (operation.asked_by, operation.acts_for, operation.kind) == (asker, asker, Kind.REMOVE)
    assert is_there(sandbox)
    with sandbox.stores["jhe"].reading() as state:
        others = set(state["patients"]) - {record.remote_id}
        values = [row for row in state["observations"].values() if row["patient_id"] != int(record.remote_id)]
    operation = work_off(operation)

    assert operation.state == State.DONE, operation.problem
    assert not is_there(sandbox)
    with sandbox.stores["jhe"].reading() as state:
        assert set(state["patients"]) == others
        assert list(state["observations"].values()) == values
    record.refresh_from_db()
    assert record.vanished_at is not None
    assert operation.attempts.filter(sent=True).count() == 1
    assert "does not hold" in standing_of(operation, behind=None, in_full=True).sentence
    said = {row.label: row.wanted for row in contents_of(operation, wish_of(operation) or _never()).rows}
    assert said["Reason"] == REASON
    assert said["Confirmed by"] == str(second)


def _never() -> Remove:
    raise AssertionError("the wish can be read")


def test_trail_names_both_and_why(asker: User, second: User, record: SourceRecord) -> None:
    confirm(ask(record, by=asker), by=second)
    wanted, confirmed, asked = (
        Event.objects.get(action=action)
        for action in ("removal.asked", "removal.confirmed", "operation.asked")
    )
    assert (wanted.actor, wanted.reason) == (str(asker.pk), REASON)
    assert confirmed.actor == str(second.pk)
    assert (asked.actor, asked.reason) == (str(asker.pk), REASON)
    assert asked.details["confirmed_by"] == second.pk


def test_nobody_confirms_what_they_have_asked_for(asker: User, second: User, record: SourceRecord) -> None:
    removal = ask(record, by=asker)
    with pytest.raises(Refused, match="two people"):
        confirm(removal, by=asker)
    with pytest.raises(IntegrityError), transaction.atomic():
        Removal.objects.filter(pk=removal.pk).update(state="confirmed", decided_by=asker)
    assert not Operation.objects.exists()


def test_who_has_no_right_to_write_there_neither_sees_nor_confirms(
    sandbox: Sandbox, asker: User, reader: User, coordinator: User, record: SourceRecord
) -> None:
    removal = ask(record, by=asker)
    connected(reader, "manager_mary@example.com", sandbox)  # whose role in the portal only reads
    connected(coordinator, "viewer_victor@example.com", sandbox)
    for user in (reader, coordinator):
        assert list(removing.waiting_for(user, visibility.reach_of(user))) == []
        with pytest.raises(Gone):
            removing.find(removal.public_id, by=user, reach=visibility.reach_of(user))
    assert Event.objects.filter(action="removal.viewed", outcome="refused").count() == 2


def test_of_two_who_confirm_at_once_one_does(
    sandbox: Sandbox, asker: User, second: User, coordinator: User, record: SourceRecord
) -> None:
    _give_role(sandbox, "viewer_victor@example.com", "member")
    connected(coordinator, "viewer_victor@example.com", sandbox)
    removal = ask(record, by=asker)

    def press(user: User) -> str:
        try:
            confirm(removal, by=user)
        except (Refused, Broken) as refused:
            return type(refused).__name__
        return "confirmed"

    outcomes = side_by_side([lambda: press(second), lambda: press(coordinator)])
    assert sorted(outcomes) == ["Refused", "confirmed"]
    assert Operation.objects.count() == 1


def test_declined_and_withdrawn_ones_are_over(asker: User, second: User, record: SourceRecord) -> None:
    first = ask(record, by=asker)
    seal = removing.seal_decision(whole(record, second), first, by=second)
    with pytest.raises(Refused):  # who asked withdraws, the others decline
        removing.withdraw(first, sealed=seal, reason="No", by=second)
    removing.decline(first, sealed=seal, reason="Still in treatment", by=second)
    with pytest.raises(Refused, match="declined"):
        confirm(first, by=second)
    (told,) = removing.waiting_for(asker, visibility.reach_of(asker))
    assert "Still in treatment" in told.text

    again = ask(record, by=asker)
    seal = removing.seal_decision(whole(record, asker), again, by=asker)
    removing.withdraw(again, sealed=seal, reason="A mistake", by=asker)
    with pytest.raises(Refused, match="withdrawn"):
        confirm(again, by=second)
    assert not Operation.objects.exists()


def test_what_nobody_confirms_in_a_week_expires(asker: User, second: User, record: SourceRecord) -> None:
    removal = ask(record, by=asker)
    _age(removal, 8)
    with pytest.raises(Refused, match="week"):
        confirm(removal, by=second)
    assert expire_removals.call() == 1
    removal.refresh_from_db()
    assert removal.state == Removal.State.EXPIRED
    assert Event.objects.filter(action="removal.expired").count() == 1
    (told,) = removing.waiting_for(asker, visibility.reach_of(asker))
    assert "confirmed by nobody" in told.title
    ask(record, by=asker)


# --- asking ---------------------------------------------------------------------------------


def test_number_of_the_record_is_typed(asker: User, record: SourceRecord) -> None:
    with pytest.raises(Refused, match="not the number"):
        ask(record, by=asker, typed="40002")
    assert not Removal.objects.exists()


def test_second_request_for_one_record_is_told_of_the_first(
    asker: User, second: User, record: SourceRecord
) -> None:
    ask(record, by=asker)
    with pytest.raises(Refused, match="already"):
        ask(record, by=second)


def test_record_of_two_organizations_is_not_asked_to_be_deleted(
    sandbox: Sandbox, second: User, record: SourceRecord
) -> None:
    belong(sandbox, int(LIFESPAN), ELSEWHERE)
    with pytest.raises(Refused, match="not the record's only"):
        ask(record, by=second)


def test_numbers_are_good_for_half_an_hour_and_for_one_page(
    asker: User, second: User, record: SourceRecord
) -> None:
    read = leaving.read(record, place(), by=asker)
    sealed = counted.sealed(read.counted, about="1 in 2", by=asker)
    assert counted.unsealed(sealed, about="1 in 2", by=asker) == read.counted
    assert counted.unsealed(sealed, about="1 in 3", by=asker) is None
    assert counted.unsealed(sealed, about="1 in 2", by=second) is None
    assert counted.unsealed(sealed + "x", about="1 in 2", by=asker) is None
    with time_machine.travel(timezone.now() + timedelta(seconds=counted.GOOD_FOR + 1)):
        assert counted.unsealed(sealed, about="1 in 2", by=asker) is None


def test_what_has_changed_since_is_said(
    sandbox: Sandbox, asker: User, second: User, record: SourceRecord
) -> None:
    removal = ask(record, by=asker)
    observe(sandbox)
    then = removing.counted_then(Removal.objects.get(pk=removal.pk))
    assert then
    now = leaving.read(record, place(), by=second).counted
    said = counted.changed_since(then, now)
    assert "Observations of the person: 2 when it was asked for, 3 now." in said
    assert counted.changed_since(now, now) == ()


def test_deletion_is_asked_for_by_nothing_else(asker: User, record: SourceRecord) -> None:
    with pytest.raises(ValueError, match="confirmed"):
        recording.ask(Remove(organization_id=LIFESPAN), record=record, by=asker)


# --- sending --------------------------------------------------------------------------------


def test_operation_that_nobody_confirmed_is_refused(
    sandbox: Sandbox, asker: User, second: User, record: SourceRecord
) -> None:
    removal = confirm(ask(record, by=asker), by=second)
    operation = removal.operation
    removal.delete()
    operation = work_off(operation)
    assert (operation.state, operation.why) == (State.REFUSED, Why.UNCONFIRMED)
    assert is_there(sandbox)


def test_record_in_another_organization_by_then_is_held_and_stays_in_both(
    sandbox: Sandbox, asker: User, second: User, record: SourceRecord
) -> None:
    removal = confirm(ask(record, by=asker), by=second)
    belong(sandbox, int(LIFESPAN), ELSEWHERE)
    operation = work_off(removal.operation)
    assert (operation.state, operation.why) == (State.HELD, Why.NOT_LAST)
    assert not operation.attempts.filter(sent=True).exists()
    with sandbox.stores["jhe"].reading() as state:
        assert state["patients"][record.remote_id]["organizations"] == [int(LIFESPAN), ELSEWHERE]
    assert not settling.possible(operation, by=second).by_hand
    with pytest.raises(settling.NotNow):
        settling.by_hand(operation, remote_id="", reason="Gone", by=second)


def test_record_moved_to_another_organization_is_held(
    sandbox: Sandbox, asker: User, second: User, record: SourceRecord
) -> None:
    removal = confirm(ask(record, by=asker), by=second)
    belong(sandbox, ELSEWHERE)
    operation = work_off(removal.operation)
    assert (operation.state, operation.why) == (State.HELD, Why.NOT_LAST)
    assert is_there(sandbox)


def test_record_that_is_gone_already_is_done(
    sandbox: Sandbox, asker: User, second: User, record: SourceRecord
) -> None:
    removal = confirm(ask(record, by=asker), by=second)
    with sandbox.stores["jhe"].writing() as state:
        del state["patients"][record.remote_id]
    operation = work_off(removal.operation)
    assert operation.state == State.DONE
    assert not operation.attempts.filter(sent=True).exists()
    record.refresh_from_db()
    assert record.vanished_at


@pytest.mark.parametrize("after_effect", [True, False])
def test_lost_answer_is_looked_at_and_the_record_is_deleted_once(
    sandbox: Sandbox, asker: User, second: User, record: SourceRecord, after_effect: bool
) -> None:
    removal = confirm(ask(record, by=asker), by=second)
    fault = Fault(kind=FaultKind.RESET, method="DELETE", times=1, after_effect=after_effect)
    sandbox.faults["jhe"].add(fault)
    operation = work_off(removal.operation)
    assert operation.state == State.UNKNOWN
    assert is_there(sandbox) is not after_effect

    pass_time(seconds=step.LATE + 1)
    operation = work_off(operation)
    assert operation.state == State.DONE
    assert not is_there(sandbox)
    assert operation.attempts.filter(sent=True).count() == (1 if after_effect else 2)


def test_deletion_whose_look_afterwards_fails_is_not_known_yet(
    sandbox: Sandbox, asker: User, second: User, record: SourceRecord
) -> None:
    operation = confirm(ask(record, by=asker), by=second).operation
    assert operation

    def fail_after_the_deletion() -> None:
        if not is_there(sandbox):
            sandbox.faults["jhe"].add(Fault(kind=FaultKind.STATUS, status=503, method="GET"))

    adapter = open_system("jhe", by=asker, seconds=30, sending=fail_after_the_deletion)
    wish = Remove(organization_id=LIFESPAN)
    removing_it = work_of(Job(operation=operation, wish=wish, adapter=adapter, now=timezone.now()))
    with pytest.raises(errors.Unavailable) as caught:
        removing_it.send(Ready())
    assert caught.value.outcome_unknown
    assert not is_there(sandbox)


def test_confirmation_that_is_a_week_old_is_not_sent_any_more(
    sandbox: Sandbox, asker: User, second: User, record: SourceRecord
) -> None:
    removal = confirm(ask(record, by=asker), by=second)
    _age(removal, 8)
    operation = work_off(removal.operation)
    assert (operation.state, operation.why) == (State.REFUSED, Why.EXPIRED)
    assert is_there(sandbox)


def test_asker_who_may_not_any_more_holds_it(
    sandbox: Sandbox, asker: User, second: User, record: SourceRecord
) -> None:
    removal = confirm(ask(record, by=asker), by=second)
    _give_role(sandbox, MEMBER, "viewer")
    operation = work_off(removal.operation)
    assert (operation.state, operation.why) == (State.HELD, Why.NO_RIGHT)
    assert is_there(sandbox)


def test_form_of_a_page_gone_stale_is_refused(asker: User, second: User, record: SourceRecord) -> None:
    removal = ask(record, by=asker)
    seal = removing.seal_decision(whole(record, second), removal, by=second)
    remote = open_system("jhe", by=second, seconds=30).get(record.remote_id)
    index.mark_vanished([SourceRecord.objects.get(pk=record.pk)], at=timezone.now())
    index.store([remote])
    with pytest.raises(Broken):
        removing.decline(removal, sealed=seal, reason="No", by=second)
