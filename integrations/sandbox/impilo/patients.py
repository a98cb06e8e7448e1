"""Patients: which of them a list request means, and how a record looks on the wire."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from werkzeug.datastructures import MultiDict

from .replies import Refused
from .switches import ImpiloSwitches

Row = dict[str, Any]
Query = MultiDict[str, str]

MAX_SIZE = 250
DEFAULT_SIZE = 15
SORTS: dict[str, Callable[[Row], tuple[Any, ...]]] = {
    "patientId": lambda row: (row["id"],),
    "firstName": lambda row: (row["firstName"] or "", row["id"]),
    "lastName": lambda row: (row["lastName"] or "", row["id"]),
}


def matching(rows: Iterable[Row], query: Query, switches: ImpiloSwitches) -> list[Row]:
    """The rows that all filters let through, in the order asked for (else by id).

    Raises ``Refused`` (400) for a value that is none of its kind.
    """
    sort = query.get("sort", "patientId")
    if sort not in SORTS:
        raise Refused(400, "sort: must be one of firstName, lastName, patientId")
    tests = [] if switches.filters == "ignored" else _tests_in(query, switches)
    found = [row for row in rows if all(test(row) for test in tests)]
    descending = query.get("sortDescending") and _flag(query, "sortDescending")
    return sorted(found, key=SORTS[sort], reverse=bool(descending))


def _tests_in(query: Query, switches: ImpiloSwitches) -> list[Callable[[Row], bool]]:
    """One test for each filter that the query carries."""
    return [*_tests_of_lists(query), *_tests_of_texts(query, switches), *_tests_of_kinds(query)]


def _tests_of_lists(query: Query) -> Iterable[Callable[[Row], bool]]:
    """The filters that may be repeated: any of their values will do."""
    if ids := [_number("id", each) for each in query.getlist("id")]:
        yield lambda row: row["id"] in ids
    if sites := [_number("siteId", each) for each in query.getlist("siteId")]:
        yield lambda row: (row["site"] or {}).get("id") in sites
    if identifiers := query.getlist("externalIdentifier"):
        yield lambda row: row["externalIdentifier"] in identifiers


def _tests_of_texts(query: Query, switches: ImpiloSwitches) -> Iterable[Callable[[Row], bool]]:
    if name := query.get("name", "").casefold():
        yield lambda row: name in f"{row['firstName'] or ''} {row['lastName'] or ''}".casefold()
    if email := query.get("email", ""):
        if switches.email_match == "exact":
            yield lambda row: row["email"] == email
        else:
            yield lambda row: (row["email"] or "").casefold() == email.casefold()
    for parameter, part in (("postalCode", "zipCode"), ("country", "country")):
        if wanted := query.get(parameter, "").casefold():
            yield _in_address(part, wanted)


def _tests_of_kinds(query: Query) -> Iterable[Callable[[Row], bool]]:
    for name in ("archived", "enrolled"):
        if query.get(name):
            yield _is_flagged(name, _flag(query, name))
    earliest, latest = _date(query, "dateOfBirthMin"), _date(query, "dateOfBirthMax")
    if earliest:
        yield lambda row: (row["dateOfBirth"] or "") >= earliest
    if latest:
        yield lambda row: "" < (row["dateOfBirth"] or "") <= latest


def _in_address(part: str, wanted: str) -> Callable[[Row], bool]:
    return lambda row: ((row["address"] or {}).get(part) or "").casefold() == wanted


def _is_flagged(name: str, wanted: bool) -> Callable[[Row], bool]:
    return lambda row: row[name] is wanted


def page_of(rows: list[Row], query: Query, switches: ImpiloSwitches) -> Row:
    """The page object. Too large a size is cut; a page below the first is refused (400)."""
    first = 0 if switches.paging == "zero" else 1
    page = _number("page", query.get("page") or str(first))
    size = min(_number("size", query.get("size") or str(DEFAULT_SIZE)), MAX_SIZE)
    if page < first or size < 1:
        raise Refused(400, f"page: must be at least {first}; size: must be at least 1")
    start = 0 if switches.paging == "repeats" else (page - first) * size
    content = rows[start : start + size]
    return {
        "content": [on_the_wire(row, switches) for row in content],
        "page": page,
        "size": size,
        "total": len(rows),
        "first": start == 0,
        "last": start + size >= len(rows),
    }


def on_the_wire(row: Row, switches: ImpiloSwitches) -> Row:
    """A stored record as the API shows it."""
    shown = dict(row)
    if switches.nulls:
        shown = {name: row[name] if name in ("id", "firstName", "lastName") else None for name in row}
    if switches.ids == "text":
        shown["id"] = str(shown["id"])
    shown["dateOfBirth"] = _birth_date(shown["dateOfBirth"], switches)
    if switches.sex_field == "gender":
        shown["gender"] = shown.pop("sex")
    if switches.names == "whole":
        parts = (shown.pop("firstName"), shown.pop("lastName"))
        shown["name"] = " ".join(part for part in parts if part)
    return shown


def _birth_date(text: str | None, switches: ImpiloSwitches) -> str | None:
    if text is None or switches.birth_date == "date":
        return text
    if switches.birth_date == "timestamp":
        return f"{text}T00:00:00Z"
    return "-".join(reversed(text.split("-")))


def _number(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise Refused(400, f"{name}: must be a whole number") from None


def _flag(query: Query, name: str) -> bool:
    text = query[name].lower()
    if text not in ("true", "false"):
        raise Refused(400, f"{name}: must be true or false")
    return text == "true"


def _date(query: Query, name: str) -> str:
    text = query.get(name, "")
    if text:
        try:
            date.fromisoformat(text)
        except ValueError:
            raise Refused(400, f"{name}: must be a date like 1980-01-31") from None
    return text
