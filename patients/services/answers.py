"""What one system answered to one look-up: five outcomes that never look alike, kept encrypted."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

import cattrs.preconf.json
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from integrations.errors import IntegrationError, NotConfigured, NotFound, Unauthorised
from integrations.registry import label_of, system_names
from integrations.types import CannotSearch, Found, RemotePatient, SearchAnswer, SearchQuery
from patients.matching.ranking import contradicts
from patients.models import Answer, LookUp

from .connections import NO_TOKEN, needs_own_token

_json = cattrs.preconf.json.make_converter()

# Adapters put the likeliest first. Staff read no longer list, and comparing everybody with
# everybody takes the square of it.
MOST_KEPT = 50  # records of one system

#: What the index knew when the page was made is kept like a system's answer, under this name.
INDEX = "index"


class State(StrEnum):
    """How asking one system ended."""

    ASKING = "asking"
    FOUND = "found"
    NOBODY = "nobody"
    FAILED = "failed"
    CANNOT = "cannot"
    NO_REACH = "no_reach"
    SIGNED_OUT = "signed_out"
    NOT_CONNECTED = "not_connected"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRecord:
    """A record as it was read at a moment; ``number`` names it in addresses of its look-up.

    ``problem`` is a sentence on why it could not be read anew since; ``gone``: its system does not hold it
    any more. ``from_index``: no system has shown it to this look-up; it is what the index held.
    """

    number: int
    read_at: datetime
    record: RemotePatient = field(repr=False)
    problem: str = ""
    from_index: bool = False
    gone: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """System and id."""
        return self.record.system, self.record.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one system answered. ``left_out`` are the ids of hits that are not shown because they are
    known to differ in something that was typed; ``sentence`` and ``next_step`` are for staff.
    ``numbers`` remembers the number of every record that this system ever gave to the look-up."""

    system: str
    state: State
    answered_at: datetime | None = None
    records: tuple[KeptRecord, ...] = field(default=(), repr=False)
    more: bool = False
    left_out: tuple[str, ...] = field(default=(), repr=False)
    sentence: str = ""
    next_step: str = ""
    request_id: str = ""
    numbers: dict[str, int] = field(default_factory=dict, repr=False)

    @property
    def has_answered(self) -> bool:
        """Whether the system has said whom it finds, be it nobody."""
        return self.state in {State.FOUND, State.NOBODY}


def outcome_of(system: str, query: SearchQuery, answer: SearchAnswer | IntegrationError) -> Outcome:
    """The outcome of a search, with records still unnumbered (0)."""
    now = timezone.now()
    match answer:
        case Found(records=(), more=True):
            return Outcome(
                system=system,
                state=State.FAILED,
                answered_at=now,
                sentence=f"{label_of(system)} holds more records like this than could be read.",
                next_step="Add a detail, such as the birth date.",
            )
        case Found():
            differing = {record.id for record in answer.records if contradicts(query, record)}
            fitting = [record for record in answer.records if record.id not in differing]
            return Outcome(
                system=system,
                state=State.FOUND if fitting else State.NOBODY,
                answered_at=now,
                records=tuple(_unnumbered(record) for record in fitting[:MOST_KEPT]),
                more=answer.more or len(fitting) > MOST_KEPT,
                left_out=tuple(sorted(differing)),
            )
        case CannotSearch():
            return Outcome(system=system, state=State.CANNOT, answered_at=now, sentence=answer.for_staff)
        case NotFound():
            return Outcome(system=system, state=State.NOBODY, answered_at=now)
        case _:
            return Outcome(
                system=system,
                state=_state_after(system, answer),
                answered_at=now,
                sentence=answer.for_staff,
                next_step=answer.next_step,
                request_id=answer.request_id,
            )


def _state_after(system: str, fault: IntegrationError) -> State:
    """Whether asking failed, or there was no way to ask: no address, no sign-in of one's own (any more)."""
    if isinstance(fault, NotConfigured):
        return State.NOT_CONNECTED
    if isinstance(fault, Unauthorised) and needs_own_token(system):
        return State.NO_REACH if fault.reason == NO_TOKEN else State.SIGNED_OUT
    return State.FAILED


def _unnumbered(record: RemotePatient) -> KeptRecord:
    """A record just read; what the system wrote beyond our fields is not kept."""
    return KeptRecord(number=0, read_at=timezone.now(), record=replace(record, raw={}))


def keep_first(lookup: LookUp, outcome: Outcome) -> Outcome | None:
    """Keep an outcome unless one is there: an answer that comes late replaces none asked for since.

    The outcome as it is kept, ``None`` where it is not. One statement and no transaction: three
    systems that answer at once do not wait for each other.
    """
    numbered = _numbered(outcome, {})
    with suppress(IntegrityError):
        _row(lookup, numbered).save(force_insert=True)
        return numbered
    return None


def keep(lookup: LookUp, outcome: Outcome) -> Outcome:
    """Keep an outcome in place of an earlier one. A record that was there once keeps its number."""
    keep_first(lookup, outcome)
    with transaction.atomic():
        held = Answer.objects.select_for_update().get(lookup=lookup, system=outcome.system)
        numbered = _numbered(outcome, load(held).numbers)
        row = _row(lookup, numbered)
        row.pk = held.pk
        row.save(force_update=True)
    return numbered


def _row(lookup: LookUp, outcome: Outcome) -> Answer:
    return Answer(
        lookup=lookup,
        system=outcome.system,
        outcome=_json.unstructure(outcome),
        answered_at=timezone.now(),
    )


def _numbered(outcome: Outcome, held: Mapping[str, int]) -> Outcome:
    """An outcome with a number for each record, the one that it had where it had one."""
    numbers = dict(held)
    for each in outcome.records:
        numbers.setdefault(" ".join(each.key), _number(outcome.system, len(numbers)))
    records = tuple(replace(each, number=numbers[" ".join(each.key)]) for each in outcome.records)
    return replace(outcome, records=records, numbers=numbers)


def _number(system: str, index: int) -> int:
    """The number of a record: systems and index take turns, so that none has another's number."""
    names = [*system_names(), INDEX]
    return 1 + names.index(system) + len(names) * index


_ANSWERED = f"SELECT system FROM {Answer._meta.db_table} WHERE lookup_id = %s"  # noqa: S608


def answered(lookup: LookUp) -> set[str]:
    """The systems whose answer is kept.

    Asked many times a second by every page that waits: in SQL, since making the statement anew
    each time takes ten times what answering it takes.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ANSWERED, [lookup.pk])
        return {system for (system,) in cursor.fetchall()}


def kept(lookup: LookUp) -> dict[str, Outcome]:
    """The outcomes so far, by system."""
    return {row.system: load(row) for row in Answer.objects.filter(lookup=lookup)}


def load(row: Answer) -> Outcome:
    """An outcome as it was kept."""
    outcome: Outcome = _json.structure(row.outcome, Outcome)
    return outcome
