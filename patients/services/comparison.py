"""A person's source records as one page: every field, who holds what, how old that is, how they differ."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from integrations.registry import get_system, label_of
from integrations.types import PhoneKind
from patients.matching.contact import compared_phone
from patients.matching.differences import Agreement, FieldDifference, differences
from patients.matching.fields import Field

from . import contents
from .alerts import Alerts, alerts_of
from .answers import KeptRecord
from .contents import Fields, words
from .lookup import Person
from .portrait import ASIDE, tag_of
from .rows import Row, RowGroup, Source, row_of, source_of, values_of
from .visibility import Reach

Key = tuple[str, str]  # system and the system's id


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
    source: Source

    @property
    def is_aside(self) -> bool:
        """Whether the record is not in use: nobody there goes on with it."""
        return self.status in ASIDE


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All of a person's records; ``differences`` counts the fields in which they differ."""

    records: tuple[Column, ...] = field(repr=False)
    alerts: Alerts = field(repr=False)
    groups: tuple[RowGroup, ...] = field(repr=False)
    differences: int
    problems: tuple[str, ...] = ()

    @property
    def is_current(self) -> bool:
        """Whether every record was read just now."""
        return all(each.source.is_current for each in self.records)


def compare(
    person: Person,
    *,
    reach: Reach,
    asking: Collection[Key] = (),
    former: Mapping[Key, Sequence[str]] | None = None,
) -> Comparison:
    """Bring a person's records together, in the order of the systems, as far as roles reach.

    ``asking`` are records whose systems are being asked: what is shown of them is as last read.
    ``former`` are names that records held earlier.
    """
    kept = [replace(each, record=contents.as_reached(each.record, reach)) for each in person.kept]
    sources = [source_of(each, asking=each.key in asking) for each in kept]
    groups = [group for group in _groups(kept, sources, former or {}) if group.rows]
    return Comparison(
        records=tuple(_column(each, source) for each, source in zip(kept, sources, strict=True)),
        alerts=alerts_of(kept, sources),
        groups=tuple(groups),
        differences=sum(row.verdict == "differs" for group in groups for row in group.rows),
        problems=tuple(_problem(each) for each in kept if each.problem),
    )


def _problem(kept: KeptRecord) -> str:
    """Why a record may be old, with the system's name once."""
    label = label_of(kept.record.system)
    return kept.problem if kept.problem.startswith(label) else f"{label}: {kept.problem}"


def _column(kept: KeptRecord, source: Source) -> Column:
    record, tag = kept.record, tag_of(kept)
    return Column(
        system=record.system,
        system_label=label_of(record.system),
        id=record.id,
        status=tag.status,
        marks=tag.marks,
        read_at=kept.read_at,
        updated_at=record.updated_at,
        url="" if kept.gone else get_system(record.system).record_url(record.id),
        unread=tuple(name.replace("_", " ") for name in record.unread),
        problem=kept.problem,
        source=source,
    )


def _groups(
    kept: Sequence[KeptRecord], sources: Sequence[Source], former: Mapping[Key, Sequence[str]]
) -> Iterator[RowGroup]:
    records = [each.record for each in kept]
    compared = {each.field: _row_of_identity(each, sources) for each in differences(records)}

    def of_identity(*fields: Field) -> list[Row]:
        return [compared[each] for each in fields if each in compared]

    def others(fields: Fields) -> list[Row]:
        rows = [
            row_of(label, values, records, sources, alike=None if label in contents.OWN else str.casefold)
            for label, values in fields
        ]
        return [row for row in rows if row.is_held]

    unsplit = others((("Full name", lambda record: [record.demographics.full_name]),))
    formerly = _formerly(kept, sources, former)
    yield RowGroup(title="Names", rows=(*of_identity(*_NAMES), *unsplit, *formerly))
    yield RowGroup(title="Birth, sex and gender", rows=tuple(of_identity(*_BIRTH)))
    yield RowGroup(title="Identifiers", rows=(*of_identity(Field.NHS_NUMBER), *others(contents.IDENTIFIERS)))
    phones = [
        row_of(f"{kind} phone".capitalize(), contents.phone(kind), records, sources, alike=compared_phone)
        for kind in PhoneKind
    ]
    where = of_identity(Field.EMAIL, Field.ADDRESS, Field.POSTCODE)
    yield RowGroup(
        title="Contact", rows=(*(row for row in phones if row.is_held), *where, *others(contents.DELIVERY))
    )
    yield RowGroup(title="Contact preferences", rows=tuple(others(contents.PREFERENCES)))
    yield RowGroup(title="About the person", rows=tuple(others(contents.ABOUT)))
    named = [
        (contents.custom_label(each), contents.custom_field(each)) for each in contents.custom_names(records)
    ]
    yield RowGroup(title="The organization's own fields", rows=tuple(others(tuple(named))))
    yield RowGroup(title="Registration", rows=tuple(others(contents.REGISTRATION)))


_NAMES = (Field.TITLE, Field.GIVEN_NAME, Field.MIDDLE_NAME, Field.FAMILY_NAME, Field.PREFERRED_NAME)
_BIRTH = (Field.BIRTH_DATE, Field.SEX, Field.GENDER)


def _formerly(
    kept: Sequence[KeptRecord], sources: Sequence[Source], former: Mapping[Key, Sequence[str]]
) -> list[Row]:
    """Names that records held earlier: to find somebody by, and never a difference."""
    held = [former.get(each.key, ()) for each in kept]
    values = values_of(held, sources)
    return [Row(label="Former names", verdict="one", says="Held earlier", values=values)] if values else []


_VERDICTS = {
    Agreement.SAME: "same",
    Agreement.WRITING: "same",
    Agreement.DIFFERENT: "differs",
    Agreement.ONE_ONLY: "one",
}


_ONE_ONLY = "In one record only"


def _row_of_identity(difference: FieldDifference, sources: Sequence[Source]) -> Row:
    """A compared field; how it differs was said by the rules of matching."""
    sentences = [sentence.partition(": ")[2] or sentence for sentence in difference.sentences]
    is_coded = difference.field in {Field.SEX, Field.GENDER}
    is_one_only = difference.agreement is Agreement.ONE_ONLY
    held = [(words(value) if is_coded else value,) if value else () for value in difference.values]
    return Row(
        label=difference.field.heading,
        verdict=_VERDICTS[difference.agreement],
        says=_with_capital("; ".join(sentences)) or (_ONE_ONLY if is_one_only else ""),
        values=values_of(held, sources),
    )


def _with_capital(sentence: str) -> str:
    """A sentence begins with a capital; an e-mail address at its start stays as it is."""
    return sentence if "@" in sentence.split(" ")[0] else sentence[:1].upper() + sentence[1:]
