"""A change in a record as the index keeps it (``held.changes_between``), in the words of pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from integrations.types import PhoneKind
from patients.matching.dates import show
from patients.matching.fields import Field

from .contents import NO_PERMISSION, custom_label, custom_words, moment, words

_LABELS: Mapping[str, str] = {
    "full_name": "Full name",
    "phones": "Phones",
    "contact_preferred_method": "Preferred contact",
    "contact_sms": "Text messages",
    "contact_email": "E-mails",
    "contact_marketing": "Marketing",
    "contact_electronic": "Electronic messages",
    "accessibility_needs": "Accessibility needs",
    "accessibility_notes": "Accessibility notes",
    "is_deceased": "Deceased",
    "date_of_death": "Date of death",
    "requires_review": "Needs review",
    "custom_fields": "The organization's own fields",
    "created_at": "Created there",
    "login": "Own sign-in there",
    "site_details": "Site, how to reach it",
}
_CODES = frozenset({"sex", "gender", "status", "registration", "contact_preferred_method"})
_CONSENTS = frozenset({"contact_sms", "contact_email", "contact_marketing", "contact_electronic"})
_DAYS = frozenset({"birth_date", "date_of_death"})
_MOMENTS = frozenset({"archived_at", "created_at"})
_HIDDEN = "(a value that is shown to nobody)"


def change_label(name: str) -> str:
    """What a changed field is called."""
    return _LABELS.get(name) or (Field(name).heading if name in set(Field) else words(name))


def change_words(name: str, value: Any) -> str:
    """A value before or after, on one line; empty for nothing."""
    if name in _CONSENTS and isinstance(value, bool):
        return "Yes" if value else NO_PERMISSION
    if value in (None, "", [], {}):
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if name in _CODES:
        return words(str(value))
    if name in _DAYS:
        return show(date.fromisoformat(value))
    if name in _MOMENTS:
        return moment(datetime.fromisoformat(value))[0]
    if isinstance(value, dict):
        return _joined([*value.get("lines", ()), *(value.get(key) for key in _PLACES)])
    return _joined([_part(name, each) for each in value]) if isinstance(value, list) else str(value)


_PLACES = ("town", "county", "postcode", "country", "note")


def _part(name: str, value: Any) -> str:
    """One of several values: a phone, an identifier, an organization, a custom field, or a phrase."""
    if name == "custom_fields":
        key, held = value
        return f"{custom_label(key)}: {custom_words(key, held)}"
    if not isinstance(value, dict):
        return str(value)
    if "number" in value:
        return f"{value['number']} ({PhoneKind(value['kind'])})"
    if value.get("guessable"):
        return _HIDDEN
    if "value" in value:
        return f"{value['value']} (given by {value['system']})" if value["system"] else value["value"]
    return value.get("name") or value.get("id") or ""


def _joined(parts: list[Any]) -> str:
    return ", ".join(str(part) for part in parts if part)
