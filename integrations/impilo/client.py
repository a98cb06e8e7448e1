"""Impilo's endpoints one to one: paths, key, filters, paging; wire JSON in and out.

Sections cited are of README.md beside this file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, TypedDict, Unpack

from django.conf import settings

from integrations import errors
from integrations.http import Endpoint, HttpConnection, Reply
from integrations.types import Caller

from . import replies
from .mapping import LABEL, SYSTEM

MAX_SIZE = 250
MAX_NUMBER = 2**63 - 1
SORT = "patientId"


class Filters(TypedDict, total=False):
    """Filters of a list; several values of one mean any of them. Dates are inclusive."""

    ids: Sequence[str]
    site_ids: Sequence[str]
    external_identifiers: Sequence[str]
    email: str
    name: str
    postcode: str
    country: str
    archived: bool
    enrolled: bool
    born_from: date
    born_until: date


_WIRE_NAMES = {
    "ids": "id",
    "site_ids": "siteId",
    "external_identifiers": "externalIdentifier",
    "email": "email",
    "name": "name",
    "postcode": "postalCode",
    "country": "country",
    "archived": "archived",
    "enrolled": "enrolled",
    "born_from": "dateOfBirthMin",
    "born_until": "dateOfBirthMax",
}


class ImpiloConnection(HttpConnection):
    """Reads the field names in Impilo's errors on top of the statuses."""

    def error_for(self, reply: Reply, operation: str) -> errors.IntegrationError:
        """Our error for a reply that is not a success."""
        plain = super().error_for(reply, operation)
        if isinstance(plain, errors.Invalid):
            plain.field_errors = replies.field_errors(reply.json, reply.status)
        return plain


class ImpiloClient:
    """Calls Impilo for one caller with the organization's key."""

    def __init__(self, caller: Caller) -> None:
        config = settings.SYSTEMS[SYSTEM]
        # Documented is no limit at all; ours: five tries, two requests at a time (README, Limits).
        self.endpoint = Endpoint.from_settings(
            SYSTEM, LABEL, config, tries=5, parallel=2, retried_statuses=frozenset({429, 500, 502, 503, 504})
        )
        self.caller = caller
        self._key: str = config["API_KEY"]
        self.http = ImpiloConnection(self.endpoint, caller, headers=self._headers)

    def list_patients(
        self,
        *,
        page: int = replies.FIRST_PAGE,
        size: int = MAX_SIZE,
        first_page: int = replies.FIRST_PAGE,
        operation: str = "list patients",
        **filters: Unpack[Filters],
    ) -> replies.Page:
        """One page, sorted by id. ``size`` is 1 to 250; ``first_page`` says how pages are counted."""
        if not 1 <= size <= MAX_SIZE:
            raise ValueError("size has to be 1 to 250")
        params = {"page": page, "size": size, "sort": SORT, **_wire_filters(filters)}
        reply = self.http.read(operation, "/patient", params)
        found = replies.page(reply.json, number=page, size=size, first_page=first_page)
        if found is None:
            raise self.http.fault(errors.ProtocolError, operation, reply=reply, reason="shape")
        return found

    def first_page(
        self, *, size: int = MAX_SIZE, operation: str = "list patients", **filters: Unpack[Filters]
    ) -> tuple[replies.Page, int]:
        """The first page and its number: 1, or 0 where the reply to 1 says that it is not the first."""
        page = self.list_patients(size=size, operation=operation, **filters)
        if page.first is not False:
            return page, replies.FIRST_PAGE
        return self.list_patients(page=0, size=size, first_page=0, operation=operation, **filters), 0

    def get_patient(self, patient_id: str, *, operation: str = "get patient") -> object:
        """The patient object. Raises ``NotFound``, also for what cannot be an id."""
        if not is_id(patient_id):
            raise self.http.fault(errors.NotFound, operation, reason="no such id")
        return self.http.get(operation, f"/patient/{int(patient_id)}")

    def create_patient(self, body: Mapping[str, Any], *, operation: str) -> Reply:
        """The reply to a create, sent once, whatever its status; raises only without one."""
        return self.http.ask_once(operation, "POST", "/patient", json=body)

    def patch_patient(self, patient_id: str, body: Mapping[str, Any], *, operation: str) -> Reply:
        """The reply to a change of some fields, sent once, whatever its status."""
        return self.http.ask_once(operation, "PATCH", f"/patient/{int(patient_id)}", json=body)

    def put_patient(self, patient_id: str, body: Mapping[str, Any], *, operation: str) -> Reply:
        """The reply to a change of the whole record, sent once; any outcome but a success raises."""
        return self.http.write(operation, "PUT", f"/patient/{int(patient_id)}", json=body)

    def foreign_record(self, operation: str) -> errors.IntegrationError:
        """The error for a reply that holds another record than the one asked for."""
        return self.http.fault(errors.ProtocolError, operation, reason="another record")

    def probe(self, operation: str) -> Reply:
        """The reply to the smallest list there is, whatever its status, tried once."""
        return self.http.ask(operation, "GET", "/patient", params={"page": 1, "size": 1}, retry=False)

    def _headers(self) -> Mapping[str, str]:
        if not self._key:
            raise self.http.fault(errors.NotConfigured, "authorise", reason="no key")
        return {"Impilo-API-Key": self._key}


def is_id(text: str) -> bool:
    """Whether a text can be one of Impilo's own ids, 64-bit whole numbers."""
    return text.isascii() and text.isdigit() and len(text) <= 19 and int(text) <= MAX_NUMBER


def _wire_filters(filters: Filters) -> dict[str, Any]:
    """Query parameters; a list is sent by repeating its parameter, what is empty not at all."""
    return {
        _WIRE_NAMES[name]: _wire_value(value)
        for name, value in filters.items()
        if value not in (None, "", [], ())
    }


def _wire_value(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else value
