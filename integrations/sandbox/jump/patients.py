"""Patients: which of them a list request means, and how a record looks on the wire."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from .queries import created_within
from .switches import JumpSwitches

Row = dict[str, Any]

SHORT_ROW = (
    "id",
    "first_name",
    "last_name",
    "date_of_birth",
    "email",
    "status",
    "created_at",
    "updated_at",
)
# What the documentation's example of a creation answers with.
WRITTEN_ROW = (*SHORT_ROW[:5], "phone", *SHORT_ROW[5:])
SEARCHED = ("first_name", "last_name", "email")
TIMESTAMPS = ("created_at", "updated_at", "archived_at")
G1_GENDERS = {"male": "male", "female": "female", "indeterminate": "other", "unknown": None}
SEPARATORS = re.compile(r"[\s-]")


def people_of(key: str, data: dict[str, Any]) -> dict[str, Row]:
    """The data set of a key: everybody seeded is a test person, so a live key begins with nobody."""
    people: dict[str, Row] = data.setdefault(
        "patients" if key.startswith("pk_test_") else "live_patients", {}
    )
    return people


def matching(rows: Iterable[Row], query: Mapping[str, str], switches: JumpSwitches) -> list[Row]:
    """The rows that all filters let through, newest first. Unknown parameters are ignored."""
    in_span = created_within(query)
    statuses = query["status_in"].split(",") if query.get("status_in") else None
    tokens = query.get("search", "").casefold().split()
    found = [
        row
        for row in rows
        if query.get("status") in (None, "", row["status"])
        and (statuses is None or row["status"] in statuses)
        and query.get("patient_type") in (None, "", row["patient_type"])
        and (in_span is None or in_span(row))
        and (not tokens or _is_found(row, tokens, switches))
    ]
    return sorted(found, key=lambda row: (row["created_at"], row["id"]), reverse=True)


def _is_found(row: Row, tokens: list[str], switches: JumpSwitches) -> bool:
    """Every word of the search has to be in a name, the e-mail or the NHS number."""
    # One text of all fields (no word holds a line break): a look at everybody precedes every creation.
    text = "\n".join([row[name] or "" for name in SEARCHED]).casefold()
    return all(
        token in text or (bool(row["nhs_number"]) and _numbers_agree(token, row["nhs_number"], switches))
        for token in tokens
    )


def _numbers_agree(token: str, held: str, switches: JumpSwitches) -> bool:
    if token.isalpha():  # in whatever form a number is written, its letters are those held
        return token in held
    if switches.nhs_search == "digits" and re.fullmatch(r"\d{10}", token):
        return token == SEPARATORS.sub("", held)
    return token in (written(held, switches) or "")


def written(nhs_number: str | None, switches: JumpSwitches) -> str | None:
    """An NHS number in the form that the switch asks for; what has not ten digits stays as it is."""
    digits = SEPARATORS.sub("", nhs_number or "")
    if switches.nhs_form == "held" or not re.fullmatch(r"\d{10}", digits):
        return nhs_number
    separator = {"digits": "", "hyphens": "-", "spaces": " "}[switches.nhs_form]
    return separator.join((digits[:3], digits[3:6], digits[6:]))


def on_the_wire(row: Row, switches: JumpSwitches, *, short: bool = False) -> Row:
    """A stored record as the API shows it."""
    shown = dict(row, nhs_number=written(row["nhs_number"], switches))
    for name in TIMESTAMPS:
        shown[name] = _stamp(shown[name], switches)
    if short and switches.rows == "short":
        return {name: shown[name] for name in SHORT_ROW}
    if switches.city == "g1":
        shown["city"] = shown.pop("town_city")
    if switches.gender == "g1":
        shown["gender"] = G1_GENDERS.get(shown.pop("biological_sex") or "")
    held = shown.pop("custom_fields", None)
    if switches.custom_fields == "always" or (held and switches.custom_fields == "held"):
        shown["custom_fields"] = held or {}
    return shown


def answer_to_writing(row: Row, switches: JumpSwitches) -> Row:
    """A record as the API shows it to who wrote it."""
    shown = on_the_wire(row, switches)
    return {name: shown[name] for name in WRITTEN_ROW} if switches.written == "short" else shown


def _stamp(moment: str | None, switches: JumpSwitches) -> str | None:
    if moment is None or switches.timestamps == "seconds":
        return moment
    return moment.replace("Z", ".123456Z" if switches.timestamps == "fractions" else "+00:00")
