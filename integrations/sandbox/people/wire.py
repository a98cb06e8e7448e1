"""The made-up people as each system would store them."""

from __future__ import annotations

import hashlib
import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from .person import Person

Row = dict[str, Any]

FIRST_ENTRY = datetime(2023, 9, 4, 8, 15, tzinfo=UTC)
ENTRIES_APART = timedelta(days=4, hours=21, minutes=7)
JUMP_IDS = uuid.UUID("5c1a7b0e-0000-4000-8000-73616e64626f")
NHS_NUMBER_SYSTEM = "https://fhir.nhs.uk/Id/nhs-number"
STUDY_NUMBER_SYSTEM = "https://example.org/study-number"
TITLES = {"female": "Ms", "male": "Mr"}
SITES = (
    {"id": 301, "name": "Riverside Clinic", "active": True},
    {"id": 302, "name": "Riverside at the Market", "active": True},
)
OCCUPATIONS = ("Teacher", "Bus driver", "Retired", "Software tester", "Carer", "Electrician", None, None)


def jump_id(person: Person) -> str:
    """Most ids are UUIDs, some have a prefix: to a client they are text."""
    made = uuid.uuid5(JUMP_IDS, str(person.number))
    return f"pat_{made.hex[:20]}" if person.number % 13 == 0 else str(made)


def jump_row(person: Person) -> Row:
    """The whole patient object of Jump."""
    held, wire = person.details("jump")
    created = FIRST_ENTRY + person.number * ENTRIES_APART
    number = person.number
    return {
        "id": jump_id(person),
        "first_name": held["given"],
        "last_name": held["family"],
        "middle_name": held["middle"] or None,
        "preferred_name": held["preferred"] or None,
        "title": held["title"] or (TITLES[held["sex"]] if number % 2 else None),
        "date_of_birth": held["born"],
        "biological_sex": held["sex"],
        "gender": {"female": "woman", "male": "man"}[held["sex"]] if number % 3 == 0 else None,
        "ethnicity": None,
        "nhs_number": held["nhs"] or None,
        "email": held["email"] or None,
        "phone": _international(held["phone"]),
        "mobile_phone": _international(held["phone"]) if number % 2 else None,
        "home_phone": held["home_phone"] or None,
        "address_line_1": held["line_one"] or None,
        "address_line_2": "Flat 2" if held["line_one"] and number % 10 == 0 else None,
        "address_line_3": None,
        "town_city": held["town"],
        "postcode": held["postcode"] or None,
        "country": "United Kingdom",
        **_administration(number),
        "created_at": _stamp(created),
        "updated_at": _stamp(created + timedelta(days=number % 90, hours=number % 7)),
        **wire,
    }


def _administration(number: int) -> Row:
    return {
        "preferred_contact_method": "email" if number % 3 else None,
        "status": "active",
        "patient_type": "active",
        "is_deceased": False,
        "date_of_death": None,
        "requires_review": False,
        "review_reason": None,
        "accessibility_needs": None,
        "accessibility_notes": None,
        "occupation": OCCUPATIONS[number % len(OCCUPATIONS)],
        "patient_notes": None,
        "consent_sms": number % 2 == 0,
        "consent_email": number % 3 != 0,
        "consent_marketing": number % 8 == 0,
        "consent_electronic_communication": number % 3 != 0,
        "archived_at": None,
        "archived_by": None,
        "archive_reason": None,
        "archive_notes": None,
    }


def documented_row() -> Row:
    """The patient object that Jump's documentation prints, whole."""
    return {
        **_administration(1),
        "id": "123e4567-e89b-12d3-a456-426614174000",
        "first_name": "Sarah",
        "last_name": "Johnson",
        "middle_name": None,
        "preferred_name": "Sally",
        "title": "Ms",
        "date_of_birth": "1985-03-15",
        "biological_sex": "female",
        "gender": "woman",
        "ethnicity": None,
        "nhs_number": "1234567890",
        "email": "sarah.johnson@example.com",
        "phone": "+44 7700 900123",
        "mobile_phone": "+44 7700 900123",
        "home_phone": None,
        "address_line_1": "123 High Street",
        "address_line_2": "Flat 4",
        "address_line_3": None,
        "town_city": "London",
        "postcode": "SW1A 1AA",
        "country": "United Kingdom",
        "occupation": "Teacher",
        "consent_sms": True,
        "created_at": "2024-01-15T10:30:00Z",
        "updated_at": "2024-06-20T14:45:00Z",
    }


def impilo_id(person: Person) -> int:
    """Impilo numbers its patients."""
    return 12001 + person.number * 3


def impilo_row(person: Person) -> Row:
    """The patient object of Impilo."""
    held, wire = person.details("impilo")
    number = person.number
    address = {
        "lineOne": held["line_one"],
        "lineTwo": None,
        "lineThree": None,
        "city": held["town"],
        "state": held["county"],
        "zipCode": held["postcode"],
        "country": "United Kingdom",
        "note": None,
    }
    phone = held["phone"].replace(" ", "-") if number % 2 else held["phone"].replace(" ", "")
    return {
        "id": impilo_id(person),
        "externalIdentifier": _external_identifier(number, held["email"], phone),
        "firstName": held["given"],
        "lastName": held["family"],
        "dateOfBirth": held["born"],
        "email": held["email"] or None,
        "phoneNumber": phone or None,
        "sex": held["sex"],
        "address": address if held["line_one"] and number % 8 else None,
        "site": dict(SITES[number % 2]) if number % 5 else None,
        "archived": False,
        "enrolled": number % 6 != 0,
        **wire,
    }


def _external_identifier(number: int, email: str, phone: str) -> str | None:
    """Recipe, opaque, another integration's, or none: as different clinics did it."""
    match number % 5:
        case 0 if email and phone:
            return recipe_identifier(email, phone)
        case 1:
            return f"portal-{uuid.uuid5(JUMP_IDS, f'impilo {number}')}"
        case 2:
            return f"CRM-{number:06}"
        case _:
            return None


def recipe_identifier(email: str, phone: str) -> str:
    """The identifier that Impilo's guide proposes: MD5 of e-mail and phone. It can be guessed back."""
    text = email.lower() + re.sub(r"\D", "", phone)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def jhe_row(person: Person, place: int) -> Row:
    """What JHE's seed needs to make a login and a patient."""
    held, wire = person.details("jhe")
    identifiers = []
    if person.number % 4 == 0:
        identifiers.append({"system": STUDY_NUMBER_SYSTEM, "value": f"LS-{place:04}"})
    if person.number % 6 == 0 and held["nhs"]:
        identifiers.append({"system": NHS_NUMBER_SYSTEM, "value": held["nhs"]})
    return {
        "email": held["email"] or f"participant{place}@example.org",
        "given": held["given"],
        "family": held["family"],
        "birth_date": held["born"],
        "phone": held["phone"] or None,
        "identifiers": identifiers,
        "organizations": list(held["organizations"]),
        **wire,
    }


def _international(phone: str) -> str | None:
    return f"+44 {phone[1:]}" if phone else None


def _stamp(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
