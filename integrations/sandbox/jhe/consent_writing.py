"""Making, changing and forgetting a patient's decisions.

Decisions are handled one after the other, in no transaction. The 2025-10 server cannot change one, and
fails in answering that it forgot one, which it did.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from flask import request

from . import shapes
from .calls import JSON, Call, Row, instant, snake
from .errors import Crashed, Refused, denied, number
from .records import (
    find_patient,
    is_practitioner,
    own_organizations,
    own_patient,
    role_in,
)
from .seed import next_id

MANAGING = ("manager", "member")


def subject(call: Call, key: str) -> Row:
    """The patient whose decisions these are: patients have only their own."""
    wanted = number(key)
    if not is_practitioner(call.data, call.user):
        own = own_patient(call.data, call.user)
        if own is None:
            raise Crashed
        if own["id"] != wanted:
            raise denied("The Patient does not match the current patient user.")
    return find_patient(call, key)


def decide(call: Call, key: str) -> tuple[Row, int]:
    """Make decisions where there are none yet; 201, on the 2025-10 server 200."""
    return _replied(call, _each(call, key, _make)), 200 if call.older else 201


def change(call: Call, key: str) -> Row:
    """Change decisions that were made. The 2025-10 server fails in this, and nothing happens."""
    return _replied(call, _each(call, key, _change))


def forget(call: Call, key: str) -> tuple[Row | None, int]:
    """Forget decisions, made or not. The 2025-10 server fails where there was none, and in its answer."""
    _each(call, key, _forget)
    if call.older:
        raise Crashed
    return None, 204


Work = Callable[[Call, Row, int, dict[str, Any]], Row | None]
Written = list[tuple[Row, Row]]
"""Decisions, each with its enrolment."""


def _replied(call: Call, rows: Written) -> Row:
    return {"studyScopeConsents": [shapes.decision(call.data, *each, older=call.older) for each in rows]}


def _each(call: Call, key: str, work: Work) -> Written:
    patient = subject(call, key)
    done: Written = []
    for study in _list(_sent(), "study_scope_consents"):
        enrolment = _enrolment(call, patient, number(study.get("study_id")))
        _check_writer(call, patient, enrolment)
        for scope in _list(study, "scope_consents"):
            code = _code(call, scope)
            if enrolment is None:
                raise Crashed
            row = work(call, enrolment, code, scope)
            if row is not None:
                done.append((row, enrolment))
    return done


def _check_writer(call: Call, patient: Row, enrolment: Row | None) -> None:
    """The patient, a superuser, or a manager or member of the study's organization."""
    own = own_patient(call.data, call.user)
    worker = is_practitioner(call.data, call.user)
    is_own = own is not None and own["id"] == patient["id"] and not (call.older and worker)
    if call.user["is_superuser"] or is_own:
        return
    if enrolment is None:
        raise Crashed
    place = call.data["studies"][str(enrolment["study_id"])]["organization_id"]
    if place not in own_organizations(call.data, call.user) or place not in patient["organizations"]:
        raise denied("Practitioner doesn't have right now for patient.")
    if role_in(call.data, call.user, place) not in MANAGING:
        raise denied("Practitioner role is not valid.")


def _enrolment(call: Call, patient: Row, study_id: int) -> Row | None:
    pair = (study_id, patient["id"])
    rows: list[Row] = call.data["enrolments"]
    return next((row for row in rows if (row["study_id"], row["patient_id"]) == pair), None)


def _code(call: Call, scope: dict[str, Any]) -> int:
    """A scope code by system and code together; one that nobody knows makes the server fail."""
    wanted = (scope.get("coding_system"), scope.get("coding_code"))
    for row in call.data["scope_codes"].values():
        if (row["coding_system"], row["coding_code"]) == wanted:
            return int(row["id"])
    raise Crashed


def _decision(call: Call, enrolment: Row, code: int) -> Row | None:
    pair = (enrolment["id"], code)
    rows: list[Row] = call.data["consents"]
    return next((row for row in rows if (row["enrolment_id"], row["scope_code_id"]) == pair), None)


def _make(call: Call, enrolment: Row, code: int, scope: dict[str, Any]) -> Row:
    if _decision(call, enrolment, code) is not None:
        raise Crashed
    row = {
        "id": next_id(call.data, "consents"),
        "enrolment_id": enrolment["id"],
        "scope_code_id": code,
        "consented": _answer(scope),
        "consented_time": instant(call.server.clock()),
    }
    call.data["consents"].append(row)
    return row


def _change(call: Call, enrolment: Row, code: int, scope: dict[str, Any]) -> Row:
    row = _decision(call, enrolment, code)
    if row is None or call.older:
        raise Crashed
    row.update(consented=_answer(scope), consented_time=instant(call.server.clock()))
    return row


def _forget(call: Call, enrolment: Row, code: int, scope: dict[str, Any]) -> None:
    row = _decision(call, enrolment, code)
    if row is not None:
        call.data["consents"].remove(row)
    elif call.older:
        raise Crashed


def _answer(scope: dict[str, Any]) -> bool:
    sent = scope.get("consented")
    if not isinstance(sent, bool):
        raise Crashed
    return sent


def _sent() -> dict[str, Any]:
    """The body with snake-case keys all the way down."""
    if request.mimetype not in (JSON, ""):
        detail = f'Unsupported media type "{request.content_type}" in request.'
        raise Refused(415, {"detail": detail})
    try:
        body = _snaked(json.loads(request.get_data() or b"{}"))
    except ValueError as error:
        raise Refused(400, {"detail": f"JSON parse error - {error}"}) from error
    if not isinstance(body, dict):
        raise Crashed
    return body


def _snaked(value: Any) -> Any:
    if isinstance(value, dict):
        return {snake(name): _snaked(each) for name, each in value.items()}
    return [_snaked(each) for each in value] if isinstance(value, list) else value


def _list(body: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    sent = body.get(name)
    if not isinstance(sent, list):
        raise Crashed
    for each in sent:
        if not isinstance(each, dict):
            raise Crashed
        yield each
