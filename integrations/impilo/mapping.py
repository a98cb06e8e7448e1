"""Impilo's patient JSON ↔ normalised values; pure. Sections cited are of README.md beside this file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from integrations.errors import ProtocolError
from integrations.types import (
    Address,
    Administrative,
    Demographics,
    Identifier,
    Phone,
    RecordStatus,
    RemotePatient,
    Sex,
)
from integrations.wire import Fields, Unreadable, as_id

SYSTEM, LABEL = "impilo", "Impilo"

SEXES = {"male": Sex.MALE, "female": Sex.FEMALE, "other": Sex.OTHER, "unknown": Sex.UNKNOWN}
LINES = ("lineOne", "lineTwo", "lineThree")
EXTERNAL = "external"  # who gave an external identifier: some customer system, not said which
# The guide's recipe, MD5 of e-mail and phone, gives these (README, External identifiers).
_RECIPE = re.compile(r"[0-9a-f]{32}", re.ASCII | re.IGNORECASE)
HIDDEN = "(made from contact details)"

# Our field names of the wire's, for what Impilo says about a refused value.
FIELD_NAMES: Mapping[str, str] = {
    "firstName": "given_name",
    "lastName": "family_name",
    "dateOfBirth": "birth_date",
    "dateOfBirthMin": "birth_date",
    "dateOfBirthMax": "birth_date",
    "email": "email",
    "phoneNumber": "phone",
    "sex": "sex",
    "address": "address",
    "lineOne": "address",
    "lineTwo": "address",
    "lineThree": "address",
    "enrolled": "enrolled",
    "archived": "status",
    "postalCode": "postcode",
    "zipCode": "postcode",
    "externalIdentifier": "external_identifier",
}


def patient(data: object, *, operation: str) -> RemotePatient:
    """A record from a patient object. Raises :class:`ProtocolError` for anything else."""
    try:
        fields = Fields(data)
        record_id = fields.id()
    except Unreadable:
        raise ProtocolError(system=SYSTEM, operation=operation, label=LABEL, reason="shape") from None
    identifiers = _identifiers(fields)
    return RemotePatient(
        system=SYSTEM,
        id=record_id,
        demographics=_demographics(fields),
        administrative=Administrative(
            enrolled=fields.flag("enrolled", "enrolled"),
            site=_site(fields),
            site_details=tuple(filter(None, _site_details(fields))),
        ),
        status=_status(fields),
        identifiers=identifiers,
        unread=tuple(fields.unread),
        raw=_raw(fields, identifiers),
    )


def is_recipe(identifier: str) -> bool:
    """Whether an external identifier looks like the guide's recipe, which can be guessed back."""
    return _RECIPE.fullmatch(identifier) is not None


def _demographics(fields: Fields) -> Demographics:
    given, family = fields.text("firstName", "given_name"), fields.text("lastName", "family_name")
    number = fields.text("phoneNumber", "phones")
    return Demographics(
        given_name=given,
        family_name=family,
        full_name="" if given or family else fields.text("name", "full_name"),
        birth_date=fields.day("dateOfBirth", "birth_date"),
        sex=_sex(fields),
        email=fields.text("email", "email"),
        phones=(Phone(number=number),) if number else (),
        address=_address(fields),
    )


def _sex(fields: Fields) -> Sex | None:
    key = "gender" if fields.data.get("sex") in (None, "") else "sex"
    return fields.choice(key, "sex", SEXES, Sex.UNKNOWN)


def _address(fields: Fields) -> Address | None:
    part = fields.part("address", "address")
    if part is None:
        return None
    address = _address_of(part)
    return None if address == Address() else address


def address_in(data: object) -> Address | None:
    """The address in an address object; ``None`` where there is none."""
    return _address(Fields({"address": data}))


def _address_of(part: Fields) -> Address:
    return Address(
        lines=tuple(line for key in LINES if (line := part.text(key, "address"))),
        town=part.text("city", "town"),
        county=part.text("state", "county"),
        postcode=part.text("zipCode", "postcode"),
        country=part.text("country", "country"),
        note=part.text("note", "address_note"),
    )


def _site(fields: Fields) -> str:
    """The site's name, or its number where only that is given."""
    site = fields.part("site", "site")
    if site is None:
        return ""
    name = site.text("name", "site")
    if name or site.data.get("id") is None:
        return name
    try:
        return f"Site {site.id()}"
    except Unreadable:
        fields.miss("site")
        return ""


def _site_details(fields: Fields) -> Iterator[str]:
    """Where the site is, its telephone, and whether it is closed, each as a line for people."""
    site = fields.part("site", "site")
    if site is None:
        return
    address = site.part("address", "site")
    if address is not None:
        where = _address_of(address)
        yield ", ".join(
            filter(None, [*where.lines, where.town, where.county, where.postcode, where.country, where.note])
        )
    yield site.text("phoneNumber", "site")
    if site.flag("active", "site") is False:
        yield "Not active any more"


def _status(fields: Fields) -> RecordStatus:
    archived = fields.flag("archived", "status")
    if "status" in fields.unread:
        return RecordStatus.UNKNOWN
    return RecordStatus.ARCHIVED if archived else RecordStatus.ACTIVE


def _identifiers(fields: Fields) -> tuple[Identifier, ...]:
    value = fields.data.get("externalIdentifier")
    if value in (None, ""):
        return ()
    try:
        text = as_id(value)
    except Unreadable:
        fields.miss("identifiers")
        return ()
    return (Identifier(system=EXTERNAL, value=text, guessable=is_recipe(text)),)


def _raw(fields: Fields, identifiers: tuple[Identifier, ...]) -> Mapping[str, Any]:
    """The object as it came, but for an identifier that is shown to nobody."""
    if any(each.guessable for each in identifiers):
        return {**fields.data, "externalIdentifier": HIDDEN}
    return fields.data
