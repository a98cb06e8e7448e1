"""Query parameters that need reading: paging and spans of time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from .replies import Refused
from .switches import JumpSwitches

MAX_LIMIT = 100
DEFAULT_LIMITS = {"g2": 20, "g1": 100}


def paging_in(query: Mapping[str, str], switches: JumpSwitches) -> tuple[int, int]:
    """``limit`` and ``offset``. Raises ``Refused``: 400 for no number, 422 out of range (or 400)."""
    limit = _number_in(query, "limit", DEFAULT_LIMITS[switches.envelope])
    offset = _number_in(query, "offset", 0)
    if not 1 <= limit <= MAX_LIMIT:
        raise Refused(switches.validation_status, f"limit must be between 1 and {MAX_LIMIT}.")
    if offset < 0:
        raise Refused(switches.validation_status, "offset must not be negative.")
    return limit, offset


def created_within(query: Mapping[str, str]) -> Callable[[Mapping[str, Any]], bool] | None:
    """Whether a row was created in the span that the query names, both ends included; ``None``: no span."""
    since, until = _moment_in(query, "created_at_gte"), _moment_in(query, "created_at_lte")
    if since is None and until is None:
        return None

    def holds(row: Mapping[str, Any]) -> bool:
        created = datetime.fromisoformat(row["created_at"])
        return (since is None or created >= since) and (until is None or created <= until)

    return holds


def _moment_in(query: Mapping[str, str], name: str) -> datetime | None:
    """An ISO 8601 moment, in UTC where it names no zone; ``None`` where it is not asked for."""
    text = query.get(name, "")
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(400, f"{name} must be an ISO 8601 date or time.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _number_in(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, "")
    if not text:
        return default
    try:
        return int(text)
    except ValueError:
        raise Refused(400, f"{name} must be a whole number.") from None
