"""The control page, and a plain screen for one record in place of the system's own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flask import Flask, abort, redirect, render_template, request
from werkzeug.wrappers import Response

from integrations.sandbox.people import CAST, NOTES

from .api import known
from .presets import PRESETS

if TYPE_CHECKING:
    from integrations.sandbox.run import Sandbox

LABELS = {"jump": "Jump EHR", "jhe": "JupyterHealth Exchange", "impilo": "Impilo"}
NAME_FIELDS = ("first_name", "last_name", "firstName", "lastName", "name_given", "name_family")


def register(app: Flask, sandbox: Sandbox) -> None:
    """Add the pages to the control server."""
    _add_home(app, sandbox)
    _add_record(app, sandbox)

    @app.post("/page/<system>")
    def act(system: str) -> Response:
        _act(sandbox, known(sandbox, system))
        return redirect(f"/#{system}", 303)

    @app.post("/page")
    def act_on_all() -> Response:
        for board in sandbox.faults.values():
            board.clear()
        return redirect("/", 303)


def _add_home(app: Flask, sandbox: Sandbox) -> None:
    @app.get("/")
    def home() -> str:
        systems = [
            {
                "name": name,
                "label": LABELS[name],
                "url": sandbox.url(name),
                "state": _state(sandbox, name),
                "running": server.running,
                "latency": server.board.latency,
                "faults": server.board.active(),
                "seen": len(server.board.requests()),
            }
            for name, server in sandbox.servers.items()
        ]
        cast = [(name, note, _here(sandbox, name)) for name, note in NOTES.items()]
        return render_template(
            "control/home.html", systems=systems, presets=PRESETS, cast=cast, dialect=sandbox.dialect
        )


def _here(sandbox: Sandbox, case: str) -> list[tuple[str, str, str]]:
    return [(name, LABELS[name], id_) for name, id_ in CAST[case] if name in sandbox.servers]


def _state(sandbox: Sandbox, name: str) -> str:
    """One word or two: is it up?"""
    server = sandbox.servers[name]
    if not server.running:
        return "Stopped"
    if any(not each.spent for each in server.board.active()):
        return "Faulty"
    return "Slow" if server.board.latency else "Up"


def _act(sandbox: Sandbox, name: str) -> None:
    """Do what one button of the page says."""
    form, board = request.form, sandbox.faults[name]
    match form.get("do"):
        case "fault" if form.get("preset") in PRESETS:
            times = form.get("times", type=int)
            board.add(replace(PRESETS[form["preset"]][1], times=times))
        case "lift":
            board.remove(form.get("id", 0, type=int))
        case "latency":
            board.latency = max(0.0, form.get("seconds", 0.0, type=float))
        case "clear":
            board.clear()
        case "stop":
            sandbox.servers[name].stop()
        case "start":
            sandbox.servers[name].start()
        case _:
            abort(400, "The page has no such button.")


def _add_record(app: Flask, sandbox: Sandbox) -> None:
    @app.get("/console/<system>/<record_id>")
    def record(system: str, record_id: str) -> str:
        with sandbox.stores[known(sandbox, system)].reading() as data:
            row = data["patients"].get(record_id)
            if row is None:
                abort(404, "There is no such record.")
            name = " ".join(str(row[each]) for each in NAME_FIELDS if row.get(each))
            details = [(_words(key), _said(value)) for key, value in row.items() if key not in NAME_FIELDS]
        return render_template("control/record.html", label=LABELS[system], name=name, details=details)


def _words(name: str) -> str:
    """A wire name as words: ``date_of_birth`` and ``dateOfBirth`` become "Date of birth"."""
    spaced = "".join(f" {each.lower()}" if each.isupper() else each for each in name)
    return spaced.replace("_", " ").strip().capitalize().replace("Nhs", "NHS")


def _said(value: Any) -> str:
    if value is None or value == "" or value == []:
        return "–"
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, dict):
        return ", ".join(f"{_words(key)}: {_said(each)}" for key, each in value.items() if each is not None)
    if isinstance(value, list):
        return "; ".join(_said(each) for each in value)
    return str(value)
