"""Jump EHR behind the common interface."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar

from django.conf import settings

from integrations.abilities import Capability
from integrations.links import console_link
from integrations.pages import RecordPage, walk
from integrations.types import NOBODY, Caller, Health, RemotePatient, SearchAnswer, SearchQuery, Term

from . import search, sweep
from .client import LABEL, SYSTEM, JumpClient
from .health import look


class JumpAdapter:
    """Reads Jump with the organization's key, for staff or for background work."""

    name: ClassVar[str] = SYSTEM
    label: ClassVar[str] = LABEL
    capabilities: ClassVar[frozenset[Capability]] = frozenset()
    search_terms: ClassVar[frozenset[Term]] = search.SEARCH_TERMS

    def __init__(self, caller: Caller = NOBODY) -> None:
        self.client = JumpClient(caller)

    def search(self, query: SearchQuery) -> SearchAnswer:
        """Find records by id, NHS number, e-mail or name; the first few come whole."""
        return search.Search(self.client, query).run()

    def get(self, patient_id: str) -> RemotePatient:
        """The whole record. Raises ``NotFound``."""
        return search.whole(self.client, patient_id, operation="get patient")

    def page(self, cursor: str = "", since: datetime | None = None, *, size: int = 0) -> RecordPage:
        """One page of list rows. Jump cannot be asked for what changed: ``since`` only leaves rows out."""
        return sweep.page(self.client, cursor, since, size=size)

    def tells_changes(self) -> bool:
        """No: a sweep reads all rows (README, Paging)."""
        return False

    def iterate(self, since: datetime | None = None) -> Iterator[RemotePatient]:
        """Every record as a list row, once each; with ``since`` those changed from then on."""
        return walk(lambda cursor: self.page(cursor, since))

    def healthcheck(self) -> Health:
        """Reachability, generation, scopes and quota, by one small request a scope. Never raises."""
        return look(self.client)

    def record_url(self, patient_id: str) -> str:
        """The record in Jump's own screens, by the template ``JUMP_CONSOLE_URL``."""
        return console_link(settings.SYSTEMS[SYSTEM]["CONSOLE_URL"], patient_id)
