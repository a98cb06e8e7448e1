"""How a search is put to JHE, and how its hits are checked. Pure.

JHE's FHIR search takes starts-with for names, one word each, in any letter case, and reads a
comma as "or"; a parameter it does not know is ignored and everybody is returned. So every hit
is checked here against what was asked (README.md §6).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from integrations.types import Demographics, RemotePatient, SearchQuery, Term

from .mapping import NAME, NHS_NUMBER_SYSTEM

MOST_WORDS = 5  # of a typed name that are tried as family name


@dataclass(frozen=True, slots=True, kw_only=True)
class NameAsked:
    """One reading of a typed name. ``either`` may begin the family or the given name."""

    family: str = field(default="", repr=False)
    given: str = field(default="", repr=False)
    either: str = field(default="", repr=False)

    def parameters(self) -> dict[str, str]:
        """As FHIR parameters: the first word of each part."""
        parts = {"family": self.family, "given": self.given, "name": self.either}
        return {key: first_word(value) for key, value in parts.items() if first_word(value)}

    def holds(self, person: Demographics) -> bool:
        """Whether a person's name begins as asked."""
        if self.either:
            names = (person.family_name, person.given_name)
            return any(_begins(name, self.either) for name in names)
        return _begins(person.family_name, self.family) and _begins(person.given_name, self.given)


def names_asked(query: SearchQuery) -> tuple[NameAsked, ...]:
    """The readings of a typed name that are worth asking: as known, else the sensible ones."""
    if query.family_name or query.given_name:
        known = NameAsked(family=query.family_name, given=query.given_name)
        return (known,) if known.parameters() else ()
    words = [word for word in query.words if first_word(word)][:MOST_WORDS]
    if len(words) < 2:
        return tuple(NameAsked(either=word) for word in words)
    first, *others = words
    # "Anne Marie Smith", "Maria Garcia Lopez", "Smith Anne": the given name first or last.
    readings = [NameAsked(family=other, given=first) for other in reversed(others)]
    readings.append(NameAsked(family=first, given=others[0]))
    return tuple(dict.fromkeys(readings))


@dataclass(frozen=True, slots=True, kw_only=True)
class FhirSearch:
    """One FHIR search; where it finds more than are read, the ``narrower`` ones take its place."""

    parameters: dict[str, str] = field(repr=False)
    narrower: tuple[dict[str, str], ...] = field(default=(), repr=False)


def name_searches(names: Sequence[NameAsked], birth_dates: Sequence[date]) -> list[FhirSearch]:
    """The FHIR searches for every reading of the name on every reading of the birth date.

    Few people share a birth date: several readings of a name are one search by the date alone.
    """
    days = [{"birthdate": day.isoformat()} for day in birth_dates]
    readings = [name.parameters() for name in names]
    if len(readings) < 2 or not days:
        pairs = [{**reading, **day} for reading in readings or [{}] for day in days or [{}]]
        return [FhirSearch(parameters=pair) for pair in pairs if pair]
    return [
        FhirSearch(parameters=day, narrower=tuple({**reading, **day} for reading in readings)) for day in days
    ]


def identifier_values(nhs_number: str) -> tuple[str, ...]:
    """The spellings in which an NHS number is stored: ten digits, or 3-3-4."""
    if len(nhs_number) != 10:
        return (nhs_number,)
    return nhs_number, f"{nhs_number[:3]} {nhs_number[3:6]} {nhs_number[6:]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What a hit has to satisfy. ``strict_nhs`` where the NHS number is all that was asked.

    JHE rarely holds an NHS number: beside other details, only another number speaks against a
    record.
    """

    query: SearchQuery = field(repr=False)
    names: tuple[NameAsked, ...] = field(repr=False)
    strict_nhs: bool
    by_id: bool

    def holds(self, record: RemotePatient) -> bool:
        """Whether the record is one of those asked for."""
        person, query = record.demographics, self.query
        return (
            (not self.names or any(name.holds(person) for name in self.names))
            and (not query.birth_dates or person.birth_date in query.birth_dates)
            and (not query.email or person.email.casefold() == query.email.strip().casefold())
            and (not query.nhs_number or self._nhs_holds(record))
            and (not self.by_id or record.id == query.record_id or _has_value(record, query.record_id))
        )

    def terms(self) -> frozenset[Term]:
        """The terms that every kept hit satisfies."""
        given = {
            Term.NAME: bool(self.names),
            Term.BIRTH_DATE: bool(self.query.birth_dates),
            Term.EMAIL: bool(self.query.email),
            Term.NHS_NUMBER: bool(self.query.nhs_number) and self.strict_nhs,
            Term.RECORD_ID: self.by_id,
        }
        return frozenset(term for term, applied in given.items() if applied)

    def _nhs_holds(self, record: RemotePatient) -> bool:
        wanted = self.query.nhs_number
        held = {
            re.sub(r"\D", "", each.value)
            for each in record.identifiers
            if each.system in ("", NHS_NUMBER_SYSTEM)
        }
        if self.strict_nhs:
            return wanted in held
        return not record.demographics.nhs_number or wanted in held


def check_for(query: SearchQuery) -> Check:
    """The check that belongs to a query."""
    names = names_asked(query)
    by_id = asks_record_id(query)
    others = bool(names or query.birth_dates or query.email or by_id)
    return Check(query=query, names=names, strict_nhs=not others, by_id=by_id)


def asks_record_id(query: SearchQuery) -> bool:
    """Whether an id was given that is meant for this system."""
    return bool(query.record_id) and query.record_system in ("", NAME)


def first_word(text: str) -> str:
    """The first word of a name part; what follows a comma would be read as an alternative."""
    words = text.split(",")[0].split()
    return words[0] if words else ""


def distinct(records: Iterable[RemotePatient]) -> dict[str, RemotePatient]:
    """Records by id, a whole one preferred to a short row of the same."""
    found: dict[str, RemotePatient] = {}
    for record in records:
        if record.id not in found or record.complete:
            found[record.id] = record
    return found


def _begins(held: str, asked: str) -> bool:
    """Whether a held name begins as asked; of a double name, its first part alone will do."""
    name, typed = held.casefold(), " ".join(asked.split(",")[0].split()).casefold()
    return name.startswith(typed) or (bool(name) and typed.startswith(f"{name} "))


def _has_value(record: RemotePatient, value: str) -> bool:
    return any(each.value.strip() == value for each in record.identifiers)
