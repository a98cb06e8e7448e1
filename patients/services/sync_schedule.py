"""When which system is read: rows before whole records, each run in short turns, others between."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from integrations.errors import IntegrationError
from integrations.registry import system_names
from patients.models import SyncedSystem, SyncRun
from portal.accounts.models import User
from portal.worker import ticker

from . import reading, sync, sync_runs
from .connections import is_set_up
from .sync import Outcome

TASK = "patients.tasks.sync_systems"
TURN_SECONDS = 3.0  # of one system; then whatever else the worker has to do goes first
AFTER_A_FAULT = timedelta(hours=1)
ASK_SECONDS = 8.0

Kind = SyncRun.Kind
_ROWS = (Kind.FULL, Kind.CHANGES)


def take_turns() -> int:
    """Give each system that is due a short turn; returns how many had one. Wakes itself for more."""
    owner = sync_runs.new_owner()
    turns = [_take_turn(name, owner) for name in system_names() if is_set_up(name)]
    if Outcome.MORE in turns or Outcome.ENDED in turns:
        ticker.wake(TASK)
    sync_runs.forget_old()
    return sum(turn is not None for turn in turns)


def start(system: str, *, source: str, by: User | None, kind: str | None = None) -> SyncRun:
    """Begin to read a system now, or let the run that is open go on; the worker does the rest."""
    run = sync_runs.open_run(system)
    if run is None:
        run = sync_runs.begin(system, kind or kind_of_rows(system), source=source, by=by)
    sync_runs.hasten(run)
    ticker.wake(TASK)
    return run


def kind_of_rows(system: str) -> str:
    """What brings the rows of a system up to date with the least reading."""
    known = SyncedSystem.objects.filter(system=system).first()
    if known is None or known.full_at is None:
        return Kind.FULL
    try:
        tells = reading.background(system, seconds=ASK_SECONDS).adapter.tells_changes()
    except IntegrationError:
        return Kind.FULL
    return Kind.CHANGES if tells else Kind.FULL


def due(system: str) -> str | None:
    """Which kind of run is to begin now, if any, where none is open."""
    now = timezone.now()
    full = sync_runs.last_run(system, Kind.FULL)
    every = timedelta(hours=settings.SYNC_FULL_HOURS)
    if full is None or full.started_at + (every if full.is_complete else min(every, AFTER_A_FAULT)) <= now:
        return Kind.FULL
    rows = sync_runs.last_run(system, *_ROWS)
    is_old = rows is None or rows.started_at + timedelta(minutes=settings.SYNC_MINUTES) <= now
    if is_old and kind_of_rows(system) == Kind.CHANGES:
        return Kind.CHANGES
    whole = sync_runs.last_run(system, Kind.WHOLE)
    in_vain = whole is not None and not (whole.read or whole.vanished)
    if whole is not None and in_vain and whole.started_at + AFTER_A_FAULT > now:
        return None
    return Kind.WHOLE if sync.due_whole(system).exists() else None


def _take_turn(system: str, owner: str) -> Outcome | None:
    """A turn on the open run, or on one that is due; none where there is nothing to do now."""
    run = sync_runs.open_run(system) or _begin(system)
    if run is None or (run.resume_at and run.resume_at > timezone.now()):
        return None
    return sync.work(run, owner, seconds=TURN_SECONDS)


def _begin(system: str) -> SyncRun | None:
    try:
        reading.background(system, seconds=ASK_SECONDS)
    except IntegrationError:  # off, or not answering: the connections page says which
        return None
    kind = due(system)
    return sync_runs.begin(system, kind, source=SyncRun.Source.SCHEDULE) if kind else None
