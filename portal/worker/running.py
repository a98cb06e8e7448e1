"""The worker: runs tasks in its main thread, beats, frees and ticks in another, and loops in more.

A loop of ``settings.WORKER_LOOPS`` is called with an event that is set when the worker is to end, and
gives the threads that it has begun: they end soon after, once they have finished what they are at.
"""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable
from datetime import timedelta
from types import FrameType
from typing import Any, cast

import structlog
from django.conf import settings
from django.db import close_old_connections, connection
from django.utils.crypto import get_random_string
from django.utils.module_loading import import_string
from django_tasks_db.management.commands.db_worker import Worker as LibraryWorker
from django_tasks_db.models import DBTaskResult

from . import beats, ticker

log = structlog.get_logger(__name__)

LONGEST_END = 60.0  # seconds that a loop has to finish what it is at
BEATS_UNTIL_STALE = 5  # a worker may miss four before the others take it for dead


class Worker(LibraryWorker):
    """The library's worker, whose death strands no task and whose failures tell no values.

    ``stale_after`` is the time without a beat after which a worker counts as dead; all workers
    of one database have to agree on it. ``interval`` is how often it looks for tasks, in seconds.
    """

    def __init__(self, *, interval: float, stale_after: timedelta) -> None:
        super().__init__(
            queue_names=["*"],
            excluded_queue_names=[],
            interval=interval,
            batch=False,
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            worker_id=get_random_string(32),
        )
        self._stale_after = stale_after
        self._stopping = threading.Event()
        self._ended = threading.Event()

    def run(self) -> None:
        """Work until SIGTERM or SIGINT; the task at hand is finished first, or the pause between two."""
        beats.beat(self.worker_id)  # before the first claim, or another would take it for stranded
        keeper = threading.Thread(target=self._keep, name="beats", daemon=True)
        keeper.start()
        loops = [each for name in settings.WORKER_LOOPS for each in import_string(name)(self._stopping)]
        try:
            super().run()
        finally:
            self._stopping.set()
            for loop in loops:
                loop.join(timeout=LONGEST_END)
            self._ended.set()
            keeper.join(timeout=5)
            beats.end(self.worker_id)

    def shutdown(self, signum: int, frame: FrameType | None) -> None:
        """End after the task at hand; at a second signal at once.

        The library's says so in the log: where the signal comes in the middle of another line, that
        raises before anything has ended. It also exits between claiming a task and running it.
        """
        if not self.running:
            self.reset_signals()
            sys.exit(1)
        self.running = False
        self._stopping.set()

    def run_task(self, db_task_result: DBTaskResult[..., Any]) -> None:
        """Run one task; of an exception only its type and place are kept."""
        super().run_task(cast(DBTaskResult[..., Any], _Discreet(db_task_result)))

    def _keep(self) -> None:
        """Beat, free the tasks of the dead, wake what is due; on and on, whatever fails."""
        while True:
            close_old_connections()
            for duty in self._duties():
                try:
                    duty()
                except Exception:
                    log.exception("worker duty failed", operation=duty.__name__)
            if self._ended.wait(self._stale_after.total_seconds() / BEATS_UNTIL_STALE):
                connection.close()
                return

    def _duties(self) -> list[Callable[[], None]]:
        def beat() -> None:
            beats.beat(self.worker_id)

        def free() -> None:
            beats.reclaim(self._stale_after)

        def tick() -> None:
            ticker.tick()

        return [beat, free, tick]


class _Discreet:
    """A task's row, except that a failure keeps no text: an exception can quote what it was given."""

    def __init__(self, row: DBTaskResult[..., Any]) -> None:
        self._row = row

    def __getattr__(self, name: str) -> Any:
        return getattr(self._row, name)

    def set_failed(self, exc: BaseException) -> None:
        """Keep type and places of an exception."""
        row = self._row
        frames = traceback.extract_tb(exc.__traceback__)
        row.set_failed(_Failed("\n".join(f"{each.filename}:{each.lineno} {each.name}" for each in frames)))
        row.exception_class_path = f"{type(exc).__module__}.{type(exc).__qualname__}"
        row.save(update_fields=["exception_class_path"])


class _Failed(Exception):
    """Stands in for an exception whose text must not be kept."""
