"""Two records compared field by field: how far each agrees, and that in words.

Missing says nothing: a field that one of the two does not hold is neither for nor against.
Thresholds are those measured for the duplicate scan (Jaro-Winkler .92 and .80 for names, .85 for
addresses).
"""

from __future__ import annotations

import dataclasses
from enum import StrEnum

from rapidfuzz.distance import OSA, JaroWinkler

from integrations.types import Demographics, Sex

from .compared import Compared, compared
from .contact import show_postcode
from .dates import is_placeholder, show, swapped
from .fields import Field
from .names import compact, fold, short_for
from .numbers import show_nhs

NEAR_NAME = 0.92
SIMILAR_NAME = 0.80
NEAR_ADDRESS = 0.85


class Level(StrEnum):
    """How far one field of two records agrees."""

    EXACT = "exact"
    NICKNAME = "nickname"
    PREFERRED = "preferred name"
    PART = "part"
    NEAR = "near"
    SWAPPED_NAMES = "swapped names"
    MIDDLE = "middle name"
    INITIAL = "initial"
    SIMILAR = "similar"
    CROSSED = "crossed"
    CHANGED_SURNAME = "changed surname"
    SWAPPED_DAY_AND_MONTH = "swapped day and month"
    ONE_DIGIT = "one digit"
    TWO_PARTS = "two parts"
    SAME_YEAR = "same year"
    ONE_EDIT = "one edit"
    SAME_POSTCODE = "same postcode"
    SAME_LINES = "same lines"
    UNSURE = "unsure"
    DIFFERENT = "different"
    MISSING = "missing"


NAMES_AGREE = frozenset(
    {Level.EXACT, Level.NICKNAME, Level.PREFERRED, Level.PART, Level.NEAR, Level.SWAPPED_NAMES}
)
"""Levels at which a given or family name agrees for the cross-check of an NHS number."""


@dataclasses.dataclass(frozen=True, slots=True)
class Evidence:
    """How far two records, or a query and a record, agree in one field, and a sentence that says so."""

    field: Field
    level: Level
    sentence: str = dataclasses.field(repr=False)

    @property
    def speaks(self) -> bool:
        """Whether both sides hold something to compare."""
        return self.level is not Level.MISSING


def compare(one: Demographics, other: Demographics) -> tuple[Evidence, ...]:
    """The evidence of two records, one entry for each compared field, in order of display."""
    return compare_forms(compared(one), compared(other))


def compare_forms(one: Compared, other: Compared) -> tuple[Evidence, ...]:
    """As :func:`compare`, for details that are normalised already."""
    given, family = _names(one, other)
    birth = birth_level(one.birth, other.birth)
    sexed_male = Sex.MALE in {one.sex, other.sex}
    if family is Level.DIFFERENT and given in NAMES_AGREE and birth is Level.EXACT and not sexed_male:
        family = Level.CHANGED_SURNAME
    return (
        Evidence(
            Field.FAMILY_NAME,
            family,
            _say_name(Field.FAMILY_NAME, family, one.family_shown, other.family_shown),
        ),
        Evidence(
            Field.GIVEN_NAME, given, _say_name(Field.GIVEN_NAME, given, one.given_shown, other.given_shown)
        ),
        Evidence(Field.BIRTH_DATE, birth, _say_birth(birth, one, other)),
        _sex(one, other),
        _nhs(one, other),
        _email(one, other),
        _phone(one, other),
        _place(one, other),
    )


def missing(one_of: Field) -> str:
    """The sentence for a field that one side does not hold."""
    return f"{one_of.label}: not held on both sides"


def name_level(one: str, other: str) -> Level:
    """Two folded single names by their spelling alone."""
    if one.replace(" ", "") == other.replace(" ", ""):
        return Level.EXACT
    if min(len(one), len(other)) == 1:
        return Level.INITIAL if one[0] == other[0] else Level.DIFFERENT
    likeness = JaroWinkler.similarity(one, other, score_cutoff=SIMILAR_NAME)
    if likeness >= NEAR_NAME:
        return Level.NEAR
    return Level.SIMILAR if likeness >= SIMILAR_NAME else Level.DIFFERENT


def _names(one: Compared, other: Compared) -> tuple[Level, Level]:
    given, family = _given_level(one, other), _family_level(one, other)
    if Level.EXACT in {given, family}:
        return given, family
    there = bool(one.given) and one.given == other.family
    back = bool(one.family) and one.family == other.given
    if there and back:
        return Level.SWAPPED_NAMES, Level.SWAPPED_NAMES
    if (there or back) and given is Level.DIFFERENT:
        return Level.CROSSED, family
    return given, family


def _given_level(one: Compared, other: Compared) -> Level:
    if not (one.given and other.given):
        return Level.MISSING
    whole = compact(f"{one.given} {one.middle}"), compact(f"{other.given} {other.middle}")
    if one.given == other.given or whole[0] == whole[1]:
        return Level.EXACT
    level = name_level(one.given, other.given)
    if level is Level.EXACT:
        return level
    first, second = one.given.split()[0], other.given.split()[0]
    if short_for(first, second) or short_for(second, first):
        return Level.NICKNAME
    if one.given == other.preferred or other.given == one.preferred:
        return Level.PREFERRED
    if first == second and len(first) > 1:
        return Level.PART
    if one.given in other.middle.split() or other.given in one.middle.split():
        return Level.MIDDLE
    return level


def _family_level(one: Compared, other: Compared) -> Level:
    if not (one.family and other.family):
        return Level.MISSING
    level = name_level(one.family, other.family)
    if level is not Level.EXACT and not set(one.family_parts).isdisjoint(other.family_parts):
        return Level.PART
    return level


def birth_level(one: int, other: int) -> Level:
    """Two birth dates as yyyymmdd."""
    if not (one and other):
        return Level.MISSING
    if one == other:
        return Level.EXACT
    if swapped(one) == other:
        return Level.SWAPPED_DAY_AND_MONTH
    unlike = sum(a != b for a, b in zip(f"{one:08d}", f"{other:08d}", strict=True))
    if unlike == 1:
        return Level.ONE_DIGIT
    if unlike == 2 or equal_date_parts(one, other) == 2:
        return Level.TWO_PARTS
    return Level.SAME_YEAR if one // 10000 == other // 10000 else Level.DIFFERENT


def equal_date_parts(one: int, other: int) -> int:
    """How many of year, month and day two dates (yyyymmdd) share."""
    parts = ((number // 10000, number // 100 % 100, number % 100) for number in (one, other))
    return sum(a == b for a, b in zip(*parts, strict=True))


_NAME_SENTENCES = {
    Level.EXACT: "{a} in both",
    Level.NICKNAME: "{a} is short for {b}",
    Level.PREFERRED: "{a} and {b}: one is the preferred name of the other",
    Level.NEAR: "{a} and {b} are spelled alike",
    Level.SWAPPED_NAMES: "given and family name are swapped",
    Level.MIDDLE: "{a} and {b}: one is a middle name of the other",
    Level.INITIAL: "{a} and {b}: one is the initial of the other",
    Level.SIMILAR: "{a} and {b} are similar",
    Level.CROSSED: "{a} and {b}: one record has it as the family name",
    Level.CHANGED_SURNAME: "{a} and {b}: a former surname?",
    Level.PART: "{a} and {b} share a part",
    Level.DIFFERENT: "{a} and {b} differ",
}
_DATE_SENTENCES = {
    Level.EXACT: "{a} in both",
    Level.SWAPPED_DAY_AND_MONTH: "{a} and {b}: day and month swapped",
    Level.ONE_DIGIT: "{a} and {b}: one digit differs",
    Level.TWO_PARTS: "{a} and {b} are close",
    Level.SAME_YEAR: "{a} and {b}: only the year is the same",
    Level.DIFFERENT: "{a} and {b} differ",
}


def _say_name(part: Field, level: Level, one: str, other: str) -> str:
    if level is Level.MISSING:
        return missing(part)
    if level is Level.NICKNAME:
        one, other = sorted(
            (one, other), key=lambda name: (not _is_shorter_form(name, one, other), len(name))
        )
    return f"{part.label}: {_NAME_SENTENCES[level].format(a=one, b=other)}"


def _is_shorter_form(name: str, one: str, other: str) -> bool:
    """Whether a name is a short form of its partner; the table has some pairs in both directions."""
    partner = other if name == one else one
    return short_for(fold(name).split()[0], fold(partner).split()[0])


def _say_birth(level: Level, one: Compared, other: Compared) -> str:
    if one.held.birth_date is None or other.held.birth_date is None:
        return missing(Field.BIRTH_DATE)
    said = _DATE_SENTENCES[level].format(a=show(one.held.birth_date), b=show(other.held.birth_date))
    unsure = " (often entered where the real date is not known)"
    return f"birth date: {said}{unsure if level is Level.EXACT and is_placeholder(one.birth) else ''}"


_SEXES_THAT_CONTRADICT = frozenset({Sex.MALE, Sex.FEMALE, Sex.INDETERMINATE})


def sexes_contradict(one: Sex | None, other: Sex | None) -> bool:
    """Whether two recorded sexes contradict each other; unknown, other and missing contradict nothing."""
    return one != other and {one, other} <= _SEXES_THAT_CONTRADICT


def _sex(one: Compared, other: Compared) -> Evidence:
    a, b = one.sex, other.sex
    if a is None or b is None or Sex.UNKNOWN in {a, b}:
        return Evidence(Field.SEX, Level.MISSING, missing(Field.SEX))
    if a == b:
        return Evidence(Field.SEX, Level.EXACT, f"sex: {a} in both")
    if sexes_contradict(a, b):
        return Evidence(Field.SEX, Level.DIFFERENT, f"sex: {a} and {b}")
    return Evidence(Field.SEX, Level.UNSURE, f"sex: {a} and {b}, which need not contradict each other")


def _nhs(one: Compared, other: Compared) -> Evidence:
    if not (one.nhs and other.nhs):
        return Evidence(Field.NHS_NUMBER, Level.MISSING, missing(Field.NHS_NUMBER))
    a, b = show_nhs(one.nhs), show_nhs(other.nhs)
    if one.nhs == other.nhs:
        if one.nhs_valid:
            return Evidence(Field.NHS_NUMBER, Level.EXACT, f"NHS number: {a} in both")
        return Evidence(Field.NHS_NUMBER, Level.UNSURE, f"NHS number: {a} in both, which is not valid")
    if OSA.distance(one.nhs, other.nhs, score_cutoff=1) <= 1:
        return Evidence(Field.NHS_NUMBER, Level.ONE_DIGIT, f"NHS number: {a} and {b}, one digit differs")
    return Evidence(Field.NHS_NUMBER, Level.DIFFERENT, f"NHS number: {a} and {b}")


def _email(one: Compared, other: Compared) -> Evidence:
    a, b = one.email, other.email
    if not (a and b):
        return Evidence(Field.EMAIL, Level.MISSING, missing(Field.EMAIL))
    if a == b:
        return Evidence(Field.EMAIL, Level.EXACT, f"e-mail: {a} in both")
    if OSA.distance(a, b, score_cutoff=1) <= 1:
        return Evidence(Field.EMAIL, Level.ONE_EDIT, f"e-mail: {a} and {b}, one character differs")
    return Evidence(Field.EMAIL, Level.DIFFERENT, f"e-mail: {a} and {b}")


def _phone(one: Compared, other: Compared) -> Evidence:
    if not (one.phones and other.phones):
        return Evidence(Field.PHONE, Level.MISSING, missing(Field.PHONE))
    if not set(one.phones).isdisjoint(other.phones):
        return Evidence(Field.PHONE, Level.EXACT, "phone: the same number in both")
    if any(OSA.distance(a, b, score_cutoff=1) <= 1 for a in one.phones for b in other.phones):
        return Evidence(Field.PHONE, Level.ONE_DIGIT, "phone: one digit differs")
    return Evidence(Field.PHONE, Level.DIFFERENT, "phone: different numbers")


def _place(one: Compared, other: Compared) -> Evidence:
    """Postcode and address as one field: they are far from independent of each other."""
    level, sentence = _place_level(one, other)
    return Evidence(Field.ADDRESS, level, f"address: {sentence}" if sentence else missing(Field.ADDRESS))


def _place_level(one: Compared, other: Compared) -> tuple[Level, str]:
    likeness = JaroWinkler.similarity(one.address, other.address) if one.address and other.address else -1.0
    alike = likeness >= NEAR_ADDRESS
    if one.postcode and other.postcode:
        a, b = show_postcode(one.postcode), show_postcode(other.postcode)
        if a == b and likeness == 1.0:
            return Level.EXACT, "the same in both"
        if a == b and alike:
            return Level.NEAR, f"nearly the same, postcode {a} in both"
        if a == b:
            other_house = "" if likeness < 0 else ", other lines"
            return Level.SAME_POSTCODE, f"postcode {a} in both{other_house}"
        if alike and OSA.distance(one.postcode, other.postcode, score_cutoff=1) <= 1:
            return Level.ONE_EDIT, f"the same lines, postcodes {a} and {b}"
        return Level.DIFFERENT, f"postcodes {a} and {b}"
    if likeness < 0:
        return Level.MISSING, ""
    if alike:
        return Level.SAME_LINES, "the same lines, no postcode to compare"
    return Level.DIFFERENT, "different lines"
