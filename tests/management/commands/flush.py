"""Emptying the test database between tests, which the audit table's triggers would refuse."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import flush
from django.db import connections

from portal.audit import triggers


class Command(flush.Command):
    """Django's command with the triggers lifted while it works. Only the tests' settings know it."""

    def handle(self, **options: Any) -> None:
        """Flush."""
        connection = connections[options["database"]]
        triggers.remove(connection)
        try:
            super().handle(**options)
        finally:
            triggers.install(connection)
