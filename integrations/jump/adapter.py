"""Jump EHR behind the common interface."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings

from integrations.abilities import Capability
from integrations.links import console_link
from integrations.pages import RecordPage, walk
from integrations.types import NOBODY, Caller, Health, RemotePatient, SearchAnswer, SearchQuery, Term
from integrations.writes import Changes, Details, NewRecord, Part

from . import changing, mapping, search, sweep, traces, writing
from .client import LABEL, SYSTEM, JumpClient
from .health import look


class JumpAdapter:
    """Reads and writes Jump with the organization's key, for staff or for background work."""

    name: ClassVar[str] = SYSTEM
    label: ClassVar[str] = LABEL
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {Capability.ARCHIVE, Capability.CUSTOM_FIELDS, Capability.MARKS}
    )
    search_terms: ClassVar[frozenset[Term]] = search.SEARCH_TERMS
    creates_with: ClassVar[frozenset[Part]] = writing.CREATES_WITH
    needs: ClassVar[frozenset[Part]] = writing.NEEDS
    changes: ClassVar[frozenset[Part]] = writing.CHANGES
    unique: ClassVar[frozenset[Part]] = frozenset()
    fixed: ClassVar[Mapping[Part, str]] = {}
    keys_last: ClassVar[timedelta] = timedelta(hours=24)
    keeps_archive_reason: ClassVar[bool] = True

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

    @classmethod
    def as_held(cls, details: Details) -> Details:
        """Trimmed texts, an NHS number as ten digits, an address in Jump's lines."""
        return writing.as_held(details)

    @classmethod
    def problems(cls, details: Details, parts: frozenset[Part]) -> Mapping[str, str]:
        """What is refused here before it is sent."""
        return writing.problems(details, parts)

    def create(self, new: NewRecord, *, key: str) -> RemotePatient:
        """Create a record under an idempotency key. A reply that is short is completed by reading."""
        return changing.create(self.client, new, key=key, with_own_id=self._writes_own_id())

    def created(self, new: NewRecord) -> Sequence[RemotePatient]:
        """Whole records of this NHS number, e-mail, own id, or name and birth date."""
        return traces.created(self.client, new)

    def update(self, patient_id: str, changes: Changes, *, organization_id: str = "") -> RemotePatient:
        """Set what the changes name, after a look that the record was not merged (``Conflict``)."""
        return changing.update(self.client, patient_id, changes)

    def archive(self, patient_id: str, *, reason: str, notes: str = "") -> RemotePatient:
        """Put a record away; one that is away already stays as it is."""
        return changing.archive(self.client, patient_id, reason=reason, notes=notes)

    def shows_custom_fields(self, record: RemotePatient) -> bool:
        """Whether the record came with its custom fields, be they none."""
        return changing.shows_custom_fields(record)

    @classmethod
    def closed_custom_fields(cls) -> frozenset[str]:
        """Those that hold identifiers of other parties, or the portal's own (README, Custom fields)."""
        return frozenset(mapping.CUSTOM_IDENTIFIERS)

    @classmethod
    def custom_field_problem(cls, record: RemotePatient, name: str, value: str) -> str:
        """A field that is no text keeps its type."""
        return changing.custom_field_problem(record, name, value)

    def mark(self, patient_id: str, own_id: str) -> RemotePatient:
        """Write the portal's id as ``external_id`` where the setting says so and the place is free."""
        return changing.mark(self.client, patient_id, own_id, allowed=self._writes_own_id())

    def record_url(self, patient_id: str) -> str:
        """The record in Jump's own screens, by the template ``JUMP_CONSOLE_URL``."""
        return console_link(settings.SYSTEMS[SYSTEM]["CONSOLE_URL"], patient_id)

    def _writes_own_id(self) -> bool:
        return bool(settings.SYSTEMS[SYSTEM]["WRITES_OWN_ID"])
