"""Dead workers' tasks and due times, by the clock."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult
from pytest_django.fixtures import Settings

from portal.worker import beats, ticker

from . import tasks

pytestmark = pytest.mark.django_db

STALE = timedelta(seconds=20)
TASK = "patients.tasks.throw_away_ended_lookups"


def running_task(worker_id: str) -> DBTaskResult[..., object]:
    """A task that a worker has just begun."""
    row = DBTaskResult.objects.get(pk=tasks.fail.enqueue("x").id)
    beats.beat(worker_id)
    row.claim(worker_id)
    return row


def test_reclaim_frees_the_task_of_a_silent_worker_only() -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        dead, living = running_task("dead"), running_task("living")
        clock.shift(21)
        beats.beat("living")
        assert beats.reclaim(STALE) == 1
    dead.refresh_from_db()
    living.refresh_from_db()
    assert (dead.status, living.status) == (TaskResultStatus.READY, TaskResultStatus.RUNNING)


def test_reclaim_gives_up_a_task_that_outlived_five_workers() -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        row = running_task("first")
        for place in range(2, 6):
            clock.shift(21)
            beats.reclaim(STALE)
            row.refresh_from_db()
            row.claim(f"number {place}")
        clock.shift(21)
        assert beats.reclaim(STALE) == 1
    row.refresh_from_db()
    assert row.status == TaskResultStatus.FAILED
    assert beats.reclaim(STALE) == 0


def test_tick_enqueues_at_once_and_then_only_after_the_interval(settings: Settings) -> None:
    settings.PERIODIC_TASKS = {TASK: 60}
    with time_machine.travel(timezone.now(), tick=False) as clock:
        assert ticker.tick() == [TASK]
        clock.shift(59)
        assert ticker.tick() == []
        clock.shift(1)
        assert ticker.tick() == [TASK]
    assert DBTaskResult.objects.filter(task_path=TASK).count() == 2
