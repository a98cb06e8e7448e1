"""How FHIR searches narrow rows: ids, starts of names, dates with comparators, sorting."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from .calls import Row
from .errors import sentences

_COMPARATORS: dict[str, Callable[[Any, Any], bool]] = {
    "ge": operator.ge,
    "le": operator.le,
    "gt": operator.gt,
    "lt": operator.lt,
}


def by_id(rows: list[Row], key: str | None) -> list[Row]:
    """Rows with exactly this id; an id of another form finds nothing."""
    return rows if not key else [row for row in rows if str(row["id"]) == key.strip()]


def by_start(rows: list[Row], fields: tuple[str, ...], values: list[str]) -> list[Row]:
    """Rows of which a field starts with a value, in any letter case.

    Values parted by commas are alternatives, a repeated parameter narrows further.
    """
    for value in values:
        pieces = tuple(piece.strip().casefold() for piece in value.split(",") if piece.strip())
        if pieces:
            rows = [row for row in rows if _starts(row, fields, pieces)]
    return rows


def _starts(row: Row, fields: tuple[str, ...], pieces: tuple[str, ...]) -> bool:
    return any((row[field] or "").casefold().startswith(pieces) for field in fields)


def _split(raw: str) -> tuple[Callable[[Any, Any], bool], str, bool]:
    """Comparison, value, and whether a comparator was named."""
    named = _COMPARATORS.get(raw[:2])
    return (named, raw[2:], True) if named else (operator.eq, raw, False)


def _moment(text: str) -> datetime | None:
    """An instant, in UTC where no zone is given; a day is its first instant."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _day(text: str) -> date | None:
    found = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", text)
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def by_last_updated(rows: list[Row], values: list[str]) -> list[Row]:
    """Rows changed before or after an instant; without a comparator, on that day.

    A day with a comparator means its first instant, so ``le`` leaves out what changed on it.
    """
    for raw in values:
        compare, value, named = _split(raw)
        moment = _moment(value)
        if moment is None:
            raise sentences(f"Invalid _lastUpdated value: '{raw}'.")
        rows = [row for row in rows if _changed(row, compare, moment, named=named)]
    return rows


def _changed(row: Row, compare: Callable[[Any, Any], bool], moment: datetime, *, named: bool) -> bool:
    changed = datetime.fromisoformat(row["last_updated"])
    return compare(changed, moment) if named else changed.date() == moment.date()


def by_date(rows: list[Row], field: str, values: list[str]) -> list[Row]:
    """Rows whose date (or instant) compares so; a value of ten characters or a date field: by day."""
    for raw in values:
        compare, value, _ = _split(raw)
        by_day = len(value) <= 10 or field == "birth_date"
        wanted = _day(value[:10]) if by_day else _moment(value)
        if wanted is None:
            raise sentences(f"Invalid date value: '{raw}'.")
        rows = [row for row in rows if row[field] and compare(_stored(row[field], by_day=by_day), wanted)]
    return rows


def _stored(text: str, *, by_day: bool) -> date | datetime:
    return date.fromisoformat(text[:10]) if by_day else datetime.fromisoformat(text)


def sort(rows: list[Row], keys: str, date_field: str) -> list[Row]:
    """Rows in the order asked for; keys that are not known are ignored.

    Only a known key makes the order total: then the id decides between equals.
    """
    order = []
    for key in keys.split(","):
        name = key.strip().removeprefix("-").lower().replace("_", "")
        known = {"lastupdated": "last_updated", "date": date_field}.get(name)
        if known:
            order.append((known, key.strip().startswith("-")))
    if order:
        rows = sorted(rows, key=lambda row: int(row["id"]))
    for known, descending in reversed(order):
        rows = sorted(rows, key=lambda row: str(row[known] or ""), reverse=descending)
    return rows
