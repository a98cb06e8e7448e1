"""Reading all of Impilo's list, page by page. Sections cited are of README.md beside this file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Unpack

from integrations import errors
from integrations.pages import RecordPage, StaleCursor, cursor_of, parts_of, print_of, read_rows

from . import mapping, replies
from .client import MAX_SIZE, Filters, ImpiloClient


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Which page is next. ``start`` is the number of the first page, -1 as long as it is not known;
    ``last`` is the print of the page before."""

    number: int = -1
    start: int = -1
    size: int = MAX_SIZE
    last: str = ""


def page(client: ImpiloClient, cursor: str, *, size: int = 0, **filters: Unpack[Filters]) -> RecordPage:
    """The page at a cursor, and where the next one begins.

    Raises ``ProtocolError`` where a page repeats the one before (README, Paging).
    """
    place = _read(cursor, size)
    if place.start < 0:
        found, start = client.first_page(size=place.size, operation="iterate", **filters)
    else:
        start = place.start
        found = client.list_patients(
            page=place.number, size=place.size, first_page=start, operation="iterate", **filters
        )
    last = print_of(_id_of(row) for row in found.rows)
    if found.rows and last == place.last:
        raise client.http.fault(errors.ProtocolError, "iterate", reason="pages repeat")
    records, faults = read_rows(found.rows, partial(mapping.patient, operation="iterate"))
    following = _Place(number=found.number + 1, start=start, size=place.size, last=last)
    return RecordPage(
        records=tuple(records),
        next_cursor=cursor_of(**asdict(following)) if found.more else "",
        faults=faults,
        left=_left(found, start, place.size),
    )


def _read(cursor: str, size: int) -> _Place:
    place = _Place(**parts_of(cursor, asdict(_Place(size=size or MAX_SIZE))))
    is_begun = place.start in (0, replies.FIRST_PAGE) and place.number > place.start
    if not (1 <= place.size <= MAX_SIZE and (is_begun or place == _Place(size=place.size))):
        raise StaleCursor
    return place


def _left(found: replies.Page, start: int, size: int) -> int | None:
    """About how many rows follow; not known where the system does not say how many there are."""
    if not found.more:
        return 0
    following = found.pages - (found.number - start + 1)
    return following * size if following > 0 else None


def _id_of(row: object) -> str:
    return str(row.get("id")) if isinstance(row, Mapping) else ""
