"""The core under all sandbox systems: state, faults over real HTTP, starting and stopping."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask, Response, request

from integrations.sandbox.faults import Fault, FaultKind, Variant, fault_from
from integrations.sandbox.run import Sandbox
from integrations.sandbox.server import Server
from integrations.sandbox.state import Store

ANSWER = {"data": [{"name": "Ada", "count": 3, "flag": True, "none": None}]}


class Counted:
    """A small app that counts what took effect."""

    def __init__(self) -> None:
        self.effects = 0
        self.app = Flask("counted")
        self.app.add_url_rule("/things", "things", self.answer, methods=["GET", "POST"])

    def answer(self) -> Response:
        """Takes effect, and says how large the body was."""
        self.effects += 1
        body = json.dumps({**ANSWER, "received": len(request.get_data())})
        return Response(body, mimetype="application/json")


@pytest.fixture
def counted() -> Counted:
    """The app."""
    return Counted()


@pytest.fixture
def server(counted: Counted) -> Iterator[Server]:
    """The app on a port."""
    server = Server(counted.app)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def session() -> Iterator[requests.Session]:
    """Keeps its connection, as the adapters do."""
    with requests.Session() as session:
        session.trust_env = False
        yield session


def ask(session: requests.Session, server: Server, **options: Any) -> requests.Response:
    """One request, redirected nowhere."""
    return session.get(server.url + "/things", **{"timeout": 5, "allow_redirects": False, **options})


# --- State ----------------------------------------------------------------------------------


def test_state_survives_in_its_file_and_reset_brings_back_the_seed(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "state.json"
    first = Store(lambda: {"rows": {"1": "seeded"}}, path)
    with first.writing() as data:
        data["rows"]["2"] = "Žofia"
    first.close()
    second = Store(lambda: {"rows": {}}, path)
    assert second.snapshot() == {"rows": {"1": "seeded", "2": "Žofia"}}
    second.reset()
    second.close()
    assert json.loads(path.read_text(encoding="utf-8")) == {"rows": {}}
    assert [each.name for each in path.parent.iterdir()] == ["state.json"]


def test_state_is_saved_soon_after_a_write_without_being_closed(tmp_path: Path) -> None:
    store = Store(lambda: {"n": 0}, tmp_path / "state.json")
    for _ in range(3000):
        with store.writing() as data:
            data["n"] += 1
    ends = time.monotonic() + 5
    while json.loads((tmp_path / "state.json").read_text())["n"] < 3000 and time.monotonic() < ends:
        threading.Event().wait(0.05)
    assert json.loads((tmp_path / "state.json").read_text()) == {"n": 3000}
    store.close()


def test_snapshot_is_a_copy_and_keys_are_text() -> None:
    store = Store(lambda: {"rows": {1: ["a"]}})
    copy = store.snapshot()
    copy["rows"]["1"].append("b")
    assert store.snapshot() == {"rows": {"1": ["a"]}}


def test_writes_of_many_threads_are_all_kept() -> None:
    store = Store(lambda: {"n": 0})

    def write() -> None:
        for _ in range(200):
            with store.writing() as data:
                data["n"] += 1

    threads = [threading.Thread(target=write) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.snapshot() == {"n": 1000}


# --- Faults ---------------------------------------------------------------------------------


def test_without_faults_answers_are_honest_and_connections_are_kept(
    server: Server, session: requests.Session
) -> None:
    assert ask(session, server).json() == {**ANSWER, "received": 0}
    connection = HTTPConnection("127.0.0.1", server.port, timeout=5)
    connection.connect()
    kept = connection.sock
    for _ in range(3):
        connection.request("GET", "/things")
        assert connection.getresponse().read()
        assert connection.sock is kept
    connection.close()


def test_server_without_keep_alive_closes_after_each_reply(
    counted: Counted, session: requests.Session
) -> None:
    server = Server(counted.app, keep_alive=False)
    server.start()
    assert ask(session, server).headers["Connection"] == "close"
    server.stop()


def test_chunked_and_plain_bodies_arrive_whole(server: Server, session: requests.Session) -> None:
    plain = session.post(server.url + "/things", data=b"x" * 70_000, timeout=5)
    chunked = session.post(server.url + "/things", data=iter([b"x" * 5, b"y" * 5]), timeout=5)
    assert (plain.json()["received"], chunked.json()["received"]) == (70_000, 10)


def test_request_whose_body_breaks_off_has_no_effect(server: Server, counted: Counted) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(b"POST /things HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf")
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1000) == b""
    assert counted.effects == 0


def test_body_that_is_too_large_is_refused(server: Server, counted: Counted) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(b"POST /things HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 413")
    assert counted.effects == 0


@pytest.mark.parametrize(("after_effect", "effects"), [(False, 0), (True, 1)])
def test_reset_loses_the_connection_before_or_after_the_effect(
    server: Server, session: requests.Session, counted: Counted, after_effect: bool, effects: int
) -> None:
    server.board.add(Fault(kind=FaultKind.RESET, after_effect=after_effect, times=1))
    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        ask(session, server)
    assert counted.effects == effects
    assert ask(session, server).status_code == 200


def test_delay_and_drip_take_their_time(server: Server, session: requests.Session) -> None:
    for kind in (FaultKind.DELAY, FaultKind.DRIP):
        server.board.add(Fault(kind=kind, seconds=0.3, times=1))
        started = time.monotonic()
        assert ask(session, server).json()["data"] == ANSWER["data"]
        assert time.monotonic() - started >= 0.29


def test_drip_is_never_silent_for_long_but_late(server: Server, session: requests.Session) -> None:
    server.board.add(Fault(kind=FaultKind.DRIP, seconds=0.5))
    assert ask(session, server, timeout=0.2).status_code == 200


def test_latency_holds_for_every_request(server: Server, session: requests.Session) -> None:
    server.board.latency = 0.1
    started = time.monotonic()
    for _ in range(2):
        ask(session, server)
    assert 0.2 <= time.monotonic() - started < 1


def test_hang_ends_when_lifted_and_answers(server: Server, session: requests.Session) -> None:
    active = server.board.add(Fault(kind=FaultKind.HANG))
    timer = threading.Timer(0.2, server.board.remove, [active.id])
    timer.start()
    assert ask(session, server).status_code == 200
    timer.join()


@pytest.mark.parametrize(("after_effect", "effects"), [(False, 0), (True, 1)])
def test_hang_ends_when_the_client_gives_up_or_the_server_stops(
    server: Server, session: requests.Session, counted: Counted, after_effect: bool, effects: int
) -> None:
    server.board.add(Fault(kind=FaultKind.HANG, after_effect=after_effect))
    with pytest.raises(requests.ReadTimeout):
        ask(session, server, timeout=0.1)
    failures: list[Exception] = []

    def wait() -> None:
        try:
            requests.get(server.url + "/things", timeout=10)
        except requests.ConnectionError as error:
            failures.append(error)

    waiting = threading.Thread(target=wait)
    waiting.start()
    while len(server.board.requests()) < 2:
        threading.Event().wait(0.01)
    started = time.monotonic()
    server.stop()
    waiting.join()
    assert time.monotonic() - started < 2
    assert len(failures) == 1
    assert counted.effects == effects * 2


def test_status_as_json_and_as_page_with_and_without_retry_after(
    server: Server, session: requests.Session, counted: Counted
) -> None:
    server.board.add(Fault(kind=FaultKind.STATUS, status=429, retry_after="7", times=1))
    server.board.add(Fault(kind=FaultKind.STATUS, status=502, html=True, times=1))
    limited, broken = ask(session, server), ask(session, server)
    assert (limited.status_code, limited.headers["Retry-After"]) == (429, "7")
    assert "429" in limited.json()["detail"]
    assert (broken.status_code, broken.headers["Content-Type"]) == (502, "text/html; charset=utf-8")
    assert "Retry-After" not in broken.headers
    assert counted.effects == 0


def test_redirect_leads_to_another_host(server: Server, session: requests.Session) -> None:
    server.board.add(Fault(kind=FaultKind.REDIRECT, status=307, location="http://elsewhere.example.org/x"))
    response = ask(session, server)
    assert (response.status_code, response.headers["Location"]) == (307, "http://elsewhere.example.org/x")


def test_broken_off_body_is_shorter_than_announced(server: Server, session: requests.Session) -> None:
    server.board.add(Fault(kind=FaultKind.BROKEN_OFF))
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        ask(session, server)


@pytest.mark.parametrize("kind", [FaultKind.TRUNCATED, FaultKind.MALFORMED])
def test_spoilt_json_cannot_be_read(server: Server, session: requests.Session, kind: FaultKind) -> None:
    server.board.add(Fault(kind=kind))
    response = ask(session, server)
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/json")
    with pytest.raises(requests.JSONDecodeError):
        response.json()


@pytest.mark.parametrize(
    ("variant", "data"),
    [
        (
            Variant.SCALARS,
            {"data": [{"name": 3, "count": [3], "flag": "yes", "none": None}], "received": [0]},
        ),
        (Variant.CONTAINERS, [{"0": ["Ada", 3, True, None]}, 0]),
        (Variant.NULLS, {"data": None, "received": None}),
    ],
)
def test_wrong_types_bend_every_value(
    server: Server, session: requests.Session, variant: Variant, data: Any
) -> None:
    server.board.add(Fault(kind=FaultKind.WRONG_TYPES, variant=variant))
    assert ask(session, server).json() == data


@pytest.mark.parametrize("chunked", [False, True])
def test_oversized_answer_announces_its_length_or_not(
    server: Server, session: requests.Session, chunked: bool
) -> None:
    server.board.add(Fault(kind=FaultKind.OVERSIZED, size=300_000, chunked=chunked))
    response = ask(session, server)
    assert len(response.content) == 300_000
    assert ("Content-Length" in response.headers) is not chunked
    assert response.json()["data"] == ANSWER["data"]


def test_fault_meets_only_its_method_and_path_as_often_as_told(
    server: Server, session: requests.Session
) -> None:
    missed = server.board.add(Fault(kind=FaultKind.STATUS, method="POST", times=1))
    elsewhere = server.board.add(Fault(kind=FaultKind.STATUS, path="^/other"))
    met = server.board.add(Fault(kind=FaultKind.STATUS, method="get", path="thing", times=2))
    assert [ask(session, server).status_code for _ in range(3)] == [503, 503, 200]
    assert (missed.hits, elsewhere.hits, met.hits, met.spent) == (0, 0, 2, True)
    server.board.clear()
    assert server.board.active() == []


def test_requests_are_noted_without_their_query(server: Server, session: requests.Session) -> None:
    ask(session, server, params={"name": "Ada Lovelace"})
    server.board.add(Fault(kind=FaultKind.STATUS, status=500))
    session.post(server.url + "/things", timeout=5)
    noted = server.board.requests()
    assert [(each.method, each.path, each.status) for each in noted] == [
        ("GET", "/things", 200),
        ("POST", "/things", 500),
    ]
    assert "Lovelace" not in repr(noted)
    assert len(server.board.requests("POST", "^/th")) == 1
    server.board.forget_requests()
    assert server.board.requests() == []


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"kind": "earthquake"},
        {"kind": "hang", "times": "some"},
        {"kind": "hang", "path": "("},
        {"kin": 1},
    ],
)
def test_fault_from_nonsense_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"Not a fault|Unknown field"):
        fault_from(values)


# --- Starting and stopping ------------------------------------------------------------------


def test_stopped_server_refuses_and_comes_back_on_its_port(server: Server, session: requests.Session) -> None:
    ask(session, server)
    url = server.url
    server.stop()
    with pytest.raises(requests.ConnectionError):
        ask(session, server)
    server.start()
    assert server.url == url
    assert ask(session, server).status_code == 200


def test_server_says_nothing(
    server: Server, session: requests.Session, capfd: pytest.CaptureFixture[str]
) -> None:
    ask(session, server, params={"name": "Ada"})
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(b"NONSENSE\r\n\r\n")
        connection.recv(1000)
    assert capfd.readouterr() == ("", "")


def test_sandbox_with_a_taken_port_names_it_and_runs_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        sandbox = Sandbox(ports={"impilo": port}, systems=("jump", "impilo"))
        with pytest.raises(OSError, match=f"port {port} for impilo"):
            sandbox.start()
    assert not any(server.running for server in sandbox.servers.values())


def test_sandbox_keeps_its_state_from_one_start_to_the_next(tmp_path: Path) -> None:
    with Sandbox(tmp_path, systems=("jump",)) as first, first.stores["jump"].writing() as data:
        data["patients"].clear()
    with Sandbox(tmp_path, systems=("jump",)) as second:
        assert second.stores["jump"].snapshot()["patients"] == {}
        second.reset()
        assert len(second.stores["jump"].snapshot()["patients"]) > 100
