"""What is written to Jump: details and changes → wire JSON, and the form in which Jump holds them; pure.

Everything that Jump cannot take is refused here, before anything is sent: ``Unsupported`` where it has
no place for it, ``Invalid`` where the value cannot be. Sections cited are of README.md beside this file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from integrations import errors
from integrations.types import Address, Gender, RecordStatus, Registration, Sex
from integrations.wire import cleaned
from integrations.writes import Changes, Details, NewRecord, Part

from .mapping import (
    CUSTOM_IDENTIFIERS,
    GENDERS,
    REGISTRATIONS,
    SEXES,
    SYSTEM,
    nhs_number,
    phrase_of,
)

LABEL = "Jump EHR"
LINES = 3
OWN_ID = "external_id"
CREATING = "create patient"
NEEDED = "{label} needs this: {name}."
CANNOT_BE = "{label} cannot hold this {name}."
ANOTHER_PARTYS = "{label} holds another party's number there: it is never overwritten from here."
TEN_DIGITS = "An NHS number has ten digits."
ADDRESS_TOO_LONG = (
    "Jump EHR holds three address lines, town, postcode and country: this address has more than fits there."
)
YES_OR_NO = {"yes": True, "no": False}
BOOLEAN_CUSTOM = frozenset({"marketing_consent"})  # README, Custom fields

TEXTS = {
    Part.GIVEN_NAME: "first_name",
    Part.FAMILY_NAME: "last_name",
    Part.MIDDLE_NAME: "middle_name",
    Part.PREFERRED_NAME: "preferred_name",
    Part.TITLE: "title",
    Part.EMAIL: "email",
    Part.PHONE: "phone",
    Part.MOBILE_PHONE: "mobile_phone",
    Part.HOME_PHONE: "home_phone",
    Part.PREFERRED_METHOD: "preferred_contact_method",
    Part.ETHNICITY: "ethnicity",
    Part.OCCUPATION: "occupation",
    Part.NOTES: "patient_notes",
    Part.REVIEW_REASON: "review_reason",
}
# Whatever form they have (README, Custom fields): phrases, one a line.
PHRASES = {Part.ACCESSIBILITY_NEEDS: "accessibility_needs", Part.ACCESSIBILITY_NOTES: "accessibility_notes"}
DATES = {Part.BIRTH_DATE: "date_of_birth", Part.DATE_OF_DEATH: "date_of_death"}
FLAGS = {
    Part.CONSENT_SMS: "consent_sms",
    Part.CONSENT_EMAIL: "consent_email",
    Part.CONSENT_MARKETING: "consent_marketing",
    Part.CONSENT_ELECTRONIC: "consent_electronic_communication",
    Part.IS_DECEASED: "is_deceased",
    Part.REQUIRES_REVIEW: "requires_review",
}
# What may be written of what can be read: an archived record needs a reason (``archived``), a merged
# or a test record is nothing that is made here.
REGISTRATION_WORDS = {
    ours: word
    for word, ours in REGISTRATIONS.items()
    if ours in (Registration.STANDARD, Registration.TEMPORARY)
}
STATUS_WORDS = {each: each.value for each in (RecordStatus.ACTIVE, RecordStatus.INACTIVE)}
SEX_WORDS: Mapping[Sex, str] = {ours: word for word, ours in SEXES.items()}
GENDER_WORDS: Mapping[Gender, str] = {ours: word for word, ours in GENDERS.items()}
CHOICES: Mapping[Part, tuple[str, Mapping[Any, str]]] = {
    Part.SEX: ("biological_sex", SEX_WORDS),
    Part.GENDER: ("gender", GENDER_WORDS),
    Part.REGISTRATION: ("patient_type", REGISTRATION_WORDS),
    Part.STATUS: ("status", STATUS_WORDS),
}

NEEDS = frozenset({Part.GIVEN_NAME, Part.FAMILY_NAME, Part.BIRTH_DATE})
CHANGES = frozenset({*TEXTS, *PHRASES, *DATES, *FLAGS, *CHOICES, Part.NHS_NUMBER, Part.ADDRESS})
CREATES_WITH = CHANGES - {Part.STATUS}  # a new record is active
# Jump holds no null there (README, Changing).
NEVER_EMPTY = NEEDS | FLAGS.keys() | {Part.REGISTRATION, Part.STATUS}


def as_held(details: Details) -> Details:
    """The details as a record of Jump's would show them: trimmed, a number as digits, Jump's address."""
    texts = {part.value: cleaned(getattr(details, part)) for part in TEXTS}
    texts |= {part.value: "\n".join(_lines(getattr(details, part))) for part in PHRASES}
    number, address = nhs_number(details.nhs_number), _address_held(details.address)
    return replace(details, nhs_number=number, address=address, **texts)  # type: ignore[arg-type]


def body_of_new(new: NewRecord, *, with_own_id: bool) -> dict[str, Any]:
    """The body that creates a record, the same for the same ``new``: nothing empty is in it."""
    body = _Body(CREATING)
    if new.identifiers:
        raise body.unsupported("identifiers")
    details = as_held(new.details)
    body.add(details, details.given(), CREATES_WITH)
    for part in NEEDS - details.given():
        body.miss(part, NEEDED)
    custom: dict[str, str | None] = {name: value for name, value in new.custom_fields if cleaned(value)}
    if with_own_id and new.own_id:
        custom.setdefault(OWN_ID, new.own_id)
    body.add_custom(custom, {})
    return body.finished()


def problems(details: Details, parts: frozenset[Part]) -> dict[str, str]:
    """What of these parts Jump could not take, by our field names, each looked at by itself."""
    held, found = as_held(details), {}
    for part in sorted(parts & CHANGES):
        body = _Body(CREATING)
        if part in NEVER_EMPTY - held.given():
            body.miss(part, NEEDED)
        try:
            body.add(held, frozenset({part}), CHANGES)
        except errors.Unsupported as refused:
            found[part.value] = refused.for_staff
        found |= body.misses
    return found


def body_of_changes(
    changes: Changes, held: Mapping[str, Any], there: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The body that sets the parts named and nothing else, empty as null; ``held`` are the custom
    fields that are there, by which those named are typed, ``there`` the record, whose forms are kept."""
    body = _Body("change patient", there)
    details = as_held(changes.details)
    body.add(details, changes.parts, CHANGES)
    for part in (changes.parts & NEVER_EMPTY) - details.given():
        body.miss(part, NEEDED)
    body.add_custom(dict(changes.custom_fields), held)
    return body.finished()


def body_of_archiving(reason: str, notes: str) -> dict[str, Any]:
    """The body that puts a record away. The reason has to say something."""
    body = _Body("archive patient")
    if not cleaned(reason):
        body.miss("reason", NEEDED)
    texts = {"archive_reason": cleaned(reason), "archive_notes": cleaned(notes)}
    body.wire = {
        "status": RecordStatus.ARCHIVED.value,
        **{name: text for name, text in texts.items() if text},
    }
    return body.finished()


class _Body:
    """A body being put together; what Jump cannot take is collected and raised at once."""

    def __init__(self, operation: str, there: Mapping[str, Any] | None = None) -> None:
        self.operation = operation
        self.there = there or {}
        self.wire: dict[str, Any] = {}
        self.misses: dict[str, str] = {}

    def add(self, details: Details, parts: frozenset[Part], taken: frozenset[Part]) -> None:
        """Take these parts in their fixed order. Raises ``Unsupported``."""
        if parts - taken:
            raise self.unsupported(" ".join(sorted(parts - taken)))
        for part in Part:
            if part in parts:
                self._add(part, getattr(details, part))

    def add_custom(self, values: Mapping[str, str | None], held: Mapping[str, Any]) -> None:
        """Take custom fields: text stays text, what is of another type stays of that type."""
        custom: dict[str, Any] = {}
        for name, value in values.items():
            text = cleaned(value or "")
            if name in CUSTOM_IDENTIFIERS and held.get(name) not in (None, "", text):
                self.miss("custom_fields", ANOTHER_PARTYS)
                continue
            try:
                custom[name] = _typed(name, text, held.get(name)) if text else None
            except ValueError:
                self.miss("custom_fields", CANNOT_BE)
        if custom:
            self.wire["custom_fields"] = custom

    def miss(self, name: str, sentence: str) -> None:
        """Note that a value cannot be sent."""
        self.misses[str(name)] = sentence.format(label=LABEL, name=str(name).replace("_", " "))

    def finished(self) -> dict[str, Any]:
        """The body. Raises ``Invalid`` for all that was missed."""
        if self.misses:
            raise errors.Invalid(
                system=SYSTEM,
                operation=self.operation,
                label=LABEL,
                reason="refused here",
                field_errors=self.misses,
            )
        return self.wire

    def unsupported(self, what: str, for_staff: str = "") -> errors.Unsupported:
        """The error for what Jump has no place for."""
        return errors.Unsupported(
            system=SYSTEM, operation=self.operation, label=LABEL, reason=what, for_staff=for_staff
        )

    def _add(self, part: Part, value: Any) -> None:
        if part in TEXTS:
            self.wire[TEXTS[part]] = value or None
        elif part in PHRASES:
            self.wire[PHRASES[part]] = _phrases(_lines(value), self.there.get(PHRASES[part]))
        elif part in DATES:
            self.wire[DATES[part]] = None if value is None else value.isoformat()
        elif part in FLAGS:
            self.wire[FLAGS[part]] = value
        elif part in CHOICES:
            name, words = CHOICES[part]
            self.wire[name] = words.get(value)
            if value is not None and value not in words:
                self.miss(part, CANNOT_BE)
        elif part is Part.NHS_NUMBER:
            self.wire["nhs_number"] = value or None
            if value and not (len(value) == 10 and value.isascii() and value.isdecimal()):
                self.miss(part, TEN_DIGITS)
        else:
            self._add_address(value or Address())

    def _add_address(self, address: Address) -> None:
        """All of an address, so that nothing of the one before stays between."""
        if len(address.lines) > LINES or address.county or address.note:
            raise self.unsupported("address", ADDRESS_TOO_LONG)
        lines = (*address.lines, "", "", "")[:LINES]
        values = {f"address_line_{number}": line for number, line in enumerate(lines, start=1)}
        values |= {"town_city": address.town, "postcode": address.postcode, "country": address.country}
        sparse = self.operation == CREATING
        self.wire |= {name: value or None for name, value in values.items() if value or not sparse}


def _address_held(address: Address | None) -> Address | None:
    """Jump has no county: it takes a line that is free. What then is too much stays, to be refused."""
    if address is None:
        return None
    lines = tuple(line for each in address.lines if (line := cleaned(each)))
    county = cleaned(address.county)
    if county and len(lines) < LINES:
        lines, county = (*lines, county), ""
    held = Address(
        lines=lines,
        town=cleaned(address.town),
        county=county,
        postcode=cleaned(address.postcode),
        country=cleaned(address.country),
        note=cleaned(address.note),
    )
    return None if held == Address() else held


def _lines(text: str) -> list[str]:
    return [line for each in text.splitlines() if (line := cleaned(each))]


def _phrases(lines: list[str], held: object) -> object:
    """Phrases in the form in which the record holds some: a list, an object of names with values, or text."""
    if not lines:
        return None
    if isinstance(held, list):
        return lines
    if isinstance(held, Mapping):
        known = {phrase_of(name, value): {name: value} for name, value in held.items()}
        pairs = [known.get(line) or _pair(line) for line in lines]
        return {name: value for pair in pairs for name, value in pair.items()}
    return "\n".join(lines)


def _pair(line: str) -> dict[str, Any]:
    name, colon, value = line.partition(": ")
    return {name: value} if colon and value else {line: True}


def _typed(name: str, text: str, held: object) -> object:
    """A text as the kind of value that the custom field holds. Raises ``ValueError``."""
    if name in BOOLEAN_CUSTOM or isinstance(held, bool):
        if text not in YES_OR_NO:
            raise ValueError("neither yes nor no")
        return YES_OR_NO[text]
    if held is None or isinstance(held, str):
        return text
    value = json.loads(text)
    kind: type | tuple[type, ...] = (int, float) if isinstance(held, int | float) else type(held)
    if isinstance(value, bool) or not isinstance(value, kind):
        raise ValueError("of another type")
    return value
