"""How much each level of agreement says: Fellegi–Sunter with three classes.

Two records are one *person's*, two *strangers'*, or of one *household*: relatives agree in address,
phone, e-mail and surname all at once, and two classes take them for one person. For every level
stand the shares of such pairs that agree so far: m among pairs of one person, u among strangers,
h within a household (Fellegi & Sunter, "A theory for record linkage", JASA 1969; the third class
and the figures: docs/decisions/0005-three-classes.md). Figures of one field add up to one, but
for rounding; a field that either side lacks says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import exp, log, log2

from .fields import Field
from .levels import Level

__all__ = ["FIXED", "Weighed", "Weights"]

Shares = tuple[float, float, float]

# Learned on 100,000 made-up people with British naming and families.
_GIVEN: dict[Level, Shares] = {
    Level.EXACT: (0.854, 0.0077, 0.029),
    Level.NICKNAME: (0.028, 0.0020, 0.005),
    Level.NEAR: (0.058, 0.0007, 0.009),
    Level.SIMILAR: (0.029, 0.0058, 0.028),
    Level.SWAPPED_NAMES: (0.022, 5e-6, 0.001),
    Level.CROSSED: (0.003, 0.0006, 0.009),
    Level.DIFFERENT: (0.006, 0.98, 0.92),
}
_FAMILY: dict[Level, Shares] = {
    Level.EXACT: (0.856, 0.0020, 0.879),
    Level.PART: (0.010, 1.5e-5, 0.006),
    Level.NEAR: (0.075, 0.0006, 0.010),
    Level.SIMILAR: (0.013, 0.0037, 0.002),
    Level.DIFFERENT: (0.047, 0.99, 0.103),
}
_BIRTH: dict[Level, Shares] = {
    Level.EXACT: (0.936, 2.2e-5, 0.028),
    Level.SWAPPED_DAY_AND_MONTH: (0.021, 8e-6, 0.002),
    Level.ONE_DIGIT: (0.033, 0.0008, 0.004),
    Level.TWO_PARTS: (0.008, 0.012, 0.047),
    Level.SAME_YEAR: (0.001, 0.008, 0.046),
    Level.DIFFERENT: (0.002, 0.98, 0.874),
}
_PLACE: dict[Level, Shares] = {
    Level.SAME_LINES: (0.046, 1.7e-6, 0.041),
    Level.NEAR_LINES: (0.012, 1.8e-5, 0.002),
    Level.LIKE_LINES: (0.003, 0.0001, 0.002),
    Level.UNLIKE_LINES: (0.023, 0.045, 0.002),
    Level.POSTCODE_ALONE: (0.056, 2e-5, 0.014),
    Level.EXACT: (0.532, 2e-5, 0.909),
    Level.NEAR: (0.061, 0.0004, 0.011),
    Level.OTHER_LINES: (0.005, 8e-5, 0.005),
    Level.NEAR_POSTCODE: (0.009, 6e-5, 0.002),
    Level.ONE_EDIT: (0.030, 1.7e-6, 0.008),
    Level.SAME_SECTOR: (0.003, 0.0004, 0.001),
    Level.SAME_DISTRICT: (0.006, 0.0039, 0.001),
    Level.OTHER_POSTCODE: (0.005, 8e-6, 0.001),
    Level.DIFFERENT: (0.209, 0.95, 0.004),
}
_PHONE: dict[Level, Shares] = {
    Level.EXACT: (0.676, 2e-6, 0.180),
    Level.ONE_DIGIT: (0.028, 2e-6, 0.002),
    Level.DIFFERENT: (0.297, 1.0, 0.818),
}
_EMAIL: dict[Level, Shares] = {
    Level.EXACT: (0.744, 1e-5, 0.233),
    Level.ONE_EDIT: (0.028, 4e-6, 0.004),
    Level.DIFFERENT: (0.229, 1.0, 0.763),
}
_NHS: dict[Level, Shares] = {
    Level.EXACT: (0.981, 3e-6, 0.0005),
    Level.ONE_DIGIT: (0.017, 3e-6, 0.0005),
    Level.DIFFERENT: (0.002, 1.0, 0.999),
}
_SEX: dict[Level, Shares] = {
    Level.EXACT: (0.998, 0.5, 0.505),
    Level.DIFFERENT: (0.002, 0.5, 0.495),
}

# Levels that are told apart in words and were not apart in what was learned from.
_COUNTED_AS = {
    Level.PREFERRED: Level.NICKNAME,
    Level.INITIAL: Level.SIMILAR,
    Level.MIDDLE: Level.SIMILAR,
    Level.CHANGED_SURNAME: Level.DIFFERENT,
}
_COUNTED_AS_IN = {(Field.GIVEN_NAME, Level.PART): Level.NEAR}


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """How much speaks for one person: ``total`` in bits, positive for, negative against.

    ``parts`` is what each field says against chance alone, log2(m / u). They do not add up to the
    total, which also weighs whether two people of one household would agree so.
    """

    total: float
    parts: Mapping[Field, float] = field(repr=False)


class Weights:
    """One version of the shares. ``version`` stands with every link that was made by it."""

    def __init__(self, *, version: str, shares: Mapping[Field, Mapping[Level, Shares]]) -> None:
        self.version = version
        self.shares = shares
        self._logs = {
            (of, level): (log(m), log(u), log(h), log2(m / u))
            for of, known in shares.items()
            for level, (m, u, h) in _with_counted_as(of, known).items()
        }

    def bits(self, of: Field, level: Level) -> float:
        """What a level of one field says against chance alone; nothing where it says nothing."""
        logs = self._logs.get((of, level))
        return logs[3] if logs else 0.0

    def weigh(
        self, levels: Mapping[Field, Level], *, records: int, same: float = 0.1, household: float = 2.0
    ) -> Weighed:
        """The weight of two records' levels among ``records`` in all.

        ``same`` and ``household`` say of how many other records one may expect beforehand that they
        are the same person's or of the same household: with the defaults there are 0.05 and 1.0
        such pairs a record.
        """
        others = max(records, 2) - 1
        same, household = min(same / others, 0.3), min(household / others, 0.5)
        m, u, h = log(same), log(max(1 - same - household, 0.2)), log(household)
        parts: dict[Field, float] = {}
        for agreed in levels.items():
            logs = self._logs.get(agreed)
            if logs is not None:
                m, u, h = m + logs[0], u + logs[1], h + logs[2]
                parts[agreed[0]] = logs[3]
        return Weighed(total=(m - _log_sum(u, h)) / _LOG_2, parts=parts)


def _with_counted_as(of: Field, known: Mapping[Level, Shares]) -> dict[Level, Shares]:
    """The shares of one field with those of levels that count as another.

    Swapped names are counted once, with the given name: the family name has no share for them.
    """
    counted = {level: known[as_] for level, as_ in _COUNTED_AS.items() if as_ in known}
    counted |= {level: known[as_] for (field_, level), as_ in _COUNTED_AS_IN.items() if field_ is of}
    return {**counted, **known}


_LOG_2 = log(2)


def _log_sum(one: float, other: float) -> float:
    """log(exp(one) + exp(other)) without leaving the range of numbers."""
    top = max(one, other)
    return top + log(exp(one - top) + exp(other - top))


FIXED = Weights(
    version="fixed-1",
    shares={
        Field.GIVEN_NAME: _GIVEN,
        Field.FAMILY_NAME: _FAMILY,
        Field.BIRTH_DATE: _BIRTH,
        Field.SEX: _SEX,
        Field.NHS_NUMBER: _NHS,
        Field.EMAIL: _EMAIL,
        Field.PHONE: _PHONE,
        Field.ADDRESS: _PLACE,
    },
)
"""The weights that hold until a clinic has enough records of its own to learn from."""
