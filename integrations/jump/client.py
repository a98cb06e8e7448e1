"""Jump's endpoints one to one: paths, keys, filters, paging; wire JSON in and out.

Sections cited are of README.md beside this file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from django.conf import settings

from integrations import errors
from integrations.http import Endpoint, HttpConnection, Reply
from integrations.types import Caller
from integrations.wire import MAX_ID

from . import replies

SYSTEM, LABEL = "jump", "Jump EHR"
MAX_LIMIT = 100
LIVE_PREFIX = "pk_live_"


class JumpConnection(HttpConnection):
    """Reads Jump's error codes and field names on top of the statuses."""

    def error_for(self, reply: Reply, operation: str) -> errors.IntegrationError:
        """Our error for a reply that is not a success; the code decides where there is one."""
        plain = super().error_for(reply, operation)
        kind = replies.CODE_ERRORS.get(replies.error_code(reply.json), type(plain))
        if kind is errors.Invalid:
            return errors.Invalid(
                system=SYSTEM,
                operation=operation,
                label=LABEL,
                request_id=reply.request_id,
                reason=plain.reason,
                field_errors=replies.field_errors(reply.json, reply.status),
            )
        if kind is type(plain):
            return plain
        return self.fault(kind, operation, reply=reply, reason=plain.reason)


class JumpClient:
    """Calls Jump for one caller with the organization's key."""

    def __init__(self, caller: Caller) -> None:
        config = settings.SYSTEMS[SYSTEM]
        self.endpoint = Endpoint.from_settings(SYSTEM, LABEL, config)
        self.caller = caller
        self._key: str = config["API_KEY"]
        self.http = JumpConnection(self.endpoint, caller, headers=self._headers, quota=replies.quota)

    def list_patients(
        self,
        *,
        limit: int = MAX_LIMIT,
        offset: int = 0,
        search: str = "",
        status: str = "",
        status_in: Sequence[str] = (),
        patient_type: str = "",
        created_at_gte: datetime | None = None,
        created_at_lte: datetime | None = None,
        operation: str = "list patients",
    ) -> replies.Page:
        """One page. ``limit`` is 1 to 100; empty filters are not sent. Rows may be short."""
        if not 1 <= limit <= MAX_LIMIT:
            raise ValueError("limit has to be 1 to 100")
        filters = {
            "limit": limit,
            "offset": offset,
            "search": search,
            "status": status,
            "status_in": ",".join(status_in),
            "patient_type": patient_type,
            "created_at_gte": _wire_moment(created_at_gte),
            "created_at_lte": _wire_moment(created_at_lte),
        }
        params = {key: value for key, value in filters.items() if value != ""}
        reply = self._read(operation, "/patients", params)
        page = replies.page(reply.json, offset=offset)
        if page is None:
            raise self.http.fault(errors.ProtocolError, operation, reply=reply, reason="shape")
        return page

    def get_patient(self, patient_id: str, *, operation: str = "get patient") -> object:
        """The whole patient object. Raises ``NotFound``."""
        return replies.record(self._read(operation, self._path(patient_id, operation)).json)

    def create_patient(
        self, body: Mapping[str, Any], *, key: str, operation: str = "create patient"
    ) -> object:
        """What Jump answers as the new patient object, which may be short. Sent once.

        A conflict leaves the outcome unknown: the first request under the key may still be running
        (README, Creating).
        """
        try:
            return self._write(operation, "POST", "/patients", body, headers={"Idempotency-Key": key})
        except errors.Conflict as fault:
            fault.outcome_unknown = True
            raise

    def change_patient(
        self, patient_id: str, body: Mapping[str, Any], *, operation: str = "change patient"
    ) -> object:
        """The patient object after a partial update. Sent once. Raises ``NotFound``."""
        return self._write(operation, "PATCH", self._path(patient_id, operation), body)

    def foreign_record(self, operation: str) -> errors.IntegrationError:
        """The error for a reply that holds another record than the one asked for."""
        return self.http.fault(errors.ProtocolError, operation, reason="another record")

    def probe(self, operation: str, path: str, params: Mapping[str, Any]) -> Reply:
        """A reply whatever its status, tried once."""
        return self.http.ask(operation, "GET", path, params=params, retry=False)

    def _read(self, operation: str, path: str, params: Mapping[str, Any] | None = None) -> Reply:
        reply = self.http.read(operation, path, params)
        if replies.error_code(reply.json):  # an error envelope under a status of success
            raise self.http.error_for(reply, operation)
        return reply

    def _write(
        self, operation: str, method: str, path: str, body: Mapping[str, Any], **kwargs: Any
    ) -> object:
        reply = self.http.write(operation, method, path, json=body, **kwargs)
        if replies.error_code(reply.json):  # nobody says whether that was a success or an error
            fault = self.http.error_for(reply, operation)
            fault.outcome_unknown = True
            raise fault
        return replies.record(reply.json)

    def _path(self, patient_id: str, operation: str) -> str:
        if not 0 < len(patient_id) <= MAX_ID or not patient_id.strip("./ "):
            raise self.http.fault(errors.NotFound, operation, reason="no such id")
        return "/patients/" + quote(patient_id, safe="")

    def _headers(self) -> Mapping[str, str]:
        reason = ""
        if not self._key:
            reason = "no key"
        elif self._key.startswith(LIVE_PREFIX) and not settings.PRODUCTION:
            reason = "live key outside production"
        if reason:
            raise self.http.fault(errors.NotConfigured, "authorise", reason=reason)
        return {"Authorization": f"Bearer {self._key}"}


def _wire_moment(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
