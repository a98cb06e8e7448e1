"""A system's answer as we keep it: status, parsed JSON, headers, request id."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from django.utils import timezone

PIECE = 65536


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A system's answer: parsed JSON, or ``None`` where the body is not JSON (``text_kind``)."""

    status: int
    json: Any = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    request_id: str = ""
    text_kind: str = ""
    milliseconds: int = 0

    @property
    def ok(self) -> bool:
        """Whether the status says success."""
        return 200 <= self.status < 300


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds from a ``Retry-After`` header in either form (RFC 9110 §10.2.3), else ``None``.

    A moment is counted from the reply's own ``Date``: by our clock, where theirs is an hour ahead, a
    second would become an hour, and where it is behind we would not wait at all.
    """
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:12])
    moment = _moment_in(value)
    if moment is None:
        return None
    return max((moment - (_moment_in(headers.get("Date", "")) or timezone.now())).total_seconds(), 0.0)


def _moment_in(text: str) -> datetime | None:
    """A moment as HTTP writes it. Without a zone it is none: HTTP's is always GMT."""
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else None


def body_of(response: requests.Response, max_bytes: int) -> bytes | None:
    """The body, ``None`` where it is too large. Its own length, where given, is enforced by urllib3.

    ``read1`` returns what has arrived, unpacked at most that many bytes at a time.
    """
    pieces: list[bytes] = []
    size = 0
    while piece := response.raw.read1(PIECE, decode_content=True):
        pieces.append(piece)
        size += len(piece)
        if size > max_bytes:
            return None
    return b"".join(pieces)


def reply_from(response: requests.Response, body: bytes, started: float) -> Reply:
    """The reply whose body this is; ``started`` is when it was asked for, by the monotonic clock."""
    parsed, text_kind = _parse(response, body)
    request_id = response.headers.get("X-Request-Id", "")
    if not request_id and isinstance(parsed, dict) and isinstance(parsed.get("meta"), dict):
        request_id = str(parsed["meta"].get("request_id") or "")
    return Reply(
        status=response.status_code,
        json=parsed,
        headers=response.headers,
        request_id=request_id[:100],
        text_kind=text_kind,
        milliseconds=round((time.monotonic() - started) * 1000),
    )


def _parse(response: requests.Response, body: bytes) -> tuple[Any, str]:
    if not body:
        return None, "" if response.status_code == 204 else "empty"
    try:
        return json.loads(body), ""
    except (ValueError, RecursionError):
        html = "html" in response.headers.get("Content-Type", "") or body.lstrip()[:1] == b"<"
        return None, "html" if html else "malformed"
