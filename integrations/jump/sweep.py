"""Reading all of Jump's list, page by page.

Offsets slip while data changes: pages overlap, and what was created since the sweep began is read
once more at its end. Sections cited are of README.md beside this file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from integrations.pages import (
    RecordPage,
    StaleCursor,
    changed_since,
    cursor_of,
    parts_of,
    print_of,
    read_rows,
)

from . import mapping
from .client import MAX_LIMIT, JumpClient
from .replies import Page

#: One row in so many is read twice where pages meet: that many may slip without one being missed.
OVERLAP = 10
# What was created while a sweep ran is read once more; this covers clocks that differ.
CLOCK_MARGIN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where the next page begins. ``began`` is in seconds since the epoch, by our clock; ``late`` is
    1 in the second round, over what was created since. ``last`` is the print of the page before."""

    began: int
    late: int = 0
    offset: int = 0
    size: int = MAX_LIMIT
    last: str = ""


def page(client: JumpClient, cursor: str, since: datetime | None, *, size: int = 0) -> RecordPage:
    """The page at a cursor, and where the next one begins."""
    place = _read(cursor, size)
    found = client.list_patients(
        limit=place.size,
        offset=place.offset,
        created_at_gte=datetime.fromtimestamp(place.began, UTC) if place.late else None,
        operation="iterate",
    )
    following = _after(place, found)
    records, faults = read_rows(found.rows, partial(mapping.patient, operation="iterate", short=True))
    return RecordPage(
        records=changed_since(records, since),
        next_cursor=cursor_of(**asdict(following)) if following else "",
        faults=faults,
    )


def _read(cursor: str, size: int) -> _Place:
    began = int((datetime.now(UTC) - CLOCK_MARGIN).timestamp())
    place = _Place(**parts_of(cursor, asdict(_Place(began=began, size=size or MAX_LIMIT))))
    if not (1 <= place.size <= MAX_LIMIT and place.offset >= 0 and 0 <= place.began <= began + 10**9):
        raise StaleCursor
    return place


def _after(place: _Place, found: Page) -> _Place | None:
    """The place behind a page; none behind the last page of the second round.

    A round ends where Jump says so, at an empty page, and at one that brings the same again
    (README, Paging).
    """
    last = print_of(_id_of(row) for row in found.rows)
    if found.next_offset is None or last == place.last:
        return None if place.late else _Place(began=place.began, late=1, size=place.size)
    overlapping = found.next_offset - len(found.rows) // OVERLAP
    return _Place(
        began=place.began,
        late=place.late,
        offset=max(overlapping, place.offset + 1),
        size=place.size,
        last=last,
    )


def _id_of(row: object) -> str:
    return str(row.get("id")) if isinstance(row, Mapping) else ""
