"""People written one to a line.

``[case:] systems sex birth-date given | family | town | particulars``. ``systems`` names where
the person is known: J(ump), X (JHE), I(mpilo). Particulars are ``field=value``, or
``system.field=value`` for what one system holds instead (a field of :class:`Person` or a wire
field of that system), with ``; `` between them; a value that is JSON is read as JSON. An indented
line goes on with the one before it.
"""

from __future__ import annotations

import json
import re
from typing import Any

from .person import SYSTEMS, Person

SEXES = {"f": "female", "m": "male"}


def people_of(lines: str, first_number: int) -> list[Person]:
    """The people of a text, numbered in order."""
    whole = re.sub(r"\n +", " ", lines.strip()).splitlines()
    return [_person(first_number + place, line) for place, line in enumerate(whole)]


def _person(number: int, line: str) -> Person:
    head, family, town, *rest = (part.strip() for part in line.split("|"))
    case, _, known = head.rpartition(": ")
    systems, sex, born, given = known.split(" ", maxsplit=3)
    values: dict[str, Any] = {
        "number": number,
        "who": f"{given} {family}, {born}",
        "case": case,
        "systems": systems,
        "given": given,
        "family": family,
        "sex": SEXES[sex],
        "born": born,
        "town": town,
        "organizations": (20003,) if case else _organizations(number),
    }
    return Person(**values | _particulars("; ".join(rest)))


def _particulars(text: str) -> dict[str, Any]:
    own: dict[str, Any] = {system: {} for system in SYSTEMS.values()}
    for each in text.split("; ") if text else ():
        place, value = each.split("=", maxsplit=1)
        system, dot, name = place.rpartition(".")
        (own[system] if dot else own)[name] = _value(value)
    return own


def _value(text: str) -> Any:
    if text.startswith(("[", "{")) or text in ("true", "false"):
        return json.loads(text)
    return text


def _organizations(number: int) -> tuple[int, ...]:
    """Most are in the Lifespan Lab, like all cases; some in two others, a few in two at once."""
    if number % 7 == 0:
        return (20005,)
    if number % 9 == 0:
        return (20007,)
    return (20003, 20007) if number % 11 == 0 else (20003,)
