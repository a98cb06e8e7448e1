"""The HTTP side: routes, keys, quota headers, request ids."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, g, jsonify, make_response, request
from werkzeug.exceptions import HTTPException

from integrations.sandbox.state import Store
from integrations.types import Clock

from .access import Access
from .patients import Row, matching, on_the_wire, people_of
from .queries import created_within, paging_in
from .replies import Refused, error_body, many, one
from .switches import JumpSwitches
from .writes import add_writing

BASE_PATH = "/functions/v1/api-v1"

# Reading of these lists needs the scope named; a filter compares the field of its name.
DIRECTORIES: dict[str, tuple[str, tuple[str, ...]]] = {
    "appointments": ("read_appointments", ("patient_id", "status", "location_id", "appointment_type_id")),
    "appointment-templates": ("read_appointment_templates", ("status", "is_active")),
    "clinician-profiles": ("read_clinicians", ("is_active", "is_bookable_online")),
    "locations": ("read_locations", ("is_active",)),
    "webhooks": ("read_webhooks", ()),
}


def create_app(store: Store, clock: Clock, switches: JumpSwitches) -> Flask:
    """Jump's API over a store; ``clock`` decides when an hour of quota is over."""
    app = Flask("sandbox-jump", static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]  # of the default provider
    access = Access(store, switches)
    _add_frame(app, access, clock, switches)
    _add_patients(app, store, access, switches)
    add_writing(app, f"{BASE_PATH}/patients", store, clock, access, switches)
    for name in DIRECTORIES:
        _add_directory(app, store, access, switches, name)
    return app


def _add_frame(app: Flask, access: Access, clock: Clock, switches: JumpSwitches) -> None:
    """What surrounds every request: request id, key, quota, errors in Jump's shape."""

    @app.before_request
    def admit() -> None:
        g.request_id, g.key = f"req_{uuid.uuid4().hex[:24]}", ""
        if _is_api():
            g.key = access.key_of(request.headers.get("Authorization", ""))
            access.count(g.key, clock())

    @app.after_request
    def label(response: Response) -> Response:
        if _is_api():
            now = clock()
            left = access.left(g.key, now) if g.key else switches.rate_limit
            response.headers["X-Request-Id"] = g.request_id
            response.headers["X-RateLimit-Limit"] = str(switches.rate_limit)
            response.headers["X-RateLimit-Remaining"] = str(left)
            if response.status_code == 429 and switches.retry_after:
                response.headers["Retry-After"] = str(access.seconds_to_wait(g.key, now))
        return response

    @app.errorhandler(Refused)
    def refused(error: Refused) -> Response:
        return make_response(jsonify(error_body(error, g.request_id, switches)), error.status)

    @app.errorhandler(HTTPException)
    def failed(error: HTTPException) -> Response:
        if not _is_api():
            return make_response(error.get_response())  # the gateway's own page
        said = Refused(error.code or 500, error.name + ".")
        response = make_response(jsonify(error_body(said, g.request_id, switches)), said.status)
        response.headers.extend(pair for pair in error.get_headers() if pair[0] == "Allow")
        return response


def _is_api() -> bool:
    return request.path.startswith(BASE_PATH + "/")


def _add_patients(app: Flask, store: Store, access: Access, switches: JumpSwitches) -> None:
    @app.get(f"{BASE_PATH}/patients")
    def patients() -> dict[str, Any]:
        access.require(g.key, "read_patients")
        limit, offset = paging_in(request.args, switches)
        with store.reading() as data:
            rows = matching(people_of(g.key, data).values(), request.args, switches)
            return many(
                rows,
                lambda row: on_the_wire(row, switches, short=True),
                limit=limit,
                offset=offset,
                request_id=g.request_id,
                switches=switches,
            )

    @app.get(f"{BASE_PATH}/patients/<patient_id>")
    def patient(patient_id: str) -> dict[str, Any]:
        access.require(g.key, "read_patients")
        with store.reading() as data:
            row = people_of(g.key, data).get(patient_id)
            if row is None:
                raise Refused(404, "There is no such patient.")
            return one(on_the_wire(row, switches), g.request_id, switches)


def _add_directory(app: Flask, store: Store, access: Access, switches: JumpSwitches, name: str) -> None:
    scope, filters = DIRECTORIES[name]

    def listed() -> dict[str, Any]:
        access.require(g.key, scope)
        limit, offset = paging_in(request.args, switches)
        in_span = created_within(request.args)
        with store.reading() as data:
            rows = [
                row
                for row in data[name].values()
                if (in_span is None or in_span(row)) and _passes(row, request.args, filters)
            ]
        rows.sort(key=lambda row: (row["created_at"], row["id"]), reverse=True)
        return many(rows, dict, limit=limit, offset=offset, request_id=g.request_id, switches=switches)

    def shown(row_id: str) -> dict[str, Any]:
        access.require(g.key, scope)
        with store.reading() as data:
            if row_id not in data[name]:
                raise Refused(404, "There is no such record.")
            return one(data[name][row_id], g.request_id, switches)

    app.add_url_rule(f"{BASE_PATH}/{name}", f"{name}-list", listed)
    app.add_url_rule(f"{BASE_PATH}/{name}/<row_id>", f"{name}-detail", shown)


def _passes(row: Row, query: Mapping[str, str], filters: tuple[str, ...]) -> bool:
    return all(_said(row[name]) == query[name] for name in filters if query.get(name)) and (
        not query.get("status_in") or row.get("status") in query["status_in"].split(",")
    )


def _said(value: Any) -> str:
    """A stored value as a query would write it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
