"""Tags: what one stretch of a typed line was understood to be, and how it is read back to staff."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from integrations.types import Term

from . import contact, numbers
from .dates import show
from .names import is_suffix, is_title, strip_titles
from .text import digits_of, plain
from .typed_dates import DateReading, read_date

NO_IDS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Conventions:
    """How people here write.

    ``date_order`` is "DMY", "MDY" or "YMD"; ``country`` the two-letter country of phone numbers
    without a code; ``today`` the day on which the line was typed. ``id_patterns`` maps the name
    of a system to a regular expression of record numbers that are known for its own without any
    label; empty where it has none. "name:…" is understood for every system in it.
    """

    date_order: str = "DMY"
    country: str = "GB"
    today: date
    id_patterns: Mapping[str, str] = field(default_factory=lambda: NO_IDS)

    def read_date(self, text: str) -> DateReading:
        """Read a typed birth date as it is written here."""
        return read_date(text, date_order=self.date_order, today=self.today)

    def system_of(self, record_id: str) -> str:
        """The one system whose record numbers look like this; empty where none or several do."""
        owners = [
            system
            for system, pattern in self.id_patterns.items()
            if pattern and re.fullmatch(pattern, record_id, re.IGNORECASE)
        ]
        return owners[0] if len(owners) == 1 else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """One understood detail.

    ``typed`` is the stretch as it was typed, ``reading`` what it was taken for ("born
    03-Apr-1980"), ``alternatives`` what else it may mean. ``note`` says what was assumed,
    ``warning`` what should be put right. ``used`` is false where the search leaves it out.
    ``value`` is normalised (ten digits, an address in lower case, a postcode without spaces, a
    record number; a phone as typed); names are in ``words``, and in ``given_name`` and
    ``family_name`` where the order is known; ``dates`` holds every possible reading.
    """

    kind: Term
    typed: str = field(repr=False)
    reading: str = field(repr=False)
    alternatives: tuple[str, ...] = field(default=(), repr=False)
    note: str = field(default="", repr=False)
    warning: str = field(default="", repr=False)
    used: bool = True
    value: str = field(default="", repr=False)
    words: tuple[str, ...] = field(default=(), repr=False)
    given_name: str = field(default="", repr=False)
    family_name: str = field(default="", repr=False)
    dates: tuple[date, ...] = field(default=(), repr=False)
    system: str = field(default="", repr=False)

    def set_aside(self, reason: str) -> Tag:
        """The same tag, shown but left out of the search, with the reason."""
        return replace(self, used=False, warning=self.warning or reason)


def _unused(kind: Term, typed: str, reading: str, warning: str) -> Tag:
    return Tag(kind=kind, typed=typed, reading=reading, warning=warning, used=False)


def birth_date_tag(typed: str, reading: DateReading, *, note: str = "") -> Tag:
    """A birth date with the other order of day and month as its alternative."""
    if not reading.dates:
        return _unused(Term.BIRTH_DATE, typed, f"birth date {plain(typed)}", reading.problem)
    first, *others = reading.dates
    return Tag(
        kind=Term.BIRTH_DATE,
        typed=typed,
        reading=f"born {show(first)}",
        alternatives=tuple(f"born {show(day)}" for day in others),
        note=note or reading.note,
        dates=reading.dates,
    )


def nhs_tag(typed: str, *, note: str = "") -> Tag:
    """An NHS number; ten digits with a wrong check digit are still searched for, with a warning."""
    digits = numbers.nhs_digits(typed)
    if not digits:
        return _unused(Term.NHS_NUMBER, typed, f"NHS number {plain(typed)}", nhs_problem(typed))
    warning = "" if numbers.is_valid_nhs(digits) else "Not a valid NHS number: check the digits."
    return Tag(
        kind=Term.NHS_NUMBER,
        typed=typed,
        reading=f"NHS number {numbers.show_nhs(digits)}",
        note=note,
        warning=warning,
        value=digits,
    )


def nhs_problem(typed: str) -> str:
    """Why a text is no NHS number, as one sentence."""
    count = len(digits_of(typed))
    if any(character.isalpha() for character in typed):
        return "An NHS number has ten digits and no letters."
    size = "long" if count > numbers.LENGTH else "short"
    return f"{count} digit{'' if count == 1 else 's'}: too {size} for an NHS number."


def email_tag(typed: str) -> Tag:
    """An e-mail address in lower case."""
    address = contact.read_email(typed)
    if not address:
        return _unused(
            Term.EMAIL,
            typed,
            f"e-mail {plain(typed)}",
            "Not a whole e-mail address: type it like name@place.uk.",
        )
    return Tag(kind=Term.EMAIL, typed=typed, reading=f"e-mail {address}", value=address)


def phone_tag(typed: str, *, country: str, note: str = "") -> Tag:
    """A telephone number, at least six digits of one, or its last four or five."""
    as_typed = plain(typed)
    digits = digits_of(as_typed)
    if contact.SHORTEST_PHONE_END <= len(digits) < contact.SHORTEST_PHONE:
        reading = f"phone ending in {digits}"
        return Tag(kind=Term.PHONE, typed=typed, reading=reading, note=note, value=digits)
    if not contact.compared_phone(as_typed):
        return _unused(
            Term.PHONE,
            typed,
            f"phone {as_typed}",
            "Too short for a phone number: type at least its last four digits.",
        )
    whole = contact.e164(as_typed, country)
    reading = f"phone {contact.show_phone(as_typed, country)}" if whole else f"phone with {as_typed}"
    return Tag(kind=Term.PHONE, typed=typed, reading=reading, note=note, value=as_typed)


def postcode_tag(typed: str) -> Tag:
    """A postcode, or the first half of one."""
    code = contact.compared_postcode(typed)
    if not code or not any(character.isdigit() for character in code):
        return _unused(
            Term.POSTCODE, typed, f"postcode {plain(typed)}", "Not a postcode: type it like LS6 2AB."
        )
    whole = contact.is_uk_postcode(code)
    note = "" if whole else "Not a whole UK postcode: found where a postcode starts with it."
    return Tag(
        kind=Term.POSTCODE,
        typed=typed,
        reading=f"postcode {contact.show_postcode(typed)}",
        note=note,
        value=code,
    )


def record_tag(typed: str, *, value: str, system: str = "") -> Tag:
    """A system's own number of a record."""
    return Tag(kind=Term.RECORD_ID, typed=typed, reading=f"record number {value}", value=value, system=system)


def study_tag(typed: str) -> Tag:
    """A participant's number in a study."""
    number = plain(typed)
    return Tag(kind=Term.STUDY_NUMBER, typed=typed, reading=f"number in a study {number}", value=number)


def name_tag(
    typed: str, *, words: Sequence[str] = (), given: Sequence[str] = (), family: Sequence[str] = ()
) -> Tag:
    """A name; ``given`` and ``family`` are filled where the order is known, ``words`` where not."""
    given_name = " ".join(strip_titles(given))
    family_name = " ".join(strip_titles(family))
    kept = strip_titles(words) if words else (*strip_titles(given), *strip_titles(family))
    known = [f"family name {family_name}"] if family_name else []
    known += [f"given name {given_name}"] if given_name else []
    return Tag(
        kind=Term.NAME,
        typed=typed,
        reading=", ".join(known) or f"name {' '.join(kept)}",
        words=kept,
        given_name=given_name,
        family_name=family_name,
    )


def read_name(typed: str, before: Sequence[str], after: Sequence[str] = ()) -> Tag:
    """A name whose order is known by a comma ("Smith, Anne") or a surname in capitals ("SMITH Anne").

    ``after`` are the words after the comma; titles and suffixes there say nothing of the order.
    """
    given = tuple(word for word in after if not (is_title(word) or (is_suffix(word) and len(after) > 1)))
    if given and not all(map(is_suffix, given)):
        return name_tag(typed, words=(*strip_titles(before), *given), given=given, family=before)
    words = strip_titles(before)
    capitals = [_in_capitals(word) for word in words]
    if any(capitals) and not all(capitals):
        return name_tag(
            typed,
            words=words,
            given=[word for word, upper in zip(words, capitals, strict=True) if not upper],
            family=[word for word, upper in zip(words, capitals, strict=True) if upper],
        )
    return name_tag(typed, words=words)


def _in_capitals(word: str) -> bool:
    """Whether a word is written in capitals as a surname is; two consonants are initials."""
    if word.startswith(("Mc", "Mac")):
        word = word[2:].removeprefix("c")
    letters = [character for character in word if character.isalpha()]
    if len(letters) < 2 or not word.isupper():
        return False
    return len(letters) > 2 or any(letter in "AEIOUY" for letter in letters)
