"""Runs of reading a system: begun once, worked on by one at a time, never lost, ended once."""

from __future__ import annotations

import math
import os
import secrets
import socket
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from integrations.errors import IntegrationError, RateLimited
from patients.models import SyncedSystem, SyncRun
from portal import audit
from portal.accounts.models import User

from . import installations, key_making

LEASE = timedelta(seconds=90)  # longer than one step takes (``reading.STEP_SECONDS``) and storing its page
KEPT_FOR = timedelta(days=90)
MARGIN = timedelta(minutes=2)  # changes of the last moments may be seen later than younger ones
COUNTS = ("read", "new", "changed", "returned", "vanished", "joined", "stopped", "errors")

_WAIT_LIMITED = timedelta(minutes=1)
_WAIT_UNAVAILABLE = timedelta(seconds=30)
_WAIT_REFUSED = timedelta(minutes=15)
_LONGEST_WAIT = timedelta(hours=1)


class LostLease(Exception):
    """Somebody else has taken the run over, or ended it: what was not kept yet is theirs to do."""


def new_owner() -> str:
    """A name for whoever works on runs: machine, process and a bit of chance."""
    return f"{socket.gethostname()[:30]}:{os.getpid()}:{secrets.token_hex(4)}"


def open_run(system: str) -> SyncRun | None:
    """The run of a system that has not ended."""
    return SyncRun.objects.filter(system=system, ended_at=None).first()


def last_run(system: str, *kinds: str) -> SyncRun | None:
    """The latest run that has ended, of any of these kinds."""
    ended = SyncRun.objects.filter(system=system, ended_at__isnull=False)
    return (ended.filter(kind__in=kinds) if kinds else ended).order_by("-started_at", "-pk").first()


def begin(system: str, kind: str, *, source: str, by: User | None = None) -> SyncRun:
    """Begin a run, or join the one that is open: there is one a system at a time."""
    known = SyncedSystem.objects.filter(system=system).first()
    changed_until = known.changed_until if known else None
    key_making.note_first()
    installations.note_first(system)
    since = changed_until - MARGIN if kind == SyncRun.Kind.CHANGES and changed_until else None
    try:
        with transaction.atomic():
            run = SyncRun.objects.create(
                system=system, kind=kind, source=source, started_by=by, since=since, started_at=timezone.now()
            )
            audit.write("sync.started", by=by, system=system, details={"run": run.pk, "kind": str(kind)})
            return run
    except IntegrityError:
        return SyncRun.objects.get(system=system, ended_at=None)


def hasten(run: SyncRun) -> None:
    """Let a run that waits go on at once."""
    SyncRun.objects.filter(pk=run.pk, ended_at=None).update(resume_at=None)


def claim(run: SyncRun, owner: str) -> bool:
    """Take the run if nobody works on it; whoever died working on it loses it after a while."""
    now = timezone.now()
    free = Q(lease_until=None) | Q(lease_until__lt=now) | Q(owner=owner)
    took = SyncRun.objects.filter(free, pk=run.pk, ended_at=None)
    if not took.update(owner=owner, lease_until=now + LEASE):
        return False
    run.refresh_from_db()
    return True


def advance(run: SyncRun, *, counts: dict[str, int] | None = None, **values: object) -> None:
    """Keep how far a run is, in the transaction of what was stored. Raises :class:`LostLease`."""
    now = timezone.now()
    changes: dict[str, object] = {name: F(name) + count for name, count in (counts or {}).items() if count}
    changes |= {"lease_until": now + LEASE, "worked_at": now, **values}
    if not SyncRun.objects.filter(pk=run.pk, ended_at=None, owner=run.owner).update(**changes):
        raise LostLease
    run.refresh_from_db()


def release(run: SyncRun) -> None:
    """Leave the run to whoever goes on with it."""
    SyncRun.objects.filter(pk=run.pk, owner=run.owner).update(owner="", lease_until=None)


def pause(run: SyncRun, fault: IntegrationError) -> None:
    """Say why a run does not go on now, and when it is tried again."""
    failures = run.failures + (not isinstance(fault, RateLimited))
    SyncRun.objects.filter(pk=run.pk, ended_at=None, owner=run.owner).update(
        owner="",
        lease_until=None,
        problem=fault.for_staff[:500],
        next_step=fault.next_step[:500],
        failures=failures,
        resume_at=timezone.now() + wait_after(fault, failures),
    )
    run.refresh_from_db()


def wait_after(fault: IntegrationError, failures: int) -> timedelta:
    """How long to leave a system alone: as long as it says, else the longer the oftener it failed."""
    if isinstance(fault, RateLimited):
        return timedelta(seconds=math.ceil(fault.retry_after)) if fault.retry_after else _WAIT_LIMITED
    first = _WAIT_UNAVAILABLE if fault.retryable else _WAIT_REFUSED
    doubled: timedelta = first * (1 << min(failures - 1, 10))
    return min(doubled, _LONGEST_WAIT)


def going_on() -> dict[str, Any]:
    """What a step that worked out sets: nothing stands in the way any more."""
    return {"problem": "", "next_step": "", "failures": 0, "resume_at": None}


def end(run: SyncRun, *, is_complete: bool, problem: str = "", next_step: str = "") -> None:
    """End a run, and keep for the next one what a complete one found out. Raises :class:`LostLease`."""
    now = timezone.now()
    with transaction.atomic():
        open_one = SyncRun.objects.filter(pk=run.pk, ended_at=None, owner=run.owner)
        if not open_one.update(
            ended_at=now,
            worked_at=now,
            is_complete=is_complete,
            problem=problem,
            next_step=next_step,
            owner="",
            lease_until=None,
            resume_at=None,
        ):
            raise LostLease
        run.refresh_from_db()
        if is_complete and run.kind != SyncRun.Kind.WHOLE:
            _remember(run)
        audit.write(
            "sync.ended",
            by=run.started_by,
            system=run.system,
            outcome="done" if is_complete else "failed",
            details={"run": run.pk, "kind": run.kind, **{name: getattr(run, name) for name in COUNTS}},
        )


def _remember(run: SyncRun) -> None:
    known, _created = SyncedSystem.objects.get_or_create(system=run.system)
    known.rows_at = run.started_at
    if run.kind == SyncRun.Kind.FULL:
        known.full_at, known.full_as = run.started_at, run.read_as
    moments: list[datetime] = [each for each in (known.changed_until, run.last_change) if each]
    known.changed_until = max(moments, default=None)
    known.save()


def forget_old() -> int:
    """Delete runs that ended long ago; returns how many."""
    return SyncRun.objects.filter(ended_at__lt=timezone.now() - KEPT_FOR).delete()[0]
