"""``manage.py worker``: background tasks and periodic work."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand

from portal.worker.beats import STALE_AFTER
from portal.worker.running import Worker


class Command(BaseCommand):
    """Works until SIGTERM or Ctrl-C. As many may run as one likes, on as many machines."""

    help = "Runs background tasks and periodic work until SIGTERM or Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How often to look, and when a worker counts as dead."""
        parser.add_argument("--interval", type=float, default=1.0, help="seconds between looks for tasks")
        parser.add_argument(
            "--stale-after",
            type=float,
            default=STALE_AFTER.total_seconds(),
            help="seconds without a sign of life after which a worker's tasks are given to others; "
            "the same for all workers",
        )

    def handle(self, *, interval: float, stale_after: float, **options: Any) -> None:
        """Work."""
        worker = Worker(interval=interval, stale_after=timedelta(seconds=stale_after))
        worker.configure_signals()
        worker.run()
