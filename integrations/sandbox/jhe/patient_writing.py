"""Changing a patient over REST, adding to an organization, removing from one.

The traps are the real server's: a change needs the organization in its query and does not ask whether
the patient belongs to it, the e-mail is not changed, identifiers are replaced one by one after all
were deleted, and leaving the last organization deletes everything.
"""

from __future__ import annotations

from typing import Any

from . import shapes
from .calls import Call, Data, Row, body_keys, instant
from .errors import Crashed, Refused, number, sentences
from .patient_creating import as_day, stored_identifiers
from .records import (
    check_managing,
    find_patient,
    identifier_in_use,
    login_of,
    practitioner,
)

TEXTS = ("name_family", "name_given", "telecom_phone")
NAMES = {
    "identifier": "identifier",
    "name_family": "nameFamily",
    "name_given": "nameGiven",
    "birth_date": "birthDate",
    "telecom_phone": "telecomPhone",
}
NEEDED_BEFORE_2026 = ("name_family", "name_given", "birth_date")
WRONG_DATE = "Date has wrong format. Use one of these formats instead: YYYY-MM-DD."


# --- changing -----------------------------------------------------------------------------


def patch(call: Call, key: str) -> Row:
    """Set what the body names; fields that cannot be changed, the e-mail among them, are ignored."""
    return _change(call, key, needed=())


def put(call: Call, key: str) -> Row:
    """Like PATCH; the 2025-10 server wants names and birth date."""
    return _change(call, key, needed=NEEDED_BEFORE_2026 if call.older else ())


def _change(call: Call, key: str, *, needed: tuple[str, ...]) -> Row:
    check_managing(call, call.query.get("organization_id"))
    body = body_keys()
    identifiers = None if call.older else body.pop("identifiers", None)
    row = find_patient(call, key)
    problems: dict[str, list[str]] = {}
    values: Row = {}
    for name in NAMES:
        if name in body and (name != "identifier" or call.older):
            values[name], problem = _value(
                name, body[name], required=call.older and name in NEEDED_BEFORE_2026
            )
        else:
            problem = "This field is required." if name in needed else ""
        if problem:
            problems[NAMES[name]] = [problem]
    if problems:
        raise Refused(400, problems)
    row.update(values)
    if not call.older:
        row["last_updated"] = instant(call.server.clock())
    if identifiers is not None:
        _replace_identifiers(call, row, identifiers)
    return shapes.patient(call.data, row, older=call.older)


def _value(name: str, sent: Any, *, required: bool) -> tuple[Any, str]:
    """A field's new value and what is wrong with it; spaces around text go, unlike on creation."""
    if sent is None:
        return None, "This field may not be null." if required else ""
    if name == "birth_date":
        day = as_day(sent)
        return day, "" if day else WRONG_DATE
    if isinstance(sent, bool) or not isinstance(sent, str | int | float):
        return None, "Not a valid string."
    text = str(sent).strip()
    if "\0" in text:
        return None, "Null characters are not allowed."
    return text, "" if text else "This field may not be blank."


def _replace_identifiers(call: Call, row: Row, sent: Any) -> None:
    """All go, then those sent come one by one: the first that cannot be stored leaves it half done."""
    row["identifiers"] = []
    if call.half_done or not isinstance(sent, list):
        raise Crashed
    for each in sent:
        if not isinstance(each, dict):
            raise Crashed
        system, value = each.get("system"), each.get("value")
        if system is None or value is None:
            continue
        if identifier_in_use(call.data, str(system), str(value)):
            raise Crashed
        row["identifiers"] += stored_identifiers(call.data, [(str(system), str(value))])


# --- organizations ------------------------------------------------------------------------


def add_organization(call: Call, key: str) -> Row:
    """Put the patient into one more organization. No role is asked for."""
    asked = call.query.get("organization_id")
    if not asked:
        raise sentences("organizationId parameter required")
    row = find_patient(call, key)
    organization_id = number(asked)
    if str(organization_id) not in call.data["organizations"]:
        raise Crashed
    if organization_id in row["organizations"]:
        if call.older:
            raise Crashed
        raise sentences("This patient is already a member of this organization.")
    row["organizations"].append(organization_id)
    return shapes.patient(call.data, row, older=call.older)


def remove(call: Call, key: str) -> tuple[Row | None, int]:
    """Take the patient out of an organization and its studies; out of the last one, everything goes.

    A patient of no organization is deleted whichever is named.
    """
    asked = call.query.get("organization_id")
    check_managing(call, asked)
    if not asked:
        raise Refused(400, {"detail": "organizationId required"})
    row = find_patient(call, key)
    organization_id = number(asked)
    row["organizations"] = [each for each in row["organizations"] if each != organization_id]
    studies = {
        each["id"] for each in call.data["studies"].values() if each["organization_id"] == organization_id
    }
    _unenrol(call.data, row, studies)
    if not row["organizations"]:
        _delete(call, row)
    return ({"success": True}, 200) if call.older else (None, 204)


def _unenrol(data: Data, row: Row, studies: set[int]) -> None:
    """End the enrolments in these studies, with their decisions."""
    gone = {
        each["id"]
        for each in data["enrolments"]
        if each["patient_id"] == row["id"] and each["study_id"] in studies
    }
    data["enrolments"] = [each for each in data["enrolments"] if each["id"] not in gone]
    data["consents"] = [each for each in data["consents"] if each["enrolment_id"] not in gone]


def _delete(call: Call, row: Row) -> None:
    """The patient with all that hangs on it, and the login unless it is somebody else's, too."""
    data, login = call.data, login_of(call.data, row)
    _unenrol(data, row, {each["id"] for each in data["studies"].values()})
    for table in ("observations", "invitations"):
        data[table] = {key: each for key, each in data[table].items() if each["patient_id"] != row["id"]}
    del data["patients"][str(row["id"])]
    kept = practitioner(data, login) is not None or (login["is_superuser"] and not call.older)
    if not kept:
        del data["users"][str(login["id"])]
