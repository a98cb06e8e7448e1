"""Linking and parting by hand: what a page shows of two people, and what comes of its form.

Staff say with a reason that two people are one; admins take it back, or say that a record is somebody
else's. Everything is from the index within the user's reach; every write holds the people as the form
showed them (``seals``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import product

from django.db.models import Q, QuerySet

from integrations.registry import system_names
from patients.matching.dates import show
from patients.matching.fields import Field
from patients.matching.grouping import Group
from patients.matching.levels import Level
from patients.matching.same_person import Judgement, Subject, are_unlike, judge_subjects
from patients.models import KeptApart, Link, Patient, SourceRecord
from portal import audit
from portal.accounts.models import User
from portal.audit.models import Event

from . import linking, visibility
from .held import kept_of, subject_of
from .lookup import Gone, Person
from .portrait import Identity, identity_of
from .seals import Named, held, seal
from .visibility import Reach

LINK = "link"


class Parting(StrEnum):
    """What takes records from a person."""

    UNLINK = "unlink"
    UNDO = "undo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One person as the index holds them, with the records within reach, in order of display."""

    patient: Patient
    rows: tuple[SourceRecord, ...] = field(repr=False)
    person: Person = field(repr=False)

    @property
    def identity(self) -> Identity:
        """Who it is."""
        return identity_of(self.person)

    @property
    def name(self) -> str:
        """Name and birth date in one line: what a form about them says it is about."""
        return name_of(self.identity)

    @property
    def named(self) -> Named:
        """For sealing a form."""
        return Named(self.patient, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """That somebody decided that records of two people are not one person's."""

    decided_by: str
    decided_at: datetime
    reason: str
    other: Patient


def name_of(identity: Identity) -> str:
    """A person in one line: "MBEKI, Grace, born 18-Apr-1975"."""
    names = ", ".join(filter(None, [identity.family_name.upper(), identity.given_name]))
    born = f"born {show(identity.birth_date)}" if identity.birth_date else "birth date not recorded"
    return f"{names or identity.full_name or 'name not recorded'}, {born}"


# --- looking --------------------------------------------------------------------------------


def side(public_id: str, *, by: User, reach: Reach) -> Side:
    """A person at their own address. Raises :class:`~patients.services.lookup.Gone`, and
    :class:`~patients.services.visibility.NotTold` where it may be theirs after all."""
    patient = Patient.objects.filter(public_id=public_id, merged_into=None).first()
    rows = []
    if patient is not None and visibility.may_see(by, patient, reach):
        rows = rows_of(patient, reach)
    if patient is None or not rows:
        visibility.require_told(reach)
        raise Gone
    return side_of(patient, rows)


def rows_of(patient: Patient, reach: Reach) -> list[SourceRecord]:
    """A person's records within reach, in order of display."""
    order = {name: place for place, name in enumerate(system_names())}
    found = visibility.records(reach).filter(patient=patient)
    return sorted(found, key=lambda row: (order.get(row.system, len(order)), row.pk))


def side_of(patient: Patient, rows: Sequence[SourceRecord]) -> Side:
    """A person by these records of theirs: all within reach, or those that a page sets apart."""
    kept = tuple(kept_of(row) for row in rows)
    person = Person(group=Group(records=tuple(each.record for each in kept)), kept=kept)
    return Side(patient=patient, rows=tuple(rows), person=person)


def parts_of(whole: Side, leaving: frozenset[int]) -> tuple[Side, Side] | None:
    """A person without some of the records, and those records; ``None`` where either has none in sight."""
    parts = [[row for row in whole.rows if (row.pk in leaving) is gone] for gone in (False, True)]
    if not all(parts):
        return None
    stays, leaves = (side_of(whole.patient, rows) for rows in parts)
    return stays, leaves


def together(one: Side, other: Side) -> Person:
    """The records of both, for putting them side by side."""
    kept = (*one.person.kept, *other.person.kept)
    return Person(group=Group(records=tuple(each.record for each in kept)), kept=kept)


def note_look(action: str, *sides: Side, by: User) -> Event:
    """One event for a page that shows these people."""
    shown = [row for each in sides for row in each.rows]
    return audit.look(
        action,
        by=by,
        system=shown[0].system,
        record_id=shown[0].remote_id,
        subject_key=sides[0].patient.public_id,
        details={"records": [f"{row.system}:{row.remote_id}" for row in shown]},
    )


def note_refused(action: str, public_id: str, *, by: User) -> None:
    """One event for a page about somebody who is not there for this user."""
    audit.look(action, by=by, subject_key=public_id[:64], outcome="refused")


# --- what speaks against it -----------------------------------------------------------------

_SAYS = {
    Field.GIVEN_NAME: "The given names differ.",
    Field.FAMILY_NAME: "The family names differ.",
    Field.BIRTH_DATE: "The birth dates differ.",
}
_FAR = frozenset({Level.SAME_YEAR, Level.DIFFERENT})
HIDDEN = "A record that your role does not reach speaks against it. Ask an admin."


def warnings_between(one: Side, other: Side) -> tuple[str, ...]:
    """What speaks against two people being one, in sentences; whoever links them all the same says so."""
    seen = {row.pk for each in (one, other) for row in each.rows}
    warnings: dict[str, None] = {}
    for first, second in product(_counting(one.patient), _counting(other.patient)):
        judgement = _judge(subject_of(first), subject_of(second))
        if are_unlike(judgement):
            hidden = not {first.pk, second.pk} <= seen
            warnings.update(dict.fromkeys([HIDDEN] if hidden else _against(judgement)))
    for each in apart_between(one.patient, other.patient):
        day = show(each.decided_at.date())
        warnings[f"{each.decided_by} decided on {day} that they are two people: {each.reason}"] = None
    return tuple(warnings)


def _counting(patient: Patient) -> list[SourceRecord]:
    return [each for each in patient.records.defer("held") if linking.counts(each)]


def _judge(one: Subject, other: Subject) -> Judgement:
    first, second = sorted((one, other), key=lambda each: each.key)
    return judge_subjects(first, second, unique=True)


def _against(judgement: Judgement) -> Iterator[str]:
    yield from judgement.contradictions
    if judgement.identifier_conflict:
        yield "The NHS number is equal, and names and birth date do not confirm it."
    for of, sentence in _SAYS.items():
        level = judgement.level(of)
        if level is Level.DIFFERENT or (of is Field.BIRTH_DATE and level in _FAR):
            yield sentence


def apart_between(one: Patient, other: Patient) -> Iterator[Apart]:
    """The decisions that hold two people apart."""
    return (each for each in apart_from(one) if each.other == other)


def apart_from(patient: Patient) -> list[Apart]:
    """The people from whom records of this one are kept apart, each once with the latest decision."""
    own = list(patient.records.values_list("pk", flat=True))  # by the joined tables SQLite reads every record
    mine = Q(first__in=own) | Q(second__in=own)
    rows = KeptApart.objects.filter(mine, lifted_at=None).order_by("-decided_at", "-pk")
    found: dict[int, Apart] = {}
    for row in rows.select_related("first__patient", "second__patient", "decided_by").defer(
        "first__held", "second__held"
    ):
        theirs = row.second if row.first.patient == patient else row.first
        if theirs.patient == patient:
            continue
        found.setdefault(
            theirs.patient_id,
            Apart(
                decided_by=str(row.decided_by),
                decided_at=row.decided_at,
                reason=row.reason,
                other=theirs.patient,
            ),
        )
    return list(found.values())


# --- writing --------------------------------------------------------------------------------


def check(sealed: str, *, purpose: str, at: Sequence[str], by: User, part: str = "") -> None:
    """Raise :class:`~patients.services.seals.Broken`, after one event, where a form does not hold."""
    with held(sealed, purpose=purpose, at=at, by=by, part=part):
        pass


def seal_link(one: Side, other: Side, *, by: User) -> str:
    """The seal of a form that says that two people are one."""
    return seal(one.named, other.named, purpose=LINK, by=by)


def link(*, sealed: str, at: Sequence[str], reason: str, by: User) -> None:
    """Make the second person's records the first one's.

    Raises :class:`~patients.services.seals.Broken` and :class:`~patients.services.linking.Refused`.
    """
    with held(sealed, purpose=LINK, at=at, by=by) as people:
        if len(people) != 2 or not all(each.is_listed for each in people):
            raise linking.Refused("Test records, and people who are gone from every system, are not linked.")
        linking.link_people(keep=people[0], other=people[1], reason=reason, by=by)


def leaving(parting: Parting, patient: Patient, number: int) -> frozenset[int]:
    """Ids of the records that would leave a person: the one of this number, or those that the link by
    hand of this number brought; none where there is no such record or link any more."""
    if parting is Parting.UNLINK:
        return frozenset(patient.records.filter(pk=number).values_list("pk", flat=True))
    return frozenset(each.record_id for each in _brought_by(number, patient))


def seal_parting(parting: Parting, whole: Side, number: int, *, by: User) -> str:
    """The seal of a form that says that a record is somebody else's, or that takes a link back."""
    return seal(whole.named, purpose=parting, part=str(number), by=by)


def part(parting: Parting, *, sealed: str, at: str, number: int, reason: str, by: User) -> None:
    """Make a record a person of its own that is kept apart, or give back what a link by hand brought.

    Raises as :func:`link` does.
    """
    with held(sealed, purpose=parting, at=[at], part=str(number), by=by) as [patient]:
        if not leaving(parting, patient, number):
            raise linking.Refused("This was taken back already.")
        if parting is Parting.UNLINK:
            linking.unlink_record(record=patient.records.get(pk=number), reason=reason, by=by)
        else:
            for each in _brought_by(number, patient):
                linking.undo(each, by=by, reason=reason)


# --- links that stand -----------------------------------------------------------------------


def links_by_hand(patient: Patient) -> QuerySet[Link]:
    """The links that somebody made to this person and nobody took back, the latest first."""
    made = Link.objects.filter(patient=patient, undone_at=None, rule="")
    return made.select_related("record", "made_by").defer("record__held").order_by("-made_at", "-pk")


def _brought_by(number: int, patient: Patient) -> list[Link]:
    """The links that were made together with one: of all records of the person who was joined."""
    made = links_by_hand(patient)
    link = made.filter(pk=number).first()
    return [] if link is None else list(made.filter(came_from=link.came_from, made_by=link.made_by))
