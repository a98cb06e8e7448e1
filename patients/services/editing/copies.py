"""A person's records as an edit sees them: read anew side by side, each with whether it may be written to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import reduce

import structlog
from django.db import DatabaseError
from django.utils import timezone

from integrations.abilities import Capability, KeepsCustomFields, System
from integrations.errors import IntegrationError
from integrations.registry import get_system, label_of, system_class
from integrations.types import RecordStatus, RemotePatient
from integrations.writes import Changes, Details, Part, Shown, shown_of
from patients.matching.grouping import Group
from patients.models import Patient, SourceRecord
from patients.services import hand_links, suggesting, taking_in, visibility
from patients.services.answers import KeptRecord
from patients.services.asking import Question, ask_all
from patients.services.connections import open_system
from patients.services.hand_links import name_of
from patients.services.held import as_test, whole_of
from patients.services.lookup import Gone, Person, read_anew
from patients.services.operations import recording, rights
from patients.services.portrait import Identity, identity_of, leading_first
from patients.services.rereading import SECONDS, as_held
from patients.services.rows import FRESH_FOR
from patients.services.seals import Named
from patients.services.visibility import Reach
from portal import audit
from portal.accounts.models import User

log = structlog.get_logger(__name__)

MERGED = "It was merged into another record there: change that one."
GONE = "It was not there any more when it was last looked for."
NO_ROLE = "Your role does not let you change anything there."
NO_ORGANIZATION = "It takes a member or manager of an organization that the record belongs to."


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One record of the person. ``record`` is as its system holds it now, or as last read (``problem`` says
    why); ``closed`` says why it is not written to, empty where it may be, in the name of
    ``organization_id`` where its system has organizations. ``pending`` are changes that were asked for and
    have not ended."""

    row: SourceRecord
    kept: KeptRecord = field(repr=False)
    record: RemotePatient = field(repr=False)
    is_current: bool
    closed: str = ""
    organization_id: str = ""
    pending: tuple[Changes, ...] = field(default=(), repr=False)

    @property
    def number(self) -> int:
        """Our id of the record."""
        return self.row.pk

    @property
    def label(self) -> str:
        """Its system's label."""
        return label_of(self.row.system)

    @property
    def problem(self) -> str:
        """Why it could not be read now; empty where it was."""
        return self.kept.problem

    @property
    def system(self) -> type[System]:
        """Its adapter's class."""
        return system_class(self.row.system)

    @property
    def is_archived(self) -> bool:
        """Whether it was put away."""
        return self.record.status is RecordStatus.ARCHIVED

    @property
    def held(self) -> Shown:
        """What it holds of all that can be set."""
        return shown_of(self.record)

    @property
    def shown(self) -> Shown:
        """The same, once the changes are made that are on their way: what an edit begins with."""
        return reduce(Shown.after, self.pending, self.held)

    @property
    def on_its_way(self) -> frozenset[Part]:
        """The parts that are being changed."""
        return frozenset[Part]().union(*(each.parts for each in self.pending))

    @property
    def holds(self) -> frozenset[Part]:
        """The parts that its system has a place for."""
        return self.system.changes | self.system.creates_with

    @property
    def details(self) -> Details:
        """What it holds that its system has a place for."""
        return self.with_a_place(self.shown.details)

    def with_a_place(self, details: Details) -> Details:
        """Details without what is only a default of parts that its system has no place for."""
        nothing = Details()
        values = {part.value: getattr(nothing, part) for part in Part if part not in self.holds}
        return replace(details, **values)

    @property
    def shows_custom_fields(self) -> bool:
        """Whether its own fields are known, so that they can be changed."""
        adapter = get_system(self.row.system)
        return isinstance(adapter, KeepsCustomFields) and adapter.shows_custom_fields(self.record)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """A person with all records in reach, in order of display."""

    patient: Patient
    every: tuple[Copy, ...] = field(repr=False)
    untold: tuple[str, ...] = ()

    @property
    def open(self) -> tuple[Copy, ...]:
        """Those that may be written to."""
        return tuple(each for each in self.every if not each.closed)

    @property
    def closed(self) -> tuple[Copy, ...]:
        """Those that may not."""
        return tuple(each for each in self.every if each.closed)

    @property
    def person(self) -> Person:
        """The person as these records say."""
        kept = tuple(each.kept for each in self.every)
        return Person(group=Group(records=tuple(each.record for each in kept)), kept=kept)

    @property
    def identity(self) -> Identity:
        """Who it is."""
        return identity_of(self.person)

    @property
    def name(self) -> str:
        """Name and birth date in one line: whom a form is about."""
        return name_of(self.identity)

    @property
    def named(self) -> Named:
        """For sealing a form."""
        return Named(self.patient, self.name)

    @property
    def details(self) -> Details:
        """What a form begins with: the leading record's details; what it lacks comes from the others."""
        return self.details_from({each.number: each.shown.details for each in self.open})

    def details_from(self, shown: Mapping[int, Details]) -> Details:
        """The same, of what these records were shown to hold, by our ids of them."""
        order = [each.id for each in leading_first(self.person)]
        found = Details()
        for copy in sorted(self.every, key=lambda each: order.index(each.record.id)):
            own = copy.with_a_place(shown.get(copy.number, Details()))
            lacking = own.given() - found.given()
            found = replace(found, **{part.value: getattr(own, part) for part in lacking})
        return found

    @property
    def takes(self) -> frozenset[Part]:
        """The parts that any record takes."""
        return frozenset[Part]().union(*(each.system.changes for each in self.open))


def copies_of(public_id: str, *, by: User, anew: bool = False) -> Copies:
    """The records of the person at an address. Those read within a minute are not asked for again, unless
    all are to be read ``anew``. Raises :class:`~patients.services.lookup.Gone`, also where every system
    refuses by now."""
    reach = visibility.reach_of(by)
    side = hand_links.side(public_id, by=by, reach=reach)
    begun = timezone.now()
    due = [row for row in side.rows if anew or _is_old(row, begun)]
    every = tuple(_read(side.rows, due, begun, by=by, reach=reach, anew=anew))
    if not every:
        raise Gone
    side.patient.refresh_from_db()
    return Copies(patient=side.patient, every=every, untold=tuple(reach.untold.values()))


def copies_held(public_id: str, *, by: User) -> Copies:
    """The same as the index holds them, for saying something while somebody types: no record is asked for.
    Raises :class:`~patients.services.lookup.Gone`."""
    reach = visibility.reach_of(by, wait=suggesting.WAIT_SECONDS)
    side = hand_links.side(public_id, by=by, reach=reach)
    every = tuple(_read(side.rows, (), timezone.now(), by=by, reach=reach, anew=False))
    return Copies(patient=side.patient, every=every, untold=tuple(reach.untold.values()))


def _read(
    rows: Sequence[SourceRecord], due: Sequence[SourceRecord], begun: datetime, *, by: User, reach: Reach,
    anew: bool,
) -> Iterator[Copy]:  # fmt: skip
    answers = ask_all({str(row.pk): _question(row, by) for row in due})
    found = [each for each in answers.values() if isinstance(each, RemotePatient)]
    _take_in(found, begun, must=anew)
    now = SourceRecord.objects.select_related("patient").in_bulk([row.pk for row in rows])
    for row in (now[each.pk] for each in rows if each.pk in now):
        answer = answers.get(str(row.pk))
        record = answer if isinstance(answer, RemotePatient) else whole_of(row)
        kept = as_held(row) if answer is None else read_anew(as_held(row), answer)
        if kept is None:
            continue
        if row.marked_test:
            kept = replace(kept, record=as_test(kept.record))
        yield _copy(
            row, kept, record, by=by, reach=reach, is_current=not isinstance(answer, IntegrationError)
        )


def _take_in(found: Sequence[RemotePatient], read_at: datetime, *, must: bool) -> None:
    """Into the index with what was read; a page is shown all the same where the database refuses it."""
    try:
        taking_in.take_in_now(found, read_at=read_at)
    except DatabaseError as fault:
        if must:
            raise
        log.warning("records not taken in", error=type(fault).__name__, count=len(found))


def _is_old(row: SourceRecord, now: datetime) -> bool:
    """Whether a record has to be asked for. One with fields of its own is: the index keeps what they say,
    and not whether its system shows them."""
    keeps_custom = Capability.CUSTOM_FIELDS in system_class(row.system).capabilities
    return keeps_custom or row.whole_at is None or now - row.whole_at >= FRESH_FOR


def _question(row: SourceRecord, by: User) -> Question[RemotePatient]:
    return Question(
        system=row.system,
        operation="get",
        seconds=SECONDS,
        work=lambda: open_system(row.system, by=by, seconds=SECONDS).get(row.remote_id),
    )


def _copy(
    row: SourceRecord, kept: KeptRecord, record: RemotePatient, *, by: User, reach: Reach, is_current: bool
) -> Copy:
    organizations = _organizations(record, reach)
    needs_one = Capability.ORGANIZATIONS in system_class(row.system).capabilities
    closed = ""
    if not rights.may_write(by, row.system):
        closed = NO_ROLE
    elif record.status is RecordStatus.MERGED:
        closed = MERGED
    elif row.vanished_at is not None:
        closed = GONE
    elif needs_one and not organizations:
        closed = NO_ORGANIZATION
    return Copy(
        row=row,
        kept=kept,
        record=record,
        is_current=is_current,
        closed=closed,
        organization_id=organizations[0] if needs_one and organizations else "",
        pending=recording.open_changes(row.patient, row),
    )


def note_look(action: str, copies: Copies, *, by: User) -> None:
    """One event for a page that shows what these records hold."""
    first = copies.every[0].row
    audit.look(
        action,
        by=by,
        system=first.system,
        record_id=first.remote_id,
        subject_key=copies.patient.public_id,
        details={"records": [f"{each.row.system}:{each.row.remote_id}" for each in copies.every]},
    )


def may_edit(records: Iterable[RemotePatient], *, by: User, reach: Reach) -> bool:
    """Whether somebody may write to any of these records, as far as it is known without asking."""
    return any(
        rights.may_write(by, each.system)
        and each.status is not RecordStatus.MERGED
        and (
            Capability.ORGANIZATIONS not in system_class(each.system).capabilities
            or bool(_organizations(each, reach))
        )
        for each in records
    )


def _organizations(record: RemotePatient, reach: Reach) -> list[str]:
    """The record's organizations in which the user's role there may write, always in the same order."""
    writable: Iterable[str] = reach.writable.get(record.system, ())
    return sorted({each.id for each in record.organizations} & set(writable))
