"""Drawing from values that are not equally frequent."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from itertools import accumulate
from random import Random
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Weighted(Generic[Value]):
    """Values with their weights; a draw costs one random number and one bisection."""

    def __init__(self, weights: Mapping[Value, float] | Iterable[tuple[Value, float]]) -> None:
        pairs = list(weights.items()) if isinstance(weights, Mapping) else list(weights)
        self.values = [value for value, weight in pairs if weight > 0]
        self._upto = list(accumulate(weight for _, weight in pairs if weight > 0))
        self._total = self._upto[-1] * (1 - 1e-12)  # so that rounding never leads past the last one

    def draw(self, chance: Random) -> Value:
        """One value, as often as its weight says."""
        return self.values[bisect_right(self._upto, chance.random() * self._total)]


def ranked(values: Iterable[Value], *, first: float = 1.0, fall: float = 0.7) -> dict[Value, float]:
    """Weights for values of which only the order is known: ``first / rank ** fall``."""
    weights: dict[Value, float] = {}
    for value in values:
        weights.setdefault(value, first / (len(weights) + 1) ** fall)
    return weights


def scaled(weights: Mapping[Value, float], total: float) -> dict[Value, float]:
    """The same proportions, adding up to ``total``."""
    factor = total / sum(weights.values())
    return {value: weight * factor for value, weight in weights.items()}


def mixed(*parts: Mapping[Value, float]) -> dict[Value, float]:
    """Weights added up value by value."""
    together: dict[Value, float] = {}
    for part in parts:
        for value, weight in part.items():
            together[value] = together.get(value, 0.0) + weight
    return together
