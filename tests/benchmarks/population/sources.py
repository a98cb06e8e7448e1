"""Names as three published packages hold them, read when needed and never copied here.

* ``gender-guesser``: Jörg Michael's list of given names, with a frequency for each country on a
  scale of powers of two (a step is a factor of two; made from directories and registers).
* ``Faker``: the 500 most frequent surnames of Great Britain and 399 of China with their share of
  the population; names of other places as plain lists.
* ``names``: the surnames of the US census of 1990 with their share of the population.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import Any

from integrations.types import Sex

_FIRST_COLUMN = 30
_SHARES = {
    "M": {Sex.MALE: 1.0},
    "1M": {Sex.MALE: 1.0},
    "?M": {Sex.MALE: 0.8},
    "F": {Sex.FEMALE: 1.0},
    "1F": {Sex.FEMALE: 1.0},
    "?F": {Sex.FEMALE: 0.8},
    "?": {Sex.MALE: 0.5, Sex.FEMALE: 0.5},
}
_SMALLEST_SHARE = 0.0002  # per cent: what is left for each of the census's last 60,000 surnames


@cache
def _given_name_lines() -> tuple[tuple[str, str, str], ...]:
    """(kind, name, one character for each country) of every line."""
    text = (files("gender_guesser") / "data" / "nam_dict.txt").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if line and line[0] not in "#=")
    return tuple((line[:2].strip(), line[3:29].strip(), line[_FIRST_COLUMN:]) for line in lines)


@cache
def given_names(country: str, sex: Sex) -> dict[str, float]:
    """Given names of a country (as ``gender_guesser`` calls it) with their relative frequency."""
    column = import_module("gender_guesser.detector").Detector.COUNTRIES.index(country)
    names: dict[str, float] = {}
    for kind, name, frequencies in _given_name_lines():
        step = frequencies[column : column + 1].strip()
        share = _SHARES.get(kind, {}).get(sex, 0.0)
        if step and share and len(name) > 1:
            plain = name.replace("+", " ")
            names[plain] = max(names.get(plain, 0.0), share * 2.0 ** int(step, 16))
    return names


@cache
def _person_provider(locale: str) -> Any:
    return import_module(f"faker.providers.person.{locale}").Provider


def listed(locale: str, kind: str) -> list[str]:
    """The names of one kind that Faker lists for a locale, in its order, each once."""
    return list(dict.fromkeys(getattr(_person_provider(locale), kind)))


def surname_shares(locale: str) -> dict[str, float]:
    """Surnames of a locale for which Faker gives shares, in per cent of the population."""
    return dict(_person_provider(locale).last_names)


@cache
def census_surnames() -> dict[str, float]:
    """Surnames of the US census of 1990 in per cent of the population, in usual spelling."""
    text = (files("names") / "dist.all.last").read_text(encoding="ascii")
    rows = (line.split() for line in text.splitlines())
    return {_spelled(row[0]): max(float(row[1]), _SMALLEST_SHARE) for row in rows if row}


def _spelled(capitals: str) -> str:
    name = capitals.capitalize()
    return re.sub(r"^Mc([a-z])(?=[a-z]{2})", lambda match: f"Mc{match[1].upper()}", name)


def known_frequency(names: Iterable[str], *, at_most: float, at_least: float) -> dict[str, float]:
    """Listed surnames weighted by how frequent they are in the US census, within bounds."""
    census = census_surnames()
    plain = {name: re.sub(r"[^A-Za-z]", "", name).capitalize() for name in names}
    found = {name: census.get(name) or census.get(key) or at_least for name, key in plain.items()}
    return {name: min(max(share, at_least), at_most) for name, share in found.items()}
