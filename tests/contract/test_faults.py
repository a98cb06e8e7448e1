"""What every adapter makes of a system that fails: the right error, in time, and nothing told."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from pytest_django import Settings

from integrations import errors
from integrations.abilities import System
from integrations.sandbox.faults import Fault, FaultKind, Variant
from integrations.types import Found

from .subjects import FAMILY, GIVEN, ON_DATABASE, Bench

pytestmark = [ON_DATABASE, pytest.mark.slow]

SLACK = 0.6  # seconds: two busy cores, not ours to wait for
DEADLINE = 0.6

Call = Callable[[System, Bench], object]
CALLS: dict[str, Call] = {
    "search": lambda adapter, bench: adapter.search(bench.subject.finding),
    "get": lambda adapter, bench: adapter.get(bench.known_id),
    "iterate": lambda adapter, bench: list(adapter.iterate()),
}

BAD_JSON = Fault(kind=FaultKind.MALFORMED)
FAULTS: dict[str, tuple[Fault, type[errors.IntegrationError]]] = {
    "reset before": (Fault(kind=FaultKind.RESET), errors.Unavailable),
    "reset after": (Fault(kind=FaultKind.RESET, after_effect=True), errors.Unavailable),
    "broken off": (Fault(kind=FaultKind.BROKEN_OFF), errors.Unavailable),
    "500": (Fault(kind=FaultKind.STATUS, status=500), errors.Unavailable),
    "502 html": (Fault(kind=FaultKind.STATUS, status=502, html=True), errors.Unavailable),
    "503": (Fault(kind=FaultKind.STATUS, status=503), errors.Unavailable),
    "504 html": (Fault(kind=FaultKind.STATUS, status=504, html=True), errors.Unavailable),
    "429": (Fault(kind=FaultKind.STATUS, status=429), errors.RateLimited),
    "401": (Fault(kind=FaultKind.STATUS, status=401), errors.Unauthorised),
    "403": (Fault(kind=FaultKind.STATUS, status=403), errors.Forbidden),
    "200 html": (Fault(kind=FaultKind.STATUS, status=200, html=True), errors.ProtocolError),
    "404 html": (Fault(kind=FaultKind.STATUS, status=404, html=True), errors.ProtocolError),
    "418": (Fault(kind=FaultKind.STATUS, status=418), errors.ProtocolError),
    "malformed": (BAD_JSON, errors.ProtocolError),
    "truncated": (Fault(kind=FaultKind.TRUNCATED), errors.ProtocolError),
    "scalars": (Fault(kind=FaultKind.WRONG_TYPES, variant=Variant.SCALARS), errors.ProtocolError),
    "containers": (Fault(kind=FaultKind.WRONG_TYPES, variant=Variant.CONTAINERS), errors.ProtocolError),
    "nulls": (Fault(kind=FaultKind.WRONG_TYPES, variant=Variant.NULLS), errors.ProtocolError),
    "oversized": (Fault(kind=FaultKind.OVERSIZED, size=9 * 1024 * 1024), errors.ProtocolError),
    "oversized in chunks": (
        Fault(kind=FaultKind.OVERSIZED, size=9 * 1024 * 1024, chunked=True),
        errors.ProtocolError,
    ),
}


def tells_nothing(error: errors.IntegrationError, bench: Bench) -> None:
    """Neither the error nor anything that hangs on it names a person, an address or a query."""
    secrets = [
        GIVEN,
        FAMILY,
        "1975",
        bench.known_id,
        bench.sandbox.url(bench.subject.system).partition("://")[2],
        "?",
        *(value for value in bench.subject.configure(bench.sandbox).values() if isinstance(value, str)),
    ]
    seen: list[BaseException] = [error]
    while follow := seen[-1].__context__ or seen[-1].__cause__:
        seen.append(follow)
    texts = [text for each in seen for text in (str(each), repr(each), repr(each.args))]
    texts += [error.for_staff, error.next_step, error.reason, error.operation, error.request_id]
    for secret in filter(None, secrets):
        assert not [text for text in texts if secret in text], secret


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("fault", FAULTS)
def test_fault_becomes_our_error_and_tells_nothing(bench: Bench, fault: str, call: str) -> None:
    wanted, kind = FAULTS[fault]
    bench.faults.add(wanted)
    with pytest.raises(errors.IntegrationError) as caught:
        CALLS[call](bench.adapter(), bench)
    assert type(caught.value) is kind
    assert caught.value.system == bench.subject.system
    assert caught.value.label == bench.adapter().label
    assert caught.value.for_staff.endswith(".")
    assert caught.value.next_step.endswith(".")
    tells_nothing(caught.value, bench)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind=FaultKind.HANG),
        Fault(kind=FaultKind.DRIP, seconds=60),
        Fault(kind=FaultKind.DELAY, seconds=60),
    ],
    ids=lambda fault: str(fault.kind),
)
def test_slow_system_costs_no_more_than_the_deadline(bench: Bench, fault: Fault, call: str) -> None:
    bench.faults.add(fault)
    started = time.monotonic()
    with pytest.raises(errors.Unavailable) as caught:
        CALLS[call](bench.adapter(seconds=DEADLINE), bench)
    assert time.monotonic() - started < DEADLINE + SLACK
    assert caught.value.retryable
    tells_nothing(caught.value, bench)


def test_latency_of_a_chain_is_counted_together(bench: Bench) -> None:
    bench.faults.latency = DEADLINE * 0.7
    started = time.monotonic()
    try:
        CALLS["search"](bench.adapter(seconds=DEADLINE), bench)
    except errors.Unavailable as error:
        tells_nothing(error, bench)
    assert time.monotonic() - started < DEADLINE + SLACK


def test_deadline_that_has_passed_asks_nothing(bench: Bench) -> None:
    bench.faults.forget_requests()
    with pytest.raises(errors.Unavailable):
        bench.adapter(seconds=-1).get(bench.known_id)
    assert bench.faults.requests(path=bench.subject.record_path) == []


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind=FaultKind.RESET, times=1),
        Fault(kind=FaultKind.BROKEN_OFF, times=1),
        Fault(kind=FaultKind.STATUS, status=503, times=2),
        Fault(kind=FaultKind.STATUS, status=500, html=True, times=1),
        Fault(kind=FaultKind.STATUS, status=429, times=2),
        Fault(kind=FaultKind.STATUS, status=429, retry_after="0", times=1),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}-{fault.times}",
)
def test_passing_fault_is_outlasted(bench: Bench, fault: Fault) -> None:
    bench.faults.add(fault)
    assert bench.adapter().get(bench.known_id).id == bench.known_id


def test_long_retry_after_is_passed_on_and_not_waited_for(bench: Bench) -> None:
    bench.faults.add(Fault(kind=FaultKind.STATUS, status=429, retry_after="37"))
    started = time.monotonic()
    with pytest.raises(errors.RateLimited) as caught:
        bench.adapter(seconds=5).get(bench.known_id)
    assert time.monotonic() - started < 1
    assert caught.value.retry_after == 37
    assert "37 seconds" in caught.value.next_step


def test_reset_of_one_record_does_not_fail_what_was_found(bench: Bench) -> None:
    """The row stays, whole or short; where the record alone brings the person, the search fails."""
    bench.faults.add(Fault(kind=FaultKind.RESET, path=bench.subject.record_path))
    try:
        answer = bench.adapter().search(bench.subject.finding)
    except errors.Unavailable:
        return
    assert isinstance(answer, Found)
    assert bench.known_id in [each.id for each in answer.records]


@pytest.fixture
def elsewhere() -> Iterator[socket.socket]:
    """Another host that a redirect names; it listens, and nobody may come."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


@pytest.mark.parametrize("call", CALLS)
def test_redirect_to_another_host_is_not_followed(bench: Bench, call: str, elsewhere: socket.socket) -> None:
    location = f"http://127.0.0.1:{elsewhere.getsockname()[1]}/patients"
    bench.faults.add(Fault(kind=FaultKind.REDIRECT, location=location))
    with pytest.raises(errors.ProtocolError) as caught:
        CALLS[call](bench.adapter(), bench)
    with pytest.raises(BlockingIOError):
        elsewhere.accept()
    tells_nothing(caught.value, bench)


def _with(settings: Settings, bench: Bench, **values: Any) -> None:
    name = bench.subject.system
    settings.SYSTEMS = {**settings.SYSTEMS, name: {**settings.SYSTEMS[name], **values}}
    bench.subject.forget()


@pytest.mark.parametrize(
    "address",
    ["", "http://ehr.example.org", "http://127.0.0.1.example.org", "ftp://127.0.0.1", "ehr.example.org/api"],
)
def test_address_that_is_not_https_is_refused_before_any_request(
    bench: Bench, settings: Settings, address: str
) -> None:
    adapter = bench.adapter()
    adapter.get(bench.known_id)  # what the subject's caller needs has been fetched
    _with(settings, bench, URL=address)
    bench.faults.forget_requests()
    with pytest.raises(errors.NotConfigured):
        bench.adapter().get(bench.known_id)
    assert bench.faults.requests() == []


@pytest.mark.parametrize("fault", [*FAULTS, "hang", "drip", "no address", "nobody there"])
def test_healthcheck_never_raises_and_says_what_to_do(bench: Bench, settings: Settings, fault: str) -> None:
    adapter = bench.adapter(seconds=DEADLINE if fault in ("hang", "drip") else 10)
    if fault in FAULTS:
        bench.faults.add(FAULTS[fault][0])
    elif fault in ("hang", "drip"):
        bench.faults.add(Fault(kind=FaultKind(fault), seconds=60))
    else:
        with socket.create_server(("127.0.0.1", 0)) as gone:
            port = gone.getsockname()[1]
        _with(settings, bench, URL="" if fault == "no address" else f"http://127.0.0.1:{port}")
        adapter = bench.adapter()
    health = adapter.healthcheck()
    assert health.problem.endswith(".")
    assert health.next_step.endswith(".")
    if fault == "401":
        assert health.reachable
        assert health.authorised is False
    if fault in ("hang", "drip", "nobody there", "reset before"):
        assert not health.reachable


def test_faults_leave_the_adapter_usable(bench: Bench) -> None:
    adapter = bench.adapter()
    broken = bench.faults.add(replace(BAD_JSON, times=1))
    with pytest.raises(errors.ProtocolError):
        adapter.get(bench.known_id)
    bench.faults.remove(broken.id)
    assert adapter.get(bench.known_id).id == bench.known_id
