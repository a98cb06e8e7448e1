"""Bring audit events that the database refused at the time into the table."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from portal import audit


class Command(BaseCommand):
    """May be run at any time; every event arrives exactly once."""

    help = "Bring audit events that the database refused at the time into the table."

    def handle(self, **options: Any) -> None:
        """Merge and say how many there were."""
        self.stdout.write(f"{audit.merge_journal()} events merged.")
