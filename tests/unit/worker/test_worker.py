"""``manage.py worker`` as a process of its own: killed, stopped, failing, ticking."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from portal.worker.models import Beat, Due
from tests.waiting import until

from . import tasks

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

Start = Callable[..., subprocess.Popen[bytes]]
MARK = "Zebedee Marker 943 476 5919"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts workers on the test's database; kills those that are left."""
    started: list[subprocess.Popen[bytes]] = []
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "DATABASE_URL": _database_url(),
        "VAR_DIR": str(tmp_path),
        "ENV_FILE": os.devnull,
        "ENCRYPTION_KEYS": settings.ENCRYPTION_KEYS[0],
    }

    def worker(log: int | None = None) -> subprocess.Popen[bytes]:
        command = [sys.executable, "manage.py", "worker", "--interval", "0.05", "--stale-after", "1"]
        with (tmp_path / "worker.log").open("ab") as file:
            to = file if log is None else log
            started.append(
                subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment, stdout=to, stderr=to)
            )
        return started[-1]

    yield worker
    for each in started:
        each.kill()
        each.wait()


def _drain(reading: int) -> None:
    """Read until nobody can write any more."""
    while os.read(reading, 65536):
        pass
    os.close(reading)


def _database_url() -> str:
    """The address of the test's database, which has another name than the one it was made beside."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """A named pipe: whoever reads it waits for a writer."""
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


def status_of(pk: str) -> str:
    return DBTaskResult.objects.get(pk=pk).status


def test_task_of_a_killed_worker_is_done_by_another(start: Start, pipe: Path) -> None:
    task = tasks.read_pipe.enqueue(str(pipe))
    killed = start()
    until(lambda: status_of(task.id) == TaskResultStatus.RUNNING, what="the first worker takes the task")
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    start()
    until(lambda: len(DBTaskResult.objects.get(pk=task.id).worker_ids) == 2, what="the second takes it over")
    pipe.write_text("done")
    until(lambda: status_of(task.id) == TaskResultStatus.SUCCESSFUL, what="the task ends")
    assert DBTaskResult.objects.get(pk=task.id).return_value == "done"


def test_task_of_a_living_worker_is_left_alone(start: Start, pipe: Path) -> None:
    task = tasks.read_pipe.enqueue(str(pipe))
    start()
    until(lambda: status_of(task.id) == TaskResultStatus.RUNNING, what="the first worker takes the task")
    first_beat = Beat.objects.get().beat_at
    start()
    until(
        lambda: (
            all((beat.beat_at - first_beat).total_seconds() > 2 for beat in Beat.objects.all())
            and Beat.objects.count() == 2
        ),
        what="both have beaten for longer than a dead worker is waited for",
    )
    assert len(DBTaskResult.objects.get(pk=task.id).worker_ids) == 1
    pipe.write_text("done")
    until(lambda: status_of(task.id) == TaskResultStatus.SUCCESSFUL, what="the task ends")


def test_stopped_worker_ends_its_task_and_leaves_no_sign_of_life(start: Start, pipe: Path) -> None:
    task = tasks.read_pipe.enqueue(str(pipe))
    worker = start()
    until(lambda: status_of(task.id) == TaskResultStatus.RUNNING, what="the worker takes the task")
    worker.terminate()
    pipe.write_text("done")
    assert worker.wait(timeout=30) == 0
    assert status_of(task.id) == TaskResultStatus.SUCCESSFUL
    assert not Beat.objects.exists()


def test_worker_that_is_stopped_in_the_middle_of_a_log_line_ends(start: Start) -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writing, b"x" * 4096)
    os.set_blocking(writing, True)  # nothing more goes in, and whoever writes waits
    worker = start(writing)
    os.close(writing)
    until(Beat.objects.exists, what="the worker begins, and says so")
    worker.terminate()
    threading.Thread(target=_drain, args=(reading,)).start()
    assert worker.wait(timeout=30) == 0
    assert not Beat.objects.exists()


def test_failed_task_keeps_type_and_place_and_no_text(start: Start, tmp_path: Path) -> None:
    task = tasks.fail.enqueue(MARK)
    start()
    until(lambda: status_of(task.id) == TaskResultStatus.FAILED, what="the task fails")
    until(
        lambda: DBTaskResult.objects.get(pk=task.id).exception_class_path == "builtins.ValueError",
        what="the type of the exception is kept",
    )
    row = DBTaskResult.objects.get(pk=task.id)
    assert "tests/unit/worker/tasks.py" in row.traceback
    assert MARK not in row.traceback
    assert MARK not in (tmp_path / "worker.log").read_text()


def test_periodic_work_is_done_once_by_two_workers(start: Start) -> None:
    start()
    start()
    wanted = set(settings.PERIODIC_TASKS)
    until(
        lambda: (
            set(DBTaskResult.objects.successful().values_list("task_path", flat=True)) == wanted
            and Beat.objects.count() == 2
        ),
        what="everything periodic was done",
    )
    assert DBTaskResult.objects.count() == len(wanted)
    assert set(Due.objects.values_list("task", flat=True)) == wanted
