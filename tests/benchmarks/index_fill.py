"""An index of made-up people, filled in bulk: what syncing writes, without asking systems or linking.

Every source record is a patient of its own, which is the harder case for looking up: nothing that
another record of the same person holds can help. Or records are linked as they truly belong.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from typing import Any

import numpy as np
import numpy.typing as npt

from .population import Known

CHUNK = 2_000  # people
ORGANIZATION = "20003"  # of all JHE records
AHEAD = 4  # chunks under way
KEYS_AT_ONCE = 1_000_000

Keys = npt.NDArray[np.int64]
Rows = list[tuple[Any, ...]]


def prepare() -> None:
    """Django, in a process that makes rows."""
    import django

    django.setup()


def fill(people: Iterator[Known], *, linked: bool = False) -> int:
    """Fill the empty index of this process's database; returns how many records it holds then.

    ``linked``: the records of one person are one patient's, whose number is that of the first of them.
    """
    records = 0
    keys: list[npt.NDArray[np.int64]] = []
    with ProcessPoolExecutor(2, get_context("spawn"), prepare) as pool:
        for columns, rows, found in _made(pool, people, linked):
            if not records:
                _start(columns)
            _write(columns, rows)
            records += len(rows)
            keys.append(found)
    _write_keys(np.concatenate(keys))
    _finish()
    return records


def _made(
    pool: ProcessPoolExecutor, people: Iterator[Known], linked: bool
) -> Iterator[tuple[Sequence[str], Rows, Keys]]:
    waiting: list[Future[tuple[Sequence[str], Rows, Keys]]] = []
    first = 1
    while chunk := list(islice(people, CHUNK)):
        whole = [[copy.record for copy in known.copies] for known in chunk]
        belong = whole if linked else [[record] for records in whole for record in records]
        waiting.append(pool.submit(rows_of, belong, first))
        first += sum(len(known.copies) for known in chunk)
        if len(waiting) > AHEAD:
            yield waiting.pop(0).result()
    for future in waiting:
        yield future.result()


def rows_of(people: Sequence[Sequence[Any]], first: int) -> tuple[Sequence[str], Rows, Keys]:
    """Columns' names, rows and (key, record) pairs of people's records, numbered from ``first`` on."""
    from django.utils import timezone

    from patients.matching import keys
    from patients.services import held, index
    from portal.web import crypto

    rows, found = [], []
    now = timezone.now()
    for number, (owner, record) in enumerate(_owned(people, first), first):
        form = held.form_of(record)
        row = {
            "id": number,
            "patient_id": owner,
            "system": record.system,
            "remote_id": record.id,
            **held.columns_of(record, form),
            "held": crypto.encrypt(json.dumps(held.to_hold(record))),
            "is_test": False,
            "marked_test": False,
            "read_at": now,
            "whole_at": now,
            "version": 1,
            "keys_version": keys.VERSION,
        }
        rows.append(tuple(row.values()))
        own = np.fromiter(index.keys_of(form, [record.id]), dtype=np.int64)
        found.append(np.column_stack((own, np.full(len(own), number, dtype=np.int64))))
    return list(row), rows, np.concatenate(found)


def _owned(people: Sequence[Sequence[Any]], first: int) -> Iterator[tuple[int, Any]]:
    """Each record with the number of its person's first one."""
    for records in people:
        for record in records:
            yield first, record
        first += len(records)


# --- writing --------------------------------------------------------------------------------


def _start(columns: Sequence[str]) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ALTER TABLE patients_key DROP CONSTRAINT patients_key_pkey")
        else:
            cursor.execute("PRAGMA synchronous=OFF")
            cursor.execute("PRAGMA cache_size=-400000")


def _write(columns: Sequence[str], rows: Rows) -> None:
    """The records and whose they are."""
    from patients.models import Patient

    at = {name: place for place, name in enumerate(columns)}
    open_to_all: dict[int, bool] = {}
    for row in rows:
        owner = row[at["patient_id"]]
        open_to_all[owner] = open_to_all.get(owner, False) or row[at["system"]] != "jhe"
    people = [Patient(id=owner, everybodys=is_open, is_listed=True) for owner, is_open in open_to_all.items()]
    Patient.objects.bulk_create(people, batch_size=500)
    insert("patients_sourcerecord", columns, rows)
    belong = [
        (row[at["id"]], row[at["patient_id"]], "jhe", ORGANIZATION)
        for row in rows
        if row[at["system"]] == "jhe"
    ]
    insert("patients_membership", ("record_id", "patient_id", "system", "organization"), belong)


def _write_keys(pairs: Keys) -> None:
    """In the table's order, which writes it from left to right."""
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    for start in range(0, len(pairs), KEYS_AT_ONCE):
        insert("patients_key", ("key", "record_id"), pairs[start : start + KEYS_AT_ONCE].tolist())


def insert(table: str, columns: Sequence[str], rows: Rows) -> None:
    """Rows into a table, by the fastest way that the database has."""
    from django.db import connection, transaction

    names = ", ".join(columns)
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            places = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", rows)  # noqa: S608


def _finish() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ALTER TABLE patients_key ADD PRIMARY KEY (key, record_id)")
            cursor.execute("VACUUM (ANALYZE) patients_key, patients_sourcerecord, patients_patient")
        else:
            cursor.execute("ANALYZE")
