"""The triggers that make the event table append-only, for SQLite and PostgreSQL.

On SQLite ``INSERT OR REPLACE`` deletes without firing DELETE triggers unless
``PRAGMA recursive_triggers`` is on; ``settings.DATABASES`` turns it on for every connection.
Altering the table on SQLite builds it anew without triggers: such a migration ends with
:func:`install`.
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

TABLE = "audit_event"

_SQLITE = {
    "install": [
        f"CREATE TRIGGER {TABLE}_no_{verb.lower()} BEFORE {verb} ON {TABLE} "
        "BEGIN SELECT RAISE(ABORT, 'audit events are append-only'); END"
        for verb in ("UPDATE", "DELETE")
    ],
    "remove": [f"DROP TRIGGER IF EXISTS {TABLE}_no_{verb}" for verb in ("update", "delete")],
}
_POSTGRESQL = {
    "install": [
        f"CREATE OR REPLACE FUNCTION {TABLE}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'audit events are append-only'; END $$",
        f"CREATE TRIGGER {TABLE}_no_change BEFORE UPDATE OR DELETE ON {TABLE} "
        f"FOR EACH ROW EXECUTE FUNCTION {TABLE}_refuse()",
        f"CREATE TRIGGER {TABLE}_no_truncate BEFORE TRUNCATE ON {TABLE} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {TABLE}_refuse()",
    ],
    "remove": [
        f"DROP TRIGGER IF EXISTS {TABLE}_no_change ON {TABLE}",
        f"DROP TRIGGER IF EXISTS {TABLE}_no_truncate ON {TABLE}",
    ],
}
_STATEMENTS = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}


def install(connection: BaseDatabaseWrapper) -> None:
    """Make the table append-only. Raises ``KeyError`` on a database we know no triggers for."""
    _run(connection, "install")


def remove(connection: BaseDatabaseWrapper) -> None:
    """Lift the protection: for undoing the migration, and for emptying a test database."""
    _run(connection, "remove")


def _run(connection: BaseDatabaseWrapper, what: str) -> None:
    with connection.cursor() as cursor:
        for statement in _STATEMENTS[connection.vendor][what]:
            cursor.execute(statement)
