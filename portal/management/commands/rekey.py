"""``manage.py rekey``: make the keys of the index anew."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from patients.services import keying


class Command(BaseCommand):
    """To be run after ``SECRET_KEY`` was changed, and after an update that asks for it.

    May be ended at any time and run again: it goes on where it stopped. Meanwhile people are found by
    asking the systems.
    """

    help = "Makes the keys by which the index finds people anew."

    def handle(self, **options: Any) -> None:
        """Rekey, with progress."""
        total = 0
        for done, total in keying.rekey():
            self.stdout.write(f"{done} of {total} records")
        self.stdout.write(f"The index is keyed anew, {total} records.")
