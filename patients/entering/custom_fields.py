"""Fields of an organization's own, row by row: what is written, what is refused, what looks out of place.

Who makes such a system asks that nothing sensitive be kept in these fields, which any integration of the
organization reads in plain text. So a few names are refused for good, and a value is asked about where its
form alone says that it may be sensitive: a valid NHS number or payment card number (check digits make a
mistake improbable), a whole e-mail address, a number that can be called, a line that names a secret. Diseases
and the like are not looked for: no list of words would be complete, and one that is not would reassure.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import phonenumbers

from integrations.wire import cleaned
from patients.matching.contact import compared_email, e164
from patients.matching.numbers import is_valid_nhs, nhs_digits
from patients.matching.text import digits_of, plain

from .findings import FindingLevel
from .typed import is_blank, one_line

LONGEST_NAME, LONGEST_VALUE = 64, 500
_TOO_LONG = f"Use a value of up to {LONGEST_VALUE} characters."
CARD_DIGITS = range(13, 20)  # ISO/IEC 7812
_SECRETS = re.compile(r"\b(pass ?(?:word|code|phrase)|pin|secret|token|log ?in)\b\s*[:=]", re.IGNORECASE)
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomRow:
    """One row as it was typed."""

    name: str = field(repr=False)
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFinding:
    """What is to be said of one row, by its place. ``about`` is which half: name or value."""

    place: int
    about: str
    level: FindingLevel
    sentence: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomEntered:
    """What the rows come to: the fields that change, ``None`` for one that is removed."""

    changes: tuple[tuple[str, str | None], ...] = field(default=(), repr=False)
    findings: tuple[RowFinding, ...] = ()

    @property
    def stops(self) -> bool:
        """Whether anything has to be put right first."""
        return any(each.level is FindingLevel.STOPS for each in self.findings)

    @property
    def is_sensitive(self) -> bool:
        """Whether a value is asked about."""
        return any(each.level is FindingLevel.WARNS for each in self.findings)


def enter_custom(
    rows: Sequence[CustomRow], held: Mapping[str, str], *, closed: Collection[str], denied: Collection[str],
    country: str,
) -> CustomEntered:  # fmt: skip
    """Read the rows against what is ``held``. ``closed`` are names that are another party's, ``denied``
    words that no name may hold. An empty value removes what is there; a row left out leaves it."""
    changes: dict[str, str | None] = {}
    findings: list[RowFinding] = []
    seen: set[str] = set()
    for place, row in enumerate(rows):
        name, value = called(row, held), _in_lines(row.value)
        if is_blank(name) and is_blank(value):
            continue
        if name in held and _in_lines(held[name]) == value:
            seen.add(name)
            continue
        if problem := _problem(name, seen, closed, denied, is_held=name in held):
            findings.append(_stop(place, problem))
        elif len(value) > LONGEST_VALUE:
            findings.append(_stop(place, _TOO_LONG, about="value"))
        elif name in held or value:
            changes[name] = value or None
            findings += _doubts(place, value, country)
        seen.add(name)
    return CustomEntered(changes=tuple(changes.items()), findings=tuple(findings))


def called(row: CustomRow, held: Mapping[str, str]) -> str:
    """The name that a row gives its field: one that is held stays letter by letter what it is."""
    return row.name if row.name in held else one_line(row.name)


def is_denied(name: str, denied: Collection[str]) -> bool:
    """Whether a name holds a word that is refused: ``card_number`` and ``cardNumber``, not ``cardiology``."""
    words = [each.casefold() for each in _WORDS.findall(name)]
    whole = "".join(words)
    return any(each.casefold() in (*words, whole) for each in denied)


def why_sensitive(value: str, *, country: str) -> str:
    """Why a value looks as if it did not belong there, in a sentence; empty where it does not."""
    return next((sentence for sentence, looks in _LOOKS if looks(plain(value), country)), "")


def _in_lines(value: str) -> str:
    """A value as systems keep it: browsers end lines in two characters."""
    return cleaned(value.replace("\r\n", "\n").replace("\r", "\n"))


def _problem(
    name: str, seen: Collection[str], closed: Collection[str], denied: Collection[str], *, is_held: bool
) -> str:
    if is_blank(name):
        return "Give this field a name."
    if len(name) > LONGEST_NAME and not is_held:
        return f"Use a name of up to {LONGEST_NAME} characters."
    if name in seen:
        return "There is another row of this name."
    if name in closed:
        return "This field is another system's: it is not changed from here."
    if is_denied(name, denied):
        return "Nothing of this name is written: these fields can be read by every integration."
    return ""


def _stop(place: int, sentence: str, *, about: str = "name") -> RowFinding:
    return RowFinding(place=place, about=about, level=FindingLevel.STOPS, sentence=sentence)


def _doubts(place: int, value: str, country: str) -> Iterator[RowFinding]:
    if sentence := why_sensitive(value, country=country):
        yield RowFinding(place=place, about="value", level=FindingLevel.WARNS, sentence=sentence)


def _is_nhs_number(value: str, country: str) -> bool:
    return is_valid_nhs(nhs_digits(value))


def _is_card(value: str, country: str) -> bool:
    """A number of a payment card: its length, and the check digit of ISO/IEC 7812 (Luhn)."""
    digits = digits_of(value)
    if len(digits) not in CARD_DIGITS or any(map(str.isalpha, value)):
        return False
    doubled = (int(each) * (1 + at % 2) for at, each in enumerate(reversed(digits)))
    return sum(each - 9 if each > 9 else each for each in doubled) % 10 == 0


def _is_email(value: str, country: str) -> bool:
    return " " not in value and bool(compared_email(value)) and "." in value.rpartition("@")[2]


def _is_phone(value: str, country: str) -> bool:
    """A number that can be called, written as one: with + or a leading zero, and nothing else."""
    full = e164(value, country) if value[:1] in "+0" and not any(map(str.isalpha, value)) else ""
    return bool(full) and phonenumbers.is_possible_number(phonenumbers.parse(full))


def _tells_a_secret(value: str, country: str) -> bool:
    return bool(_SECRETS.search(value))


_LOOKS = (
    ("This is an NHS number: it has a field of its own.", _is_nhs_number),
    ("This looks like the number of a payment card.", _is_card),
    ("This is an e-mail address: it has a field of its own.", _is_email),
    ("This is a phone number: it has a field of its own.", _is_phone),
    ("This looks like a password or a code.", _tells_a_secret),
)
