"""Impilo's page object and errors; pure. Sections cited are of README.md beside this file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .mapping import FIELD_NAMES, LABEL

FIRST_PAGE = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a list: its rows as they came, its number, and whether another follows.

    ``first`` is what the system says of it; ``pages`` is how many there are, 1 where it does not say.
    """

    rows: tuple[Any, ...] = field(repr=False)
    number: int
    more: bool
    first: bool | None
    pages: int


def page(body: object, *, number: int, size: int, first_page: int = FIRST_PAGE) -> Page | None:
    """A page from a list reply; ``None`` where the body is no page object.

    No more pages follow where ``last`` says so, the page is empty, or the total is reached.
    """
    if not isinstance(body, Mapping) or not isinstance(body.get("content"), list):
        return None
    last, first, total = body.get("last"), body.get("first"), body.get("total")
    fits = isinstance(last, bool | None) and isinstance(first, bool | None)
    if not fits or isinstance(total, bool) or not isinstance(total, int | None):
        return None
    rows = body["content"]
    used = body.get("size")  # a size above the maximum is cut, and pages are counted in the cut size
    if isinstance(used, int) and not isinstance(used, bool) and 0 < used < size:
        size = used
    pages = 1 if total is None else max(1, -(-total // size))
    reached = total is not None and number - first_page + 1 >= pages
    unsaid = last is None and total is None and len(rows) < size
    more = not (last or not rows or reached or unsaid)
    return Page(rows=tuple(rows), number=number, more=more, first=first, pages=pages)


def error_message(body: object, status: int) -> str:
    """What the system wrote for people. It may hold personal data: read it, never pass it on."""
    if not isinstance(body, Mapping):
        return f"HTTP {status}"
    error = body.get("error")
    nested = error.get("message") if isinstance(error, Mapping) else None
    listed = "; ".join(_listed(body.get("errors")))
    for text in (body.get("message"), nested, listed, body.get("detail"), error):
        if isinstance(text, str) and text.strip():
            return text
    return f"HTTP {status}"


def names_identifier(body: object, status: int) -> bool:
    """Whether the message is about an identifier: it stands on another record (README, Creating)."""
    return "identifier" in error_message(body, status).lower()


def field_errors(body: object, status: int) -> dict[str, str]:
    """Our names of the fields that the message names, each with a sentence of ours.

    Where it puts them before colons, only those count: "email: must be a well-formed email address".
    """
    message = error_message(body, status)
    before_colons = " ".join(re.findall(r"[A-Za-z.]+(?=:)", message))
    names = _known_names(before_colons) or _known_names(message)
    return {name: f"{LABEL} did not accept this {name.replace('_', ' ')}." for name in names}


def _known_names(text: str) -> list[str]:
    words = re.findall(r"[A-Za-z]+", text)
    return sorted({FIELD_NAMES[word] for word in words if word in FIELD_NAMES})


def _listed(found: object) -> Iterator[str]:
    for each in found if isinstance(found, list) else ():
        if isinstance(each, Mapping):
            text = each.get("message") or each.get("defaultMessage")
            if isinstance(text, str):
                yield text
