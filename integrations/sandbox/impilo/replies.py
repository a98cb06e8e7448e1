"""Error bodies, in Spring's default form or in another that a client should be able to read."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any

from .switches import ImpiloSwitches


class Refused(Exception):
    """A request that is answered with an error. The message names fields, never values."""

    def __init__(self, status: int, message: str, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.retry_after = retry_after


def fault_body(status: int) -> dict[str, Any]:
    """The body of an error made up by a fault."""
    return {"status": status, "error": _phrase(status), "message": "The server could not answer."}


def error_body(refused: Refused, path: str, now: datetime, switches: ImpiloSwitches) -> Any:
    """The body of an error: JSON-able, or a text where the switch says so."""
    match switches.errors:
        case "nested":
            return {"error": {"message": refused.message}}
        case "list":
            return {"errors": [{"defaultMessage": refused.message}]}
        case "detail":
            return {"detail": refused.message}
        case "text":
            return refused.message
        case _:
            return {
                "timestamp": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "status": refused.status,
                "error": _phrase(refused.status),
                "message": refused.message,
                "path": path,
            }


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Error"
