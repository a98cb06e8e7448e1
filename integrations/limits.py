"""The portal's own restraint: one pace for all processes, and a reserve of quota for staff.

Both live in the database. Where that does not answer, reading goes on: each process then keeps
the pace by itself, and the systems' own refusals stand for the quota.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import structlog
from django.db import DatabaseError, connection
from django.db.models import Q
from django.utils import timezone

from .models import Allowance
from .types import Quota

log = structlog.get_logger(__name__)

# After a quota has started anew background work comes back spread out, in seconds.
LATE_BY = (5.0, 60.0)

# Replies to requests sent side by side may be read in another order than they were counted in.
REPLIES_CROSS = timedelta(minutes=1)


class Exhausted(Exception):
    """Asking now would break a limit. ``wait`` is how many seconds until it would not."""

    def __init__(self, reason: str, wait: float) -> None:
        self.reason = reason
        self.wait = max(wait, 0.0)
        super().__init__(reason)


def take_turn(
    system: str, *, rate: float, burst: int, patience: float, sleep: Callable[[float], None]
) -> None:
    """Wait for the next turn at ``rate`` requests a second, ``burst`` of them at once.

    Raises :class:`Exhausted` where the turn is more than ``patience`` seconds off.
    """
    interval = 1.0 / rate
    tolerance = interval * (burst - 1)
    give_up_at = time.monotonic() + patience
    while True:
        try:
            wait = _claim(system, interval, tolerance)
        except DatabaseError:
            log.warning("allowance unavailable", system=system)
            wait = _claim_here(system, interval, tolerance)
        if wait <= 0:
            return
        if time.monotonic() + wait > give_up_at:
            raise Exhausted("pace", wait)
        sleep(wait)


def _claim(system: str, interval: float, tolerance: float) -> float:
    """Take a turn (0) or say how many seconds it is off."""
    now = time.time()
    if _took(system, interval, now, tolerance):
        return 0.0
    row, _created = Allowance.objects.get_or_create(system=system)
    if _took(system, interval, now, tolerance):  # there was no row, or somebody else has just made it
        return 0.0
    return max(row.next_at - tolerance - now, 0.001)


# In SQL, since every request to a system comes by here and making the statement anew takes five
# times what running it takes.
_TAKE = (
    f"UPDATE {Allowance._meta.db_table}"  # noqa: S608
    " SET next_at = CASE WHEN next_at > %s THEN next_at ELSE %s END + %s"
    " WHERE system = %s AND next_at <= %s"
)


def _took(system: str, interval: float, now: float, tolerance: float) -> bool:
    """One conditional UPDATE, so that several processes keep one pace without a lock."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [now, now, interval, system, now + tolerance])
        return bool(cursor.rowcount)


_next_here: dict[str, float] = {}
_here = threading.Lock()


def _claim_here(system: str, interval: float, tolerance: float) -> float:
    """The same for this process alone."""
    with _here:
        now = time.time()
        next_at = _next_here.get(system, 0.0)
        if next_at <= now + tolerance:
            _next_here[system] = max(next_at, now) + interval
            return 0.0
        return next_at - tolerance - now


def check_quota(system: str, *, reserve: float, background: bool) -> None:
    """Raise :class:`Exhausted` where the system's own quota is used up.

    ``reserve`` is the share of the limit that background work leaves for staff.
    """
    quota = quota_of(system)
    if quota is None or quota.resets_at is None:
        return
    late = timedelta(seconds=random.uniform(*LATE_BY) if background else 0.0)  # noqa: S311 (guards nothing)
    wait = (quota.resets_at + late - timezone.now()).total_seconds()
    floor = quota.limit * reserve if background else 0.0
    if wait > 0 and quota.remaining <= floor:
        raise Exhausted("reserve" if quota.remaining else "quota", wait)


def note_quota(system: str, quota: Quota) -> None:
    """Keep what a reply said of the quota, for every process and for the connection page.

    Of replies that crossed on their way the one that leaves less stands.
    """
    read_at = quota.read_at or timezone.now()
    says_better = (
        Q(quota_remaining__isnull=True)
        | Q(quota_remaining__gte=quota.remaining)
        | ~Q(quota_limit=quota.limit)
        | ~Q(quota_resets_at=quota.resets_at)
        | Q(quota_read_at__lt=read_at - REPLIES_CROSS)
    )
    try:
        Allowance.objects.filter(says_better, system=system).update(
            quota_limit=quota.limit,
            quota_remaining=quota.remaining,
            quota_resets_at=quota.resets_at,
            quota_read_at=read_at,
        )
    except DatabaseError:
        log.warning("allowance unavailable", system=system)


def quota_of(system: str) -> Quota | None:
    """The quota as last told, or ``None`` where the system has told none."""
    try:
        row = Allowance.objects.filter(system=system).first()
    except DatabaseError:
        log.warning("allowance unavailable", system=system)
        return None
    if row is None or row.quota_limit is None or row.quota_remaining is None:
        return None
    return Quota(
        limit=row.quota_limit,
        remaining=row.quota_remaining,
        resets_at=row.quota_resets_at,
        read_at=row.quota_read_at,
    )
