"""Two records compared field by field: how far each agrees (``levels``), and that in words."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

from integrations.types import Demographics, Sex

from .compared import Compared, compared
from .contact import show_postcode
from .dates import is_placeholder, show
from .fields import Field
from .levels import NAMES_AGREE, Level, Levels, levels_of
from .names import fold, short_for
from .numbers import show_nhs


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
    levels = levels_of(one, other)
    if _is_changed_surname(levels, one, other):
        levels[Field.FAMILY_NAME] = Level.CHANGED_SURNAME
    return tuple(
        Evidence(of, level, missing(of) if level is Level.MISSING else _SAY[of](level, one, other))
        for of, level in levels.items()
    )


def _is_changed_surname(levels: Levels, one: Compared, other: Compared) -> bool:
    """Whether two surnames differ where all else says that somebody took another one."""
    return (
        levels[Field.FAMILY_NAME] is Level.DIFFERENT
        and levels[Field.GIVEN_NAME] in NAMES_AGREE
        and levels[Field.BIRTH_DATE] is Level.EXACT
        and Sex.MALE not in {one.sex, other.sex}
    )


def missing(one_of: Field) -> str:
    """The sentence for a field that one side does not hold."""
    return f"{one_of.label}: not held on both sides"


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


def _say_sex(level: Level, one: Compared, other: Compared) -> str:
    return f"sex: {_SEX_SENTENCES[level].format(a=one.sex, b=other.sex)}"


def _say_nhs(level: Level, one: Compared, other: Compared) -> str:
    said = _NHS_SENTENCES[level].format(a=show_nhs(one.nhs), b=show_nhs(other.nhs))
    return f"NHS number: {said}"


def _say_email(level: Level, one: Compared, other: Compared) -> str:
    return f"e-mail: {_EMAIL_SENTENCES[level].format(a=one.email, b=other.email)}"


def _say_phone(level: Level, one: Compared, other: Compared) -> str:
    return f"phone: {_PHONE_SENTENCES[level]}"


def _say_place(level: Level, one: Compared, other: Compared) -> str:
    a, b = show_postcode(one.postcode), show_postcode(other.postcode)
    return f"address: {_PLACE_SENTENCES[level].format(a=a, b=b)}"


_SEX_SENTENCES = {
    Level.EXACT: "{a} in both",
    Level.UNSURE: "{a} and {b}, which need not contradict each other",
    Level.DIFFERENT: "{a} and {b}",
}
_NHS_SENTENCES = {
    Level.EXACT: "{a} in both",
    Level.UNSURE: "{a} in both, which is not valid",
    Level.ONE_DIGIT: "{a} and {b}, one digit differs",
    Level.DIFFERENT: "{a} and {b}",
}
_EMAIL_SENTENCES = {
    Level.EXACT: "{a} in both",
    Level.ONE_EDIT: "{a} and {b}, one character differs",
    Level.DIFFERENT: "{a} and {b}",
}
_PHONE_SENTENCES = {
    Level.EXACT: "the same number in both",
    Level.ONE_DIGIT: "one digit differs",
    Level.DIFFERENT: "different numbers",
}
_PLACE_SENTENCES = {
    Level.EXACT: "the same in both",
    Level.NEAR: "nearly the same, postcode {a} in both",
    Level.POSTCODE_ALONE: "postcode {a} in both",
    Level.OTHER_LINES: "postcode {a} in both, other lines",
    Level.ONE_EDIT: "the same lines, postcodes {a} and {b}",
    Level.OTHER_POSTCODE: "the same lines, postcodes {a} and {b}",
    Level.NEAR_POSTCODE: "postcodes {a} and {b}, one character differs",
    Level.SAME_SECTOR: "postcodes {a} and {b}, close to each other",
    Level.SAME_DISTRICT: "postcodes {a} and {b}, of one district",
    Level.DIFFERENT: "postcodes {a} and {b}",
    Level.SAME_LINES: "the same lines, no postcode to compare",
    Level.NEAR_LINES: "nearly the same lines, no postcode to compare",
    Level.LIKE_LINES: "similar lines, no postcode to compare",
    Level.UNLIKE_LINES: "different lines",
}
_SAY: Mapping[Field, Callable[[Level, Compared, Compared], str]] = {
    Field.FAMILY_NAME: lambda level, one, other: _say_name(
        Field.FAMILY_NAME, level, one.family_shown, other.family_shown
    ),
    Field.GIVEN_NAME: lambda level, one, other: _say_name(
        Field.GIVEN_NAME, level, one.given_shown, other.given_shown
    ),
    Field.BIRTH_DATE: _say_birth,
    Field.SEX: _say_sex,
    Field.NHS_NUMBER: _say_nhs,
    Field.EMAIL: _say_email,
    Field.PHONE: _say_phone,
    Field.ADDRESS: _say_place,
}
