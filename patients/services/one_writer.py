"""One writer of the index at a time, whichever process it is in."""

from __future__ import annotations

from django.db import connection

_LOCK = 0x43_57_49_44_58  # any number that nothing else in the database locks by


def hold() -> None:
    """Hold the index until the transaction ends: whoever else comes here waits.

    What is linked with what rests on everything that is there: of two transactions that bring two
    records of one person at once, neither would see the other's. Being taken before any row is, it
    also keeps writers from waiting for each other's rows crosswise. SQLite's transactions hold the
    database from their start; PostgreSQL has a lock of the transaction's own. Transactions that hold
    it are to be short: see ``sync.BATCH``. Raises ``RuntimeError`` outside a transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("The index is held for a transaction.")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
