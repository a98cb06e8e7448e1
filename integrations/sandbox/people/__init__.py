"""The people of the sandbox. Every one of them is made up.

About 150 people whom a UK clinic might know, the same at every start: ordinary ones, many of
them in two or three systems with the small differences of real life (``population``), and the
well-known cases that matching, pages and training turn on (``cases``). Numbers and addresses
are of kinds that are never given to anybody (see ``person``).
"""

from __future__ import annotations

import functools
from collections import defaultdict
from typing import Any

from . import cases, population
from .cases import NOTES
from .lines import people_of
from .person import SYSTEMS, Person
from .wire import documented_row, impilo_id, impilo_row, jhe_row, jump_id, jump_row

__all__ = ["CAST", "NOTES", "SAME_PERSON", "Reference", "impilo_rows", "jhe_rows", "jump_rows"]

Reference = tuple[str, str]
"""A record: the system's name and its id as text."""

# Ordinary people keep their numbers, and so their details, when cases are added.
FIRST_ORDINARY = 100
FIRST_JHE_ID = 40006
"""JHE numbers these people after the five patients of its own."""


@functools.cache
def _people() -> tuple[Person, ...]:
    special = people_of(cases.spelled_out(), first_number=0)
    return (*special, *people_of(population.LINES, first_number=FIRST_ORDINARY))


def _known_to(letter: str) -> list[Person]:
    return [person for person in _people() if letter in person.systems]


def jump_rows() -> list[dict[str, Any]]:
    """Whole Jump patients, as the API shows them in its later generation."""
    return [documented_row(), *(jump_row(person) for person in _known_to("J"))]


def impilo_rows() -> list[dict[str, Any]]:
    """Impilo patients, as the API shows them."""
    return [impilo_row(person) for person in _known_to("I")]


def jhe_rows() -> list[dict[str, Any]]:
    """JHE's people in the order of their ids, which JHE gives.

    Keys: ``email``, ``given``, ``family``, ``birth_date``, ``phone`` (or ``None``),
    ``identifiers`` (each ``system`` and ``value``), ``organizations`` (JHE ids).
    """
    return [jhe_row(person, place) for place, person in enumerate(_known_to("X"))]


def _references() -> dict[int, tuple[Reference, ...]]:
    """The records of each entry of the list, by its number."""
    ids: dict[str, dict[int, str]] = {
        "J": {person.number: jump_id(person) for person in _known_to("J")},
        "X": {person.number: str(FIRST_JHE_ID + place) for place, person in enumerate(_known_to("X"))},
        "I": {person.number: str(impilo_id(person)) for person in _known_to("I")},
    }
    return {
        person.number: tuple((SYSTEMS[each], ids[each][person.number]) for each in person.systems)
        for person in _people()
    }


def _grouped() -> tuple[dict[str, tuple[Reference, ...]], dict[str, tuple[Reference, ...]]]:
    cast: defaultdict[str, tuple[Reference, ...]] = defaultdict(tuple)
    same: defaultdict[str, tuple[Reference, ...]] = defaultdict(tuple)
    references = _references()
    for person in _people():
        same[person.who] += references[person.number]
        if person.case:
            cast[person.case] += references[person.number]
    cast["documented_example"] = (("jump", documented_row()["id"]),)
    return dict(cast), dict(same)


CAST, SAME_PERSON = _grouped()
"""``CAST``: the records of each well-known case (``NOTES`` says what it is about), in the order
of the people in it. ``SAME_PERSON``: who a record really is of, by a name for the human being;
what a perfect matcher would link."""
