"""Records that a system does not hold any more: marked only where that is proved, and kept."""

from __future__ import annotations

from datetime import timedelta

import pytest

from integrations.sandbox.run import Sandbox
from patients.models import SourceRecord, SyncedSystem
from patients.services import sync, sync_runs
from patients.services.sync import Outcome

from .syncing import EACH, Kind, ids_held, read, rows_of, step

pytestmark = pytest.mark.slow


def take_away(sandbox: Sandbox, system: str, patient_id: str) -> None:
    with sandbox.stores[system].writing() as state:
        del state["patients"][patient_id]


@EACH
def test_record_that_is_gone_is_marked_and_kept(sandbox: Sandbox, system: str) -> None:
    read(system)
    gone = ids_held(system)[3]
    take_away(sandbox, system, gone)

    run = read(system)

    assert run.vanished == 1
    (record,) = SourceRecord.objects.filter(vanished_at__isnull=False)
    assert (record.system, record.remote_id) == (system, gone)


def test_record_that_only_slipped_through_is_not_marked(sandbox: Sandbox) -> None:
    """A pass that did not show somebody is no proof: the system is asked for that one."""
    read("impilo")
    run = sync_runs.begin("impilo", Kind.FULL, source="command")
    record = SourceRecord.objects.filter(system="impilo")[0]
    step(run)
    SourceRecord.objects.filter(pk=record.pk).update(read_at=run.started_at - timedelta(hours=1))
    assert sync.work(run, "tests") is Outcome.ENDED

    record.refresh_from_db()
    assert record.vanished_at is None
    assert record.read_at > run.started_at


def test_gone_record_that_comes_back_is_current_again(sandbox: Sandbox) -> None:
    read("impilo")
    gone = ids_held("impilo")[0]
    row = rows_of(sandbox, "impilo")[gone]
    take_away(sandbox, "impilo", gone)
    read("impilo")
    with sandbox.stores["impilo"].writing() as state:
        state["patients"][gone] = row

    assert read("impilo").returned == 1
    assert not SourceRecord.objects.filter(vanished_at__isnull=False).exists()


def test_pass_with_unreadable_rows_marks_nobody(sandbox: Sandbox) -> None:
    read("jump")
    gone, odd = ids_held("jump")[:2]
    take_away(sandbox, "jump", gone)
    with sandbox.stores["jump"].writing() as state:
        state["patients"][odd]["id"] = None

    run = read("jump")

    assert (run.vanished, run.is_complete) == (0, False)
    assert run.errors >= 1
    assert run.problem
    assert run.next_step
    assert not SourceRecord.objects.filter(vanished_at__isnull=False).exists()


def test_changes_alone_mark_nobody(sandbox: Sandbox) -> None:
    read("jhe")
    take_away(sandbox, "jhe", ids_held("jhe")[0])

    assert read("jhe", Kind.CHANGES).vanished == 0


def test_lost_reach_of_another_reader_marks_nobody(sandbox: Sandbox) -> None:
    """Only who could see a record before can tell that it is out of reach now."""
    read("jhe")
    SyncedSystem.objects.update(full_as="account 99")
    with sandbox.stores["jhe"].writing() as state:
        for row in state["patients"].values():
            row["organizations"] = []

    assert read("jhe").vanished == 0
