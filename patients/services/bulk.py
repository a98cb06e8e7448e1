"""Many rows at once, by one prepared statement: Django's own ``bulk_update`` builds a CASE for every
value, which takes longer than the database does."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import reduce
from operator import or_
from typing import Any, TypeVar

from django.db import connection, models
from django.db.models import Q

AT_ONCE = 400  # values in one IN (…)
T = TypeVar("T")


def update(rows: Iterable[models.Model], fields: Sequence[str]) -> None:
    """Write these fields of rows that are there, in the order of their ids."""
    ordered = sorted(rows, key=lambda each: each.pk)
    if not ordered:
        return
    meta, quoted = ordered[0]._meta, connection.ops.quote_name
    columns = [each for each in meta.concrete_fields if each.name in fields]
    names = [quoted(str(each.column)) for each in columns]
    sets = ", ".join(f"{name} = %s" for name in names)
    values = [
        [*(each.get_db_prep_save(getattr(row, each.attname), connection) for each in columns), row.pk]
        for row in ordered
    ]
    with connection.cursor() as cursor:
        statement = f"UPDATE {quoted(meta.db_table)} SET {sets} WHERE {quoted(str(meta.pk.column))} = %s"  # noqa: S608
        cursor.executemany(statement, values)


def among(column: str, values: Collection[object]) -> tuple[str, list[Any]]:
    """That a column holds one of some values: a condition and its parameters, for statements of our own.

    PostgreSQL reads an array in half the time that it takes for a list of as many places.
    """
    if connection.vendor == "postgresql":
        return f"{column} = ANY(%s)", [list(values)]
    return f"{column} IN ({', '.join(['%s'] * len(values))})", list(values)


def with_keys(keys: Iterable[tuple[str, str]]) -> Q:
    """The rows of these pairs of system and remote id, as one condition; without a pair, no row."""
    ids: dict[str, list[str]] = {}
    for system, remote_id in keys:
        ids.setdefault(system, []).append(remote_id)
    parts = (Q(system=system, remote_id__in=some) for system, some in sorted(ids.items()))
    return reduce(or_, parts, Q(pk__in=[]))


def in_parts(values: Iterable[T]) -> Iterator[list[T]]:
    """Some values, as many at a time as one statement takes."""
    all_of_them = list(values)
    for start in range(0, len(all_of_them), AT_ONCE):
        yield all_of_them[start : start + AT_ONCE]
