"""Wire JSON of both JHE generations → normalised dataclasses. Pure: no network, no settings, no clock.

Every public function returns a value or raises :class:`~integrations.errors.ProtocolError`,
whatever it is given. A field of the wrong kind is left empty and named in ``unread``; only a
record without a readable id is refused. Rules and their sources: README.md §7.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from integrations.errors import ProtocolError
from integrations.types import (
    Administrative,
    Demographics,
    Identifier,
    Organization,
    Phone,
    RemotePatient,
    Role,
    Study,
)

NAME = "jhe"
LABEL = "JupyterHealth Exchange"
NHS_NUMBER_SYSTEM = "https://fhir.nhs.uk/Id/nhs-number"
_ID = re.compile(r"[0-9]{1,18}", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_ROLES = {role.value: role for role in Role}


def is_id(value: str) -> bool:
    """Whether a text can be one of JHE's ids: anything but digits would be answered by a 500."""
    return _ID.fullmatch(value) is not None


def patient_from_rest(data: Any) -> RemotePatient:
    """A patient as the REST operations give it, ``identifiers`` (2026) or ``identifier`` (2025-10)."""
    row = _object(data, "patient")
    reader = _Reader(row)
    identifiers = reader.identifiers()
    return RemotePatient(
        system=NAME,
        id=_id(row.get("id"), "patient id"),
        demographics=Demographics(
            given_name=reader.text("nameGiven", "given_name"),
            family_name=reader.text("nameFamily", "family_name"),
            birth_date=reader.day("birthDate", "birth_date"),
            nhs_number=nhs_number_of(identifiers),
            email=reader.text("telecomEmail", "email"),
            phones=_phones(reader.text("telecomPhone", "phones")),
        ),
        administrative=Administrative(login=reader.number("jheUserId", "login")),
        identifiers=identifiers,
        organizations=reader.organizations(),
        updated_at=reader.instant(row.get("lastUpdated")),
        unread=tuple(reader.unread),
        raw=row,
    )


def patient_from_fhir(data: Any) -> RemotePatient:
    """A FHIR R5 Patient. It names no organizations, so the record is not ``complete``."""
    row = _object(data, "Patient")
    if row.get("resourceType") != "Patient":
        raise _protocol_error("not a Patient")
    reader = _Reader(row)
    identifiers = reader.identifiers(key="identifier")
    family, given = reader.human_name()
    return RemotePatient(
        system=NAME,
        id=_id(row.get("id"), "Patient id"),
        demographics=Demographics(
            given_name=given,
            family_name=family,
            birth_date=reader.day("birthDate", "birth_date"),
            nhs_number=nhs_number_of(identifiers),
            email=reader.telecom("email"),
            phones=_phones(reader.telecom("phone")),
        ),
        identifiers=identifiers,
        updated_at=reader.instant(_mapping(row.get("meta")).get("lastUpdated")),
        complete=False,
        unread=tuple(reader.unread),
        raw=row,
    )


def organization_from(data: Any) -> Organization:
    """An organization with the caller's own role, where the operation tells it."""
    row = _object(data, "organization")
    part_of = row.get("partOf")
    return Organization(
        id=_id(row.get("id"), "organization id"),
        name=_plain(row.get("name")),
        kind=_plain(row.get("type")),
        part_of="" if part_of is None else _id(part_of, "organization id"),
        role=_ROLES.get(_plain(row.get("currentUserRole"))),
    )


def study_from(data: Any, organization: Organization | None = None) -> Study:
    """A study; ``organization`` replaces the reply's own where that is a bare number."""
    row = _object(data, "study")
    own = row.get("organization")
    if isinstance(own, dict):
        organization = organization_from(own)
    return Study(
        id=_id(row.get("id"), "study id"),
        name=_plain(row.get("name")),
        description=_plain(row.get("description")),
        organization=organization,
    )


def organization_id_of_study(data: Any) -> str:
    """The id of the organization that runs a study, given as a number or as an object."""
    own = _object(data, "study").get("organization")
    return _id(own.get("id") if isinstance(own, dict) else own, "organization id")


def account_from(data: Any) -> tuple[str, str]:
    """(subject, ``practitioner`` or ``patient``) from a profile (README.md §9).

    Patients created over the API have no ``userType``; so has a superuser of 2025-10.
    """
    row = _object(data, "profile")
    kind = row.get("userType")
    if kind not in ("practitioner", "patient"):
        kind = "practitioner" if row.get("isSuperuser") is True else "patient"
    return _id(row.get("id"), "user id"), str(kind)


def nhs_number_of(identifiers: tuple[Identifier, ...]) -> str:
    """The NHS number among a record's identifiers: ten digits if it can be read so, else as held."""
    for each in identifiers:
        if each.system == NHS_NUMBER_SYSTEM:
            return ten_digits(each.value)
    return ""


def ten_digits(number: str) -> str:
    """An NHS number as ten digits if it can be read so, else as held."""
    digits = re.sub(r"[\s-]", "", number)
    return digits if re.fullmatch(r"[0-9]{10}", digits, re.ASCII) else number.strip()


def keeps_several_identifiers(record: RemotePatient) -> bool:
    """Whether a whole record came with ``identifiers``, as since 2026, and not with one ``identifier``."""
    return "identifiers" in record.raw or "identifier" not in record.raw


class _Reader:
    """Reads the fields of one record and notes what it could not read."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        self.row = row
        self.unread: list[str] = []

    def text(self, key: str, name: str) -> str:
        value = self.row.get(key)
        if value is None or isinstance(value, str):
            return (value or "").strip()
        self._note(name)
        return ""

    def number(self, key: str, name: str) -> str:
        """An id of JHE's as text; empty where there is none."""
        value = self.row.get(key)
        try:
            return "" if value is None else _id(value, name)
        except ProtocolError:
            self._note(name)
            return ""

    def day(self, key: str, name: str) -> date | None:
        value = self.row.get(key)
        if value is None or value == "":
            return None
        try:
            if isinstance(value, str) and _DATE.fullmatch(value):
                return date.fromisoformat(value)
        except ValueError:
            pass
        self._note(name)
        return None

    def instant(self, value: Any) -> datetime | None:
        """A moment with its offset (``Z`` or, in 2025-10, the server's own)."""
        if value is None:
            return None
        try:
            moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            self._note("updated_at")
            return None
        return moment

    def identifiers(self, key: str = "identifiers") -> tuple[Identifier, ...]:
        """Letter by letter, spaces included: they are written back as a whole set (README.md §11)."""
        value = self.row.get(key)
        if value is None and key == "identifiers":
            value = [{"value": single}] if (single := self.row.get("identifier")) not in (None, "") else []
        found = []
        for each in self._items(value, "identifiers"):
            text = each.get("value") if isinstance(each, dict) else None
            system = each.get("system") if isinstance(each, dict) else None
            if isinstance(text, str) and text.strip() and isinstance(system, str | None):
                found.append(Identifier(system=system or "", value=text))
            else:
                self._note("identifiers")
        return tuple(found)

    def organizations(self) -> tuple[Organization, ...]:
        """``organizations``; where a server has none of it, the guide's ``organizationId``."""
        value = self.row.get("organizations")
        if value is None and self.row.get("organizationId") is not None:
            value = [self.row["organizationId"]]
        found = []
        for each in self._items(value, "organizations"):
            try:
                found.append(organization_from(each if isinstance(each, dict) else {"id": each}))
            except ProtocolError:
                self._note("organizations")
        return tuple(found)

    def human_name(self) -> tuple[str, str]:
        for each in self._items(self.row.get("name"), "given_name"):
            name = _mapping(each)
            given = self._items(name.get("given"), "given_name")
            parts = [part for part in given if isinstance(part, str)]
            return _plain(name.get("family")), " ".join(parts).strip()
        return "", ""

    def telecom(self, system: str) -> str:
        field = "email" if system == "email" else "phones"
        for each in self._items(self.row.get("telecom"), field):
            point = _mapping(each)
            if point.get("system") == system:
                return _plain(point.get("value"))
        return ""

    def _items(self, value: Any, name: str) -> Iterator[Any]:
        if isinstance(value, list):
            yield from value
        elif value is not None:
            self._note(name)

    def _note(self, name: str) -> None:
        if name not in self.unread:
            self.unread.append(name)


def _phones(number: str) -> tuple[Phone, ...]:
    return (Phone(number=number),) if number else ()


def _plain(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _object(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _protocol_error(f"{what} is not an object")
    return value


def _id(value: Any, what: str) -> str:
    """An id as text; JHE gives numbers in REST and the same numbers as text in FHIR."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**18:
        return str(value)
    text = value if isinstance(value, str) else ""
    if not is_id(text):
        raise _protocol_error(f"{what} is not a number")
    return text


def _protocol_error(reason: str) -> ProtocolError:
    return ProtocolError(system=NAME, operation="read a reply", label=LABEL, reason=reason)
