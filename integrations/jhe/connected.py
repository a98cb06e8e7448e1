"""What every part of the adapter stands on: one caller's connection, and what the installation is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from integrations import errors
from integrations.types import Caller, Organization, RemotePatient

from . import dialect as dialects
from . import mapping, oauth, reach
from .client import JheClient
from .records import Records, beside

T = TypeVar("T")


class Connected:
    """JHE for one caller; the adapter's own methods are in the classes made from this."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.http = oauth.connect(caller)
        self.client = JheClient(self.http, oauth.Bearer(oauth.token_source(self.http, caller)))
        self.records = Records(self.client)

    def organizations(self) -> Sequence[Organization]:
        """The organizations in which the caller holds a role; up to half a minute old."""
        return reach.own_organizations(self.client)

    def _own(self, organization_id: str) -> Organization | None:
        return next((each for each in self.organizations() if each.id == organization_id), None)

    def _dialect(self) -> dialects.Dialect:
        return dialects.find(self.http, self.client.count_patients)

    def _adapted(self, work: Callable[[dialects.Dialect], T]) -> T:
        """``work`` in the installation's dialect; where that has changed, once more in the new one."""
        dialect = self._dialect()
        try:
            return work(dialect)
        except errors.ProtocolError as fault:
            if fault.reason != dialects.UNKNOWN_PATH or (fresh := self._dialect()) == dialect:
                raise
            return work(fresh)

    def _reached(self, patient_id: str, operation: str = "patient") -> RemotePatient:
        """The whole record. ``Forbidden`` where it is in none of the caller's organizations."""
        self.client.bearer.current()
        own, (record,) = beside(self.organizations, [partial(self.records.one, patient_id)])
        if not reach.reaches(own, record):
            raise self.http.fault(
                errors.Forbidden,
                operation,
                reason=errors.BEYOND_REACH,
                for_staff=f"You have no role in any {mapping.LABEL} organization that holds this record.",
                next_step="Ask somebody who has a role there.",
            )
        return record

    def _listed(self, dialect: dialects.Dialect, filters: dict[str, str]) -> Iterator[RemotePatient]:
        self._check_lists(dialect)
        return self.records.listed(filters)

    def _check_lists(self, dialect: dialects.Dialect) -> None:
        """Raise ``Unsupported`` where a list would change what the person sees next in JHE's own console."""
        if not dialect.lists_freely:
            raise self.http.fault(
                errors.Unsupported,
                "list people",
                for_staff=f"This version of {mapping.LABEL} cannot list people without side effects.",
                next_step="Ask your administrator to bring it up to date.",
            )
