"""Reading a system that is short of quota, down, refuses the key, or gives a record that cannot be read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from integrations.models import Allowance
from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from patients.models import SourceRecord
from patients.services import sync, sync_runs
from patients.services.sync import Outcome
from tests.support import change

from .syncing import EACH, Kind, ids_held, ids_in, later, read, rows_of, step

pytestmark = pytest.mark.slow


def test_reserve_of_the_quota_stops_the_run_and_lets_it_go_on_later(
    sandbox: Sandbox, settings: Settings
) -> None:
    change(settings, "jump", RESERVE=0.5)
    run = sync_runs.begin("jump", Kind.FULL, source="command")
    assert step(run) is Outcome.MORE
    read_so_far = run.read
    Allowance.objects.filter(system="jump").update(
        quota_limit=1000, quota_remaining=400, quota_resets_at=timezone.now() + timedelta(minutes=20)
    )

    assert sync.work(run, "tests") is Outcome.WAITING

    assert (run.read, run.failures, run.ended_at) == (read_so_far, 0, None)
    assert run.problem
    assert run.resume_at is not None
    assert timedelta(minutes=19) < run.resume_at - timezone.now() < timedelta(minutes=22)
    with later(minutes=25):
        assert sync.work(run, "tests") is Outcome.ENDED
    assert run.problem == ""
    assert run.read == len(ids_in(sandbox, "jump"))


@EACH
def test_system_that_goes_down_in_the_middle_is_waited_for(sandbox: Sandbox, system: str) -> None:
    read(system)
    run = sync_runs.begin(system, Kind.FULL, source="command")
    board = sandbox.faults[system]
    board.add(Fault(kind=FaultKind.STATUS, status=503))

    assert sync.work(run, "tests") is Outcome.WAITING
    first = run.resume_at
    assert sync.work(run, "tests") is Outcome.WAITING

    assert run.failures == 2
    assert first
    assert run.resume_at
    assert run.resume_at > first
    assert not SourceRecord.objects.filter(vanished_at__isnull=False).exists()
    board.clear()
    assert sync.work(run, "tests") is Outcome.ENDED
    assert run.is_complete


@pytest.mark.parametrize("system", ["jump", "impilo"])
def test_refused_key_stops_the_run_with_what_to_do(sandbox: Sandbox, settings: Settings, system: str) -> None:
    key = settings.SYSTEMS[system]["API_KEY"]
    change(settings, system, API_KEY="sk_test_wrong")
    run = sync_runs.begin(system, Kind.FULL, source="command")

    assert sync.work(run, "tests") is Outcome.STOPPED
    assert run.problem
    assert run.next_step
    change(settings, system, API_KEY=key)
    assert sync.work(run, "tests") is Outcome.ENDED
    assert run.problem == ""


def test_one_record_that_cannot_be_read_does_not_hold_up_the_others(sandbox: Sandbox) -> None:
    read("jump")
    odd = ids_held("jump")[0]
    sandbox.faults["jump"].add(Fault(kind=FaultKind.MALFORMED, path=f"/patients/{odd}$"))

    run = read("jump", Kind.WHOLE)

    assert run.errors == 1
    assert list(SourceRecord.objects.filter(whole_at=None).values_list("remote_id", flat=True)) == [odd]


def test_one_record_without_an_answer_is_passed_over(sandbox: Sandbox) -> None:
    read("jump")
    odd = ids_held("jump")[0]
    sandbox.faults["jump"].add(Fault(kind=FaultKind.STATUS, status=500, path=f"/patients/{odd}$"))

    run = read("jump", Kind.WHOLE)

    assert run.errors == 1
    assert SourceRecord.objects.filter(whole_at=None).count() == 1


def test_record_that_cannot_be_stored_costs_that_record(sandbox: Sandbox) -> None:
    like = rows_of(sandbox, "jump")[ids_in(sandbox, "jump").pop()]
    with sandbox.stores["jump"].writing() as state:
        state["patients"]["x" * 80] = {**like, "id": "x" * 80}

    run = read("jump")

    assert run.errors >= 1
    assert run.read == len(ids_in(sandbox, "jump")) - 1
