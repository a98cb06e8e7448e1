"""A record that was read from its system just now, before an admin says that it is the one."""

from __future__ import annotations

from dataclasses import dataclass, field

from integrations.types import SearchQuery
from patients.matching.grouping import Group
from patients.services.answers import KeptRecord
from patients.services.lookup import Person
from patients.services.operations import clock
from patients.services.operations.settling import Found
from patients.services.operations.wording import system_label
from patients.services.portrait import Portrait, portrait_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFound:
    """Who it is, and what speaks against it. ``others``: how many records besides seem to be theirs."""

    record: str
    portrait: Portrait = field(repr=False)
    doubt: str
    others: int


def shown_found(found: Found) -> ShownFound:
    """The record as the page shows it."""
    remote = found.record
    kept = KeptRecord(number=1, read_at=clock.now(), record=remote)
    person = Person(group=Group(records=(remote,)), kept=(kept,))
    return ShownFound(
        record=f"{system_label(remote.system)} {remote.id}",
        portrait=portrait_of(person, SearchQuery()),
        doubt=found.doubt,
        others=found.others,
    )
