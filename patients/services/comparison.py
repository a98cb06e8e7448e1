"""A person's source records side by side: every field, whether they agree, and how they differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.utils import timezone

from integrations.registry import get_system, label_of
from integrations.types import PhoneKind, RemotePatient
from patients.matching.contact import compared_phone
from patients.matching.dates import show
from patients.matching.differences import Agreement, FieldDifference, differences
from patients.matching.fields import Field

from .answers import KeptRecord
from .lookup import Person
from .portrait import tag_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One source record: where it is, how it stands, and how old what is shown of it is."""

    system: str
    system_label: str
    id: str = field(repr=False)
    status: str
    marks: tuple[str, ...]
    read_at: datetime
    updated_at: datetime | None
    url: str = field(repr=False)
    unread: tuple[str, ...]
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What one record holds in one field; no line where it holds nothing."""

    lines: tuple[str, ...] = field(default=(), repr=False)
    differs: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One field over all records. ``verdict``: same, differs, one or none."""

    label: str
    verdict: str
    says: str = field(default="", repr=False)
    cells: tuple[Cell, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowGroup:
    """Fields that are read together."""

    title: str
    rows: tuple[Row, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The whole table; ``differences`` counts the fields in which records differ."""

    records: tuple[Column, ...] = field(repr=False)
    groups: tuple[RowGroup, ...] = field(repr=False)
    differences: int
    problems: tuple[str, ...] = ()


def _worded(of: Field, value: str) -> str:
    """A value from a list of codes as words; everything else as it is held."""
    return value.replace("_", " ").capitalize() if of in {Field.SEX, Field.GENDER} else value


Values = Callable[[RemotePatient], Sequence[str]]


def compare(person: Person) -> Comparison:
    """Put a person's records side by side, in the order of the systems."""
    kept = person.kept
    records = [each.record for each in kept]
    groups = [group for group in _groups(records) if group.rows]
    return Comparison(
        records=tuple(_column(each) for each in kept),
        groups=tuple(groups),
        differences=sum(row.verdict == "differs" for group in groups for row in group.rows),
        problems=tuple(_problem(each) for each in kept if each.problem),
    )


def _problem(kept: KeptRecord) -> str:
    """Why a record may be old, with the system's name once."""
    label = label_of(kept.record.system)
    return kept.problem if kept.problem.startswith(label) else f"{label}: {kept.problem}"


def _column(kept: KeptRecord) -> Column:
    record, tag = kept.record, tag_of(kept.record)
    return Column(
        system=record.system,
        system_label=label_of(record.system),
        id=record.id,
        status=tag.status,
        marks=tag.marks,
        read_at=kept.read_at,
        updated_at=record.updated_at,
        url=get_system(record.system).record_url(record.id),
        unread=tuple(name.replace("_", " ") for name in record.unread),
        problem=kept.problem,
    )


def _groups(records: list[RemotePatient]) -> Iterator[RowGroup]:
    of_identity = [_row_of_identity(each) for each in differences(records) if each.field is not Field.PHONE]
    phones = [
        _row(f"{kind} phone".capitalize(), _phone(kind), records, alike=compared_phone) for kind in PhoneKind
    ]
    yield RowGroup(title="Alerts and needs", rows=_held(_ALERTS, records))
    yield RowGroup(
        title="Identity", rows=tuple(row for row in of_identity if row.label not in _CONTACT_LABELS)
    )
    contact = [row for row in of_identity if row.label in _CONTACT_LABELS]
    yield RowGroup(
        title="Contact",
        rows=(*filter(_is_held, phones), *contact, *_held(_PREFERENCES, records)),
    )
    yield RowGroup(title="Registration", rows=_held(_REGISTRATION, records))
    yield RowGroup(title="Identifiers and organizations", rows=_held(_PLACES, records))
    yield RowGroup(title="Custom fields", rows=tuple(_custom(records)))


def _row_of_identity(difference: FieldDifference) -> Row:
    """A compared field; how it differs was said by the rules of matching."""
    verdicts = {
        Agreement.SAME: "same",
        Agreement.WRITING: "same",
        Agreement.DIFFERENT: "differs",
        Agreement.ONE_ONLY: "one",
    }
    sentences = [sentence.partition(": ")[2] or sentence for sentence in difference.sentences]
    return Row(
        label=difference.field.heading,
        verdict=verdicts[difference.agreement],
        says=_with_capital("; ".join(sentences)),
        cells=tuple(
            Cell(
                lines=(_worded(difference.field, value),) if value else (),
                differs=difference.differs and bool(value),
            )
            for value in difference.values
        ),
    )


def _with_capital(sentence: str) -> str:
    """A sentence begins with a capital; an e-mail address at its start stays as it is."""
    return sentence if "@" in sentence.split(" ")[0] else sentence[:1].upper() + sentence[1:]


def _row(
    label: str,
    values: Values,
    records: Sequence[RemotePatient],
    alike: Callable[[str], str] = str.casefold,
) -> Row:
    """A field that is shown as held, and compared in the form that ``alike`` gives it."""
    held = [tuple(filter(None, values(record))) for record in records]
    filled = {tuple(map(alike, lines)) for lines in held if lines}
    count = sum(bool(lines) for lines in held)
    differs = len(filled) > 1
    verdict = "differs" if differs else "none" if not count else "same" if count > 1 else "one"
    written = {lines for lines in held if lines}
    says = "The same, written differently" if verdict == "same" and len(written) > 1 else ""
    cells = tuple(Cell(lines=lines, differs=differs and bool(lines)) for lines in held)
    return Row(label=label, verdict=verdict, says=says, cells=cells)


def _held(rows: Sequence[tuple[str, Values]], records: Sequence[RemotePatient]) -> tuple[Row, ...]:
    """The rows of which at least one record holds something."""
    made = [_row(label, values, records) for label, values in rows]
    return tuple(row for row in made if _is_held(row))


def _is_held(row: Row) -> bool:
    return row.verdict != "none"


def _custom(records: Sequence[RemotePatient]) -> Iterator[Row]:
    names = dict.fromkeys(name for each in records for name, _ in each.administrative.custom_fields)
    for name in names:
        yield _row(name.replace("_", " ").capitalize(), _custom_field(name), records)


def _custom_field(name: str) -> Values:
    return lambda record: [value for key, value in record.administrative.custom_fields if key == name]


def _phone(kind: PhoneKind) -> Values:
    return lambda record: [each.number for each in record.demographics.phones if each.kind is kind]


def _yes_no(value: bool | None, *, no: str = "No") -> list[str]:
    return [] if value is None else ["Yes" if value else no]


def _permission(value: bool | None) -> list[str]:
    """A bare ``false`` without a date says that nobody wrote a permission down, not that one was refused."""
    return _yes_no(value, no="No permission recorded")


def _day(value: date | None) -> list[str]:
    return [show(value)] if value else []


def _moment(value: datetime | None) -> list[str]:
    return [timezone.localtime(value).strftime("%d-%b-%Y, %H:%M")] if value else []


def _deceased(record: RemotePatient) -> list[str]:
    if not record.administrative.is_deceased:
        return []
    died = _day(record.administrative.date_of_death)
    return [f"Deceased, {died[0]}" if died else "Deceased, date not recorded"]


def _review(record: RemotePatient) -> list[str]:
    if not record.administrative.requires_review:
        return []
    return [record.administrative.review_reason or "Needs review, no reason given"]


_CONTACT_LABELS = frozenset({"E-mail", "Address", "Postcode"})
_ALERTS: tuple[tuple[str, Values], ...] = (
    ("Deceased", _deceased),
    ("Accessibility needs", lambda record: record.accessibility.needs),
    ("Accessibility notes", lambda record: record.accessibility.notes),
    ("Needs review", _review),
)
_PREFERENCES: tuple[tuple[str, Values], ...] = (
    ("Preferred contact", lambda record: [record.contact.preferred_method.replace("_", " ").capitalize()]),
    ("Text messages", lambda record: _permission(record.contact.sms)),
    ("E-mails", lambda record: _permission(record.contact.email)),
    ("Electronic messages", lambda record: _permission(record.contact.electronic)),
    ("Marketing", lambda record: _permission(record.contact.marketing)),
)
_REGISTRATION: tuple[tuple[str, Values], ...] = (
    ("Kind of registration", lambda record: [str(record.registration).capitalize()]),
    ("Enrolled", lambda record: _yes_no(record.administrative.enrolled)),
    ("Site", lambda record: [record.administrative.site]),
    ("Occupation", lambda record: [record.administrative.occupation]),
    ("Ethnicity", lambda record: [record.administrative.ethnicity]),
    ("Notes", lambda record: record.administrative.notes.splitlines()),
    ("Archived", lambda record: _moment(record.administrative.archived_at)),
    ("Archived by", lambda record: [record.administrative.archived_by]),
    ("Archive reason", lambda record: [record.administrative.archive_reason]),
    ("Archive notes", lambda record: [record.administrative.archive_notes]),
    ("Created there", lambda record: _moment(record.administrative.created_at)),
)
_PLACES: tuple[tuple[str, Values], ...] = (
    ("Organizations", lambda record: [place.name or place.id for place in record.organizations]),
    (
        "Other identifiers",
        lambda record: [
            f"{each.value} ({each.system})" if each.system else each.value
            for each in record.identifiers
            if not each.guessable
        ],
    ),
)
