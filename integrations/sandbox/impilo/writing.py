"""Creating, replacing and patching patients."""

from __future__ import annotations

from typing import Any

from flask import Flask, request

from integrations.sandbox.people.wire import SITES
from integrations.sandbox.state import State, Store

from . import bodies
from .bodies import Row
from .patients import on_the_wire
from .replies import Refused
from .switches import ImpiloSwitches


def add_writes(app: Flask, base_path: str, store: Store, switches: ImpiloSwitches) -> None:
    """Add the routes."""

    @app.post(f"{base_path}/patient")
    def create() -> tuple[Row, int]:
        body = _body()
        with store.writing() as data:
            fields = bodies.written(body, _sites(data))
            bodies.check_whole(fields, switches)
            _check_identifier(data, fields, 0, switches)
            number = max((row["id"] for row in data["patients"].values()), default=0) + 1
            row = {"id": number, **bodies.EMPTY, **fields}
            data["patients"][str(number)] = row
            return on_the_wire(row, switches), 201 if switches.creates_with == "created" else 200

    @app.put(f"{base_path}/patient/<int:patient_id>")
    def replace(patient_id: int) -> Row:
        body = _body()
        with store.writing() as data:
            row = owned(data, patient_id)
            fields = bodies.written(body, _sites(data), row["address"] or ())
            bodies.check_whole(fields, switches)
            return _set(data, row, {**bodies.EMPTY, **fields}, switches)

    @app.patch(f"{base_path}/patient/<int:patient_id>")
    def patch(patient_id: int) -> Row:
        if switches.patch != "offered":
            raise Refused(405 if switches.patch == "not_allowed" else 404, "No message available")
        body = _body()
        with store.writing() as data:
            row = owned(data, patient_id)
            fields = bodies.written(body, _sites(data), row["address"] or ())
            bodies.check_part(fields, switches)
            return _set(data, row, fields, switches)


def owned(data: State, patient_id: int) -> Row:
    """This customer's patient of that id. Raises ``Refused``: 403 for another's, 404 for nobody's."""
    if patient_id in data["of_other_customers"]:
        raise Refused(403, "This patient belongs to another customer.")
    row: Row | None = data["patients"].get(str(patient_id))
    if row is None:
        raise Refused(404, "There is no such patient.")
    return row


def _set(data: State, row: Row, fields: Row, switches: ImpiloSwitches) -> Row:
    _check_identifier(data, fields, row["id"], switches)
    before = on_the_wire(row, switches)
    row.update(fields)
    return before if switches.shows == "before" else on_the_wire(row, switches)


def _check_identifier(data: State, fields: Row, own: int, switches: ImpiloSwitches) -> None:
    wanted = fields.get("externalIdentifier")
    holders = [row["id"] for row in data["patients"].values() if row["externalIdentifier"] == wanted]
    if wanted and any(each != own for each in holders):
        status = 409 if switches.duplicates == "conflict" else 400
        raise Refused(status, "externalIdentifier: must be unique")


def _sites(data: State) -> dict[int, Row]:
    """Every site there is, by its id."""
    used = [row["site"] for row in data["patients"].values() if row["site"]]
    return {site["id"]: dict(site) for site in (*SITES, *used)}


def _body() -> dict[str, Any]:
    """The JSON object sent. Raises ``Refused``: 415 for another kind, 400 for another shape."""
    if not request.is_json:
        raise Refused(415, "Content-Type must be application/json")
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise Refused(400, "The body must be a JSON object")
    return body
