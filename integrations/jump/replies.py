"""Jump's envelopes, errors and quota headers, in both generations; pure.

Sections cited are of README.md beside this file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from integrations import errors
from integrations.http import retry_after
from integrations.types import Quota

from .mapping import FIELD_NAMES

NEWER, OLDER = "G2", "G1"
SAME_CODE = {"INVALID_REQUEST": "VALIDATION_ERROR", "UNAUTHORIZED": "UNAUTHORISED"}
CODE_ERRORS: Mapping[str, type[errors.IntegrationError]] = {
    "VALIDATION_ERROR": errors.Invalid,
    "BAD_REQUEST": errors.Invalid,
    "UNAUTHORISED": errors.Unauthorised,
    "FORBIDDEN": errors.Forbidden,
    "NOT_FOUND": errors.NotFound,
    "CONFLICT": errors.Conflict,
    "RATE_LIMITED": errors.RateLimited,
}
MAX_QUOTA = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a list: its rows as they came, and where the next one begins (``None``: no more)."""

    rows: tuple[Any, ...] = field(repr=False)
    next_offset: int | None
    generation: str

    @property
    def more(self) -> bool:
        """Whether the system says that there is another page."""
        return self.next_offset is not None


def page(body: object, *, offset: int) -> Page | None:
    """A page from a list reply in either envelope; ``None`` where the body is no list."""
    if not isinstance(body, Mapping) or not isinstance(body.get("data"), list):
        return None
    rows = body["data"]
    generation = OLDER if isinstance(body.get("pagination"), Mapping) else NEWER
    paging = body.get("pagination" if generation == OLDER else "meta")
    if not isinstance(paging, Mapping):
        paging = {}
    has_more, following = paging.get("has_more"), paging.get("next_offset")
    if not isinstance(has_more, bool | None) or not _is_count(following, optional=True):
        return None
    if has_more is None:
        has_more = following is not None
    if has_more and "next_offset" not in paging:  # the older generation: README, Paging
        following = offset + len(rows)
    stands_still = following is None or following <= offset
    return Page(
        rows=tuple(rows),
        next_offset=None if not has_more or not rows or stands_still else following,
        generation=generation,
    )


def record(body: object) -> object:
    """What a reply holds as its single record; ``None`` where it holds none."""
    return body.get("data") if isinstance(body, Mapping) else None


def error_code(body: object) -> str:
    """The system's own code in capitals and one spelling; empty where it gives none."""
    error = body.get("error") if isinstance(body, Mapping) else None
    code = error.get("code") if isinstance(error, Mapping) else None
    if not isinstance(code, str):
        return ""
    return SAME_CODE.get(code.strip().upper(), code.strip().upper())


def error_message(body: object, status: int) -> str:
    """What the system wrote for people. It may hold personal data: read it, never pass it on."""
    if isinstance(body, Mapping):
        error, details = body.get("error"), body.get("details")
        nested = error if isinstance(error, Mapping) else {}
        for text in (nested.get("message"), details, nested.get("details"), error):
            if isinstance(text, str) and text.strip():
                return text
    return f"HTTP {status}"


def field_errors(body: object, status: int) -> dict[str, str]:
    """Our names of the fields that were refused, each with a sentence of ours.

    Nothing is documented of field errors, so any object or list that names one of our fields
    counts, and the message where it names one (README, Errors).
    """
    names = set(_named_fields(body))
    if not names:
        words = error_message(body, status).replace(",", " ").replace(":", " ").replace("'", " ").split()
        names = {FIELD_NAMES[word] for word in (each.strip('."`()') for each in words) if word in FIELD_NAMES}
    return {name: f"Jump EHR did not accept this {name.replace('_', ' ')}." for name in sorted(names)}


def quota(headers: Mapping[str, str]) -> Quota | None:
    """The hourly quota from the headers of any reply; ``None`` where they say nothing of it.

    It starts anew at the top of the clock hour, by the system's own clock; a ``Retry-After``
    says better (README, Quota).
    """
    limit, remaining = (
        _number(headers.get("X-RateLimit-Limit")),
        _number(headers.get("X-RateLimit-Remaining")),
    )
    if limit is None or remaining is None:
        return None
    now = _their_time(headers)
    wait = retry_after(headers)
    resets_at = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    if wait is not None and wait < 3600:
        resets_at = now + timedelta(seconds=wait)
    return Quota(limit=limit, remaining=remaining, resets_at=resets_at, read_at=datetime.now(UTC))


def _named_fields(body: object) -> Iterator[str]:
    error = body.get("error") if isinstance(body, Mapping) else None
    if not isinstance(error, Mapping):
        return
    for key in ("fields", "details", "errors"):
        found = error.get(key)
        if isinstance(found, Mapping):
            found = list(found)
        for each in found if isinstance(found, list) else ():
            name = each.get("field") if isinstance(each, Mapping) else each
            if isinstance(name, str) and name in FIELD_NAMES:
                yield FIELD_NAMES[name]


def _is_count(value: object, *, optional: bool) -> bool:
    if value is None:
        return optional
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _number(text: str | None) -> int | None:
    if text is None or not (text.isascii() and text.isdigit()) or len(text) > 10:
        return None
    return min(int(text), MAX_QUOTA)


def _their_time(headers: Mapping[str, str]) -> datetime:
    """The system's clock from its ``Date`` header, so that a clock that is off does not lock us out."""
    try:
        return parsedate_to_datetime(headers.get("Date", "")).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return datetime.now(UTC)
