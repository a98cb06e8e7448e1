"""What a body may set: the documented fields, their forms, and what a stored record becomes.

Sections cited are of ``integrations/jump/README.md``.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from .patients import SEPARATORS, Row
from .replies import Refused
from .switches import JumpSwitches

TEXTS = (
    *("first_name", "last_name", "middle_name", "preferred_name", "title"),
    *("ethnicity", "nhs_number", "email", "phone", "mobile_phone", "home_phone"),
    *("address_line_1", "address_line_2", "address_line_3", "town_city", "postcode", "country"),
    *("preferred_contact_method", "review_reason", "occupation", "patient_notes"),
    *("archive_reason", "archive_notes"),
)
DATES = ("date_of_birth", "date_of_death")
FLAGS = (
    *("is_deceased", "requires_review", "consent_sms", "consent_email"),
    *("consent_marketing", "consent_electronic_communication"),
)
ENUMS = {
    "biological_sex": ("male", "female", "unknown", "indeterminate"),
    "gender": ("man", "woman", "non_binary", "other", "prefer_not_to_say"),
    "status": ("active", "inactive", "archived", "merged"),
    "patient_type": ("active", "temporary", "dummy", "archived", "merged"),
}
FREE = ("accessibility_needs", "accessibility_notes")
READ_ONLY = ("id", "created_at", "updated_at", "archived_at", "archived_by")
REQUIRED = ("first_name", "last_name", "date_of_birth")
NOT_NULL = frozenset({*REQUIRED, *FLAGS, "status", "patient_type"})
FORMS = {
    "email": re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    "nhs_number": re.compile(r"\d{3}-?\d{3}-?\d{4}", re.ASCII),
}
# The older generation's words, taken where a switch shows them (README, Generations).
OLD_SEXES = {"male": "male", "female": "female", "other": "indeterminate"}


class Draft:
    """One body, checked and in the form in which it is stored. Raises ``Refused``."""

    def __init__(self, body: object, now: datetime, switches: JumpSwitches) -> None:
        if not isinstance(body, Mapping):
            raise Refused(400, "The body must be a JSON object.")
        self._now = now
        self._switches = switches
        given = self._known(self._in_newer_words(dict(body)))
        self.custom: Mapping[str, Any] = self._custom_in(given)
        self.fields = {name: self._value(name, value) for name, value in given.items()}

    def _refuse(self, message: str) -> Refused:
        return Refused(self._switches.validation_status, message)

    def _in_newer_words(self, body: Row) -> Row:
        if self._switches.city == "g1" and "city" in body:
            body.setdefault("town_city", body.pop("city"))
        gender = body.get("gender")
        if self._switches.gender == "g1" and isinstance(gender, str) and gender in OLD_SEXES:
            body.setdefault("biological_sex", OLD_SEXES[gender])
            del body["gender"]
        return body

    def _known(self, body: Row) -> Row:
        """What can be set; the rest is ignored, or refused by the strict ones."""
        known = {*TEXTS, *DATES, *FLAGS, *ENUMS, *FREE, "custom_fields"}
        strange = sorted(set(body) - known)
        if strange and self._switches.fields == "strict":
            kind = "read-only" if strange[0] in READ_ONLY else "unknown"
            raise self._refuse(f"{strange[0]} is {kind}.")
        return {name: value for name, value in body.items() if name in known}

    def _custom_in(self, given: Row) -> Mapping[str, Any]:
        custom = given.pop("custom_fields", {})
        if not isinstance(custom, Mapping):
            raise self._refuse("custom_fields must be an object.")
        return custom if self._switches.custom_fields_written == "merged" else {}

    def _value(self, name: str, value: Any) -> Any:
        if name in FREE:
            return value
        if name in FLAGS:
            if not isinstance(value, bool):
                raise self._refuse(f"{name} must be true or false.")
            return value
        if value is not None and not isinstance(value, str):
            raise self._refuse(f"{name} must be text.")
        if value is None or not value.strip():
            if name in NOT_NULL:
                raise self._refuse(f"{name} must not be empty.")
            return None
        self._check_form(name, value)
        return value

    def _check_form(self, name: str, value: str) -> None:
        if name in ENUMS and value not in ENUMS[name]:
            raise self._refuse(f"{name} must be one of {', '.join(ENUMS[name])}.")
        if name in FORMS and not FORMS[name].fullmatch(value):
            raise self._refuse(f"{name} is not in the right format.")
        if name in DATES:
            self._check_day(name, value)

    def _check_day(self, name: str, value: str) -> None:
        try:
            day = date.fromisoformat(value) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII) else None
        except ValueError:
            day = None
        if day is None:
            raise self._refuse(f"{name} must be a date like 1985-03-15.")
        if name == "date_of_birth" and day > self._now.date():
            raise self._refuse(f"{name} must not be in the future.")


def new_row(body: object, rows: Iterable[Row], now: datetime, switches: JumpSwitches) -> Row:
    """The record that a body makes, all fields filled. Raises ``Refused``."""
    draft = Draft(body, now, switches)
    for name in REQUIRED:
        if name not in draft.fields:
            raise Refused(switches.validation_status, f"{name} is required.")
    if switches.same_number == "refused":
        _refuse_same_number(draft.fields.get("nhs_number"), rows)
    row: Row = {
        "id": str(uuid.uuid4()),
        **dict.fromkeys((*TEXTS, *DATES, *ENUMS, *FREE, "archived_at", "archived_by")),
        **dict.fromkeys(FLAGS, False),
        "status": "active",
        "patient_type": "active",
        "created_at": stamp(now),
    }
    _apply(draft, row, now, switches)
    return row


def changed_row(row: Row, body: object, now: datetime, switches: JumpSwitches) -> Row:
    """A record after a body: what is not named stays. Raises ``Refused``, then nothing is changed."""
    changed = dict(row)
    _apply(Draft(body, now, switches), changed, now, switches)
    return changed


def stamp(moment: datetime) -> str:
    """A moment as stored: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _apply(draft: Draft, row: Row, now: datetime, switches: JumpSwitches) -> None:
    before = row["status"] if row["archived_at"] else ""
    kept = draft.fields
    if switches.archive_reason == "ignored":
        kept = {name: kept[name] for name in kept if name not in ("archive_reason", "archive_notes")}
    row.update(kept)
    if draft.custom:
        merged = {**(row.get("custom_fields") or {}), **draft.custom}
        row["custom_fields"] = {name: value for name, value in merged.items() if value is not None}
    if row["status"] == "archived" and before != "archived":
        row.update(archived_at=stamp(now), archived_by="api")
    elif row["status"] != "archived" and "status" in kept:
        row.update(archived_at=None, archived_by=None)
    row["updated_at"] = stamp(now)


def _refuse_same_number(number: str | None, rows: Iterable[Row]) -> None:
    wanted = SEPARATORS.sub("", number or "")
    if wanted and any(SEPARATORS.sub("", row["nhs_number"] or "") == wanted for row in rows):
        raise Refused(409, "A patient with this nhs_number exists.")
