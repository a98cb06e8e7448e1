"""Lists in pages: the current way for REST and FHIR, and the older REST way with its traps.

Links are made from the address that the caller used (request host and ``X-Forwarded-*``), so a
client behind a proxy may find another host in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from .errors import Crashed, Refused

DEFAULT_SIZE = 20
MAX_SIZE = 1000


class Page(NamedTuple):
    """One page of rows, and the links to its neighbours."""

    rows: list[Any]
    total: int
    next: str | None
    previous: str | None


def _size(text: str | None) -> int:
    """A page size of digits above zero, cut to the maximum; anything else means the default."""
    if text is None or not text.isdigit() or int(text) == 0:
        return DEFAULT_SIZE
    return min(int(text), MAX_SIZE)


def _page_number(text: str, pages: int) -> int:
    """The page asked for; refused when it does not exist."""
    if text == "last":
        return pages
    if not text.isdigit() or not 1 <= int(text) <= pages:
        raise Refused(404, {"detail": "Invalid page."})
    return int(text)


def _link(url: str, key: str, page: int) -> str:
    """``url`` with its page changed and its parameters sorted; page 1 has no page parameter."""
    parts = urlsplit(url)
    items = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != key]
    if page > 1:
        items.append((key, str(page)))
    return parts._replace(query=urlencode(sorted(items))).geturl()


def paged(
    rows: Sequence[Any], url: str, *, page: str | None, size: str | None, key: str = "page", fixed: int = 0
) -> Page:
    """One page of ``rows``; ``page`` and ``size`` are as they came in the query.

    ``key`` is the name of the page parameter in links; ``fixed`` is the page size of the lists
    that let nobody choose one. Raises :class:`Refused` (404) past the end.
    """
    per_page = fixed or _size(size)
    pages = max(1, -(-len(rows) // per_page))
    number = _page_number(page or "1", pages)
    start = (number - 1) * per_page
    return Page(
        rows=list(rows[start : start + per_page]),
        total=len(rows),
        next=_link(url, key, number + 1) if number < pages else None,
        previous=_link(url, key, number - 1) if number > 1 else None,
    )


def older_paged(rows: Sequence[Any], url: str, query: dict[str, str]) -> Page:
    """The 2025-10 lists of patients, studies and observations.

    No largest size and no end: past it comes an empty page whose ``previous`` goes on counting.
    What is not a number means the default; a size of 0 is obeyed and leads to nothing; numbers
    below the first page fail. Links carry the parameters in their snake-case names.
    """
    page = _lenient(query.get("page"), 1)
    size = _lenient(query.get("page_size"), DEFAULT_SIZE)
    if page < 1 or size < 0:
        raise Crashed
    base = url.partition("?")[0]
    kept = {name: value for name, value in query.items() if name not in {"page", "page_size"}}

    def link(target: int) -> str:
        return f"{base}?{urlencode({**kept, 'page_size': size, 'page': target})}"

    start = (page - 1) * size
    return Page(
        rows=list(rows[start : start + size]),
        total=len(rows),
        next=link(page + 1) if page * size < len(rows) else None,
        previous=link(page - 1) if page > 1 else None,
    )


def _lenient(text: str | None, default: int) -> int:
    try:
        return int(text) if text is not None else default
    except ValueError:
        return default


def envelope(page: Page, rows: list[Any]) -> dict[str, Any]:
    """The REST envelope around the shaped rows of a page."""
    return {"count": page.total, "next": page.next, "previous": page.previous, "results": rows}
