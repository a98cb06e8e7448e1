"""Emptying the test database between tests: only what holds rows, and what is the same for all stays.

Django's own command empties every table and then makes groups, content types and permissions anew; most
tests fill a dozen of the tables. Triggers of append-only tables are lifted meanwhile.
"""

from __future__ import annotations

from typing import Any

from django.core.management.commands import flush
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from portal.audit import triggers

APPEND_ONLY = (
    "audit_event",
    "audit_eventrecord",
    "patients_review",
    "patients_reviewnote",
    "patients_decision",
)
# Made by migrating, and changed by no test.
KEPT = frozenset({"auth_group", "auth_permission", "django_content_type", "django_migrations", "django_site"})


class Command(flush.Command):
    """Django's command for tests. Only the tests' settings know it."""

    def handle(self, **options: Any) -> None:
        """Flush."""
        connection = connections[options["database"]]
        with transaction.atomic(using=connection.alias):
            filled = _filled(connection)
            for table in filled & set(APPEND_ONLY):
                triggers.remove(connection, table)
            with connection.cursor() as cursor:
                for table in sorted(filled):
                    # In any order: foreign keys are looked at when the transaction ends.
                    cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")  # noqa: S608
            if connection.vendor == "postgresql":
                # Triggers cannot be made on a table whose own checks are still to come.
                connection.check_constraints()
            for table in filled & set(APPEND_ONLY):
                triggers.install(connection, table)


def _filled(connection: BaseDatabaseWrapper) -> set[str]:
    """The tables that hold rows, asked in one statement."""
    tables = set(connection.introspection.django_table_names(only_existing=True, include_views=False)) - KEPT
    quote = connection.ops.quote_name
    asked = " UNION ALL ".join(
        f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {quote(table)})"  # noqa: S608
        for table in sorted(tables)
    )
    with connection.cursor() as cursor:
        cursor.execute(asked)
        return {table for (table,) in cursor.fetchall()}
