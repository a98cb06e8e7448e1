"""The shared HTTP code against a bare socket: what the sandbox cannot send."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from django.utils import timezone

from integrations import errors
from integrations.deadlines import Deadline
from integrations.http import Endpoint, HttpConnection, retry_after
from integrations.types import Caller

pytestmark = pytest.mark.django_db(transaction=True, available_apps=["integrations"])

Script = Callable[[socket.socket], None]


class Peer:
    """Accepts connections and does with each what the script says."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.connections = 0
        self.heads: list[bytes] = []
        self.stopping = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(0.05)
        self._thread = threading.Thread(target=self._run)
        self._workers: list[threading.Thread] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.getsockname()[1]}"

    def __enter__(self) -> Peer:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stopping.set()
        self._thread.join()
        for worker in self._workers:
            worker.join()
        self._server.close()

    def _run(self) -> None:
        while not self.stopping.is_set():
            try:
                connection, _address = self._server.accept()
            except TimeoutError:
                continue
            self.connections += 1
            worker = threading.Thread(target=self._serve, args=(connection,))
            worker.start()
            self._workers.append(worker)

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(0.1)
        with connection:
            try:
                while not self.stopping.is_set():
                    head = self._head(connection)
                    if not head:
                        return
                    self.heads.append(head)
                    self.script(connection)
            except OSError:
                return

    def _head(self, connection: socket.socket) -> bytes:
        head = b""
        while b"\r\n\r\n" not in head and not self.stopping.is_set():
            try:
                piece = connection.recv(65536)
            except TimeoutError:
                continue
            if not piece:
                return b""
            head += piece
        return head


Serve = Callable[[Script], Peer]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a peer for the test."""
    peers: list[Peer] = []

    def start(script: Script) -> Peer:
        peers.append(Peer(script).__enter__())
        return peers[-1]

    yield start
    for peer in peers:
        peer.__exit__(None, None, None)


def connection_to(
    url: str, *, seconds: float = 5.0, headers: dict[str, str] | None = None, tries: int = 1
) -> HttpConnection:
    endpoint = Endpoint(
        system="peer",
        label="Peer",
        url=url,
        timeout=(1.0, 1.0),
        rate=1e4,
        burst=10000,
        tries=tries,
        backoff=0.001,
    )
    return HttpConnection(endpoint, Caller(deadline=Deadline.after(seconds)), headers=lambda: headers or {})


def answer(body: bytes, head: str = "HTTP/1.1 200 OK", **extra: str) -> bytes:
    lines = [head, *(f"{name.replace('_', '-')}: {value}" for name, value in extra.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def good(body: object) -> bytes:
    content = json.dumps(body).encode()
    return answer(content, Content_Type="application/json", Content_Length=str(len(content)))


def drip(data: bytes, pause: float = 0.05) -> Script:
    def script(connection: socket.socket) -> None:
        for place in range(len(data)):
            connection.send(data[place : place + 1])
            time.sleep(pause)  # the peer is slow, the test is not

    return script


# --- time ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 200,
        b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n" + b"[" * 200,
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n[" + b" " * 200,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\n[\r\n" * 40,
    ],
    ids=["head", "body", "body without length", "chunks"],
)
def test_dripping_reply_is_cut_at_the_deadline(serve: Serve, data: bytes) -> None:
    peer = serve(drip(data))
    started = time.monotonic()
    with pytest.raises(errors.Unavailable) as caught:
        connection_to(peer.url, seconds=0.4).get("test", "/")
    assert time.monotonic() - started < 0.9
    assert caught.value.reason in {"timeout", "deadline"}  # waiting for the next byte, or just before that


def test_dripping_reply_is_cut_without_a_deadline_too(serve: Serve) -> None:
    peer = serve(drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 200))
    endpoint = Endpoint(system="peer", label="Peer", url=peer.url, timeout=(0.2, 0.2), rate=1e4, tries=1)
    started = time.monotonic()
    with pytest.raises(errors.Unavailable):
        HttpConnection(endpoint).get("test", "/")
    assert time.monotonic() - started < 1.0


def test_silent_peer_is_given_up_after_the_read_timeout(serve: Serve) -> None:
    peer = serve(lambda connection: time.sleep(0.6))
    endpoint = Endpoint(system="peer", label="Peer", url=peer.url, timeout=(1.0, 0.2), rate=1e4, tries=1)
    with pytest.raises(errors.Unavailable) as caught:
        HttpConnection(endpoint).get("test", "/")
    assert caught.value.reason == "timeout"


# --- bytes -----------------------------------------------------------------------------------


def test_connection_is_kept_between_calls(serve: Serve) -> None:
    peer = serve(lambda connection: connection.sendall(good([1])))
    http = connection_to(peer.url)
    assert [http.get("test", "/") for _ in range(3)] == [[1]] * 3
    assert peer.connections == 1


def test_dropped_connection_between_calls_is_opened_again(serve: Serve) -> None:
    def once(connection: socket.socket) -> None:
        connection.sendall(good([1]))
        connection.shutdown(socket.SHUT_RDWR)

    http = connection_to(serve(once).url, tries=2)
    assert [http.get("test", "/") for _ in range(3)] == [[1]] * 3


def test_packed_reply_is_unpacked_within_bounds(serve: Serve) -> None:
    packed = gzip.compress(b"[" + b" " * 20_000_000 + b"]")
    head = {"Content_Encoding": "gzip", "Content_Length": str(len(packed))}
    peer = serve(lambda connection: connection.sendall(answer(packed, **head)))
    with pytest.raises(errors.ProtocolError) as caught:
        connection_to(peer.url).get("test", "/")
    assert caught.value.reason == "too large"
    small = gzip.compress(b"[1]")
    head = {"Content_Encoding": "gzip", "Content_Length": str(len(small))}
    peer = serve(lambda connection: connection.sendall(answer(small, **head)))
    assert connection_to(peer.url).get("test", "/") == [1]


@pytest.mark.parametrize(
    ("reply", "kind", "reason"),
    [
        (answer(b"", Content_Length="0"), errors.ProtocolError, "empty"),
        (answer(b"[1", Connection="close"), errors.ProtocolError, "malformed"),
        (answer(b"\xff\xfe\x00", Content_Length="3"), errors.ProtocolError, "malformed"),
        (answer(b"[" * 100_000, Content_Length="100000"), errors.ProtocolError, "malformed"),
        (answer(b"<p>", Content_Length="3"), errors.ProtocolError, "html"),
        (answer(b"[1]", Content_Length="30", Connection="close"), errors.Unavailable, "connection"),
        (answer(b"5\r\n[1", Transfer_Encoding="chunked"), errors.Unavailable, "connection"),
        (answer(b"junk", Content_Encoding="gzip", Content_Length="4"), errors.Unavailable, "connection"),
        (b"not http at all\r\n\r\n", errors.Unavailable, "connection"),
        (
            answer(b"", "HTTP/1.1 302 Found", Location="http://127.0.0.1:1/x"),
            errors.ProtocolError,
            "redirect",
        ),
        (answer(b"", "HTTP/1.1 404 Nothing", Content_Length="0"), errors.NotFound, "status 404"),
    ],
    ids=lambda value: value[-20:].decode("latin-1") if isinstance(value, bytes) else None,
)
def test_odd_reply_becomes_our_error(
    serve: Serve, reply: bytes, kind: type[errors.IntegrationError], reason: str
) -> None:
    def script(connection: socket.socket) -> None:
        connection.sendall(reply)
        connection.shutdown(socket.SHUT_RDWR)

    with pytest.raises(kind) as caught:
        connection_to(serve(script).url).get("test", "/?name=Secret")
    assert caught.value.reason == reason
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


def test_request_carries_our_headers_and_no_cookies(serve: Serve) -> None:
    body = answer(b"[]", Content_Length="2", Set_Cookie="session=1; Path=/")
    peer = serve(lambda connection: connection.sendall(body))
    http = connection_to(peer.url, headers={"Authorization": "Bearer key"})
    http.get("test", "/a", {"search": "O'Connor & Co"})
    http.get("test", "/b")
    first, second = (head.decode() for head in peer.heads)
    assert first.startswith("GET /a?search=O%27Connor+%26+Co HTTP/1.1\r\n")
    assert "Authorization: Bearer key\r\n" in first
    assert "Accept: application/json\r\n" in first
    assert "Cookie" not in second


@pytest.mark.parametrize("value", ["ключ", "a\r\nX-Other: b", "\x00"])
def test_header_that_cannot_be_sent_is_a_matter_of_settings(serve: Serve, value: str) -> None:
    peer = serve(lambda connection: connection.sendall(good([])))
    with pytest.raises(errors.NotConfigured):
        connection_to(peer.url, headers={"Authorization": value}).get("test", "/")
    assert peer.heads == []


@pytest.mark.parametrize("path", ["@elsewhere.example.org/", "elsewhere", ".example.org/", ""])
def test_path_cannot_name_another_host(serve: Serve, path: str) -> None:
    peer = serve(lambda connection: connection.sendall(good([])))
    with pytest.raises(ValueError, match="slash"):
        connection_to(peer.url).get("test", path)
    assert peer.connections == 0


def test_request_id_is_kept_from_header_or_envelope(serve: Serve) -> None:
    header = answer(b"[]", "HTTP/1.1 500 X", Content_Length="2", X_Request_Id="req_1")
    peer = serve(lambda connection: connection.sendall(header))
    with pytest.raises(errors.Unavailable) as caught:
        connection_to(peer.url).get("test", "/")
    assert caught.value.request_id == "req_1"
    peer = serve(lambda connection: connection.sendall(good({"meta": {"request_id": "req_2"}})))
    assert connection_to(peer.url).read("test", "/").request_id == "req_2"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7.0), (" 0 ", 0.0), ("", None), ("-1", None), ("1.5", None), ("soon", None), ("²", None)],
)
def test_retry_after_in_seconds(value: str, seconds: float | None) -> None:
    assert retry_after({"Retry-After": value}) == seconds


@pytest.mark.parametrize("off", [timedelta(hours=1), timedelta(hours=-1), timedelta(days=400)])
def test_retry_after_as_a_date_by_a_clock_that_is_off(off: timedelta) -> None:
    theirs = datetime.now(UTC) + off
    headers = {
        "Date": format_datetime(theirs, usegmt=True),
        "Retry-After": format_datetime(theirs + timedelta(seconds=30), usegmt=True),
    }
    assert retry_after(headers) == 30.0


def test_retry_after_as_a_date() -> None:
    later = format_datetime(timezone.now() + timedelta(seconds=90), usegmt=True)
    assert retry_after({"Retry-After": later}) == pytest.approx(90, abs=3)
    earlier = format_datetime(timezone.now() - timedelta(seconds=90), usegmt=True)
    assert retry_after({"Retry-After": earlier}) == 0.0
