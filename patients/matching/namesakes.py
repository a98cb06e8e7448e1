"""Who may be confused with whom: people of like-sounding name and near birth date, and how they differ.

The rule is narrow on purpose: what stands on every second page is read on none. Two people are
namesakes where their names sound alike and their birth dates are equal, swapped or one digit apart;
where the names are equal and the birth dates share the year, or the day and month; where names are alike
at one address (a father and his son); and twins. How many pages that comes to is measured by
``make bench-namesakes``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum

from .compared import Compared
from .fields import Field
from .keys import Key, Kind, birth_text, pair, sound, token
from .levels import Level, Levels, birth_level, levels_of, names_levels, place_level, sexes_contradict
from .weights import FIXED


class Closeness(IntEnum):
    """Why two people may be confused, the likeliest confusion first."""

    SAME_BIRTH_DATE = 1
    NEAR_BIRTH_DATE = 2
    TWINS = 3
    SAME_ADDRESS = 4
    SAME_YEAR = 5
    SAME_DAY = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """How near two records come to each other, and what tells them apart, in words.

    ``is_one_person``: it looks more like two records of one person, who was not linked yet.
    """

    closeness: Closeness
    differs: tuple[str, ...] = field(repr=False)
    is_one_person: bool = False


_NEAR_DATES = frozenset({Level.SWAPPED_DAY_AND_MONTH, Level.ONE_DIGIT})
_ALIKE = frozenset(
    {Level.EXACT, Level.NICKNAME, Level.PREFERRED, Level.PART, Level.NEAR, Level.SWAPPED_NAMES}
)
_ONE_NAME = frozenset({Level.EXACT, Level.SWAPPED_NAMES})
_ONE_GIVEN_NAME = _ALIKE - {Level.NEAR}
_TWINS_SURNAMES = frozenset({Level.EXACT, Level.PART, Level.NEAR})
_ONE_ADDRESS = frozenset({Level.EXACT, Level.NEAR, Level.SAME_LINES, Level.NEAR_LINES})

#: What has to agree beside names and date before two records are said to look like one person's.
_THIRD_FIELDS = {
    Field.NHS_NUMBER: frozenset({Level.EXACT}),
    Field.EMAIL: frozenset({Level.EXACT}),
    Field.PHONE: frozenset({Level.EXACT}),
    Field.ADDRESS: _ONE_ADDRESS,
}

#: How many records of a block are looked at. Longer ones are those of the most frequent names.
CAPS = {
    Kind.FAMILY_BIRTH: 60, Kind.FAMILY_SOUND_BIRTH: 60, Kind.NAMES_YEAR: 60, Kind.NAMES_DAY: 60,
    Kind.POSTCODE_GIVEN: 30, Kind.TWO_SOUNDS: 60,
}  # fmt: skip


def namesake_keys(form: Compared) -> Iterator[Key]:
    """The keys of the index under which namesakes are found; some may come twice."""
    if not (form.given and form.family):
        return
    given, family = form.given.split()[0], form.family.split()[-1]
    yield Key(Kind.TWO_SOUNDS, pair(sound(given), sound(family)))
    if form.postcode:
        yield Key(Kind.POSTCODE_GIVEN, f"{form.postcode} {token(form.given)}")
    if form.birth:
        birth, names = birth_text(form.birth), pair(token(form.given), token(form.family))
        year, month, day = form.birth // 10000, form.birth // 100 % 100, form.birth % 100
        yield Key(Kind.FAMILY_BIRTH, f"{token(form.family)} {birth}")
        yield Key(Kind.FAMILY_SOUND_BIRTH, f"{sound(form.family)} {birth}")
        yield Key(Kind.NAMES_YEAR, f"{names} {year}")
        yield Key(Kind.NAMES_DAY, f"{names} {pair(f'{day:02d}', f'{month:02d}')}")


def may_be_near(one: int, other: int) -> bool:
    """Whether two birth dates (yyyymmdd) are near enough for anybody but relatives at one address."""
    return bool(one and other) and (
        one // 10000 == other // 10000
        or one % 10000 == other % 10000
        or birth_level(one, other) in _NEAR_DATES
    )


def likeness(one: Compared, other: Compared, *, records: int) -> Likeness | None:
    """How two people may be confused; ``None`` where nobody would. ``records``: about how many there are."""
    closeness = _closeness(one, other)
    if closeness is None:
        return None
    levels = levels_of(one, other)
    return Likeness(
        closeness=closeness,
        differs=tuple(_differences(one, other, levels)),
        is_one_person=_is_one_person(one, other, levels, closeness, records),
    )


def _closeness(one: Compared, other: Compared) -> Closeness | None:
    given, family = names_levels(one, other)
    birth = birth_level(one.birth, other.birth)
    families_alike = family in _ALIKE or _sound_alike(family, one.family, other.family)
    alike = families_alike and (given in _ALIKE or _sound_alike(given, one.given, other.given))
    if alike and birth is Level.EXACT:
        return Closeness.SAME_BIRTH_DATE
    if alike and birth in _NEAR_DATES:
        return Closeness.NEAR_BIRTH_DATE
    if birth is Level.EXACT and family in _TWINS_SURNAMES:
        return Closeness.TWINS
    if alike and place_level(one, other) in _ONE_ADDRESS:
        return Closeness.SAME_ADDRESS
    if {given, family} <= _ONE_NAME and one.birth and other.birth:
        if one.birth // 10000 == other.birth // 10000:
            return Closeness.SAME_YEAR
        if one.birth % 10000 == other.birth % 10000:
            return Closeness.SAME_DAY
    return None


def _sound_alike(level: Level, one: str, other: str) -> bool:
    return level is Level.SIMILAR and sound(one) == sound(other)


def _is_one_person(
    one: Compared, other: Compared, levels: Levels, closeness: Closeness, records: int
) -> bool:
    if closeness is Closeness.TWINS or _has_other_number(one, other) or sexes_contradict(one.sex, other.sex):
        return False
    if levels[Field.GIVEN_NAME] not in _ONE_GIVEN_NAME:  # Anika and Anisha are twins, not a slip
        return False
    is_more_alike = one.identity != other.identity and any(
        levels[of] in agreed for of, agreed in _THIRD_FIELDS.items()
    )
    return is_more_alike and FIXED.weigh(levels, records=records).total > 0


def _has_other_number(one: Compared, other: Compared) -> bool:
    return one.nhs_valid and other.nhs_valid and one.nhs != other.nhs


# --- in words -------------------------------------------------------------------------------


def _differences(one: Compared, other: Compared, levels: Levels) -> Iterator[str]:
    """What tells two people apart; where hardly anything does, that."""
    said = list(_name_and_date(one, other, levels))
    yield from said
    if _has_other_number(one, other):
        yield "other NHS number"
    if sexes_contradict(one.sex, other.sex):
        yield "other sex"
    place = levels[Field.ADDRESS]
    if place in _ONE_ADDRESS:
        yield "same address"
    elif place is not Level.MISSING:
        yield "other address"
    if not said:
        yield "same name and birth date"


def _name_and_date(one: Compared, other: Compared, levels: Levels) -> Iterator[str]:
    given, family = levels[Field.GIVEN_NAME], levels[Field.FAMILY_NAME]
    if Level.SWAPPED_NAMES in {given, family}:
        yield "given and family name swapped"
    else:
        if given is not Level.EXACT:
            is_like = given in _ALIKE or _sound_alike(given, one.given, other.given)
            yield "given name like it" if is_like else "other given name"
        if family is not Level.EXACT:
            yield "family name like it"
    if one.birth and other.birth and one.birth != other.birth:
        yield _dates_apart(one.birth, other.birth)


def _dates_apart(one: int, other: int) -> str:
    if birth_level(one, other) is Level.SWAPPED_DAY_AND_MONTH:
        return "day and month of birth swapped"
    parts = {
        "day": one % 100 != other % 100,
        "month": one // 100 % 100 != other // 100 % 100,
        "year": one // 10000 != other // 10000,
    }
    unlike = [name for name, differs in parts.items() if differs]
    return "other birth date" if len(unlike) == len(parts) else f"other {' and '.join(unlike)} of birth"
