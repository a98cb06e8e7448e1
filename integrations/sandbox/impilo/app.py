"""The HTTP side: routes, the key, errors."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, jsonify, make_response, request
from werkzeug.exceptions import HTTPException

from integrations.sandbox.state import Store
from integrations.types import Clock

from .access import Access
from .patients import Row, matching, on_the_wire, page_of
from .replies import Refused, error_body
from .switches import ImpiloSwitches
from .writing import add_writes, owned

BASE_PATH = "/api/v3"


def create_app(store: Store, clock: Clock, switches: ImpiloSwitches) -> Flask:
    """Impilo's API over a store; ``clock`` decides whether a key has expired."""
    app = Flask("sandbox-impilo", static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]  # of the default provider
    _add_frame(app, Access(store, switches), clock, switches)
    _add_lists(app, store, switches)
    _add_lookups(app, store, switches)
    add_writes(app, BASE_PATH, store, switches)
    return app


def _add_frame(app: Flask, access: Access, clock: Clock, switches: ImpiloSwitches) -> None:
    """What surrounds every request: the key, and errors in one shape."""

    @app.before_request
    def admit() -> None:
        if request.path.startswith(BASE_PATH + "/"):
            access.admit(request.headers.get("Impilo-API-Key", ""), clock())

    @app.errorhandler(Refused)
    def refused(error: Refused) -> Response:
        body = error_body(error, request.path, clock(), switches)
        content = Response(body, mimetype="text/plain") if isinstance(body, str) else jsonify(body)
        response = make_response(content, error.status)
        if error.retry_after is not None:
            response.headers["Retry-After"] = str(error.retry_after)
        return response

    @app.errorhandler(HTTPException)
    def failed(error: HTTPException) -> Response:
        response = refused(Refused(error.code or 500, error.name))
        response.headers.extend(pair for pair in error.get_headers() if pair[0] == "Allow")
        return response


def _add_lists(app: Flask, store: Store, switches: ImpiloSwitches) -> None:
    @app.get(f"{BASE_PATH}/patient")
    def patients() -> Row:
        with store.reading() as data:
            return page_of(
                matching(data["patients"].values(), request.args, switches), request.args, switches
            )

    @app.get(f"{BASE_PATH}/patient/<int:patient_id>")
    def patient(patient_id: int) -> Row:
        with store.reading() as data:
            return on_the_wire(owned(data, patient_id), switches)


def _add_lookups(app: Flask, store: Store, switches: ImpiloSwitches) -> None:
    """Two look-ups that the documentation names without their paths."""

    @app.get(f"{BASE_PATH}/patient/identifier/<path:identifier>")
    def by_identifier(identifier: str) -> Row:
        with store.reading() as data:
            return _shown(_first(data, "externalIdentifier", identifier), switches)

    @app.post(f"{BASE_PATH}/patient/email")
    def by_email() -> Row:
        if not request.is_json:
            raise Refused(415, "Content-Type must be application/json")
        body = request.get_json(silent=True)
        email = body.get("email") if isinstance(body, dict) else None
        if not isinstance(email, str) or not email:
            raise Refused(400, "email: must not be blank")
        with store.reading() as data:
            return _shown(_first(data, "email", email), switches)


def _first(data: dict[str, Any], field: str, value: str) -> Row | None:
    return next((row for row in data["patients"].values() if row[field] == value), None)


def _shown(row: Row | None, switches: ImpiloSwitches) -> Row:
    if row is None:
        raise Refused(404, "There is no such patient.")
    return on_the_wire(row, switches)
