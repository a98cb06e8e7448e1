"""One made-up person, and the details that are worked out from their place in the list.

NHS numbers are valid in modulus 11 and lie in the range 999, which is never issued; phone
numbers are those that Ofcom keeps for drama; e-mail addresses end in example.com or .org.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from anyascii import anyascii
from nhs_number.validate import calculate_checksum

SYSTEMS = {"J": "jump", "X": "jhe", "I": "impilo"}

TOWNS = {
    # town: county, outward codes, streets
    "London": ("Greater London", ("N1", "E8", "SE15", "SW9", "W12"), ("Wharf Road", "Albion Street")),
    "Leeds": ("West Yorkshire", ("LS6", "LS8", "LS11"), ("Cardigan Lane", "Harehills Avenue")),
    "Manchester": ("Greater Manchester", ("M14", "M16", "M20"), ("Platt Lane", "Upper Chorlton Road")),
    "Birmingham": ("West Midlands", ("B11", "B13", "B29"), ("Stratford Road", "Moor Green Lane")),
    "Bristol": ("Bristol", ("BS3", "BS5"), ("North Street", "Church Road")),
    "Cardiff": ("South Glamorgan", ("CF11", "CF24"), ("Cathedral Road", "Albany Road")),
    "Glasgow": ("Glasgow City", ("G12", "G41"), ("Byres Road", "Kilmarnock Road")),
    "Leicester": ("Leicestershire", ("LE2", "LE5"), ("London Road", "Evington Valley Road")),
    "Belfast": ("County Antrim", ("BT7", "BT9"), ("Ormeau Road", "Lisburn Road")),
    "Norwich": ("Norfolk", ("NR2", "NR3"), ("Unthank Road", "Silver Road")),
}
# The letters that the inward half of a postcode uses.
INWARD = "ABDEFGHJLNPQRSTUWXYZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A record's owner as the systems would agree on, and where they do not.

    ``systems`` names where they are known: J(ump), X (JHE), I(mpilo). ``number`` is the place in
    the list and makes every detail that is ``None`` here; an empty text means that nobody holds
    it. ``jump``, ``jhe`` and ``impilo`` say what one system holds instead: a field of this class
    or a wire field of that system. ``who`` is one for all entries that are one human being.
    """

    number: int
    who: str
    case: str = ""
    systems: str
    given: str
    family: str
    sex: str
    born: str
    town: str = "London"
    middle: str | None = ""
    preferred: str = ""
    title: str = ""
    email: str | None = None
    phone: str | None = None
    home_phone: str = ""
    nhs: str | None = None
    line_one: str | None = None
    postcode: str | None = None
    organizations: tuple[int, ...] = (20003,)
    jump: Mapping[str, Any] = field(default_factory=dict)
    jhe: Mapping[str, Any] = field(default_factory=dict)
    impilo: Mapping[str, Any] = field(default_factory=dict)

    def details(self, system: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """What ``system`` holds: the fields of this class with all gaps filled, and wire fields."""
        overrides: Mapping[str, Any] = getattr(self, system)
        own = {name: getattr(self, name) for name in _NAMES}
        own.update({name: value for name, value in overrides.items() if name in own})
        wire = {name: value for name, value in overrides.items() if name not in own}
        place = own["number"]
        county, outward, streets = TOWNS[own["town"]]
        worked_out = {
            "email": f"{_slug(self.given)}.{_slug(self.family)}@example.{'com' if place % 3 else 'org'}",
            "phone": mobile(place),
            "nhs": nhs(place),
            "line_one": f"{place * 7 % 180 + 1} {streets[place % len(streets)]}",
            "postcode": f"{outward[place % len(outward)]} {_inward(place)}",
        }
        for name, value in worked_out.items():
            if own[name] is None:
                own[name] = value
        return {**own, "county": county}, wire


_NAMES = tuple(each.name for each in fields(Person) if each.name not in SYSTEMS.values())


def _inward(place: int) -> str:
    """The second half of a postcode."""
    return f"{place % 9 + 1}{INWARD[place % 20]}{INWARD[place * 3 % 20]}"


def mobile(place: int) -> str:
    """The drama mobile number of one place in the list."""
    return f"07700 900{place * 37 % 1000:03}"


def landline(place: int) -> str:
    """The drama London number of one place in the list."""
    return f"020 7946 0{place * 41 % 1000:03}"


def nhs(place: int) -> str:
    """The NHS number of one place in the list, ten digits."""
    return _numbers(place + 1)[place]


@functools.cache
def _numbers(count: int) -> tuple[str, ...]:
    drawn = (f"999{place * 7919 % 1_000_000:06}" for place in itertools.count(17))
    checked = ((nine, str(calculate_checksum(nine))) for nine in drawn)
    return tuple(itertools.islice((nine + digit for nine, digit in checked if len(digit) == 1), count))


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", anyascii(name).lower())[:20] or "nobody"
