"""The portal's own restraint: one pace for all processes, and a reserve of quota for staff."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from django.db.models import F, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from .models import Allowance
from .types import Quota


class Exhausted(Exception):
    """Asking now would break a limit. ``wait`` is how many seconds until it would not."""

    def __init__(self, reason: str, wait: float) -> None:
        self.reason = reason
        self.wait = max(wait, 0.0)
        super().__init__(reason)


def take_turn(system: str, *, rate: float, burst: int, patience: float, sleep: Callable[[float], None]) -> None:
    """Wait for the next turn at ``rate`` requests a second, ``burst`` of them at once.

    The row is claimed by one conditional UPDATE, so that several processes keep one limit
    without a lock. Raises :class:`Exhausted` where the turn is more than ``patience`` seconds off.
    """
    interval = 1.0 / rate
    tolerance = interval * (burst - 1)
    give_up_at = time.monotonic() + patience
    while True:
        now = time.time()
        turn = Allowance.objects.filter(system=system, next_at__lte=now + tolerance)
        if turn.update(next_at=Greatest(F("next_at"), Value(now)) + interval):
            return
        row, _created = Allowance.objects.get_or_create(system=system)
        wait = row.next_at - tolerance - now
        if time.monotonic() + wait > give_up_at:
            raise Exhausted("pace", wait)
        sleep(max(wait, 0.0))


def check_quota(system: str, *, reserve: float, background: bool) -> None:
    """Raise :class:`Exhausted` where the system's own quota is used up.

    ``reserve`` is the share of the limit that background work leaves for staff.
    """
    quota = quota_of(system)
    now = timezone.now()
    if quota is None or quota.resets_at is None or quota.resets_at <= now:
        return
    floor = quota.limit * reserve if background else 0
    if quota.remaining <= floor:
        reason = "reserve" if quota.remaining else "quota"
        raise Exhausted(reason, (quota.resets_at - now).total_seconds())


def note_quota(system: str, quota: Quota) -> None:
    """Keep what a reply said of the quota, for every process and for the connection page."""
    Allowance.objects.filter(system=system).update(
        quota_limit=quota.limit,
        quota_remaining=quota.remaining,
        quota_resets_at=quota.resets_at,
        quota_read_at=quota.read_at or timezone.now(),
    )


def quota_of(system: str) -> Quota | None:
    """The quota as last told, or ``None`` where the system has told none."""
    row = Allowance.objects.filter(system=system).first()
    if row is None or row.quota_limit is None or row.quota_remaining is None:
        return None
    resets_at: datetime | None = row.quota_resets_at
    return Quota(
        limit=row.quota_limit, remaining=row.quota_remaining, resets_at=resets_at, read_at=row.quota_read_at
    )
