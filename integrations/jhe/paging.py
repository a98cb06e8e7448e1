"""The two list envelopes of JHE, read alike: REST pages and FHIR searches of both generations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from integrations.errors import ProtocolError

from .mapping import LABEL, NAME


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of rows. ``next_page`` is the number of the next one, ``None`` on the last.

    ``counted``: the server said how many there are in all; else ``total`` is no more than is on the page.
    """

    rows: tuple[Any, ...] = field(repr=False)
    total: int
    next_page: int | None
    counted: bool = True


def rest_page(body: Any, *, page: int) -> Page:
    """A page ``{count, next, previous, results}``."""
    rows = _list(_get(body, "results"))
    total = _count(body, "count")
    return Page(
        rows=rows,
        total=len(rows) if total is None else total,
        next_page=_next(_get(body, "next"), "page", page),
        counted=total is not None,
    )


def fhir_page(body: Any, *, page: int) -> Page:
    """A page of a FHIR search: a Bundle, or before 2026 ``{count, next, results: [{resource}]}``."""
    if _get(body, "resourceType") == "Bundle":
        entries = _list(_get(body, "entry") or [])
        links = _list(_get(body, "link") or [])
        link = next((_get(each, "url") for each in links if _get(each, "relation") == "next"), None)
        total = _count(body, "total")
    else:
        entries = _list(_get(body, "results"))
        link = _get(body, "next")
        total = _count(body, "count")
    rows = tuple(_get(each, "resource") for each in entries)
    return Page(
        rows=rows,
        total=len(rows) if total is None else total,
        next_page=_next(link, "_page", page),
        counted=total is not None,
    )


def _next(link: Any, parameter: str, page: int) -> int | None:
    """The page number in a ``next`` link, and nothing else of it.

    Behind a proxy the link can carry another scheme or host, and our own filters are better
    known to us than to a link (README.md §5).
    """
    if link is None:
        return None
    try:
        number = int(parse_qs(urlsplit(link).query)[parameter][0])
    except (AttributeError, TypeError, KeyError, ValueError):
        raise _malformed("next link") from None
    if number <= page:
        raise _malformed("next link goes back")
    return number


def _get(body: Any, key: str) -> Any:
    if not isinstance(body, Mapping):
        raise _malformed("not an object")
    return body.get(key)


def _list(value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise _malformed("not a list")
    return tuple(value)


def _count(body: Any, key: str) -> int | None:
    value = _get(body, key)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _malformed(reason: str) -> ProtocolError:
    return ProtocolError(system=NAME, operation="read a list", label=LABEL, reason=reason)
