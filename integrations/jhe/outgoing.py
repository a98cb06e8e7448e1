"""What the portal writes → wire JSON of both JHE generations, and what a refusal of JHE's says.

The other direction is in ``mapping``. Pure: no network, no settings, no clock. Rules and their
sources: README.md §11.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from integrations.types import Identifier
from integrations.wire import cleaned
from integrations.writes import Details, NewRecord, Part

from .mapping import LABEL, NHS_NUMBER_SYSTEM, ten_digits

CHANGES = frozenset({Part.GIVEN_NAME, Part.FAMILY_NAME, Part.BIRTH_DATE, Part.PHONE})
CREATES_WITH = CHANGES | {Part.EMAIL, Part.NHS_NUMBER}
NEEDS = frozenset({Part.GIVEN_NAME, Part.FAMILY_NAME, Part.BIRTH_DATE, Part.EMAIL})

FIXED = {
    Part.EMAIL: f"People sign in to {LABEL} with their e-mail address. {LABEL} answers as if it took another"
    " one and keeps the old: it can be changed by whoever runs that server."
}

LONGEST_EMAIL = 254  # what JHE's column holds; a longer one would be a 500
IN_USE = "identifier in use"
DATA_CONFLICT = "data conflict"
ALREADY_A_MEMBER = "already a member"

_WIRE = {
    Part.GIVEN_NAME: "nameGiven",
    Part.FAMILY_NAME: "nameFamily",
    Part.BIRTH_DATE: "birthDate",
    Part.PHONE: "telecomPhone",
    Part.EMAIL: "telecomEmail",
}
_OURS = {wire: part.value for part, wire in _WIRE.items()} | {
    "identifiers": "identifiers",
    "identifier": "identifiers",
    "organizationId": "organization_id",
}
_MISSING = {
    Part.GIVEN_NAME: f"Enter a given name: {LABEL} keeps nobody without.",
    Part.FAMILY_NAME: f"Enter a family name: {LABEL} keeps nobody without.",
    Part.BIRTH_DATE: f"Enter a date of birth: {LABEL} keeps nobody without.",
    Part.EMAIL: f"Enter an e-mail address: {LABEL} keeps nobody without.",
}
_WRONG_EMAIL = "Enter an e-mail address in full, like name@example.org."
_LONG_EMAIL = f"{LABEL} holds e-mail addresses of up to {LONGEST_EMAIL} characters: this one is longer."
_REFUSED = f"{LABEL} did not accept this."
# How JHE's own sentences begin → our field.
_SENTENCES = {
    "Email is required": ("email", _MISSING[Part.EMAIL]),
    "Enter a valid email address": ("email", _WRONG_EMAIL),
    "Enter a valid birth date": ("birth_date", _REFUSED),
}
_CONFLICTS = {
    "The external identifier ": IN_USE,
    "Could not save the patient because of a data conflict": DATA_CONFLICT,
    "This patient is already a member": ALREADY_A_MEMBER,
}


def as_held(details: Details, *, with_nhs_number: bool) -> Details:
    """The details as JHE would give them back: e-mail in lower case, no space around, no NHS number
    unless the portal writes it."""
    return replace(
        details,
        given_name=cleaned(details.given_name),
        family_name=cleaned(details.family_name),
        email=cleaned(details.email).lower(),
        phone=cleaned(details.phone),
        nhs_number=ten_digits(cleaned(details.nhs_number)) if with_nhs_number else "",
    )


def problems(details: Details, parts: frozenset[Part]) -> dict[str, str]:
    """What is wrong with these parts, by our field names; JHE itself would take some of it, or answer 500."""
    found = {part.value: _MISSING[part] for part in parts & NEEDS if part not in details.given()}
    if Part.EMAIL in parts and details.email and not _is_email(details.email):
        found[Part.EMAIL] = _LONG_EMAIL if len(details.email) > LONGEST_EMAIL else _WRONG_EMAIL
    return found


def identifiers_of(new: NewRecord, details: Details) -> tuple[Identifier, ...]:
    """The identifiers that a new record is to hold, each once; the NHS number among them where it is kept."""
    number = [Identifier(system=NHS_NUMBER_SYSTEM, value=details.nhs_number)] if details.nhs_number else []
    return distinct([*new.identifiers, *number])


def distinct(identifiers: Sequence[Identifier]) -> tuple[Identifier, ...]:
    """Each pair of party and value once: JHE fails half-way on a second one."""
    return tuple({(each.system, each.value): each for each in identifiers}.values())


def is_writable(identifier: Identifier) -> bool:
    """Whether an identifier can be stored at all: something readable, no control characters."""
    texts = (identifier.system, identifier.value)
    return bool(identifier.value.strip()) and all(cleaned(text) == text.strip() for text in texts)


def new_patient(details: Details, organization_id: str) -> dict[str, Any]:
    """The body of a create. Never an ``id``, which JHE would obey, nor a field that it does not know."""
    return fields(details, details.given() & frozenset(_WIRE)) | {"organizationId": int(organization_id)}


def fields(details: Details, parts: frozenset[Part]) -> dict[str, Any]:
    """The body that sets these parts; an empty phone is cleared by null, an empty text would be refused."""
    body: dict[str, Any] = {}
    for part in sorted(parts):
        value = getattr(details, part)
        body[_WIRE[part]] = value.isoformat() if part is Part.BIRTH_DATE else value or None
    return body


def several_identifiers(identifiers: Sequence[Identifier]) -> dict[str, Any]:
    """The whole set, letter by letter, as the current generation takes it."""
    return {"identifiers": [{"system": each.system, "value": each.value} for each in identifiers]}


def single_identifier(identifiers: Sequence[Identifier]) -> dict[str, Any]:
    """The only identifier of 2025-10, or none. Raises ``ValueError`` for what it cannot hold: more than
    one, one that names its party, one with space around it, which a change takes away."""
    if len(identifiers) > 1 or any(each.system or each.value != each.value.strip() for each in identifiers):
        raise ValueError("one identifier without a party is all that 2025-10 holds")
    return {"identifier": identifiers[0].value if identifiers else None}


# --- refusals -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What a 400 means: ``conflict`` is one of our reasons, ``field_errors`` are sentences of ours."""

    conflict: str = ""
    field_errors: Mapping[str, str] = field(default_factory=dict)


def refusal_from(body: Any) -> Refusal:
    """A 400 in any of JHE's three forms. Its own words stay out: an identifier can be among them."""
    if isinstance(body, Mapping):
        return Refusal(field_errors={_OURS[key]: _REFUSED for key in body if key in _OURS})
    errors: dict[str, str] = {}
    for sentence in body if isinstance(body, list) else []:
        for start, conflict in _CONFLICTS.items():
            if str(sentence).startswith(start):
                return Refusal(conflict=conflict)
        for start, (name, ours) in _SENTENCES.items():
            if str(sentence).startswith(start):
                errors[name] = ours
    return Refusal(field_errors=errors)


def _is_email(email: str) -> bool:
    try:
        validate_email(email)
    except ValidationError:
        return False
    return len(email) <= LONGEST_EMAIL
