"""Who works on which operation: one worker each, in the order of each person, whoever dies."""

from __future__ import annotations

from functools import partial

import pytest

from patients.models import Breaker, Operation, Patient, SourceRecord
from patients.services.operations import breaker, clock, queue, recording
from patients.services.operations.whys import Why
from patients.services.operations.wishes import Archive
from portal.accounts.models import User
from tests.support import side_by_side
from tests.writing import new_record, pass_time, register

State = Operation.State


def _people(count: int, by: User, system: str = "jump") -> list[Operation]:
    return [
        register({system: new_record(given_name=f"{system} {chr(97 + number) * 3}")}, by=by)[0]
        for number in range(count)
    ]


def _record(system: str = "jump", patient: Patient | None = None) -> SourceRecord:
    return SourceRecord.objects.create(
        patient=patient or Patient.objects.create(),
        system=system,
        remote_id=f"r{SourceRecord.objects.count()}",
        status="active",
        registration="standard",
        read_at=clock.now(),
        held={},
    )


def _archive(record: SourceRecord, by: User) -> Operation:
    return recording.ask(Archive(reason="Moved away"), record=record, by=by)


@pytest.mark.django_db(transaction=True)
def test_many_workers_take_each_operation_once(clinic_staff: User) -> None:
    asked = _people(12, clinic_staff)

    def take_all(owner: str) -> list[Operation]:
        taken = []
        while (operation := queue.claim("jump", owner)) is not None:
            taken.append(operation)
        return taken

    taken = side_by_side([partial(take_all, f"worker {number}") for number in range(4)])

    found = sorted(each.pk for some in taken for each in some)
    # Rows that another worker was just taking are skipped over: they are still due.
    while (operation := queue.claim("jump", "late")) is not None:
        found.append(operation.pk)
    assert sorted(found) == sorted(each.pk for each in asked)


@pytest.mark.django_db
def test_one_persons_writes_go_one_after_the_other_in_one_system(clinic_staff: User) -> None:
    person = Patient.objects.create()
    one, elsewhere = _record(patient=person), _record("impilo", patient=person)
    first, second = _archive(one, clinic_staff), _archive(one, clinic_staff)
    third = _archive(elsewhere, clinic_staff)

    taken = queue.claim("jump", "a")

    assert taken == first
    assert queue.claim("jump", "b") is None
    assert queue.claim("impilo", "b") == third
    assert queue.before(second) == first
    queue.end(taken, State.DONE)
    assert queue.claim("jump", "b") == second


@pytest.mark.django_db
def test_held_operation_holds_up_those_behind_it_and_nobody_else(clinic_staff: User) -> None:
    record = _record()
    _archive(record, clinic_staff)
    behind = _archive(record, clinic_staff)
    other = _archive(_record(), clinic_staff)
    taken = queue.claim("jump", "a")
    assert taken

    queue.hold(taken, Why.MOVED, {"fields": ["phone"]})

    assert queue.claim("jump", "a") == other
    assert queue.claim("jump", "a") is None
    assert Operation.objects.get(pk=behind.pk).state == State.WAITING


@pytest.mark.django_db
def test_lease_of_the_dead_is_taken_over_and_theirs_no_more(clinic_staff: User) -> None:
    (asked,) = _people(1, clinic_staff)
    dead = queue.claim("jump", "dead")
    assert dead
    assert queue.claim("jump", "alive") is None

    pass_time(seconds=queue.LEASE + 1)
    alive = queue.claim("jump", "alive")

    assert alive == asked
    with pytest.raises(queue.LostLease):
        queue.keep(dead, problem="x")
    with pytest.raises(queue.LostLease):
        queue.end(dead, State.DONE)
    queue.keep(alive, left_at=clock.now())
    assert Operation.objects.get().owner == "alive"


@pytest.mark.django_db
def test_what_is_put_off_waits_for_its_moment_and_is_unknown_where_it_left(clinic_staff: User) -> None:
    _people(1, clinic_staff)
    taken = queue.claim("jump", "a")
    assert taken
    queue.put_off(taken, until=clock.now() + clock.span(60))
    assert Operation.objects.get().state == State.WAITING
    assert queue.claim("jump", "a") is None

    pass_time(seconds=61)
    taken = queue.claim("jump", "a")
    assert taken
    queue.put_off(taken, until=clock.now(), left_at=clock.now())

    assert Operation.objects.get().state == State.UNKNOWN


@pytest.mark.django_db
def test_later_asked_for_the_same_person_has_the_higher_number(clinic_staff: User) -> None:
    """What the order rests on: asking holds the person until it is committed."""
    record = _record()
    numbers = [_archive(record, clinic_staff).pk for _ in range(3)]

    assert numbers == sorted(numbers)


@pytest.mark.django_db(transaction=True)
def test_who_asks_at_once_for_one_person_is_queued_one_after_the_other(clinic_staff: User) -> None:
    record = _record()

    side_by_side([partial(_archive, record, clinic_staff)] * 8)

    order = []
    while (taken := queue.claim("jump", "a")) is not None:
        order.append(taken.pk)
        queue.end(taken, State.DONE)
    assert order == sorted(order)
    assert len(order) == 8


# --- a system that does not answer ----------------------------------------------------------


@pytest.mark.django_db
def test_breaker_lets_one_go_first_and_the_others_after_an_answer(clinic_staff: User) -> None:
    first, second = _people(2, clinic_staff)
    (elsewhere,) = _people(1, clinic_staff, "impilo")
    for _ in range(breaker.FAULTS):
        breaker.failed("jump")

    assert queue.claim("jump", "a") is None
    assert breaker.open_until("jump")
    assert queue.claim("impilo", "a") == elsewhere
    pass_time(seconds=breaker.FIRST_PAUSE + 1)
    assert queue.claim("jump", "a") == first
    assert queue.claim("jump", "b") is None
    breaker.answered("jump")
    assert queue.claim("jump", "b") == second


@pytest.mark.django_db
def test_breaker_waits_the_longer_the_oftener_a_system_fails() -> None:
    waits = []
    for _ in range(12):
        breaker.failed("jump")
        until = breaker.open_until("jump")
        waits.append(round((until - clock.now()).total_seconds()) if until else 0)

    assert waits[:2] == [0, 0]
    assert waits[2:6] == [5, 10, 20, 40]
    assert waits[-1] == breaker.LONGEST_PAUSE


@pytest.mark.django_db
def test_who_went_first_and_never_asked_gives_the_right_back(clinic_staff: User) -> None:
    _people(2, clinic_staff)
    for _ in range(breaker.FAULTS):
        breaker.failed("jump")
    pass_time(seconds=breaker.LONGEST_PAUSE)
    assert queue.claim("jump", "a")

    breaker.let_one_go("jump")

    assert Breaker.objects.get().faults == breaker.FAULTS
    assert queue.claim("jump", "b")
