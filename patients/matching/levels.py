"""How far each field of two records agrees: one level a field, without words.

Missing says nothing: a field that one of the two does not hold is neither for nor against.
Thresholds are those measured for the duplicate scan (Jaro-Winkler .92 and .80 for names, .92 and
.85 for addresses).
"""

from __future__ import annotations

from enum import StrEnum

from rapidfuzz.distance import OSA, Hamming, JaroWinkler

from integrations.types import Sex

from .compared import Compared
from .contact import outward, sector
from .dates import swapped
from .fields import Field
from .names import short_for

NEAR_NAME = 0.92
SIMILAR_NAME = 0.80
NEAR_LINES = 0.92
LIKE_LINES = 0.85


class Level(StrEnum):
    """How far one field of two records agrees."""

    EXACT = "exact"
    NICKNAME = "nickname"
    PREFERRED = "preferred name"
    PART = "part"
    BEGINS = "begins"
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
    POSTCODE_ALONE = "same postcode, no lines"
    OTHER_LINES = "same postcode, other lines"
    NEAR_POSTCODE = "near postcode"
    SAME_SECTOR = "same sector"
    SAME_DISTRICT = "same district"
    OTHER_POSTCODE = "same lines, other postcode"
    SAME_LINES = "same lines"
    NEAR_LINES = "near lines"
    LIKE_LINES = "like lines"
    UNLIKE_LINES = "unlike lines"
    UNSURE = "unsure"
    DIFFERENT = "different"
    MISSING = "missing"


NAMES_AGREE = frozenset(
    {Level.EXACT, Level.NICKNAME, Level.PREFERRED, Level.PART, Level.NEAR, Level.SWAPPED_NAMES}
)
"""Levels at which a given or family name agrees for the cross-check of an NHS number."""

Levels = dict[Field, Level]


def levels_of(one: Compared, other: Compared) -> Levels:
    """The level of every compared field, in order of display."""
    given, family = names_levels(one, other)
    return {
        Field.FAMILY_NAME: family,
        Field.GIVEN_NAME: given,
        Field.BIRTH_DATE: birth_level(one.birth, other.birth),
        Field.SEX: sex_level(one.sex, other.sex),
        Field.NHS_NUMBER: nhs_level(one, other),
        Field.EMAIL: email_level(one.email, other.email),
        Field.PHONE: phone_level(one.phones, other.phones),
        Field.ADDRESS: place_level(one, other),
    }


# --- names ----------------------------------------------------------------------------------


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


def names_levels(one: Compared, other: Compared) -> tuple[Level, Level]:
    """Given and family name together: only both tell whether they were swapped."""
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
    if one.given == other.given or _together(one) == _together(other):
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


def _together(form: Compared) -> str:
    """Given and middle names in one: where the one ends and the other begins differs among systems."""
    return f"{form.given}{form.middle}".replace(" ", "")


def _family_level(one: Compared, other: Compared) -> Level:
    if not (one.family and other.family):
        return Level.MISSING
    level = name_level(one.family, other.family)
    if level is not Level.EXACT and not set(one.family_parts).isdisjoint(other.family_parts):
        return Level.PART
    return level


# --- birth date and sex ---------------------------------------------------------------------


def birth_level(one: int, other: int) -> Level:
    """Two birth dates as yyyymmdd."""
    if not (one and other):
        return Level.MISSING
    if one == other:
        return Level.EXACT
    if swapped(one) == other:
        return Level.SWAPPED_DAY_AND_MONTH
    unlike = Hamming.distance(f"{one:08d}", f"{other:08d}")
    if unlike == 1:
        return Level.ONE_DIGIT
    if unlike == 2 or equal_date_parts(one, other) == 2:
        return Level.TWO_PARTS
    return Level.SAME_YEAR if one // 10000 == other // 10000 else Level.DIFFERENT


def equal_date_parts(one: int, other: int) -> int:
    """How many of year, month and day two dates (yyyymmdd) share."""
    parts = ((number // 10000, number // 100 % 100, number % 100) for number in (one, other))
    return sum(a == b for a, b in zip(*parts, strict=True))


_SEXES_THAT_CONTRADICT = frozenset({Sex.MALE, Sex.FEMALE, Sex.INDETERMINATE})


def sexes_contradict(one: Sex | None, other: Sex | None) -> bool:
    """Whether two recorded sexes contradict each other; unknown, other and missing contradict nothing."""
    return one != other and {one, other} <= _SEXES_THAT_CONTRADICT


def sex_level(one: Sex | None, other: Sex | None) -> Level:
    """Two recorded sexes; ``UNSURE`` where they differ without contradicting each other."""
    if one is None or other is None or Sex.UNKNOWN in {one, other}:
        return Level.MISSING
    if one == other:
        return Level.EXACT
    return Level.DIFFERENT if sexes_contradict(one, other) else Level.UNSURE


# --- identifiers and contact ----------------------------------------------------------------


def nhs_level(one: Compared, other: Compared) -> Level:
    """Two NHS numbers; ``UNSURE`` where they are equal and not valid."""
    if not (one.nhs and other.nhs):
        return Level.MISSING
    if one.nhs == other.nhs:
        return Level.EXACT if one.nhs_valid else Level.UNSURE
    return Level.ONE_DIGIT if _one_edit(one.nhs, other.nhs) else Level.DIFFERENT


def email_level(one: str, other: str) -> Level:
    """Two compared e-mail addresses; siblings' often differ by two characters, so near means one."""
    if not (one and other):
        return Level.MISSING
    if one == other:
        return Level.EXACT
    return Level.ONE_EDIT if _one_edit(one, other) else Level.DIFFERENT


def phone_level(one: tuple[str, ...], other: tuple[str, ...]) -> Level:
    """The nearest pair of two records' compared phone numbers."""
    if not (one and other):
        return Level.MISSING
    if not set(one).isdisjoint(other):
        return Level.EXACT
    near = any(_one_edit(a, b) for a in one for b in other)
    return Level.ONE_DIGIT if near else Level.DIFFERENT


def _one_edit(one: str, other: str) -> bool:
    return OSA.distance(one, other, score_cutoff=1) <= 1


# --- place ----------------------------------------------------------------------------------


def place_level(one: Compared, other: Compared) -> Level:
    """Postcode and address lines as one field: they are far from independent of each other."""
    likeness = JaroWinkler.similarity(one.address, other.address) if one.address and other.address else -1.0
    if one.postcode and other.postcode:
        return _postcode_level(one.postcode, other.postcode, likeness)
    if likeness < 0:
        return Level.MISSING
    if likeness == 1.0:
        return Level.SAME_LINES
    if likeness >= NEAR_LINES:
        return Level.NEAR_LINES
    return Level.LIKE_LINES if likeness >= LIKE_LINES else Level.UNLIKE_LINES


def _postcode_level(one: str, other: str, likeness: float) -> Level:
    alike = likeness >= LIKE_LINES
    if one == other:
        if likeness < 0:
            return Level.POSTCODE_ALONE
        if likeness == 1.0:
            return Level.EXACT
        return Level.NEAR if alike else Level.OTHER_LINES
    if _one_edit(one, other):
        return Level.ONE_EDIT if alike else Level.NEAR_POSTCODE
    if alike:
        return Level.OTHER_POSTCODE
    if sector(one) == sector(other):
        return Level.SAME_SECTOR
    return Level.SAME_DISTRICT if outward(one) == outward(other) else Level.DIFFERENT
