"""The triggers that make a table append-only, for SQLite and PostgreSQL.

On SQLite ``INSERT OR REPLACE`` deletes without firing DELETE triggers unless
``PRAGMA recursive_triggers`` is on; ``settings.DATABASES`` turns it on for every connection.
Altering the table on SQLite builds it anew without triggers: such a migration ends with
:func:`install`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.db.backends.base.base import BaseDatabaseWrapper

TABLE = "audit_event"


def install(connection: BaseDatabaseWrapper, table: str = TABLE) -> None:
    """Make a table append-only. Raises ``KeyError`` on a database we know no triggers for."""
    _run(connection, table, "install")


def remove(connection: BaseDatabaseWrapper, table: str = TABLE) -> None:
    """Lift the protection: for altering the table, and for emptying a test database."""
    _run(connection, table, "remove")


@contextmanager
def lifted(connection: BaseDatabaseWrapper, table: str) -> Iterator[None]:
    """Without a table's protection, if it has any, until the block ends: for encrypting with another key
    what stands in it. Inside a transaction (``RuntimeError``): whoever fails leaves it protected."""
    if not connection.in_atomic_block:
        raise RuntimeError("A protection is lifted for a transaction.")
    if not is_protected(connection, table):
        yield
        return
    remove(connection, table)
    yield
    install(connection, table)


def is_protected(connection: BaseDatabaseWrapper, table: str) -> bool:
    """Whether a table is append-only."""
    asked = {
        "sqlite": "SELECT 1 FROM sqlite_master WHERE type = 'trigger' AND name = %s",
        "postgresql": "SELECT 1 FROM pg_trigger WHERE tgname = %s",
    }[connection.vendor]
    name = f"{table}_no_{'update' if connection.vendor == 'sqlite' else 'change'}"
    with connection.cursor() as cursor:
        cursor.execute(asked, [name])
        return cursor.fetchone() is not None


def _run(connection: BaseDatabaseWrapper, table: str, what: str) -> None:
    statements = {"sqlite": _sqlite, "postgresql": _postgresql}[connection.vendor](table)
    with connection.cursor() as cursor:
        for statement in statements[what]:
            cursor.execute(statement)


def _sqlite(table: str) -> Mapping[str, list[str]]:
    return {
        "install": [
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for verb in ("UPDATE", "DELETE")
        ],
        "remove": [f"DROP TRIGGER IF EXISTS {table}_no_{verb}" for verb in ("update", "delete")],
    }


def _postgresql(table: str) -> Mapping[str, list[str]]:
    return {
        "install": [
            f"CREATE OR REPLACE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$",
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {table}_refuse()",
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()",
        ],
        "remove": [
            f"DROP TRIGGER IF EXISTS {table}_no_change ON {table}",
            f"DROP TRIGGER IF EXISTS {table}_no_truncate ON {table}",
        ],
    }
