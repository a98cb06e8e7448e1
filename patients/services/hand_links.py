"""Linking and parting by hand: what a page shows of two people, and what comes of its form.

Staff say with a reason that two people are one; admins take it back, or say that a record is somebody
else's. Everything is from the index within the user's reach; every write holds the people as the form
showed them (``seals``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
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

from . import linking, visibility
from .held import kept_of, subject_of
from .lookup import Gone, Person
from .portrait import Identity, identity_of
from .seals import Named, held, seal
from .visibility import Reach

LINK, UNLINK, UNDO = "link", "unlink", "undo"


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
    """A person at their own address. Raises :class:`~patients.services.lookup.Gone`."""
    patient = Patient.objects.filter(public_id=public_id, merged_into=None).first()
    if patient is None or not visibility.may_see(by, patient, reach):
        raise Gone
    order = {name: place for place, name in enumerate(system_names())}
    found = visibility.records(reach).filter(patient=patient)
    rows = sorted(found, key=lambda row: (order.get(row.system, len(order)), row.pk))
    if not rows:
        raise Gone
    return side_of(patient, rows)


def side_of(patient: Patient, rows: Sequence[SourceRecord]) -> Side:
    """A person by these records of theirs: all within reach, or those that a page sets apart."""
    kept = tuple(kept_of(row) for row in rows)
    person = Person(group=Group(records=tuple(each.record for each in kept)), kept=kept)
    return Side(patient=patient, rows=tuple(rows), person=person)


def together(one: Side, other: Side) -> Person:
    """The records of both, for putting them side by side."""
    kept = (*one.person.kept, *other.person.kept)
    return Person(group=Group(records=tuple(each.record for each in kept)), kept=kept)


def note_look(action: str, *sides: Side, by: User) -> None:
    """One event for a page that shows these people."""
    shown = [row for each in sides for row in each.rows]
    audit.look(
        action,
        by=by,
        system=shown[0].system,
        record_id=shown[0].remote_id,
        subject_key=sides[0].patient.public_id,
        details={"records": [f"{row.system}:{row.remote_id}" for row in shown]},
    )


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
    mine = Q(first__patient=patient) | Q(second__patient=patient)
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


def seal_link(one: Side, other: Side, *, by: User) -> str:
    """The seal of a form that says that two people are one."""
    return seal(one.named, other.named, purpose=LINK, by=by)


def link(*, sealed: str, at: Sequence[str], reason: str, by: User) -> None:
    """Make the second person's records the first one's.

    Raises :class:`~patients.services.seals.Broken` and :class:`~patients.services.linking.Refused`.
    """
    with held(sealed, purpose=LINK, at=at, by=by) as (keep, other):
        linking.link_people(keep=keep, other=other, reason=reason, by=by)


def seal_unlink(whole: Side, record: SourceRecord, *, by: User) -> str:
    """The seal of a form that says that a record is not this person's."""
    return seal(whole.named, purpose=UNLINK, part=str(record.pk), by=by)


def unlink(*, sealed: str, at: str, record: int, reason: str, by: User) -> None:
    """Make a record a person of its own. Raises as :func:`link` does."""
    with held(sealed, purpose=UNLINK, at=[at], part=str(record), by=by) as [patient]:
        linking.unlink_record(record=patient.records.get(pk=record), reason=reason, by=by)


def seal_undo(whole: Side, link: Link, *, by: User) -> str:
    """The seal of a form that takes a link by hand back."""
    return seal(whole.named, purpose=UNDO, part=str(link.pk), by=by)


def undo(*, sealed: str, at: str, link: int, reason: str, by: User) -> None:
    """Give the records that one link by hand brought back to whose they were. Raises as :func:`link` does."""
    with held(sealed, purpose=UNDO, at=[at], part=str(link), by=by) as [patient]:
        for each in brought_by(links_by_hand(patient).get(pk=link)):
            linking.undo(each, by=by, reason=reason)


# --- links that stand -----------------------------------------------------------------------


def links_by_hand(patient: Patient) -> QuerySet[Link]:
    """The links that somebody made to this person and nobody took back, the latest first."""
    made = Link.objects.filter(patient=patient, undone_at=None, rule="")
    return made.select_related("record", "made_by").defer("record__held").order_by("-made_at", "-pk")


def brought_by(link: Link) -> list[Link]:
    """The links that were made together with one: of all records of the person who was joined."""
    return list(links_by_hand(link.patient).filter(came_from=link.came_from, made_by=link.made_by))
