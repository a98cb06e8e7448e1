"""Signs of life of workers, and what becomes of the tasks of a dead one."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.utils import timezone
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from .models import Beat, Due

log = structlog.get_logger(__name__)

MOST_STARTS = 5  # a task whose worker died that often is given up: it may be what kills them
STALE_AFTER = timedelta(seconds=20)  # without a beat: dead
KEPT_FOR = timedelta(hours=1)  # beats of dead workers


def beat(worker_id: str) -> None:
    """Say that a worker lives."""
    Beat.objects.update_or_create(worker_id=worker_id, defaults={"beat_at": timezone.now()})


def end(worker_id: str) -> None:
    """Say that a worker ends in order."""
    Beat.objects.filter(worker_id=worker_id).delete()


def is_missing(stale_after: timedelta = STALE_AFTER) -> bool:
    """Whether there was a worker once, and none lives now."""
    return not lives(stale_after) and Due.objects.exists()


def lives(stale_after: timedelta = STALE_AFTER) -> bool:
    """Whether a worker has given a sign of life lately."""
    return Beat.objects.filter(beat_at__gte=timezone.now() - stale_after).exists()


def reclaim(stale_after: timedelta) -> int:
    """Make the tasks of dead workers ready again; returns how many.

    Dead is who has not beaten for ``stale_after``. Two workers that reclaim at once free a task
    once: the row is changed only while it still is as it was read.
    """
    silent_since = timezone.now() - stale_after
    living = set(Beat.objects.filter(beat_at__gte=silent_since).values_list("worker_id", flat=True))
    running = DBTaskResult.objects.running().filter(started_at__lt=silent_since)
    stranded = [row for row in running if row.worker_ids[-1] not in living]
    Beat.objects.filter(beat_at__lt=silent_since - KEPT_FOR).delete()
    return sum(_free(row) for row in stranded)


def _free(row: DBTaskResult[..., object]) -> int:
    given_up = len(row.worker_ids) >= MOST_STARTS
    changes: dict[str, str | datetime] = {"status": TaskResultStatus.READY}
    if given_up:
        changes = {
            "status": TaskResultStatus.FAILED,
            "finished_at": timezone.now(),
            "traceback": "Every worker that ran it died.",
        }
    unchanged = DBTaskResult.objects.running().filter(pk=row.pk, started_at=row.started_at)
    freed = unchanged.update(**changes)
    if freed:
        log.warning("task of a dead worker", task=row.task_path, outcome="given up" if given_up else "freed")
    return freed
