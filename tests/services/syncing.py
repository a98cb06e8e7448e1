"""What tests of reading a system into the index share: runs, the clock, and what is on either side."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from integrations.sandbox.run import Sandbox
from patients.models import SourceRecord, SyncRun
from patients.services import sync, sync_runs
from patients.services.sync import Outcome

Kind = SyncRun.Kind
SYSTEMS = ("jump", "jhe", "impilo")
EACH = pytest.mark.parametrize("system", SYSTEMS)


def read(system: str, kind: str = Kind.FULL) -> SyncRun:
    """A run, worked on until it ends."""
    run = sync_runs.begin(system, kind, source="command")
    assert sync.work(run, "tests") is Outcome.ENDED
    return run


def step(run: SyncRun, owner: str = "tests") -> Outcome:
    """One step of a run."""
    return sync.work(run, owner, seconds=0)


def rows_of(sandbox: Sandbox, system: str) -> dict[str, Any]:
    """What a system holds."""
    with sandbox.stores[system].reading() as state:
        return dict(state["patients"])


def ids_in(sandbox: Sandbox, system: str) -> set[str]:
    return {str(row["id"]) for row in rows_of(sandbox, system).values()}


def ids_held(system: str) -> list[str]:
    return sorted(SourceRecord.objects.filter(system=system).values_list("remote_id", flat=True))


def later(**span: float) -> time_machine.travel:
    return time_machine.travel(datetime.now(UTC) + timedelta(**span), tick=True)
