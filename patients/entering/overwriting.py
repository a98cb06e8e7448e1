"""Whether an edit would write one person over another: the same record, somebody else in it.

Of surname, given name, birth date and NHS number people keep most for life. An edit that replaces two of
them at once is stopped and asked about. Mending a typing error replaces nothing; but what changes beside
another given name, birth date or NHS number is a relative's or a namesake's, however near it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from integrations.types import Demographics
from integrations.writes import Details, Part
from patients.matching.compared import Compared, compared
from patients.matching.dates import is_placeholder, is_stand_in
from patients.matching.fields import Field
from patients.matching.levels import Level, birth_level, equal_date_parts, names_levels, nhs_level


class Reason(StrEnum):
    """Why several of the four change though it is the same person: what staff answer with one click."""

    MARRIAGE = "marriage"
    CORRECTION = "correction"
    TRANSITION = "transition"
    ADOPTION = "adoption"

    @property
    def sentence(self) -> str:
        """The answer as staff read it."""
        return _SENTENCES[self]

    @property
    def explains(self) -> frozenset[Part]:
        """Which of the four change for this reason."""
        return _EXPLAINS[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What an edit does to who the record says the person is.

    ``replaced`` are the parts that say something else than before; ``touched`` those in which a typing
    error may have been put right, or where there is something new or nothing any more. Both are in order of
    display. ``reasons`` are the answers that would explain all that was replaced; a correction explains
    anything.
    """

    stops: bool
    replaced: tuple[Part, ...] = ()
    touched: tuple[Part, ...] = ()
    reasons: tuple[Reason, ...] = ()

    @property
    def sentence(self) -> str:
        """What staff are told where it stops; empty where it does not."""
        if not self.stops:
            return ""
        names = [Field(part.value).label for part in (*self.replaced, *self.touched)]
        said = f"{', '.join(names[:-1])} and {names[-1]}"
        return (
            f"This changes {said} at once, as if the record were given to another person. "
            "Say why it is the same person, or go back and register the other one."
        )


def is_still_the_same_person(before: Details, after: Details) -> Verdict:
    """Judge an edit by what the record held and what it would hold. What was empty before, or is now, is
    not replaced: details are added and taken away, too."""
    one, other = compared(_demographics(before)), compared(_demographics(after))
    levels = _levels(one, other)
    replaced = tuple(part for part, level in levels.items() if level not in _NOT_REPLACED[part])
    touched = tuple(
        part
        for part, level in levels.items()
        if part not in replaced and level is not Level.EXACT and getattr(before, part) != getattr(after, part)
    )
    stops = len(replaced) > 1 or (bool(touched) and bool(_KEPT_FOR_LIFE.intersection(replaced)))
    reasons = tuple(reason for reason in Reason if replaced and reason.explains >= frozenset(replaced))
    return Verdict(stops=stops, replaced=replaced, touched=touched, reasons=reasons)


def _levels(one: Compared, other: Compared) -> dict[Part, Level]:
    given, family = names_levels(one, other)
    return {
        Part.FAMILY_NAME: family,
        Part.GIVEN_NAME: given,
        Part.BIRTH_DATE: _birth_level(one.birth, other.birth),
        Part.NHS_NUMBER: nhs_level(one, other),
    }


def _birth_level(one: int, other: int) -> Level:
    """A date that stood for "not known", or for a year alone, is filled in rather than replaced; where two of
    day, month and year stay, the third was mistyped."""
    if is_stand_in(one):
        return Level.MISSING
    level = birth_level(one, other)
    year_alone = is_placeholder(one) and level is Level.SAME_YEAR
    return Level.ONE_DIGIT if year_alone or equal_date_parts(one, other) == 2 else level


def _demographics(details: Details) -> Demographics:
    return Demographics(
        given_name=details.given_name,
        family_name=details.family_name,
        middle_name=details.middle_name,
        preferred_name=details.preferred_name,
        birth_date=details.birth_date,
        nhs_number=details.nhs_number,
    )


_KEPT_FOR_LIFE = frozenset({Part.GIVEN_NAME, Part.BIRTH_DATE, Part.NHS_NUMBER})
_EQUAL = frozenset({Level.EXACT, Level.UNSURE, Level.MISSING})
_SAME_NAME = _EQUAL | {
    Level.NICKNAME, Level.PREFERRED, Level.PART, Level.NEAR, Level.SWAPPED_NAMES, Level.MIDDLE, Level.INITIAL,
    Level.SIMILAR,
}  # fmt: skip
_NOT_REPLACED: Mapping[Part, frozenset[Level]] = {
    Part.FAMILY_NAME: _SAME_NAME,
    Part.GIVEN_NAME: _SAME_NAME,
    Part.BIRTH_DATE: _EQUAL | {Level.SWAPPED_DAY_AND_MONTH, Level.ONE_DIGIT},
    Part.NHS_NUMBER: _EQUAL | {Level.ONE_DIGIT},
}
_SENTENCES = {
    Reason.MARRIAGE: "Marriage, civil partnership or divorce: the surname is a new one.",
    Reason.CORRECTION: "Correction: the record was wrong, and this is the person it was made for.",
    Reason.TRANSITION: "Gender transition: the name is a new one, perhaps the NHS number too.",
    Reason.ADOPTION: "Adoption: the name is a new one, perhaps the NHS number too.",
}
_EXPLAINS = {
    Reason.MARRIAGE: frozenset({Part.FAMILY_NAME}),
    Reason.CORRECTION: frozenset({Part.FAMILY_NAME, Part.GIVEN_NAME, Part.BIRTH_DATE, Part.NHS_NUMBER}),
    Reason.TRANSITION: frozenset({Part.FAMILY_NAME, Part.GIVEN_NAME, Part.NHS_NUMBER}),
    Reason.ADOPTION: frozenset({Part.FAMILY_NAME, Part.GIVEN_NAME, Part.NHS_NUMBER}),
}
