"""Jump EHR behind the common interface."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from django.conf import settings

from integrations.abilities import Capability
from integrations.links import console_link
from integrations.types import NOBODY, Caller, Health, RemotePatient, SearchAnswer, SearchQuery, Term

from . import mapping, search
from .client import LABEL, SYSTEM, JumpClient
from .health import look

# What was created while a sweep ran is read once more; this covers clocks that differ.
CLOCK_MARGIN = timedelta(minutes=5)


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

    def iterate(self, since: datetime | None = None) -> Iterator[RemotePatient]:
        """Every record as a list row, once each; with ``since`` those changed from then on.

        Jump cannot be asked for what changed, so a sweep reads all rows all the same, and then
        once more those created while it ran (README, Paging).
        """
        began = datetime.now(UTC) - CLOCK_MARGIN
        seen: set[str] = set()
        for created_at_gte in (None, began):
            for row in self.client.walk_patients(created_at_gte=created_at_gte, operation="iterate"):
                record = mapping.patient(row, operation="iterate", short=True)
                if record.id in seen:
                    continue
                seen.add(record.id)
                if since is None or record.updated_at is None or record.updated_at >= since:
                    yield record

    def healthcheck(self) -> Health:
        """Reachability, generation, scopes and quota, by one small request a scope. Never raises."""
        return look(self.client)

    def record_url(self, patient_id: str) -> str:
        """The record in Jump's own screens, by the template ``JUMP_CONSOLE_URL``."""
        return console_link(settings.SYSTEMS[SYSTEM]["CONSOLE_URL"], patient_id)
