"""What the sandbox's Jump holds at the start: the people, and a small practice around them."""

from __future__ import annotations

from typing import Any

from integrations.sandbox.people import jump_rows

from .access import seeded_keys

OPENED = "2023-09-01T08:00:00Z"


def seed() -> dict[str, Any]:
    """The first state. Collections are by id."""
    return {
        "keys": seeded_keys(),
        "patients": {row["id"]: row for row in jump_rows()},
        "live_patients": {},
        "idempotency": {},
        "appointments": {},
        "webhooks": {},
        "appointment-templates": _by_id(_TEMPLATES),
        "clinician-profiles": _by_id(_CLINICIANS),
        "locations": _by_id(_LOCATIONS),
    }


def _by_id(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["id"]: {**row, "created_at": OPENED, "updated_at": OPENED} for row in rows}


def _template(number: int, name: str, minutes: int | None, **more: Any) -> dict[str, Any]:
    return {
        "id": f"tmpl_{number:04}",
        "name": name,
        "description": None,
        "duration": minutes,
        "price": 0,
        "pricing_type": "free",
        "is_active": True,
        "status": "published",
        "version": 1,
        "allow_online_booking": False,
        "buffer_before_minutes": 0,
        "buffer_after_minutes": 5,
        **more,
    }


_TEMPLATES = [
    _template(1, "New patient check", 30),
    _template(2, "Routine review", 15, allow_online_booking=True),
    _template(3, "Blood pressure check", 10, allow_online_booking=True),
    _template(4, "Study visit", 45),
    _template(5, "Telephone call", None),
    _template(6, "Flu clinic 2024", 5, is_active=False),
]


def _clinician(number: int, title: str, first: str, last: str, role: str) -> dict[str, Any]:
    return {
        "id": f"cli_{number:04}",
        "name": f"{title} {first} {last}",
        "display_name": f"{title} {last}",
        "first_name": first,
        "last_name": last,
        "title": title,
        "role": role,
        "email": f"{first}.{last}@example.org".lower(),
        "bio": None,
        "photo_url": None,
        "qualifications": None,
        "registration_number": None,
        "professional_registration_body": None,
        "is_active": True,
        "is_bookable_online": role == "GP",
    }


_CLINICIANS = [
    _clinician(1, "Dr", "Adaeze", "Okonkwo", "GP"),
    _clinician(2, "Dr", "Rhys", "Pritchard", "GP"),
    _clinician(3, "Ms", "Lena", "Hofmann", "Nurse"),
]

_OPEN = {"open": "08:00", "close": "18:30"}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")


def _location(number: int, name: str, street: str, postcode: str, *, primary: bool) -> dict[str, Any]:
    return {
        "id": f"loc_{number:04}",
        "name": name,
        "address_line_1": street,
        "address_line_2": None,
        "address_line_3": None,
        "town_city": "London",
        "postcode": postcode,
        "country": "United Kingdom",
        "phone": f"020 7946 09{number:02}",
        "email": "reception@example.org",
        "lat": None,
        "lng": None,
        "timezone": "Europe/London",
        "opening_hours": {**dict.fromkeys(_WEEKDAYS, _OPEN), "saturday": None, "sunday": None},
        "is_primary": primary,
        "is_active": True,
    }


_LOCATIONS = [
    _location(1, "Riverside Clinic", "1 Wharf Road", "N1 7GS", primary=True),
    _location(2, "Riverside at the Market", "22 Market Row", "SE1 9AA", primary=False),
]
