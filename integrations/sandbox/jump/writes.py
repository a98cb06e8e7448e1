"""The HTTP side of writing patients: creating under an idempotency key, changing."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, g, jsonify, make_response, request

from integrations.sandbox.state import Store
from integrations.types import Clock

from .access import Access
from .drafts import changed_row, new_row
from .idempotency import Answer, Keys
from .patients import Row, answer_to_writing, people_of
from .replies import Refused, error_body, one
from .switches import JumpSwitches

LONGEST_HOLD = 30.0  # seconds that a creation is held back
POLL = 0.02


def add_writing(
    app: Flask, path: str, store: Store, clock: Clock, access: Access, switches: JumpSwitches
) -> None:
    """Let patients at ``path`` be created and changed."""
    keys = Keys(store, clock)

    @app.post(path)
    def create_patient() -> Response:
        access.require(g.key, "write_patients")
        body, key = _body(), request.headers.get("Idempotency-Key", "")

        def work() -> Answer:
            _hold_back(switches)
            return _answer(lambda: _created(store, body, clock, switches), 201, switches)

        if not key:
            (status, answer), again = work(), False
        else:
            (status, answer), again = keys.once(_scope(key), body, work)
        response = make_response(jsonify(answer), status)
        if again:
            response.headers["Idempotent-Replayed"] = "true"
        return response

    @app.patch(f"{path}/<patient_id>")
    def change_patient(patient_id: str) -> dict[str, Any]:
        access.require(g.key, "write_patients")
        body = _body()
        with store.writing() as data:
            people = people_of(g.key, data)
            if patient_id not in people:
                raise Refused(404, "There is no such patient.")
            people[patient_id] = changed_row(people[patient_id], body, clock(), switches)
            return one(answer_to_writing(people[patient_id], switches), g.request_id, switches)


def _created(store: Store, body: object, clock: Clock, switches: JumpSwitches) -> Row:
    with store.writing() as data:
        people = people_of(g.key, data)
        row = new_row(body, people.values(), clock(), switches)
        people[row["id"]] = row
        return answer_to_writing(row, switches)


def _answer(work: Callable[[], Row], status: int, switches: JumpSwitches) -> Answer:
    """Status and body of an answer; a refusal is one too, and is kept under its key like others."""
    try:
        return status, one(work(), g.request_id, switches)
    except Refused as refusal:
        return refusal.status, error_body(refusal, g.request_id, switches)


def _body() -> Any:
    """The JSON of the request, of which everything can be stored. Raises ``Refused``."""
    body = request.get_json(silent=True)
    try:
        json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
    except ValueError:  # half a character, or no number
        body = None
    if not isinstance(body, dict):
        raise Refused(400, "The body must be a JSON object.")
    return body


def _scope(key: str) -> str:
    """Organization, endpoint and key: test and live data are like two organizations."""
    return f"{g.key[:7]} {request.method} {request.path} {key}"


def _hold_back(switches: JumpSwitches) -> None:
    end = time.monotonic() + LONGEST_HOLD
    while switches.creating == "held" and time.monotonic() < end:
        time.sleep(POLL)
