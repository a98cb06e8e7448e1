"""Creating a patient over REST: in one piece on the current server, in steps on the 2025-10 one.

A create that fails there leaves the login behind that it made first. Numbers are taken as a database
takes them: what is rolled back has used one up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from flask import request

from . import shapes
from .calls import JSON, Call, Data, Row, body_keys, instant
from .errors import Crashed, Refused, number, sentences
from .records import check_managing, identifier_in_use, own_patient, user_by_email
from .seed import next_id

LONGEST_EMAIL = 254
COLUMNS = {"name_family", "name_given", "birth_date", "telecom_phone"}
SETTABLE = COLUMNS | {"id", "jhe_user_id", "last_updated", "organization_id"}


def create(call: Call) -> tuple[Row, int]:
    """A new patient in the organization that the body names; 201, on the 2025-10 server 200."""
    body = body_keys()
    check_managing(call, body.get("organization_id"))
    row = _create_in_steps(call, body) if call.older else _create_at_once(call, body)
    return shapes.patient(call.data, row, older=call.older), 200 if call.older else 201


# --- the current server -------------------------------------------------------------------


def _create_at_once(call: Call, body: dict[str, Any]) -> Row:
    email = _checked_email(body.pop("telecom_email", None))
    _check_birth_date(body.get("birth_date"))
    identifiers = _identifiers(body.pop("identifiers", None))
    for system, value in identifiers:
        if system and value and identifier_in_use(call.data, system, value):
            text = f"The external identifier {system}|{value} is already in use by another patient."
            raise sentences(text)
    login = user_by_email(call.data, email) or _new_login(call.data, email)
    row = _row(call, body, login)
    if _stands_against(call, row, login) or len(set(identifiers)) < len(identifiers):
        raise _conflict()
    if row["organizations"] and str(row["organizations"][0]) not in call.data["organizations"]:
        raise _conflict()
    if call.half_done:
        raise Crashed
    row["identifiers"] = stored_identifiers(call.data, identifiers)
    return _kept(call.data, row, login)


def _checked_email(sent: Any) -> str:
    if sent and not isinstance(sent, str):
        raise Crashed
    email = (sent or "").strip()
    if not email:
        raise sentences("Email is required to create a patient.")
    try:
        validate_email(email)
    except ValidationError:
        raise sentences("Enter a valid email address.") from None
    return email


def _check_birth_date(sent: Any) -> None:
    if sent and (not isinstance(sent, str) or as_day(sent) is None):
        raise sentences("Enter a valid birth date (YYYY-MM-DD).")


def _identifiers(sent: Any) -> list[tuple[str, str]]:
    """The pairs of a list of identifiers; what lacks either half is left out, as the real server does."""
    if not sent:
        return []
    if not isinstance(sent, list) or not all(isinstance(each, dict) for each in sent):
        raise Crashed
    pairs = ((each.get("system"), each.get("value")) for each in sent)
    return [(str(system), str(value)) for system, value in pairs if system is not None and value is not None]


def _conflict() -> Refused:
    return sentences(
        "Could not save the patient because of a data conflict. Please check the values and try again."
    )


# --- the 2025-10 server -------------------------------------------------------------------


def _create_in_steps(call: Call, body: dict[str, Any]) -> Row:
    """The login first; whatever fails after it leaves it there."""
    if "telecom_email" not in body:
        raise Crashed
    email = body.pop("telecom_email")
    if not email:
        raise sentences("Invalid input.")
    login = user_by_email(call.data, str(email)) or _new_login(call.data, str(email))
    call.data["users"][str(login["id"])] = login
    if call.half_done:
        raise Crashed
    row = _row(call, body, login)
    needed = ("name_family", "name_given", "birth_date")
    if any(row[each] is None for each in needed) or _stands_against(call, row, login):
        raise Crashed
    row["organizations"] = [each for each in row["organizations"] if str(each) in call.data["organizations"]]
    return _kept(call.data, row, login)


# --- both ---------------------------------------------------------------------------------


def _new_login(data: Data, email: str) -> Row:
    """A login of no type, whose password nobody knows."""
    user_id = next_id(data, "users")
    if len(email) > LONGEST_EMAIL:
        raise Crashed
    return {
        "id": user_id,
        "email": email,
        "first_name": "",
        "last_name": "",
        "user_type": None,
        "is_superuser": False,
        "password": None,
    }


def _row(call: Call, body: dict[str, Any], login: Row) -> Row:
    """The row that a body asks for, ``id`` obeyed; a field that is no column makes the server fail."""
    if set(body) - SETTABLE - ({"identifier"} if call.older else set()) or request.mimetype not in (JSON, ""):
        raise Crashed
    texts = {name: _text(body.get(name)) for name in (*COLUMNS - {"birth_date"}, "identifier")}
    birth_date = body.get("birth_date")
    day = None if birth_date is None else as_day(birth_date)
    if birth_date is not None and day is None:
        raise Crashed
    organization = body.get("organization_id")
    return {
        "id": number(body["id"]) if body.get("id") is not None else next_id(call.data, "patients"),
        "user_id": login["id"],
        **texts,
        "birth_date": day,
        "identifiers": [],
        "organizations": [number(organization)] if organization else [],
        "last_updated": instant(call.server.clock()),
    }


def _stands_against(call: Call, row: Row, login: Row) -> bool:
    """Whether the number is taken, or the login is a patient's already."""
    return str(row["id"]) in call.data["patients"] or own_patient(call.data, login) is not None


def _kept(data: Data, row: Row, login: Row) -> Row:
    data["users"][str(login["id"])] = login
    data["patients"][str(row["id"])] = row
    return row


def stored_identifiers(data: Data, pairs: Iterable[tuple[str, str]]) -> list[Row]:
    """Rows for pairs of system and value."""
    return [{"id": next_id(data, "identifiers"), "system": system, "value": value} for system, value in pairs]


def as_day(sent: Any) -> str | None:
    """A date as the state keeps it, ``None`` for what is none."""
    found = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", sent) if isinstance(sent, str) else None
    try:
        return date(*map(int, found.groups())).isoformat() if found else None
    except ValueError:
        return None


def _text(sent: Any) -> str | None:
    """A value as a text column keeps it: as sent, spaces and all."""
    text = None if sent is None else str(sent)
    if text is not None and "\0" in text:
        raise Crashed
    return text
