"""Emptying the test database between tests, which the triggers of append-only tables would refuse."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import flush
from django.db import connections

from portal.audit import triggers

APPEND_ONLY = ("audit_event", "audit_eventrecord", "patients_review", "patients_reviewnote")


class Command(flush.Command):
    """Django's command with the triggers lifted while it works. Only the tests' settings know it."""

    def handle(self, **options: Any) -> None:
        """Flush."""
        connection = connections[options["database"]]
        for table in APPEND_ONLY:
            triggers.remove(connection, table)
        try:
            super().handle(**options)
        finally:
            for table in APPEND_ONLY:
                triggers.install(connection, table)
