"""Envelopes and errors, in the shapes of both generations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .switches import JumpSwitches

STATUS_CODES = {
    400: "BAD_REQUEST",
    401: "UNAUTHORISED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    409: "CONFLICT",
    422: "VALIDATION_ERROR",
    429: "RATE_LIMITED",
    500: "INTERNAL_ERROR",
}


class Refused(Exception):
    """A request that is answered with an error. The message names fields, never values."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def fault_body(status: int) -> dict[str, Any]:
    """The body of an error made up by a fault: a request id of its own, Jump's usual form."""
    return error_body(Refused(status, "The server could not answer."), "req_fault", JumpSwitches())


def error_body(refused: Refused, request_id: str, switches: JumpSwitches) -> dict[str, Any]:
    """An error in the shape that the switch asks for."""
    code = STATUS_CODES.get(refused.status, "INTERNAL_ERROR")
    if refused.status == 401:
        code = switches.unauthorised
    if switches.errors == "flat":
        return {"error": code.lower(), "details": refused.message, "request_id": request_id}
    if switches.errors == "g1":
        code = "invalid_request" if refused.status in (400, 422) else code.lower()
        return {"error": {"code": code, "message": refused.message}}
    return {
        "data": None,
        "meta": {"request_id": request_id},
        "error": {"code": code, "message": refused.message},
    }


def one(data: Any, request_id: str, switches: JumpSwitches) -> dict[str, Any]:
    """The envelope around a single record."""
    return {"data": data} if switches.envelope == "g1" else {"data": data, "meta": {"request_id": request_id}}


def many(
    rows: Sequence[Any],
    shown: Callable[[Any], Any],
    *,
    limit: int,
    offset: int,
    request_id: str,
    switches: JumpSwitches,
) -> dict[str, Any]:
    """The envelope around one page; ``rows`` are all that match, already in order, ``shown`` one of them
    as the API shows it."""
    page = [shown(row) for row in rows[offset : offset + limit]]
    has_more = offset + limit < len(rows)
    if switches.envelope == "g1":
        paging = {"total": len(rows), "limit": limit, "offset": offset, "has_more": has_more}
        return {"data": page, "pagination": paging}
    next_offset = offset + limit if has_more else None
    meta = {"limit": limit, "next_offset": next_offset, "has_more": has_more, "request_id": request_id}
    return {"data": page, "meta": meta}
