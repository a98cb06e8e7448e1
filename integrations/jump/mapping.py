"""Jump's patient JSON ↔ normalised values; pure. Sections cited are of README.md beside this file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from integrations.errors import ProtocolError
from integrations.types import (
    Accessibility,
    Address,
    Administrative,
    ContactPreferences,
    Demographics,
    Gender,
    Identifier,
    Phone,
    PhoneKind,
    RecordStatus,
    Registration,
    RemotePatient,
    Sex,
)
from integrations.wire import Fields, Unreadable, cleaned, digits

SYSTEM = "jump"

SEXES = {
    "male": Sex.MALE,
    "female": Sex.FEMALE,
    "indeterminate": Sex.INDETERMINATE,
    "unknown": Sex.UNKNOWN,
}
GENDERS = {
    "man": Gender.MAN,
    "woman": Gender.WOMAN,
    "non_binary": Gender.NON_BINARY,
    "other": Gender.OTHER,
    "prefer_not_to_say": Gender.PREFER_NOT_TO_SAY,
}
# The older generation had no `biological_sex` and three values in `gender` (README, Generations).
OLD_SEXES = {"male": Sex.MALE, "female": Sex.FEMALE, "other": Sex.UNKNOWN}
STATUSES = {each.value: each for each in RecordStatus if each is not RecordStatus.UNKNOWN}
REGISTRATIONS = {
    "active": Registration.STANDARD,
    "temporary": Registration.TEMPORARY,
    "dummy": Registration.DUMMY,
    "archived": Registration.ARCHIVED,
    "merged": Registration.MERGED,
}
PHONES = (("phone", PhoneKind.MAIN), ("mobile_phone", PhoneKind.MOBILE), ("home_phone", PhoneKind.HOME))
# Custom fields that hold other parties' identifiers: who gave them.
CUSTOM_IDENTIFIERS = {"external_id": "external", "emis_guid": "emis", "systmone_id": "systmone"}
# A list row is short (README, Short rows): with all of these it is a whole record after all.
WHOLE_RECORD = frozenset({"nhs_number", "phone", "address_line_1", "postcode", "created_at"})

# Our field names of the wire's, for what Jump says about a refused value.
FIELD_NAMES: Mapping[str, str] = {
    "first_name": "given_name",
    "last_name": "family_name",
    "middle_name": "middle_name",
    "preferred_name": "preferred_name",
    "title": "title",
    "date_of_birth": "birth_date",
    "biological_sex": "sex",
    "gender": "gender",
    "nhs_number": "nhs_number",
    "email": "email",
    "phone": "phone",
    "mobile_phone": "mobile_phone",
    "home_phone": "home_phone",
    "address_line_1": "address",
    "address_line_2": "address",
    "address_line_3": "address",
    "town_city": "town",
    "city": "town",
    "postcode": "postcode",
    "country": "country",
    "preferred_contact_method": "preferred_method",
    "status": "status",
    "patient_type": "registration",
    "ethnicity": "ethnicity",
    "occupation": "occupation",
    "patient_notes": "notes",
    "accessibility_needs": "accessibility_needs",
    "accessibility_notes": "accessibility_notes",
    "is_deceased": "is_deceased",
    "date_of_death": "date_of_death",
    "requires_review": "requires_review",
    "review_reason": "review_reason",
    "consent_sms": "consent_sms",
    "consent_email": "consent_email",
    "consent_marketing": "consent_marketing",
    "consent_electronic_communication": "consent_electronic",
    "custom_fields": "custom_fields",
    "archive_reason": "archive_reason",
    "archive_notes": "archive_notes",
    "search": "search",
    "limit": "limit",
    "offset": "offset",
}


def patient(data: object, *, operation: str, short: bool = False) -> RemotePatient:
    """A record from a patient object. Raises :class:`ProtocolError` for anything else.

    ``short`` is for list rows, which are complete only where they carry what full records do.
    """
    try:
        fields = Fields(data)
        record_id = fields.id()
    except Unreadable:
        raise ProtocolError(system=SYSTEM, operation=operation, label="Jump EHR", reason="shape") from None
    complete = not short or fields.data.keys() >= WHOLE_RECORD
    return RemotePatient(
        system=SYSTEM,
        id=record_id,
        demographics=_demographics(fields),
        contact=_contact(fields),
        accessibility=Accessibility(
            needs=_phrases(fields, "accessibility_needs"), notes=_phrases(fields, "accessibility_notes")
        ),
        administrative=_administrative(fields),
        status=fields.choice("status", "status", STATUSES, RecordStatus.UNKNOWN) or RecordStatus.UNKNOWN,
        registration=fields.choice("patient_type", "registration", REGISTRATIONS, Registration.UNKNOWN)
        or (Registration.STANDARD if complete else Registration.UNKNOWN),
        identifiers=_identifiers(fields),
        updated_at=fields.moment("updated_at", "updated_at"),
        complete=complete,
        unread=tuple(fields.unread),
        raw=fields.data,
    )


def nhs_number(value: object) -> str:
    """Ten digits where a text or number holds just these (any separators), else the text as held."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str):
        return ""
    text = cleaned(text)
    found = digits(text)
    separators_only = not any(char.isalpha() for char in text)
    return found if len(found) == 10 and separators_only else text


def _demographics(fields: Fields) -> Demographics:
    sex, gender = _sex_and_gender(fields)
    return Demographics(
        given_name=fields.text("first_name", "given_name"),
        family_name=fields.text("last_name", "family_name"),
        middle_name=fields.text("middle_name", "middle_name"),
        preferred_name=fields.text("preferred_name", "preferred_name"),
        title=fields.text("title", "title"),
        birth_date=fields.day("date_of_birth", "birth_date"),
        sex=sex,
        gender=gender,
        nhs_number=_nhs_number(fields),
        email=fields.text("email", "email"),
        phones=tuple(
            Phone(kind=kind, number=number) for key, kind in PHONES if (number := fields.text(key, "phones"))
        ),
        address=_address(fields),
    )


def _sex_and_gender(fields: Fields) -> tuple[Sex | None, Gender | None]:
    """Sex from ``biological_sex``; the older ``gender`` stands for it only where that is absent.

    ``other`` is a word of both generations: beside an empty ``biological_sex`` it is identity alone.
    """
    gender = fields.data.get("gender")
    if fields.data.get("biological_sex") is None and isinstance(gender, str):
        old_sex = OLD_SEXES.get(gender.strip().lower())
        if old_sex is not None and not (old_sex is Sex.UNKNOWN and "biological_sex" in fields.data):
            return old_sex, Gender.OTHER if old_sex is Sex.UNKNOWN else None
    return (
        fields.choice("biological_sex", "sex", SEXES, Sex.UNKNOWN),
        fields.choice("gender", "gender", GENDERS, Gender.UNKNOWN),
    )


def _nhs_number(fields: Fields) -> str:
    value = fields.data.get("nhs_number")
    number = nhs_number(value)
    if not number and value not in (None, ""):
        fields.miss("nhs_number")
    return number


def _address(fields: Fields) -> Address | None:
    lines = tuple(line for number in (1, 2, 3) if (line := fields.text(f"address_line_{number}", "address")))
    address = Address(
        lines=lines,
        town=fields.text("town_city", "town") or fields.text("city", "town"),
        postcode=fields.text("postcode", "postcode"),
        country=fields.text("country", "country"),
    )
    return None if address == Address() else address


def _contact(fields: Fields) -> ContactPreferences:
    """Consent flags; of two marketing flags that differ the stricter counts (README, Custom fields)."""
    marketing = fields.flag("consent_marketing", "marketing")
    custom = fields.data.get("custom_fields")
    if isinstance(custom, Mapping) and custom.get("marketing_consent") is False and marketing:
        marketing = False
    return ContactPreferences(
        preferred_method=fields.text("preferred_contact_method", "preferred_method"),
        sms=fields.flag("consent_sms", "sms"),
        email=fields.flag("consent_email", "email_consent"),
        marketing=marketing,
        electronic=fields.flag("consent_electronic_communication", "electronic"),
    )


def _administrative(fields: Fields) -> Administrative:
    return Administrative(
        is_deceased=fields.flag("is_deceased", "is_deceased") or False,
        date_of_death=fields.day("date_of_death", "date_of_death"),
        requires_review=fields.flag("requires_review", "requires_review") or False,
        review_reason=fields.text("review_reason", "review_reason"),
        ethnicity=fields.text("ethnicity", "ethnicity"),
        occupation=fields.text("occupation", "occupation"),
        notes=fields.text("patient_notes", "notes"),
        custom_fields=_custom_fields(fields),
        archived_at=fields.moment("archived_at", "archived_at"),
        archived_by=fields.text("archived_by", "archived_by"),
        archive_reason=fields.text("archive_reason", "archive_reason"),
        archive_notes=fields.text("archive_notes", "archive_notes"),
        created_at=fields.moment("created_at", "created_at"),
    )


def _custom_fields(fields: Fields) -> tuple[tuple[str, str], ...]:
    custom = fields.part("custom_fields", "custom_fields")
    if custom is None:
        return ()
    return tuple((cleaned(name), _shown(value)) for name, value in custom.data.items() if value is not None)


def _identifiers(fields: Fields) -> tuple[Identifier, ...]:
    custom = fields.data.get("custom_fields")
    if not isinstance(custom, Mapping):
        return ()
    return tuple(
        Identifier(system=party, value=_shown(custom[key]))
        for key, party in CUSTOM_IDENTIFIERS.items()
        if isinstance(custom.get(key), str | int) and _shown(custom[key])
    )


def _phrases(fields: Fields, key: str) -> tuple[str, ...]:
    """Phrases from text, list or object: the documentation only ever shows null."""
    value = fields.data.get(key)
    if isinstance(value, Mapping):
        found = [phrase_of(name, given) for name, given in value.items()]
    elif isinstance(value, list):
        found = [_shown(each) for each in value if each is not None]
    else:
        found = [] if value is None else [_shown(value)]
    return tuple(phrase for phrase in found if phrase)


def phrase_of(name: object, value: Any) -> str:
    """One entry of an object of phrases; empty for what is not given."""
    if value in (None, False, ""):
        return ""
    return cleaned(str(name)) if value is True else f"{cleaned(str(name))}: {_shown(value)}"


def _shown(value: Any) -> str:
    """A free value as text for people: text as it is, yes or no, else compact JSON."""
    if isinstance(value, str):
        return cleaned(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    try:
        return cleaned(json.dumps(value, ensure_ascii=False))
    except ValueError:  # an integer of thousands of digits
        return ""
