"""Reading everybody step by step: pages, the cursors between them, and the loop over them.

A cursor is what an adapter needs to go on where a page ended: short text without anything about a
person, good in any process and after any restart, and nobody's business but the adapter's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .errors import ProtocolError
from .types import RemotePatient

LONGEST_CURSOR = 255


class StaleCursor(Exception):
    """A cursor that leads nowhere any more (another release wrote it, or the system was replaced
    by another of its generations): reading begins anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPage:
    """One step of reading everybody.

    ``next_cursor`` is where to go on, empty on the last page. ``faults`` are the errors of rows
    that could not be read. ``left`` is about how many rows are still to come, ``None`` where the
    system does not say.
    """

    records: tuple[RemotePatient, ...] = field(default=(), repr=False)
    next_cursor: str = ""
    faults: tuple[ProtocolError, ...] = ()
    left: int | None = None

    @property
    def is_last(self) -> bool:
        """Whether nothing follows."""
        return not self.next_cursor


def walk(page: Callable[[str], RecordPage]) -> Iterator[RemotePatient]:
    """Every record of all pages, once each; one that changes meanwhile comes again.

    Raises the error of a row that cannot be read, after the other rows of its page.
    """
    seen: set[tuple[str, datetime | None]] = set()
    step = page("")
    while True:
        for record in step.records:
            key = (record.id, record.updated_at)
            if key not in seen:
                seen.add(key)
                yield record
        if step.faults:
            raise step.faults[0]
        if step.is_last:
            return
        step = page(step.next_cursor)


def read_rows(
    rows: Iterable[Any], read: Callable[[Any], RemotePatient]
) -> tuple[list[RemotePatient], tuple[ProtocolError, ...]]:
    """The records of some rows, and the errors of those that could not be read.

    Raises the first of these where no row at all can be read: then it is not the row.
    """
    records: list[RemotePatient] = []
    faults: list[ProtocolError] = []
    for row in rows:
        try:
            records.append(read(row))
        except ProtocolError as fault:
            faults.append(fault)
    if faults and not records:
        raise faults[0]
    return records, tuple(faults)


def changed_since(records: Iterable[RemotePatient], since: datetime | None) -> tuple[RemotePatient, ...]:
    """The records that changed from a moment on; those of which nobody knows may have."""
    return tuple(
        each for each in records if since is None or each.updated_at is None or each.updated_at >= since
    )


def cursor_of(**parts: str | int) -> str:
    """A cursor that holds some parts."""
    text = json.dumps(parts, separators=(",", ":"), sort_keys=True)
    if len(text) > LONGEST_CURSOR:
        raise ValueError("a cursor has to be short")
    return text


def parts_of(cursor: str, like: dict[str, str | int]) -> dict[str, Any]:
    """The parts of a cursor, which are named and typed as in ``like``. Raises :class:`StaleCursor`.

    An empty cursor, the beginning, is ``like`` itself.
    """
    if not cursor:
        return like
    try:
        parts = json.loads(cursor)
    except ValueError:
        raise StaleCursor from None
    if not isinstance(parts, dict) or parts.keys() != like.keys():
        raise StaleCursor
    if any(type(parts[name]) is not type(value) for name, value in like.items()):
        raise StaleCursor
    return parts


def print_of(ids: Iterable[str]) -> str:
    """A short print of the ids on a page, whatever their order: equal for the same page."""
    text = "\n".join(sorted(set(ids)))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
