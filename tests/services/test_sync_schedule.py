"""The schedule: what of each system is due when, and who began it."""

from __future__ import annotations

import pytest

from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from patients.models import SourceRecord, SyncRun
from patients.services import sync, sync_runs, sync_schedule
from portal.accounts.models import User
from portal.audit.models import Event

from .syncing import SYSTEMS, Kind, later

pytestmark = pytest.mark.slow


def read_all() -> None:
    """Turns until nothing is due."""
    for _ in range(100):
        if not sync_schedule.take_turns():
            return
    raise AssertionError("there is always something due")


def test_schedule_reads_rows_then_whole_records_then_rests(sandbox: Sandbox) -> None:
    read_all()

    kinds = list(SyncRun.objects.filter(system="jump").order_by("pk").values_list("kind", flat=True))
    assert kinds == ["full", "whole"]
    assert not SourceRecord.objects.filter(whole_at=None).exists()
    assert sync_schedule.take_turns() == 0


def test_schedule_looks_for_changes_where_a_system_tells_them(sandbox: Sandbox) -> None:
    read_all()
    with later(minutes=16):
        assert {name: sync_schedule.due(name) for name in SYSTEMS} == {
            "jump": None,
            "jhe": "changes",
            "impilo": None,
        }
    with later(hours=13):
        assert {sync_schedule.due(name) for name in SYSTEMS} == {"full"}


def test_schedule_leaves_a_run_that_waits_alone(sandbox: Sandbox) -> None:
    run = sync_runs.begin("jump", Kind.FULL, source="schedule")
    sandbox.faults["jump"].add(Fault(kind=FaultKind.STATUS, status=503))
    sync.work(run, "tests")
    sandbox.faults["jump"].forget_requests()

    sync_schedule.take_turns()

    assert not sandbox.faults["jump"].requests()


def test_incomplete_full_run_is_repeated_after_an_hour(sandbox: Sandbox) -> None:
    with sandbox.stores["jump"].writing() as state:
        next(iter(state["patients"].values()))["id"] = None
    read_all()
    assert sync_schedule.due("jump") is None
    with later(minutes=70):
        assert sync_schedule.due("jump") == "full"


def test_events_say_who_and_how_many(sandbox: Sandbox, admin: User) -> None:
    run = sync_schedule.start("impilo", source="page", by=admin)
    sync.work(run, "tests")

    started, ended = Event.objects.filter(action__startswith="sync.").order_by("at")
    assert (started.action, started.system, started.actor) == ("sync.started", "impilo", str(admin.pk))
    assert (ended.action, ended.outcome) == ("sync.ended", "done")
    assert ended.details["read"] == run.read
    assert ended.details["new"] == run.new
