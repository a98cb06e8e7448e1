"""What of a query a record matches, in words, and in which order people are shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rapidfuzz.distance import OSA

from integrations.types import Registration, RemotePatient, SearchQuery

from .agreement import Evidence
from .compared import Compared, compared
from .contact import COMPARED_PHONE_DIGITS, compared_email, compared_phone, compared_postcode, show_postcode
from .dates import as_number, show
from .fields import Field
from .levels import Level, birth_level, name_level
from .names import compact, fold, short_for
from .numbers import is_valid_nhs, show_nhs
from .same_person import is_merged
from .text import digits_of


def matched(query: SearchQuery, record: RemotePatient) -> tuple[Evidence, ...]:
    """What of the query this record matches and why, one entry for each detail that was typed."""
    form = compared(record.demographics)
    evidence = _names(query, form)
    if query.birth_dates:
        evidence.append(_birth(query, form))
    if query.nhs_number:
        evidence.append(_nhs(query, form))
    if query.email:
        evidence.append(_email(query, form))
    if query.phone:
        evidence.append(_phone(query, record, form))
    if query.postcode:
        evidence.append(_postcode(query, form))
    if query.record_id:
        evidence.append(_record_id(query, record))
    return tuple(evidence)


_FAR_DATES = frozenset({Level.TWO_PARTS, Level.SAME_YEAR, Level.DIFFERENT})


def contradicts(query: SearchQuery, record: RemotePatient) -> bool:
    """Whether the record is known to differ in something that was typed.

    What a record does not hold contradicts nothing, nor does what may be a slip of the pen: a
    swapped day and month, one digit or character, a similar name. A valid NHS number has no
    slips: any other number contradicts it.
    """
    sure = is_valid_nhs(query.nhs_number)
    for entry in matched(query, record):
        if entry.level is Level.DIFFERENT or (entry.field is Field.BIRTH_DATE and entry.level in _FAR_DATES):
            return True
        if entry.field is Field.NHS_NUMBER and entry.level is Level.ONE_DIGIT and sure:
            return True
    return False


# How much a typed detail narrows the search, and how far each level counts.
_POINTS = {
    Field.NHS_NUMBER: 100,
    Field.RECORD_ID: 100,
    Field.EMAIL: 50,
    Field.PHONE: 50,
    Field.BIRTH_DATE: 40,
}
_NAME_POINTS = 20
_SHARES = {
    Level.EXACT: 1.0, Level.NICKNAME: 0.8, Level.PREFERRED: 0.9, Level.NEAR: 0.7, Level.PART: 0.6,
    Level.SWAPPED_DAY_AND_MONTH: 0.6, Level.ONE_DIGIT: 0.5, Level.ONE_EDIT: 0.5, Level.MIDDLE: 0.6,
    Level.CROSSED: 0.7, Level.INITIAL: 0.4, Level.SIMILAR: 0.3, Level.TWO_PARTS: 0.1, Level.DIFFERENT: -1.0,
}  # fmt: skip


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a person stands: the lesser comes first. ``contradicts``: no record of theirs is without
    a contradiction to what was typed."""

    contradicts: bool
    score: float = field(repr=False)
    is_gone: bool
    name: str = field(repr=False)
    birth: int = field(repr=False)
    keys: tuple[tuple[str, str], ...]


def place(query: SearchQuery, records: Sequence[RemotePatient]) -> Place:
    """Where a person with these records stands among others.

    Whoever has no record without a contradiction comes last; test and merged records come after
    others that match as well. Namesakes stand in order of name and birth date.
    """
    fitting = [record for record in records if not contradicts(query, record)]
    forms = [compared(record.demographics) for record in records]
    return Place(
        contradicts=not fitting,
        score=-max(_score(matched(query, record)) for record in fitting or records),
        is_gone=all(is_merged(each) or each.registration is Registration.DUMMY for each in records),
        name=min(f"{form.family} {form.given}" for form in forms),
        birth=min(form.birth for form in forms),
        keys=tuple((record.system, record.id) for record in records),
    )


def _score(evidence: Sequence[Evidence]) -> float:
    return sum(_POINTS.get(entry.field, _NAME_POINTS) * _SHARES.get(entry.level, 0.0) for entry in evidence)


def _names(query: SearchQuery, form: Compared) -> list[Evidence]:
    known = {Field.FAMILY_NAME: query.family_name, Field.GIVEN_NAME: query.given_name}
    if any(known.values()):
        return [_name(typed, form, part) for part, typed in known.items() if typed]
    evidence = [_name(word, form, Field.NAME) for word in query.words if fold(word)]
    # Names of scripts that put no space between their parts are typed as one word.
    whole = compact("".join(query.words))
    if whole in {compact(form.given + form.family), compact(form.family + form.given)} and any(
        entry.level is not Level.EXACT for entry in evidence
    ):
        return [Evidence(Field.NAME, Level.EXACT, f"name: {form.given_shown} {form.family_shown}".rstrip())]
    return evidence


def _name(typed: str, form: Compared, wanted: Field) -> Evidence:
    """The best agreement of a typed name with the names of a record; ``wanted`` is tried first."""
    held = [(part, name) for part, name in _held_names(form) if name]
    if not held:
        return Evidence(wanted, Level.MISSING, f"{wanted.label}: this record holds none")
    found = [(_word_level(fold(typed), fold(name), part), part, name) for part, name in held]
    level, part, name = max(found, key=lambda found: (_SHARES.get(found[0], 0), found[1] is wanted))
    if level is Level.DIFFERENT:
        return Evidence(wanted, level, f"{wanted.label}: {typed} is in no name of this record")
    if level is Level.EXACT and {part, wanted} == {Field.GIVEN_NAME, Field.FAMILY_NAME}:
        return Evidence(part, Level.CROSSED, f"{part.label}: {name}, looked for as the {wanted.label}")
    sentences = {
        Level.EXACT: name,
        Level.NICKNAME: f"{typed} and {name} are forms of one name",
        Level.NEAR: f"{name} is spelled like {typed}",
        Level.PART: f"{typed} is a part of {name}",
        Level.INITIAL: f"{typed} is the initial of {name}",
        Level.SIMILAR: f"{name} is similar to {typed}",
    }
    return Evidence(part, level, f"{part.label}: {sentences[level]}")


def _held_names(form: Compared) -> Iterator[tuple[Field, str]]:
    yield Field.FAMILY_NAME, form.family_shown
    yield Field.GIVEN_NAME, form.given_shown
    yield Field.MIDDLE_NAME, form.held.middle_name.strip()
    yield Field.PREFERRED_NAME, form.held.preferred_name.strip()


def _word_level(typed: str, held: str, part: Field) -> Level:
    """A typed folded name against one held folded name, as a whole or one of its words."""
    if not (typed and held):
        return Level.DIFFERENT
    if typed == held or typed.replace(" ", "") == held.replace(" ", ""):
        return Level.EXACT
    words = held.split()
    if part is not Field.FAMILY_NAME and any(
        short_for(typed, word) or short_for(word, typed) for word in words
    ):
        return Level.NICKNAME
    levels = {name_level(typed, name) for name in (held, *words)}
    begins = len(typed) > 1 and any(word.startswith(typed) for word in words)
    if Level.EXACT in levels or set(typed.split()) <= set(words):
        return Level.PART
    if Level.NEAR not in levels and begins:
        return Level.PART
    order = (Level.NEAR, Level.INITIAL, Level.SIMILAR)
    return next((level for level in order if level in levels), Level.DIFFERENT)


def _none_held(one_of: Field) -> Evidence:
    return Evidence(one_of, Level.MISSING, f"{one_of.label}: this record holds none")


def _birth(query: SearchQuery, form: Compared) -> Evidence:
    held = form.held.birth_date
    if held is None:
        return _none_held(Field.BIRTH_DATE)
    levels = [birth_level(as_number(typed), form.birth) for typed in query.birth_dates]
    shown = f"birth date: {show(held)}"
    sentences = {
        Level.SWAPPED_DAY_AND_MONTH: f"{shown}, day and month swapped",
        Level.ONE_DIGIT: f"{shown}, one digit differs",
    }
    if levels[0] is Level.EXACT:
        return Evidence(Field.BIRTH_DATE, Level.EXACT, shown)
    if Level.EXACT in levels:
        return Evidence(
            Field.BIRTH_DATE, Level.SWAPPED_DAY_AND_MONTH, f"{shown}, the other way to read what was typed"
        )
    level = max(levels, key=lambda each: _SHARES.get(each, 0.0))
    return Evidence(Field.BIRTH_DATE, level, sentences.get(level, f"birth date: another, {show(held)}"))


def _nhs(query: SearchQuery, form: Compared) -> Evidence:
    if not form.nhs:
        return _none_held(Field.NHS_NUMBER)
    shown = show_nhs(form.nhs)
    if form.nhs == query.nhs_number:
        return Evidence(Field.NHS_NUMBER, Level.EXACT, f"NHS number: {shown}")
    slip = OSA.distance(form.nhs, query.nhs_number, score_cutoff=1) <= 1
    level = Level.ONE_DIGIT if slip else Level.DIFFERENT
    return Evidence(Field.NHS_NUMBER, level, f"NHS number: another, {shown}")


def _email(query: SearchQuery, form: Compared) -> Evidence:
    if not form.email:
        return _none_held(Field.EMAIL)
    slips = OSA.distance(form.email, compared_email(query.email), score_cutoff=1)
    if slips == 0:
        return Evidence(Field.EMAIL, Level.EXACT, f"e-mail: {form.email}")
    if slips == 1:
        return Evidence(Field.EMAIL, Level.ONE_EDIT, f"e-mail: {form.email}, one character differs")
    return Evidence(Field.EMAIL, Level.DIFFERENT, f"e-mail: another, {form.email}")


def _phone(query: SearchQuery, record: RemotePatient, form: Compared) -> Evidence:
    """A whole number by its last digits, a fragment anywhere in one; short rows hold not all numbers."""
    wanted = compared_phone(query.phone)
    for phone in record.demographics.phones:
        digits = compared_phone(phone.number)
        if wanted and digits == wanted:
            return Evidence(Field.PHONE, Level.EXACT, f"phone: {phone.number}")
        if wanted and len(wanted) < COMPARED_PHONE_DIGITS and wanted in digits_of(phone.number):
            return Evidence(Field.PHONE, Level.PART, f"phone: {phone.number} has these digits in it")
        if not wanted and digits.endswith(digits_of(query.phone)):
            return Evidence(Field.PHONE, Level.PART, f"phone: {phone.number} ends in these digits")
    if not (form.phones and record.complete):
        return Evidence(Field.PHONE, Level.MISSING, "phone: this record holds no such number")
    return Evidence(Field.PHONE, Level.DIFFERENT, "phone: other numbers")


def _postcode(query: SearchQuery, form: Compared) -> Evidence:
    if not form.postcode:
        return _none_held(Field.POSTCODE)
    wanted, shown = compared_postcode(query.postcode), show_postcode(form.postcode)
    if form.postcode == wanted:
        return Evidence(Field.POSTCODE, Level.EXACT, f"postcode: {shown}")
    if form.postcode.startswith(wanted):
        return Evidence(Field.POSTCODE, Level.PART, f"postcode: {shown}")
    return Evidence(Field.POSTCODE, Level.DIFFERENT, f"postcode: another, {shown}")


def _record_id(query: SearchQuery, record: RemotePatient) -> Evidence:
    """The record's own number, or one that another party gave it; guessable ones are not looked at."""
    wanted = query.record_id.casefold()
    own = record.id.casefold() == wanted and query.record_system in {"", record.system}
    given = any(
        known.value.casefold() == wanted and query.record_system in {"", known.system}
        for known in record.identifiers
        if not known.guessable
    )
    if own or given:
        return Evidence(Field.RECORD_ID, Level.EXACT, f"record number: {query.record_id}")
    if not record.complete:
        return Evidence(Field.RECORD_ID, Level.MISSING, "record number: not in the short record")
    return Evidence(Field.RECORD_ID, Level.DIFFERENT, "record number: another")
