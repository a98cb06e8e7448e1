"""Reading the key table: which records share a key, never more of them than a cap."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from django.conf import settings
from django.db import connection

from patients.matching import keys
from patients.matching.compared import Compared
from patients.matching.keys import Key, Kind

MOST_COUNTED = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """Key → ids of the records that share it. ``long`` are the keys that more share than their cap;
    of these only the first are here."""

    records: Mapping[int, Sequence[int]] = field(repr=False)
    long: frozenset[int] = field(repr=False)


def secret() -> bytes:
    """What the keys are hashed with; made from ``SECRET_KEY``, so that a copied table tells nothing."""
    return _secret_of(settings.SECRET_KEY)


@lru_cache(maxsize=4)
def _secret_of(secret_key: str) -> bytes:
    return hashlib.sha256(f"index keys:{secret_key}".encode()).digest()


def hashed(found: Iterable[Key]) -> frozenset[int]:
    """Keys as they stand in the table."""
    return keys.hashed(found, secret())


def kinds_by_hash(found: Iterable[Key]) -> dict[int, Kind]:
    """As :func:`hashed`, with the kind of each."""
    return keys.kinds_by_hash(found, secret())


def hash_of(key: Key) -> int:
    """One key as it stands in the table."""
    (one,) = hashed([key])
    return one


def sharing(forms: Iterable[Compared]) -> set[int]:
    """Ids of the records that share a key of matching with one of these; keys that too many share say
    nothing."""
    shared = {key for form in forms for key in keys.matching_keys(form)}
    found = read(
        {hash_of(key): keys.CAPS_FOR_ONE[key.kind] for key in shared if key.kind in keys.CAPS_FOR_ONE}
    )
    return {one for key, records in found.records.items() if key not in found.long for one in records}


def leading(wanted: Mapping[Key, int], if_short: frozenset[Key]) -> set[int]:
    """Ids of the records to which keys lead, of each at most as many as stand with it; of ``if_short`` none
    where there are more."""
    found = read({hash_of(key): cap for key, cap in wanted.items()})
    too_long = found.long & hashed(if_short)
    return {one for key, records in found.records.items() if key not in too_long for one in records}


def read(caps: Mapping[int, int]) -> Blocks:
    """The blocks of these keys, each up to its cap."""
    if not caps:
        return Blocks(records={}, long=frozenset())
    rows = _read_postgresql(caps) if connection.vendor == "postgresql" else _read_sqlite(caps)
    blocks: dict[int, list[int]] = {}
    for key, record in rows:
        blocks.setdefault(key, []).append(record)
    long = frozenset(key for key, records in blocks.items() if len(records) > caps[key])
    return Blocks(records={key: records[: caps[key]] for key, records in blocks.items()}, long=long)


_POSTGRESQL = """
SELECT wanted.key, found.record_id
FROM unnest(%s::bigint[], %s::int[]) AS wanted(key, cap),
LATERAL (SELECT record_id FROM patients_key WHERE key = wanted.key LIMIT wanted.cap + 1) AS found
"""
# SQLite knows no LATERAL: up to whom a block is read is looked up first.
_SQLITE = """
SELECT found.key, found.record_id FROM json_each(%s) AS wanted
JOIN patients_key AS found ON found.key = wanted.value AND found.record_id <= COALESCE(
  (SELECT record_id FROM patients_key WHERE key = wanted.value ORDER BY record_id LIMIT 1 OFFSET %s),
  9223372036854775807)
"""
_COUNT = "SELECT count(*) FROM (SELECT 1 FROM patients_key WHERE key = %s LIMIT %s) AS found"


def _read_postgresql(caps: Mapping[int, int]) -> list[tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(_POSTGRESQL, [list(caps), list(caps.values())])
        rows: list[tuple[int, int]] = cursor.fetchall()
        return rows


def _read_sqlite(caps: Mapping[int, int]) -> list[tuple[int, int]]:
    """A statement for each different cap."""
    keys_of: dict[int, list[int]] = {}
    for key, cap in caps.items():
        keys_of.setdefault(cap, []).append(key)
    rows: list[tuple[int, int]] = []
    with connection.cursor() as cursor:
        for cap, some in keys_of.items():
            cursor.execute(_SQLITE, [json.dumps(some), cap])
            rows += cursor.fetchall()
    return rows


def count(key: int, *, most: int) -> int:
    """How many records share a key, counted up to ``most``."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [key, most])
        (found,) = cursor.fetchone()
        return int(found)


def how_many_hold(name: str) -> int:
    """How many records hold a folded name, counted up to a few thousand."""
    word = f"{name.replace(' ', '')}$"
    return count(hash_of(Key(Kind.WORD, word)), most=MOST_COUNTED)


def add(pairs: Iterable[tuple[int, int]]) -> None:
    """Put (key, record) rows in; those that are there stay."""
    _many("INSERT INTO patients_key (key, record_id) VALUES (%s, %s) ON CONFLICT DO NOTHING", pairs)


def remove(pairs: Iterable[tuple[int, int]]) -> None:
    """Take (key, record) rows out."""
    _many("DELETE FROM patients_key WHERE key = %s AND record_id = %s", pairs)


def _many(statement: str, pairs: Iterable[tuple[int, int]]) -> None:
    rows = sorted(pairs)  # in the table's order: neighbours are written together
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(statement, rows)
