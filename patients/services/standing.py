"""How sure a row of the list is: which records a system has shown just now, which are as last read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .answers import KeptRecord, Outcome, State
from .held import over
from .lookup import Person


class How(StrEnum):
    """Why a record is as it is shown."""

    CONFIRMED = "confirmed"  # shown by its system to this very look-up
    ASKING = "asking"
    MISSED = "missed"  # not among what the system found: the index is more forgiving than any search
    DIFFERS = "differs"  # the system holds it, and it differs in something that was typed
    FAILED = "failed"
    CANNOT = "cannot"
    UNASKED = "unasked"
    GONE = "gone"  # not there any more when its system was last read through


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordStanding:
    """One record of somebody whom the index knew: how sure it is, and when what is shown was read."""

    system: str
    how: How
    read_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Somebody whom the index knew. ``changed`` names the details that a system has corrected."""

    records: tuple[RecordStanding, ...]
    changed: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether a system has still to say."""
        return any(each.how is How.ASKING for each in self.records)


def standing_of(person: Person, outcomes: Mapping[str, Outcome]) -> Standing | None:
    """How sure a person of the list is; ``None`` for somebody whom only the systems know."""
    if not person.known:
        return None
    said: dict[tuple[str, How], RecordStanding] = {}
    for each in person.kept:
        how = _how(each, outcomes[each.record.system])
        before = said.get((each.record.system, how))
        read_at = min(each.read_at, before.read_at) if before else each.read_at
        said[each.record.system, how] = RecordStanding(system=each.record.system, how=how, read_at=read_at)
    changed = dict.fromkeys(label for each in person.kept for label in _changed(person, each))
    return Standing(records=tuple(said.values()), changed=tuple(changed))


def _how(kept: KeptRecord, outcome: Outcome) -> How:
    if not kept.from_index:
        return How.CONFIRMED
    if kept.problem:
        return How.GONE
    if kept.record.id in outcome.left_out:
        return How.DIFFERS
    return _BY_STATE.get(outcome.state, How.UNASKED)


_BY_STATE = {
    State.ASKING: How.ASKING,
    State.FOUND: How.MISSED,
    State.NOBODY: How.MISSED,
    State.FAILED: How.FAILED,
    State.CANNOT: How.CANNOT,
}

_TOLD = {
    "family_name": "family name",
    "given_name": "given name",
    "birth_date": "birth date",
    "sex": "sex",
    "nhs_number": "NHS number",
    "address": "address",
    "phones": "phone",
    "email": "e-mail",
}


def _changed(person: Person, kept: KeptRecord) -> Iterator[str]:
    """The details of a row that a system holds otherwise by now; what was not known is not a change."""
    known = person.known.get(kept.key)
    if known is None or kept.from_index:
        return
    before, now = known.record.demographics, over(known.record, kept.record).demographics
    for name, label in _TOLD.items():
        if getattr(before, name) and getattr(before, name) != getattr(now, name):
            yield label
    if known.record.status != kept.record.status:
        yield "status"
