"""The JSON API.

===========================  ===================================================================
``GET /faults``              every system's state, latency, switches and faults that are set
``POST /faults``             ``{"system", "kind", …}`` as :class:`Fault`: sets one, answers it
``DELETE /faults``           lifts all; ``?system=`` those of one, ``?system=&id=`` one
``POST /latency``            ``{"system", "seconds"}``: what every answer takes at least
``POST /switches``           ``{"system", name: position, …}``
``POST /servers``            ``{"system", "running"}``: stop or start a server
``GET /requests/<system>``   requests seen: method, path, status; ``DELETE`` forgets them
``GET /state/<system>``      everything that the system holds
``POST /reset``              states, faults, switches: all as at the first start
===========================  ===================================================================

Mistakes answer 400 or 404 with ``{"error": sentence}``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Flask, Response, jsonify, make_response, request
from werkzeug.exceptions import HTTPException

from integrations.sandbox.faults import fault_from

if TYPE_CHECKING:
    from integrations.sandbox.run import Sandbox


class Mistake(Exception):
    """A request to the control server that makes no sense."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


def register(app: Flask, sandbox: Sandbox) -> None:
    """Add the API to the control server."""
    _add_errors(app)
    _add_faults(app, sandbox)
    _add_settings(app, sandbox)
    _add_looks(app, sandbox)


def _add_errors(app: Flask) -> None:
    @app.errorhandler(Mistake)
    def mistaken(error: Mistake) -> Response:
        return make_response(jsonify(error=error.message), error.status)

    @app.errorhandler(HTTPException)
    def failed(error: HTTPException) -> Response | HTTPException:
        if request.path.startswith(("/console/", "/page/")):
            return error  # a person is looking: an HTML page
        return make_response(jsonify(error=error.description), error.code or 500)


def _add_faults(app: Flask, sandbox: Sandbox) -> None:
    @app.get("/faults")
    def faults() -> dict[str, Any]:
        return {name: _described(sandbox, name) for name in sandbox.servers}

    @app.post("/faults")
    def set_fault() -> tuple[dict[str, Any], int]:
        values = _body()
        board = sandbox.faults[known(sandbox, values.pop("system", ""))]
        try:
            return board.add(fault_from(values)).as_json(), 201
        except ValueError as error:
            raise Mistake(str(error)) from error

    @app.delete("/faults")
    def lift() -> tuple[str, int]:
        system, number = request.args.get("system"), request.args.get("id", type=int)
        boards = [sandbox.faults[known(sandbox, system)]] if system else list(sandbox.faults.values())
        if number is None:
            for board in boards:
                board.clear()
        elif not system or not boards[0].remove(number):
            raise Mistake("There is no such fault.", 404)
        return "", 204


def _add_settings(app: Flask, sandbox: Sandbox) -> None:
    @app.post("/latency")
    def latency() -> dict[str, Any]:
        values = _body()
        name = known(sandbox, values.get("system", ""))
        seconds = values.get("seconds")
        if not isinstance(seconds, int | float) or seconds < 0:
            raise Mistake("seconds must be a number that is not negative.")
        sandbox.faults[name].latency = float(seconds)
        return _described(sandbox, name)

    @app.post("/switches")
    def switches() -> dict[str, Any]:
        values = _body()
        name = known(sandbox, values.pop("system", ""))
        if name not in sandbox.switches:
            raise Mistake(f"{name} has no switches.")
        try:
            sandbox.switches[name].set(**values)
        except ValueError as error:
            raise Mistake(str(error)) from error
        return _described(sandbox, name)

    @app.post("/servers")
    def servers() -> dict[str, Any]:
        values = _body()
        name = known(sandbox, values.get("system", ""))
        server = sandbox.servers[name]
        (server.start if values.get("running") else server.stop)()
        return _described(sandbox, name)

    @app.post("/reset")
    def reset() -> tuple[str, int]:
        sandbox.reset()
        return "", 204


def _add_looks(app: Flask, sandbox: Sandbox) -> None:
    @app.get("/state/<system>")
    def state(system: str) -> dict[str, Any]:
        return sandbox.stores[known(sandbox, system)].snapshot()

    @app.get("/requests/<system>")
    def requests(system: str) -> list[dict[str, Any]]:
        seen = sandbox.faults[known(sandbox, system)].requests()
        return [{"method": each.method, "path": each.path, "status": each.status} for each in seen]

    @app.delete("/requests/<system>")
    def forget(system: str) -> tuple[str, int]:
        sandbox.faults[known(sandbox, system)].forget_requests()
        return "", 204


def known(sandbox: Sandbox, system: str) -> str:
    """The name of a system of this sandbox. Raises ``Mistake`` (404)."""
    if system not in sandbox.servers:
        raise Mistake(f"There is no such system; there are {', '.join(sandbox.servers)}.", 404)
    return system


def _body() -> dict[str, Any]:
    values = request.get_json(silent=True)
    if not isinstance(values, dict):
        raise Mistake("Send a JSON object.")
    return values


def _described(sandbox: Sandbox, name: str) -> dict[str, Any]:
    board = sandbox.faults[name]
    switches = sandbox.switches.get(name)
    return {
        "url": sandbox.url(name),
        "running": sandbox.servers[name].running,
        "latency": board.latency,
        "faults": [each.as_json() for each in board.active()],
        "switches": switches.as_json() if switches else {},
    }
