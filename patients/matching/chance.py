"""How many other people one has to expect who agree in names and birth date by chance alone.

What two systems share of somebody who changed every contact is the names and the birth date. Whether
that says anything depends on how many have such names: two Margaret Davises born in one year are no
surprise among a hundred thousand records, two Romuald Pupeks are.
"""

from __future__ import annotations

from collections.abc import Mapping

from .fields import Field
from .levels import Level, Levels
from .weights import FIXED

USUAL_COUNTS_AS = 100  # records
SAME_YEAR = 0.012  # of people who share one year's 1 January where only the year is known


def expected(levels: Levels, *, given: int, family: int, records: int, is_placeholder: bool) -> float:
    """How many of ``records`` agree at least so far in given name, family name and birth date by chance.

    ``given`` and ``family`` are how many records hold the names; ``is_placeholder`` that the birth date may
    stand for another. A field that either side lacks tells nobody from anybody.
    """
    names = _name(Field.GIVEN_NAME, levels, given, records) * _name(
        Field.FAMILY_NAME, levels, family, records
    )
    return records * names * _date(levels[Field.BIRTH_DATE], is_placeholder)


def _name(of: Field, levels: Levels, held: int, records: int) -> float:
    """The share of people who have a name, or one as near as this level says. Few records say little of how
    frequent a name is: the average one counts as a hundred of them."""
    usual = FIXED.shares[of][Level.EXACT][1]
    own = (held + USUAL_COUNTS_AS * usual) / (records + USUAL_COUNTS_AS)
    return min(own + _BEYOND[of].get(levels[of], 1.0), 1.0)


def _date(level: Level, is_placeholder: bool) -> float:
    if level is Level.EXACT and is_placeholder:
        return SAME_YEAR
    return _BEYOND[Field.BIRTH_DATE].get(level, 1.0)


def _shares(of: Field, levels: tuple[Level, ...]) -> Mapping[Level, float]:
    """Level → the share of strangers who agree so far or farther, by the fixed weights; what is equal is
    left out of names, whose own frequency counts."""
    total, shares = 0.0, {}
    for level in levels:
        total += FIXED.shares[of][level][1]
        shares[level] = total
    return shares


_BEYOND: Mapping[Field, Mapping[Level, float]] = {
    Field.GIVEN_NAME: {
        Level.EXACT: 0.0,
        **_shares(Field.GIVEN_NAME, (Level.SWAPPED_NAMES, Level.NEAR, Level.NICKNAME, Level.SIMILAR)),
    },
    Field.FAMILY_NAME: {
        Level.EXACT: 0.0,
        Level.SWAPPED_NAMES: 0.0,
        **_shares(Field.FAMILY_NAME, (Level.PART, Level.NEAR, Level.SIMILAR)),
    },
    Field.BIRTH_DATE: _shares(
        Field.BIRTH_DATE,
        (Level.EXACT, Level.SWAPPED_DAY_AND_MONTH, Level.ONE_DIGIT, Level.TWO_PARTS, Level.SAME_YEAR),
    ),
}
