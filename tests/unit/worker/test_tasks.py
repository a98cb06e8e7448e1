"""The entry points in ``patients.tasks``: every periodic one exists and does its work."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.module_loading import import_string
from django_tasks.base import Task
from django_tasks_db.models import DBTaskResult

from patients import tasks
from patients.models import LookUp
from portal.accounts.models import User

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", settings.PERIODIC_TASKS)
def test_periodic_task_exists_and_takes_nothing(name: str) -> None:
    task = import_string(name)
    assert isinstance(task, Task)
    task.call()


def test_ended_lookups_go_and_others_stay(reader: User) -> None:
    ended = LookUp.objects.create(user=reader, asked="", ends_at=timezone.now() - timedelta(seconds=1))
    kept = LookUp.objects.create(user=reader, asked="")
    assert tasks.throw_away_ended_lookups.call() == 1
    assert list(LookUp.objects.all()) == [kept]
    assert ended != kept


def test_ended_sessions_go_and_others_stay() -> None:
    now = timezone.now()
    Session.objects.create(session_key="ended", session_data="", expire_date=now - timedelta(minutes=1))
    Session.objects.create(session_key="open", session_data="", expire_date=now + timedelta(minutes=1))
    assert tasks.clear_ended_sessions.call() == 1
    assert Session.objects.get().session_key == "open"


def test_rows_of_finished_tasks_go_after_a_week() -> None:
    for days in (8, 6):
        row = DBTaskResult.objects.get(pk=tasks.clear_ended_sessions.enqueue().id)
        row.set_successful(0)
        DBTaskResult.objects.filter(pk=row.pk).update(finished_at=timezone.now() - timedelta(days=days))
    assert tasks.forget_finished_tasks.call() == 1
    assert DBTaskResult.objects.count() == 1
