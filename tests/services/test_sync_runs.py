"""Runs: resumed anywhere, by two at once, succeeded when their owner died, ended and forgotten once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.sandbox.run import Sandbox
from patients.models import Key, Patient, SourceRecord, SyncRun
from patients.services import sync, sync_runs
from patients.services.sync import Outcome
from portal.audit.models import Event
from tests.support import side_by_side

from .syncing import EACH, SYSTEMS, Kind, ids_held, ids_in, later, read, step

pytestmark = pytest.mark.slow


# --- stopping and going on ------------------------------------------------------------------


def counts_of(run: SyncRun) -> dict[str, int]:
    return {name: getattr(run, name) for name in sync_runs.COUNTS}


@EACH
def test_run_goes_on_in_another_process_after_every_step(sandbox: Sandbox, system: str) -> None:
    run = sync_runs.begin(system, Kind.FULL, source="command")
    for number in range(1000):
        outcome = step(run, owner=f"process {number}")
        if outcome is Outcome.ENDED:
            break
        assert outcome is Outcome.MORE
    assert counts_of(run)["read"] == len(ids_held(system)) == len(set(ids_held(system)))
    assert counts_of(run)["new"] == run.read


def test_owner_that_died_is_succeeded_after_its_lease(sandbox: Sandbox) -> None:
    run = sync_runs.begin("jump", Kind.FULL, source="command")
    assert sync_runs.claim(run, "dead")

    assert step(run, "heir") is Outcome.TAKEN
    with later(seconds=sync_runs.LEASE.total_seconds() + 1):
        assert sync.work(run, "heir") is Outcome.ENDED
    assert run.read == len(ids_in(sandbox, "jump"))


def test_owner_that_slept_through_its_lease_stores_nothing_more(sandbox: Sandbox) -> None:
    slow = sync_runs.begin("jump", Kind.FULL, source="command")
    assert sync_runs.claim(slow, "slow")
    with later(seconds=sync_runs.LEASE.total_seconds() + 1):
        assert sync_runs.claim(SyncRun.objects.get(), "quick")
    with pytest.raises(sync_runs.LostLease):
        sync_runs.advance(slow, counts={"read": 5})
    assert SyncRun.objects.get().read == 0


def test_run_ended_by_another_stays_ended_once(sandbox: Sandbox) -> None:
    run = read("impilo")
    with pytest.raises(sync_runs.LostLease):
        sync_runs.end(run, is_complete=False)
    assert Event.objects.filter(action="sync.ended").count() == 1


def test_old_runs_are_forgotten(sandbox: Sandbox) -> None:
    read("impilo")
    with later(days=91):
        assert sync_runs.forget_old() == 1


# --- two at once ----------------------------------------------------------------------------


def test_two_at_once_lose_and_double_nothing(sandbox: Sandbox) -> None:
    run = sync_runs.begin("impilo", Kind.FULL, source="command")

    def work(owner: str) -> Callable[[], None]:
        def until_it_has_ended() -> None:
            mine = SyncRun.objects.get(pk=run.pk)
            while not mine.ended_at:
                sync.work(mine, owner, seconds=0)
                mine.refresh_from_db()

        return until_it_has_ended

    side_by_side([work("one"), work("other")])

    run.refresh_from_db()
    assert run.is_complete
    assert ids_held("impilo") == sorted(ids_in(sandbox, "impilo"))
    assert (run.read, run.new) == (len(ids_in(sandbox, "impilo")),) * 2
    assert Event.objects.filter(action="sync.ended").count() == 1


def test_two_systems_at_once_link_the_same_people(sandbox: Sandbox) -> None:
    side_by_side([lambda name=name: read(name) for name in SYSTEMS])  # type: ignore[misc]

    together = set(Patient.objects.filter(is_listed=True))
    assert SourceRecord.objects.count() > len(together)
    assert Key.objects.exists()


def test_one_run_a_system_whoever_begins(sandbox: Sandbox) -> None:
    runs = side_by_side([lambda: sync_runs.begin("jump", Kind.FULL, source="page")] * 4)
    assert len({run.pk for run in runs}) == 1
    assert Event.objects.filter(action="sync.started").count() == 1


def test_record_read_live_meanwhile_keeps_its_newer_reading(sandbox: Sandbox) -> None:
    read("impilo")
    record = SourceRecord.objects.filter(system="impilo")[0]
    ahead = timezone.now() + timedelta(minutes=5)
    SourceRecord.objects.filter(pk=record.pk).update(read_at=ahead)

    read("impilo")

    record.refresh_from_db()
    assert record.read_at == ahead
