"""The control server over real HTTP, and the command that serves it all."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from integrations.sandbox.control.presets import PRESETS
from integrations.sandbox.people import CAST, NOTES
from integrations.sandbox.run import Sandbox

from .conftest import Asker

ROOT = Path(__file__).parents[3]


@pytest.fixture
def control(jump: Asker) -> Asker:
    """Asks the control server."""
    return jump


def call(asker: Asker, method: str, path: str, **more: Any) -> requests.Response:
    """One request to the control server."""
    address = asker.sandbox.control.url + path
    return asker.session.request(method, address, timeout=10, allow_redirects=False, **more)


def test_fault_is_set_seen_and_lifted(control: Asker) -> None:
    sent = {"system": "jump", "kind": "status", "status": 503, "times": 2}
    made = call(control, "POST", "/faults", json=sent)
    assert made.status_code == 201
    assert control.get("/patients").status_code == 503
    (fault,) = call(control, "GET", "/faults").json()["jump"]["faults"]
    assert (fault["id"], fault["hits"], fault["spent"]) == (made.json()["id"], 1, False)
    assert call(control, "DELETE", f"/faults?system=jump&id={fault['id']}").status_code == 204
    assert control.get("/patients").status_code == 200
    assert call(control, "DELETE", f"/faults?system=jump&id={fault['id']}").status_code == 404


def test_made_up_error_has_the_form_of_its_system(control: Asker, impilo: Asker) -> None:
    for system in ("jump", "impilo"):
        call(control, "POST", "/faults", json={"system": system, "kind": "status", "status": 500})
    assert control.get("/patients").json()["error"]["code"] == "INTERNAL_ERROR"
    assert impilo.get("/patient").json()["error"] == "Internal Server Error"
    assert call(control, "DELETE", "/faults").status_code == 204
    assert impilo.get("/patient").status_code == 200


def test_switch_latency_and_server_can_be_turned(control: Asker, sandbox: Sandbox) -> None:
    def post(path: str, **values: Any) -> dict[str, Any]:
        answer: dict[str, Any] = call(control, "POST", path, json={"system": "jump", **values}).json()
        return answer

    assert post("/switches", envelope="g1")["switches"]["envelope"] == "g1"
    assert post("/latency", seconds=0.01)["latency"] == 0.01
    assert post("/servers", running=False)["running"] is False
    with pytest.raises(requests.ConnectionError):
        control.get("/patients")
    assert post("/servers", running=True)["running"] is True
    assert "pagination" in control.get("/patients").json()


def test_state_requests_and_reset(control: Asker, sandbox: Sandbox) -> None:
    control.get("/patients", search="mbeki")
    seen = call(control, "GET", "/requests/jump").json()
    assert seen == [{"method": "GET", "path": "/functions/v1/api-v1/patients", "status": 200}]
    assert call(control, "DELETE", "/requests/jump").status_code == 204
    assert call(control, "GET", "/requests/jump").json() == []
    with sandbox.stores["jump"].writing() as data:
        data["patients"].clear()
    assert call(control, "GET", "/state/jump").json()["patients"] == {}
    assert call(control, "POST", "/reset").status_code == 204
    assert len(call(control, "GET", "/state/jump").json()["patients"]) > 100


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/faults", {"system": "jump", "kind": "earthquake"}, 400),
        ("POST", "/faults", {"system": "emis", "kind": "hang"}, 404),
        ("POST", "/faults", None, 400),
        ("POST", "/latency", {"system": "jump", "seconds": -1}, 400),
        ("POST", "/switches", {"system": "jump", "envelope": "g9"}, 400),
        ("GET", "/state/emis", None, 404),
        ("GET", "/nowhere", None, 404),
    ],
)
def test_mistake_is_answered_with_a_sentence(
    control: Asker, method: str, path: str, body: Any, status: int
) -> None:
    response = call(control, method, path, json=body)
    assert response.status_code == status
    assert response.json()["error"].endswith((".", "again."))


def test_page_says_synthetic_and_names_every_case_and_fault(control: Asker) -> None:
    page = call(control, "GET", "/").text
    assert "Sandbox, synthetic people" in page
    assert all(label in page for label, _ in PRESETS.values())
    assert all(note.replace("'", "&#39;") in page for note in NOTES.values())
    assert "<script" not in page
    labelled = set(re.findall(r'<label for="([^"]+)"', page))
    fields = set(re.findall(r'<(?:select|input) id="([^"]+)"', page))
    assert fields == labelled


@pytest.mark.parametrize("preset", PRESETS)
def test_every_button_of_the_page_sets_its_fault(control: Asker, sandbox: Sandbox, preset: str) -> None:
    form = {"do": "fault", "preset": preset, "times": "2"}
    response = call(control, "POST", "/page/impilo", data=form)
    (active,) = sandbox.faults["impilo"].active()
    assert (response.status_code, response.headers["Location"]) == (303, "/#impilo")
    assert (active.fault.kind, active.fault.times) == (PRESETS[preset][1].kind, 2)
    call(control, "POST", "/page/impilo", data={"do": "lift", "id": active.id})
    assert sandbox.faults["impilo"].active() == []


def test_page_slows_stops_starts_and_clears(control: Asker, sandbox: Sandbox) -> None:
    call(control, "POST", "/page/jump", data={"do": "latency", "seconds": "0.2"})
    assert sandbox.faults["jump"].latency == 0.2
    assert 'class="state">Slow' in call(control, "GET", "/").text
    call(control, "POST", "/page/jump", data={"do": "stop"})
    assert 'class="state">Stopped' in call(control, "GET", "/").text
    call(control, "POST", "/page/jump", data={"do": "start"})
    call(control, "POST", "/page/jump", data={"do": "fault", "preset": "hang"})
    assert 'class="state">Faulty' in call(control, "GET", "/").text
    call(control, "POST", "/page")
    assert (sandbox.faults["jump"].latency, sandbox.faults["jump"].active()) == (0.0, [])
    assert call(control, "POST", "/page/jump", data={"do": "explode"}).status_code == 400


def test_console_shows_a_record_as_text(control: Asker, sandbox: Sandbox) -> None:
    for system, id_ in CAST["markup_in_name"]:
        page = control.session.get(sandbox.console_url(system).replace("{id}", id_), timeout=5).text
        assert "Sandbox, synthetic people" in page
        assert "&lt;script&gt;" in page
        assert "<script" not in page
    missing = call(control, "GET", "/console/jump/nobody")
    assert (missing.status_code, missing.headers["Content-Type"]) == (404, "text/html; charset=utf-8")


def test_command_prints_addresses_serves_and_ends_cleanly(tmp_path: Path) -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "manage.py", "sandbox", "--state-dir", str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(5)]
        addresses = dict(line.split() for line in lines[1:])
        state = requests.get(addresses["control"] + "/state/jhe", timeout=10).json()
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()
        assert process.wait(timeout=10) == 0
    assert list(addresses) == ["jump", "jhe", "impilo", "control"]
    assert "synthetic people" in lines[0]
    assert "stopped" in rest
    assert state["patients"]
    assert {each.name for each in tmp_path.iterdir()} == {"jump.json", "impilo.json", "jhe-current.json"}
