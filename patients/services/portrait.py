"""Who a person is, in one strip: put together from all their source records, nothing invented."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from integrations.types import RecordStatus, Registration, RemotePatient, SearchQuery, Sex
from patients.matching.agreement import Evidence
from patients.matching.grouping import Note, NoteKind, RecordKey
from patients.matching.levels import Level
from patients.matching.ranking import matched

from .answers import KeptRecord
from .lookup import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What the identity strip shows. ``marks`` are words that must not be missed."""

    family_name: str = field(default="", repr=False)
    given_name: str = field(default="", repr=False)
    middle_name: str = field(default="", repr=False)
    title: str = field(default="", repr=False)
    full_name: str = field(default="", repr=False)
    preferred_name: str = field(default="", repr=False)
    birth_date: date | None = field(default=None, repr=False)
    nhs_number: str = field(default="", repr=False)
    sex: str = field(default="", repr=False)
    is_deceased: bool = field(default=False, repr=False)
    date_of_death: date | None = field(default=None, repr=False)
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One typed detail and how it agrees: ``same``, ``similar``, ``different`` or ``unknown``."""

    label: str
    how: str
    note: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caution:
    """What must be known of this person beside another found, who is named where there is one.

    ``other`` is the other person's number in the look-up, 0 where both records are this person's.
    """

    lead: str
    reason: str = field(repr=False)
    other: int = 0
    other_name: str = field(default="", repr=False)
    other_records: tuple[RecordKey, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordTag:
    """One record in few words: where it is and what stands out about it."""

    system: str
    id: str = field(repr=False)
    status: str
    marks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait:
    """A person as a row of the list shows them."""

    number: int
    identity: Identity = field(repr=False)
    records: tuple[RecordTag, ...] = field(repr=False)
    matched: tuple[Match, ...] = field(repr=False)
    cautions: tuple[Caution, ...] = field(repr=False)
    address: str = field(default="", repr=False)
    postcode: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    email: str = field(default="", repr=False)


#: How kinds of registration that stand out are called.
WORDS = {
    Registration.DUMMY: "test record",
    Registration.TEMPORARY: "temporary registration",
    Registration.ARCHIVED: "archived",
    Registration.MERGED: "merged",
}
_LEADS = {
    NoteKind.DUPLICATE: "Twice in one system",
    NoteKind.KEPT_APART: "Not joined with",
    NoteKind.IDENTIFIER_CONFLICT: "NHS number conflict with",
    NoteKind.POSSIBLY_SAME: "Possibly the same person as",
    NoteKind.FAMILY: "Not to be confused with",
}
_NOT_IN_USE = frozenset({RecordStatus.ARCHIVED, RecordStatus.MERGED})
GONE = "gone"  # in place of the status of a record that its system does not hold any more
ASIDE = _NOT_IN_USE | {GONE}
GONE_EVERYWHERE = "gone from every system"


def identity_of(person: Person) -> Identity:
    """The strip: the leading record's details; what it lacks comes from the others.

    Deceased and test records are said as soon as one record says so; archived and merged only
    where no record is in use, and that a person is gone where no system holds a record any more.
    """
    records = leading_first(person)
    names = records[0].demographics
    details = [record.demographics for record in records]
    deaths = [record.administrative for record in records if record.administrative.is_deceased]
    sexes = [each.sex for each in details if each.sex not in {None, Sex.UNKNOWN}]
    return Identity(
        family_name=names.family_name,
        given_name=names.given_name,
        middle_name=names.middle_name,
        title=names.title,
        full_name=names.full_name,
        preferred_name=next((each.preferred_name for each in details if each.preferred_name), ""),
        birth_date=next((each.birth_date for each in details if each.birth_date), None),
        nhs_number=next((each.nhs_number for each in details if each.nhs_number), ""),
        sex=str(sexes[0]) if sexes else "",
        is_deceased=bool(deaths),
        date_of_death=next((each.date_of_death for each in deaths if each.date_of_death), None),
        marks=(
            (GONE_EVERYWHERE,)
            if all(each.gone for each in person.kept)
            else tuple(marks_of_person((each.registration, each.status) for each in records))
        ),
    )


def portrait_of(person: Person, query: SearchQuery, *, cautions: tuple[Caution, ...] = ()) -> Portrait:
    """The row of the list: identity, systems, what matched, and enough to tell namesakes apart."""
    records = leading_first(person)
    details = [record.demographics for record in records]
    addresses = [each.address for each in details if each.address]
    return Portrait(
        number=person.number,
        identity=identity_of(person),
        records=tuple(tag_of(each) for each in person.kept),
        matched=tuple(_matches(query, records)),
        cautions=cautions,
        address=next((", ".join(filter(None, [*each.lines[:1], each.town])) for each in addresses), ""),
        postcode=next((each.postcode for each in addresses if each.postcode), ""),
        phone=next((phone.number for each in details for phone in each.phones if phone.number), ""),
        email=next((each.email for each in details if each.email), ""),
    )


def cautions_of(person: Person, people: Sequence[Person]) -> tuple[Caution, ...]:
    """What the rules of matching say of this person and the others found, one for each of them.

    Others whom the reader's role does not reach are not mentioned.
    """
    owner = {each.key: other for other in people for each in other.kept}
    cautions: dict[tuple[str, int], Caution] = {}
    for note in person.group.notes:
        other = owner.get(note.theirs)
        if other is not None:
            caution = _caution(note, None if other.number == person.number else other)
            cautions.setdefault((caution.lead, caution.other), caution)
    return tuple(cautions.values())


def _caution(note: Note, other: Person | None) -> Caution:
    lead = _LEADS[note.kind]
    if other is None:
        return Caution(lead=lead, reason=note.sentence)
    identity = identity_of(other)
    name = ", ".join(filter(None, [identity.family_name.upper(), identity.given_name])) or identity.full_name
    return Caution(
        lead=lead,
        reason=note.sentence,
        other=other.number,
        other_name=name or "name not recorded",
        other_records=tuple(each.key for each in other.kept),
    )


def tag_of(kept: KeptRecord) -> RecordTag:
    """A record's system, status and what stands out about it; of one that is gone, that it is."""
    record = kept.record
    return RecordTag(
        system=record.system,
        id=record.id,
        status=GONE if kept.gone else str(record.status),
        marks=tuple(mark for mark in marks_of(record) if mark != str(record.status)),
    )


def marks_of(record: RemotePatient) -> Iterator[str]:
    """Words that must not be missed about one record."""
    if record.registration in WORDS:
        yield WORDS[record.registration]
    if record.administrative.is_deceased:
        yield "deceased"
    if record.administrative.requires_review:
        yield "needs review"
    if record.administrative.enrolled is False:
        yield "not enrolled"


def marks_of_person(found: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Words that must not be missed about a person, from the kind of registration and the status of each of
    their records, the leading one first."""
    registrations, statuses = zip(*found, strict=True)
    for each in (Registration.DUMMY, Registration.TEMPORARY):
        if each in registrations:
            yield WORDS[each]
    if all(status in _NOT_IN_USE for status in statuses):
        yield str(statuses[0])


def leading_first(person: Person) -> list[RemotePatient]:
    """Records in use before others, fuller before shorter, then in order of display."""

    def place(record: RemotePatient) -> tuple[bool, bool, bool]:
        return record.status in _NOT_IN_USE, not record.complete, not record.demographics.nhs_number

    return sorted((each.record for each in person.kept), key=place)


_HOW = {Level.EXACT: "same", Level.DIFFERENT: "different", Level.MISSING: "unknown"}
_ORDER = {"same": 0, "similar": 1, "different": 2, "unknown": 3}


def _matches(query: SearchQuery, records: Sequence[RemotePatient]) -> Iterator[Match]:
    """For each typed detail the record that agrees best."""
    best: dict[str, Match] = {}
    for record in records:
        for evidence in matched(query, record):
            match = match_of(evidence)
            kept = best.get(match.label)
            if kept is None or _ORDER[match.how] < _ORDER[kept.how]:
                best[match.label] = match
    yield from best.values()


def match_of(evidence: Evidence) -> Match:
    """How far one field agrees, as rows of lists show it."""
    how = _HOW.get(evidence.level, "similar")
    note = evidence.sentence.partition(": ")[2] if how in {"similar", "different"} else ""
    return Match(label=evidence.field.heading, how=how, note=note)
