"""Impilo behind the common interface."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings

from integrations import health
from integrations.abilities import Capability
from integrations.errors import IntegrationError, ProtocolError
from integrations.links import console_link
from integrations.pages import RecordPage, walk
from integrations.types import (
    NOBODY,
    AbilityState,
    Caller,
    Health,
    RemotePatient,
    SearchAnswer,
    SearchQuery,
    Term,
)
from integrations.writes import Changes, Details, NewRecord, Part

from . import replies, search, sending, sweep, writing
from .client import ImpiloClient
from .mapping import LABEL, SYSTEM

ABILITIES = (
    AbilityState(name="read patients", available=True),
    AbilityState(
        name="write patients",
        available=None,
        reason="Only a change in Impilo would show whether the key may register and edit people, "
        "so it was not tried. Impilo names no scopes.",
    ),
)


class ImpiloAdapter:
    """Reads and writes Impilo with the organization's key, for staff or for background work."""

    name: ClassVar[str] = SYSTEM
    label: ClassVar[str] = LABEL
    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.ARCHIVE, Capability.MARKS})
    search_terms: ClassVar[frozenset[Term]] = search.SEARCH_TERMS
    creates_with: ClassVar[frozenset[Part]] = sending.CREATES_WITH
    needs: ClassVar[frozenset[Part]] = sending.NEEDS
    changes: ClassVar[frozenset[Part]] = sending.CHANGES
    unique: ClassVar[frozenset[Part]] = frozenset()
    fixed: ClassVar[Mapping[Part, str]] = {}
    keys_last: ClassVar[timedelta] = timedelta(0)
    keeps_archive_reason: ClassVar[bool] = False

    def __init__(self, caller: Caller = NOBODY) -> None:
        self.client = ImpiloClient(caller)

    def search(self, query: SearchQuery) -> SearchAnswer:
        """Find records by id, e-mail, name, birth date or postcode; all come whole."""
        return search.Search(self.client, query).run()

    def get(self, patient_id: str) -> RemotePatient:
        """The whole record. Raises ``NotFound``."""
        return search.whole(self.client, patient_id, operation="get patient")

    def page(self, cursor: str = "", since: datetime | None = None, *, size: int = 0) -> RecordPage:
        """One page of whole records. Impilo keeps no times of change, so ``since`` narrows nothing."""
        return sweep.page(self.client, cursor, size=size)

    def tells_changes(self) -> bool:
        """No: there are no times of change."""
        return False

    def iterate(self, since: datetime | None = None) -> Iterator[RemotePatient]:
        """Every record, once each."""
        return walk(lambda cursor: self.page(cursor, since))

    @classmethod
    def as_held(cls, details: Details) -> Details:
        """Impilo knows no "indeterminate" sex, and needs a county: it takes the town for one."""
        return sending.as_held(details)

    @classmethod
    def problems(cls, details: Details, parts: frozenset[Part]) -> Mapping[str, str]:
        """What is refused here before it is sent."""
        return sending.problems(details, parts)

    def create(self, new: NewRecord, *, key: str) -> RemotePatient:
        """Create a record under ``new.own_id`` (required: Impilo has no idempotency keys)."""
        return writing.create(self.client, new)

    def created(self, new: NewRecord) -> Sequence[RemotePatient]:
        """Records with the portal's id, the e-mail, or the name and birth date; all whole."""
        return writing.created(self.client, new)

    def update(self, patient_id: str, changes: Changes, *, organization_id: str = "") -> RemotePatient:
        """Set what the changes name; of status only "active". Records belong to no organization."""
        return writing.update(self.client, patient_id, changes)

    def archive(self, patient_id: str, *, reason: str, notes: str = "") -> RemotePatient:
        """Put a record away. Impilo has no place for the reason, nor for notes (``keeps_archive_reason``)."""
        return writing.archive(self.client, patient_id)

    def mark(self, patient_id: str, own_id: str) -> RemotePatient:
        """Put the portal's id into a record without an identifier, where ``IMPILO_MARKS_RECORDS`` says so."""
        if not settings.SYSTEMS[SYSTEM]["MARKS_RECORDS"]:
            raise sending.unsupported("mark", writing.NO_MARKS)
        return writing.mark(self.client, patient_id, own_id)

    def healthcheck(self) -> Health:
        """Reachability and key, by the smallest list there is; Impilo has no scopes. Never raises."""
        outcome = health.probe(lambda: self.client.probe("healthcheck"))
        problem = self._problem(outcome)
        if problem is not None:
            return health.unwell(self.client.endpoint, outcome, problem)
        endpoint = self.client.endpoint
        return Health(
            system=SYSTEM,
            address=endpoint.url,
            reachable=True,
            authorised=True,
            version=endpoint.url.rpartition("/")[2],
            abilities=ABILITIES,
            request_id=outcome.reply.request_id if outcome.reply else "",
            milliseconds=outcome.reply.milliseconds if outcome.reply else 0,
        )

    def _problem(self, outcome: health.Probe) -> IntegrationError | None:
        reply = outcome.reply
        if reply is None:
            return outcome.error
        if not reply.ok:
            return self.client.http.error_for(reply, "healthcheck")
        if replies.page(reply.json, number=1, size=1) is None:
            return self.client.http.fault(ProtocolError, "healthcheck", reply=reply, reason="shape")
        return None

    def record_url(self, patient_id: str) -> str:
        """The record in Impilo's own screens, by the template ``IMPILO_CONSOLE_URL``."""
        return console_link(settings.SYSTEMS[SYSTEM]["CONSOLE_URL"], patient_id)
