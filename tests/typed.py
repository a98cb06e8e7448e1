"""The made-up people of ``data/typed_people.csv`` as source records, and the lines that mean them.

One row of such a file is one person: ``systems`` names where they have a record, the last of which
still holds ``former_family_name`` where there is one. Each system holds what it can hold: JHE no
NHS number and no address, Impilo no NHS number. A file of lines has the columns ``line`` and
``expected``, which is a ``person`` of the file of people.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from integrations.types import (
    Address,
    Demographics,
    Organization,
    Phone,
    PhoneKind,
    RemotePatient,
    Sex,
)
from patients.services.suggesting import Suggestion

DATA = Path(__file__).parent / "data"
PEOPLE, LINES = DATA / "typed_people.csv", DATA / "typed_lines.csv"
ORGANIZATION = "20003"  # of every JHE record here
NEAR = 3  # among so many shown somebody counts as found


@dataclass(frozen=True, slots=True)
class Line:
    """One typed line, its number in the file (the first after the heading is 2), and who is meant."""

    number: int
    text: str = field(repr=False)
    expected: str


def lines_of(path: Path) -> list[Line]:
    """The lines of a file."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        return [Line(number, row["line"], row["expected"]) for number, row in enumerate(rows, start=2)]


def records_of(path: Path) -> dict[str, list[RemotePatient]]:
    """Person → their source records, by the file of people."""
    with path.open(encoding="utf-8", newline="") as file:
        return {row["person"]: list(_records(row)) for row in csv.DictReader(file)}


def _records(row: Mapping[str, str]) -> Iterator[RemotePatient]:
    systems = row["systems"].split()
    for system in systems:
        family = row["family_name"]
        if system == systems[-1]:
            family = row["former_family_name"] or family
        yield _WRITERS[system](row, family)


def _jump(row: Mapping[str, str], family: str) -> RemotePatient:
    landline = (Phone(kind=PhoneKind.HOME, number=row["landline"]),) if row["landline"] else ()
    about = Demographics(
        given_name=row["given_name"],
        middle_name=row["middle_name"],
        preferred_name=row["preferred_name"],
        family_name=family,
        birth_date=date.fromisoformat(row["birth_date"]),
        sex=Sex(row["sex"]),
        nhs_number=row["nhs_number"],
        email=row["email"],
        phones=(Phone(kind=PhoneKind.MOBILE, number=row["mobile"]), *landline),
        address=_address(row),
    )
    return RemotePatient(system="jump", id=row["person"], demographics=about)


def _jhe(row: Mapping[str, str], family: str) -> RemotePatient:
    about = Demographics(
        given_name=row["given_name"],
        family_name=family,
        birth_date=date.fromisoformat(row["birth_date"]),
        email=row["email"],
        phones=(Phone(number=row["mobile"]),),
    )
    organizations = (Organization(id=ORGANIZATION),)
    return RemotePatient(system="jhe", id=row["person"], demographics=about, organizations=organizations)


def _impilo(row: Mapping[str, str], family: str) -> RemotePatient:
    about = Demographics(
        given_name=row["given_name"],
        family_name=family,
        birth_date=date.fromisoformat(row["birth_date"]),
        sex=Sex(row["sex"]),
        email=row["email"],
        phones=(Phone(number=row["mobile"]),),
        address=_address(row),
    )
    return RemotePatient(system="impilo", id=row["person"], demographics=about)


def _address(row: Mapping[str, str]) -> Address:
    return Address(lines=(row["house"],), town=row["town"], postcode=row["postcode"])


_WRITERS = {"jump": _jump, "jhe": _jhe, "impilo": _impilo}


def rank_of(expected: Iterable[RemotePatient], shown: Sequence[Suggestion]) -> int | None:
    """At which place, from 0, a person with one of these records is shown; ``None`` where nowhere."""
    keys = {(each.system, each.id) for each in expected}
    places = (
        place
        for place, one in enumerate(shown)
        if keys & {(each.system, each.id) for each in one.person.group.records}
    )
    return next(places, None)
