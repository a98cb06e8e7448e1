"""Faults as they meet requests that change something: whether, and when, these take effect."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from flask import Flask, Response, jsonify, request

from integrations.sandbox.faults import Fault, FaultBoard, FaultKind, fault_from
from integrations.sandbox.server import Server
from tests.waiting import until

SOON = 1.0  # seconds that a slow request takes
IMPATIENT = 0.05


class Ledger:
    """An app that notes what took effect; with ``knows_halves`` it does half of a write when told to."""

    def __init__(self) -> None:
        self.entries: list[str] = []
        self.knows_halves = False
        self.answers = 201
        self.app = Flask("ledger")
        self.app.add_url_rule("/entries", "enter", self.enter, methods=["POST"])

    def enter(self) -> tuple[Response, int]:
        """Notes the entry, or its first half."""
        if self.knows_halves and request.environ.get("sandbox.half_done"):
            self.entries.append("half")
            return jsonify(error="half done"), 500
        if self.answers < 400:
            self.entries.append("whole")
        return jsonify(made=True), self.answers


@pytest.fixture
def ledger() -> Ledger:
    """The app."""
    return Ledger()


@pytest.fixture
def server(ledger: Ledger) -> Iterator[Server]:
    """The app on a port."""
    server = Server(ledger.app)
    server.start()
    yield server
    server.stop()


def enter(server: Server, timeout: float = 5) -> requests.Response:
    """One write over a connection of its own."""
    return requests.post(server.url + "/entries", json={}, timeout=timeout)


def give_up(server: Server) -> None:
    """One write whose client leaves before it is answered."""
    with pytest.raises(requests.ReadTimeout):
        enter(server, timeout=IMPATIENT)
    until(lambda: bool(server.board.requests()), what="the request")


def slow_down(server: Server, way: str, seconds: float) -> None:
    """Make the server slow by a fault or by the latency of the board."""
    if way == "delay":
        server.board.add(Fault(kind=FaultKind.DELAY, seconds=seconds))
    else:
        server.board.latency = seconds


@pytest.mark.parametrize("way", ["delay", "latency"])
def test_slow_write_takes_effect_when_its_time_has_come_though_the_client_left(
    server: Server, ledger: Ledger, way: str
) -> None:
    slow_down(server, way, SOON)
    give_up(server)
    assert ledger.entries == []
    until(lambda: ledger.entries == ["whole"], what="the effect")


@pytest.mark.parametrize("way", ["delay", "latency"])
def test_slow_write_that_nobody_waits_for_is_dropped_when_all_is_cleared(
    server: Server, ledger: Ledger, way: str
) -> None:
    slow_down(server, way, 60)
    give_up(server)
    server.board.clear()
    assert enter(server).status_code == 201
    server.stop()  # waits for what is being carried out
    assert ledger.entries == ["whole"]


@pytest.mark.parametrize("way", ["delay", "latency"])
def test_slow_write_is_carried_out_at_once_when_all_is_cleared_and_the_client_waits(
    server: Server, ledger: Ledger, way: str
) -> None:
    slow_down(server, way, 60)
    timer = threading.Timer(0.1, server.board.clear)
    timer.start()
    assert enter(server).status_code == 201
    assert ledger.entries == ["whole"]
    timer.join()


@pytest.mark.parametrize("fault", [Fault(kind=FaultKind.DELAY, seconds=60), Fault(kind=FaultKind.HANG)])
def test_stopping_the_server_drops_what_is_held(server: Server, ledger: Ledger, fault: Fault) -> None:
    server.board.add(fault)
    give_up(server)
    server.stop()
    server.start()
    assert ledger.entries == []


def test_hanging_write_is_dropped_when_the_client_leaves(server: Server, ledger: Ledger) -> None:
    hang = server.board.add(Fault(kind=FaultKind.HANG))
    give_up(server)
    server.board.remove(hang.id)
    server.stop()
    assert ledger.entries == []


def test_hanging_write_is_carried_out_when_released_while_the_client_waits(
    server: Server, ledger: Ledger
) -> None:
    hang = server.board.add(Fault(kind=FaultKind.HANG))
    timer = threading.Timer(0.1, server.board.remove, [hang.id])
    timer.start()
    assert enter(server).status_code == 201
    assert ledger.entries == ["whole"]
    timer.join()


@pytest.mark.parametrize(("knows", "entry"), [(True, "half"), (False, "whole")])
def test_half_done_write_answers_500_whether_the_app_knows_halves_or_not(
    server: Server, ledger: Ledger, knows: bool, entry: str
) -> None:
    ledger.knows_halves = knows
    server.board.add(Fault(kind=FaultKind.HALF_DONE, times=1))
    reply = enter(server)
    assert reply.status_code == 500
    assert ("html" in reply.headers["Content-Type"]) is not knows
    assert ledger.entries == [entry]
    assert enter(server).status_code == 201


def test_half_done_write_that_the_app_refuses_fails_without_effect(server: Server, ledger: Ledger) -> None:
    ledger.answers = 400
    server.board.add(Fault(kind=FaultKind.HALF_DONE))
    assert enter(server).status_code == 500
    assert ledger.entries == []


def struck(board: FaultBoard, count: int) -> list[str]:
    """The kinds of the faults that strike so many requests, empty for none."""
    arrivals = (board.arrived("POST", "/entries")[1] for _ in range(count))
    return [str(each.fault.kind) if each else "" for each in arrivals]


def test_shares_let_several_kinds_strike_by_chance_and_again_alike() -> None:
    board = FaultBoard()
    board.add(Fault(kind=FaultKind.RESET, share=0.25))
    board.add(Fault(kind=FaultKind.STATUS, share=0.5))
    board.reseed(11)
    kinds = struck(board, 4000)
    # A quarter is reset; of the other three, half answer another status.
    assert 850 < kinds.count("reset") < 1150
    assert 1350 < kinds.count("status") < 1650
    board.reseed(11)
    assert struck(board, 4000) == kinds
    board.reseed(12)
    assert struck(board, 4000) != kinds


def test_fault_without_a_share_strikes_every_time_and_one_with_none_never() -> None:
    board = FaultBoard()
    never = board.add(Fault(kind=FaultKind.HANG, share=0.0, times=1))
    board.add(Fault(kind=FaultKind.RESET, times=3))
    assert struck(board, 4) == ["reset", "reset", "reset", ""]
    assert (never.hits, never.spent) == (0, False)


def test_share_comes_from_json_and_goes_back_into_it() -> None:
    fault = fault_from({"kind": "half_done", "share": "0.25"})
    assert (fault.kind, fault.share) == (FaultKind.HALF_DONE, 0.25)
    assert FaultBoard().add(fault).as_json()["share"] == 0.25


@pytest.mark.parametrize("share", [-0.1, 1.1, "nan", "some", None])
def test_share_that_is_none_is_refused(share: Any) -> None:
    with pytest.raises(ValueError, match="Not a fault"):
        fault_from({"kind": "hang", "share": share})
