"""Many writes at once: progress, pause, cancel, an outcome each, and no harm in asking again."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
from django.db import connection

from integrations.errors import Forbidden
from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from integrations.writes import Changes, Shown, details_of, shown_of
from patients.models import Bulk, Claim, Operation, Patient, SourceRecord
from patients.services.held import whole_of
from patients.services.operations import bulks, clock, queue, settling, step
from patients.services.operations.bulks import Part
from patients.services.operations.settling import NotNow
from patients.services.operations.whys import Why
from patients.services.operations.wishes import Change
from portal.accounts.models import User
from portal.audit.models import Event
from tests.support import side_by_side
from tests.writing import named, new_record, one_of_many, pass_time, register, work_off

State = Operation.State
NAMES = ("Ann", "Bea", "Cleo", "Dora", "Eva", "Fay", "Gwen", "Hope")

pytestmark = pytest.mark.slow


def _people(*names: str) -> list[Part]:
    return [one_of_many(new_record(given_name=name, email="", phone="")) for name in names]


def _asked(by: User, *names: str) -> bulks.Asked:
    return bulks.ask(_people(*names), system="impilo", label="New patients of today", by=by)


def test_many_are_done_each_once_and_progress_tells(sandbox: Sandbox, asker: User) -> None:
    asked = _asked(asker, *NAMES)
    before = bulks.progress(asked.bulk)

    work_off()

    assert (before.total, before.waiting, before.is_over) == (len(NAMES), len(NAMES), False)
    after = bulks.progress(asked.bulk)
    assert (after.done, after.ended, after.is_over) == (len(NAMES), len(NAMES), True)
    assert len(named(sandbox, "impilo")) == len(NAMES)
    assert Event.objects.get(action="bulk.asked").details["count"] == len(NAMES)


def test_one_that_cannot_be_asked_for_is_told_and_stops_nobody(sandbox: Sandbox, asker: User) -> None:
    asked = _asked(asker, "Ann", "Bea", "Ann")

    assert [isinstance(each, Operation) for each in asked.outcomes] == [True, True, False]
    assert "already" in str(asked.outcomes[2])
    work_off()
    assert len(named(sandbox, "impilo")) == 2


def test_asking_again_for_the_same_people_does_no_harm(sandbox: Sandbox, asker: User) -> None:
    _asked(asker, *NAMES)
    work_off()

    again = _asked(asker, *NAMES)
    work_off()

    assert not any(isinstance(each, Operation) for each in again.outcomes)
    assert len(named(sandbox, "impilo")) == len(NAMES)


def test_what_is_paused_waits_and_what_has_left_is_followed_up(sandbox: Sandbox, asker: User) -> None:
    sandbox.faults["impilo"].add(
        Fault(kind=FaultKind.RESET, method="POST", path="/patient", times=1, after_effect=True)
    )
    asked = _asked(asker, "Ann", "Bea", "Cleo")
    claimed = queue.claim("impilo", "a")
    assert claimed
    step.Step(claimed).run()
    bulks.pause(asked.bulk, by=asker)

    pass_time(seconds=step.LATE + 1)
    work_off()

    assert bulks.progress(asked.bulk).done == 1
    assert bulks.progress(asked.bulk).waiting == 2
    bulks.resume(asked.bulk, by=asker)
    work_off()
    assert bulks.progress(asked.bulk).done == 3
    assert len(named(sandbox, "impilo")) == 3


def test_what_left_in_vain_before_a_pause_is_not_sent_again_until_it_goes_on(
    sandbox: Sandbox, asker: User
) -> None:
    sandbox.faults["impilo"].add(Fault(kind=FaultKind.RESET, method="POST", path="/patient", times=1))
    asked = _asked(asker, "Ann")
    work_off()
    bulks.pause(asked.bulk, by=asker)

    pass_time(seconds=step.LATE + 1)
    work_off()

    assert not named(sandbox, "impilo")
    assert Operation.objects.get().state == State.WAITING
    bulks.resume(asked.bulk, by=asker)
    work_off()
    assert len(named(sandbox, "impilo")) == 1


def test_cancelling_ends_what_has_not_left(sandbox: Sandbox, asker: User) -> None:
    sandbox.faults["impilo"].add(Fault(kind=FaultKind.RESET, method="POST", path="/patient", times=1))
    asked = _asked(asker, "Ann", "Bea", "Cleo")
    claimed = queue.claim("impilo", "a")
    assert claimed
    step.Step(claimed).run()

    assert bulks.cancel(asked.bulk, by=asker) == 2
    pass_time(seconds=step.LATE + 1)
    work_off()

    states = set(Operation.objects.values_list("state", "why"))
    assert states == {(State.REFUSED, Why.CANCELLED)}
    assert not named(sandbox, "impilo")
    assert not Claim.objects.exists()
    with pytest.raises(NotNow):
        bulks.resume(asked.bulk, by=asker)


def test_what_was_refused_is_asked_for_again(sandbox: Sandbox, asker: User) -> None:
    asked = bulks.ask(
        [*_people("Ann"), one_of_many(new_record(given_name="Bea", family_name=""))],
        system="impilo", label="Two", by=asker,
    )  # fmt: skip
    work_off()
    assert bulks.progress(asked.bulk).refused == 1

    again = bulks.again(asked.bulk, by=asker)

    assert len(again.outcomes) == 1
    assert Bulk.objects.count() == 2
    with pytest.raises(NotNow):
        bulks.again(_asked(asker, "Cleo").bulk, by=asker)


def test_what_took_effect_in_part_is_not_cancelled(sandbox: Sandbox, asker: User) -> None:
    sandbox.switches["jump"].set(custom_fields="always", custom_fields_written="dropped")
    new = replace(new_record(), custom_fields=(("insurance_provider", "Bupa"),))
    asked = bulks.ask([one_of_many(new)], system="jump", label="One", by=asker)
    work_off()

    assert bulks.cancel(asked.bulk, by=asker) == 0

    operation = Operation.objects.get()
    assert (operation.state, operation.why) == (State.HELD, Why.NOT_TAKEN)
    assert Claim.objects.exists()


def test_what_cannot_be_deciphered_is_not_asked_for_again(sandbox: Sandbox, asker: User) -> None:
    asked = _asked(asker, "Ann", "Bea")
    bulks.cancel(asked.bulk, by=asker)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE patients_operation SET wanted = 'x' WHERE id = %s", [Operation.objects.earliest("pk").pk]
        )

    again = bulks.again(asked.bulk, by=asker)

    assert len(again.outcomes) == 1
    with connection.cursor() as cursor:
        cursor.execute("UPDATE patients_operation SET wanted = 'x'")
    with pytest.raises(NotNow, match="deciphered"):
        bulks.again(asked.bulk, by=asker)


def test_asking_that_fails_half_way_leaves_nothing_to_be_sent(sandbox: Sandbox, asker: User) -> None:
    change = Change(changes=Changes.to(phone="+44 7700 900001"), shown=Shown())

    with pytest.raises(AssertionError):
        bulks.ask([*_people("Ann"), Part(change)], system="impilo", label="Half", by=asker)

    work_off()
    assert Bulk.objects.get().state == Bulk.State.CANCELLED
    assert Operation.objects.get().why == Why.CANCELLED
    assert not named(sandbox, "impilo")


@pytest.mark.django_db(transaction=True)
def test_two_who_ask_for_the_same_people_in_another_order_do_not_lock_each_other(clinic_staff: User) -> None:
    people = [replace(each, patient=Patient.objects.create()) for each in _people(*NAMES)]
    ask = partial(bulks.ask, system="impilo", label="Both", by=clinic_staff)

    one, other = side_by_side([partial(ask, people), partial(ask, people[::-1])])

    assert all(isinstance(each, Operation) for each in (*one.outcomes, *other.outcomes))


def test_single_writes_go_before_many(sandbox: Sandbox, asker: User) -> None:
    _asked(asker, *NAMES)
    single = register({"impilo": new_record(given_name="Zara", email="")}, by=asker)[0]

    assert queue.claim("impilo", "a") == single


def test_many_changes_of_one_record_are_each_done_in_order(sandbox: Sandbox, asker: User) -> None:
    record = work_off(register({"impilo": new_record()}, by=asker)[0]).record
    assert record
    shown = shown_of(whole_of(record))
    parts = [
        Part(Change(changes=Changes.to(phone=f"+44 7700 90000{number}"), shown=shown), record=record)
        for number in range(4)
    ]

    asked = bulks.ask(parts, system="impilo", label="Phones", by=asker)
    work_off()

    assert bulks.progress(asked.bulk).done == 4
    record = SourceRecord.objects.get(pk=record.pk)
    assert details_of(whole_of(record)).phone == "+44 7700 900003"


def test_who_may_not_write_asks_for_nothing_and_nobody_else_decides(
    sandbox: Sandbox, asker: User, reader: User, admin: User
) -> None:
    with pytest.raises(Forbidden):
        _asked(reader, "Ann")
    assert not Bulk.objects.exists()
    bulk = _asked(asker, "Ann").bulk
    for decide in (bulks.pause, bulks.cancel):
        with pytest.raises(NotNow):
            decide(bulk, by=reader)
    bulks.pause(bulk, by=admin)
    with pytest.raises(NotNow):
        bulks.pause(bulk, by=admin)
    with pytest.raises(ValueError, match="without parts"):
        bulks.ask([], system="impilo", label="None", by=asker)
    assert replace(bulks.progress(bulk)).waiting == 1
    assert partial(settling.possible, by=reader)(Operation.objects.get()).anything is False


def test_what_was_being_sent_when_it_was_cancelled_is_ended_and_blocks_nobody(
    sandbox: Sandbox, asker: User
) -> None:
    """Its try ends without having done anything: nothing would ever take it up again."""
    asked = _asked(asker, "Ann")
    claimed = queue.claim("impilo", "a")
    assert claimed
    assert bulks.cancel(asked.bulk, by=asker) == 0
    queue.put_off(claimed, until=clock.now(), why=Why.LIMITED)

    work_off()

    assert Operation.objects.get().why == Why.CANCELLED
    assert not named(sandbox, "impilo")
