"""A made-up person, as they are: what no single record holds completely."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from integrations.types import RemotePatient, Sex

from .naming import Naming


@dataclass(slots=True, kw_only=True)
class Person:
    """One person; ``earlier_surname`` is the one before a marriage, else empty.

    ``known_as`` is the name that others call them by where it is not the given one (an English
    name beside a Chinese one, the second name of a Mohammed). ``home`` and ``earlier_home`` are
    numbers of homes. ``own_email`` is theirs alone; ``email`` may be a parent's or a couple's.
    """

    number: int
    household: int
    origin: str
    naming: Naming
    sex: Sex
    birth_date: date
    given: str
    middle: str
    surname: str
    earlier_surname: str = ""
    known_as: str = ""
    mobile: str = ""
    landline: str = ""
    email: str = ""
    own_email: str = ""
    home: int = 0
    earlier_home: int = 0
    nhs_number: str = ""


@dataclass(slots=True)
class Copy:
    """A record of a person and the names that it was meant to hold, before any error."""

    record: RemotePatient
    given: str
    surname: str


@dataclass(slots=True)
class Known:
    """A person with every record of them."""

    person: Person
    copies: list[Copy] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Made:
    """A source record and the truth about it: whose it is, with whom they live, where from."""

    person: int
    household: int
    origin: str
    record: RemotePatient = field(repr=False)
