"""Normalised values → Impilo's patient JSON, and how Impilo would hold them; pure.

Sections cited are of README.md beside this file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from integrations.errors import Invalid, Unsupported
from integrations.sentences import listed
from integrations.types import Address, RecordStatus, Sex
from integrations.wire import as_day, cleaned
from integrations.writes import Changes, Details, NewRecord, Part

from .mapping import LABEL, LINES, SEXES, SYSTEM, address_in

Wire = dict[str, Any]

NEEDS = frozenset({Part.GIVEN_NAME, Part.FAMILY_NAME})
CREATES_WITH = NEEDS | {Part.BIRTH_DATE, Part.SEX, Part.EMAIL, Part.PHONE, Part.ADDRESS}
CHANGES = CREATES_WITH | {Part.ENROLLED, Part.STATUS}

ARCHIVED: Mapping[str, Any] = {"archived": True}

NAMES = ("firstName", "lastName")
# What a PUT sends of the record it was read from; site and sex have forms of their own.
_WRITABLE = ("externalIdentifier", *NAMES, "email", "phoneNumber", "address", "archived", "enrolled")
_TEXTS = {
    Part.GIVEN_NAME: "firstName",
    Part.FAMILY_NAME: "lastName",
    Part.EMAIL: "email",
    Part.PHONE: "phoneNumber",
}
_SEXES = {sex: wire for wire, sex in SEXES.items()}
_PLACE = ("town", "postcode", "country")
TOO_MANY_LINES = f"{LABEL} holds three lines of an address at most."
BACK_ONLY = f"A record of {LABEL} can be taken back into use here, and archived on a page of its own."


def as_held(details: Details) -> Details:
    """These details as a record read from Impilo would show them."""
    return replace(
        details,
        given_name=cleaned(details.given_name),
        family_name=cleaned(details.family_name),
        email=cleaned(details.email),
        phone=cleaned(details.phone),
        # Impilo knows no "indeterminate": what is written as "other" is read as such (README, Writing).
        sex=Sex.OTHER if details.sex is Sex.INDETERMINATE else details.sex,
        address=_address_held(details.address),
    )


def new_patient(new: NewRecord) -> Wire:
    """The body of a create: what is given and nothing else. Raises what :func:`check_new` raises."""
    check_new(new)
    parts = _wire(Changes(parts=new.details.given(), details=new.details), {})
    given = {name: value for name, value in parts.items() if value is not None}
    if "address" in given:
        given["address"] = {name: value for name, value in given["address"].items() if value is not None}
    return {"externalIdentifier": new.own_id, **given}


def check_new(new: NewRecord) -> None:
    """Raises ``ValueError`` without our id, ``Unsupported`` and ``Invalid`` for what is not to be sent."""
    if not new.own_id:
        raise ValueError("a record of Impilo is created under the portal's own id")
    if new.custom_fields or new.identifiers or new.details.given() - CREATES_WITH:
        raise unsupported("create")
    _check("create", NEEDS | new.details.given(), new.details)


def check_changes(changes: Changes) -> None:
    """Raises ``Unsupported`` and ``Invalid`` for what is not to be sent."""
    if changes.custom_fields or changes.parts - CHANGES:
        raise unsupported("update")
    if Part.STATUS in changes.parts and changes.details.status is not RecordStatus.ACTIVE:
        raise unsupported("update", BACK_ONLY)
    _check("update", changes.parts, changes.details)


def problems(details: Details, parts: frozenset[Part]) -> dict[str, str]:
    """What of these parts Impilo could not take, by our field names."""
    held = as_held(details)
    found = {
        str(part): f"{LABEL} needs the {part.replace('_', ' ')}."
        for part in sorted(NEEDS & parts)
        if not getattr(held, part)
    }
    if Part.ENROLLED in parts and held.enrolled is None:
        found[str(Part.ENROLLED)] = "Say whether the person is enrolled."
    if Part.STATUS in parts and held.status is not RecordStatus.ACTIVE:
        found[str(Part.STATUS)] = BACK_ONLY
    if Part.ADDRESS in parts and held.address is not None:
        if len(held.address.lines) > len(LINES):
            found[str(Part.ADDRESS)] = TOO_MANY_LINES
        elif lacking := _lacking(held.address):
            found[str(Part.ADDRESS)] = f"{LABEL} takes whole addresses only. Add {lacking}."
    return found


def changed(changes: Changes, held: Mapping[str, Any]) -> Wire:
    """The fields that changes set, given the patient object as Impilo holds it."""
    return _wire(changes, held)


def marked(own_id: str) -> Wire:
    """The field that holds the portal's own id."""
    return {"externalIdentifier": own_id}


def patch(held: Mapping[str, Any], fields: Mapping[str, Any]) -> Wire:
    """The body of a PATCH: the fields, and the names as they are, which may be required (README, Writing)."""
    return {**{name: held[name] for name in NAMES if held.get(name)}, **fields}


def put(held: Mapping[str, Any], fields: Mapping[str, Any]) -> Wire:
    """The body of a PUT, which replaces: the record as it was read, in the fields that can be written.

    Raises ``ValueError`` where its site has no number, since a PUT would take it away.
    """
    body = {name: held[name] for name in _WRITABLE if name in held}
    if "dateOfBirth" in held:
        day = as_day(held["dateOfBirth"])
        body["dateOfBirth"] = day.isoformat() if day else held["dateOfBirth"]
    if "sex" in held or "gender" in held:
        body["sex"] = held.get("sex") or held.get("gender")
    if "site" in held:
        body["site"] = _site(held["site"])
    return {**body, **fields}


def unsupported(operation: str, for_staff: str = "") -> Unsupported:
    """Our error for what Impilo has no place for."""
    sentence = for_staff or f"{LABEL} has no place for one of the details."
    return Unsupported(system=SYSTEM, operation=operation, label=LABEL, for_staff=sentence)


# --- the details ------------------------------------------------------------------------------


def _wire(changes: Changes, held: Mapping[str, Any]) -> Wire:
    """Wire fields of the parts; what is empty becomes null, which clears (README, Writing)."""
    details, parts = as_held(changes.details), changes.parts
    fields: Wire = {wire: getattr(details, part) or None for part, wire in _TEXTS.items() if part in parts}
    if Part.BIRTH_DATE in parts:
        fields["dateOfBirth"] = details.birth_date.isoformat() if details.birth_date else None
    if Part.SEX in parts:
        fields["sex"] = _SEXES[details.sex] if details.sex else None
    if Part.ENROLLED in parts:
        fields["enrolled"] = details.enrolled
    if Part.STATUS in parts:  # back into use: nothing else comes this far
        fields["archived"] = False
    if Part.ADDRESS in parts:
        fields["address"] = _address(details.address, held.get("address"))
    return fields


def _address(address: Address | None, held: object) -> Wire | None:
    """The whole object, since it is replaced as one; without a note, the one that is held stays.

    What else Impilo holds there goes back as it came, unless the lines are new: of another street it
    would be wrong.
    """
    if address is None:
        return None
    there = held if isinstance(held, Mapping) else {}
    lines = dict(zip(LINES, (*address.lines, *[None] * len(LINES)), strict=False))
    known: Wire = {
        **lines,
        "city": address.town,
        "state": address.county,
        "zipCode": address.postcode,
        "country": address.country,
        "note": address.note or there.get("note"),
    }
    former = address_in(there)
    same_lines = former is not None and former.lines == address.lines
    others = {name: value for name, value in there.items() if name not in known} if same_lines else {}
    return {**others, **known}


def _address_held(address: Address | None) -> Address | None:
    if address is None:
        return None
    town, county = cleaned(address.town), cleaned(address.county)
    held = Address(
        lines=tuple(filter(None, map(cleaned, address.lines))),
        town=town,
        county=county or town,  # a value is required, and British addresses often have none
        postcode=cleaned(address.postcode),
        country=cleaned(address.country),
        note=cleaned(address.note),
    )
    return None if held == Address() else held


def _site(site: object) -> object:
    if site is None:
        return None
    number = site.get("id") if isinstance(site, Mapping) else None
    if number is None:
        raise ValueError("a site without a number")
    return {"id": number}


# --- what is refused before it is sent ----------------------------------------------------------


def _check(operation: str, parts: frozenset[Part], details: Details) -> None:
    found = problems(details, parts)
    if found.get(Part.ADDRESS) == TOO_MANY_LINES:
        raise unsupported(operation, TOO_MANY_LINES)
    if found:
        raise Invalid(system=SYSTEM, operation=operation, label=LABEL, field_errors=found)


def _lacking(address: Address) -> str:
    missing = [] if address.lines else ["the first line"]
    missing += [f"the {name}" for name in _PLACE if not getattr(address, name)]
    return listed(missing)
