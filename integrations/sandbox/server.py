"""The HTTP server under all sandbox systems: Flask or any WSGI app, with faults on demand.

It owns the socket, so that a fault can reset a connection before or after the request took
effect, end it in the middle of a body, or let the body drip. It listens on loopback only and
logs nothing: query strings can hold names.
"""

from __future__ import annotations

import io
import os
import select
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any
from wsgiref.types import WSGIApplication, WSGIEnvironment

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.test import run_wsgi_app

from .faults import ActiveFault, Fault, FaultBoard, FaultKind, Reply, made_up_reply, spoil

HOST = "127.0.0.1"
POLL = 0.05  # seconds between looks at whether to stop
DRIPS = 50  # pieces of a dripping body
MAX_BODY = 10 * 1024 * 1024
READING = ("GET", "HEAD")  # methods of requests that change nothing
HALF_DONE = "sandbox.half_done"  # in the environ: do the first half of a write and fail
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: close() sends RST


class _Handler(WSGIRequestHandler):
    """Reads one request, lets the app answer, and sends the answer as the fault board says."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two sends; else a client waits 40 ms
    server: _HttpServer

    def version_string(self) -> str:
        """The ``Server`` header: no versions, as behind a gateway."""
        return "sandbox"

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The ``Date`` header: by the system's own clock."""
        return super().date_time_string(self.server.board.now() if timestamp is None else timestamp)

    def run_wsgi(self) -> None:
        """Answer one request; the base class calls this for every method."""
        environ = self.make_environ()
        if not self._read_body(environ):
            return
        seen, active = self.server.board.arrived(self.command, environ["PATH_INFO"])
        try:
            reply = self._reply(environ, active)
            if reply is None:
                self.close_connection = True
                return
            seen.status = reply.status
            self._send(reply)
        except OSError:  # the client went away, or the server is being stopped
            self.close_connection = True

    def log(self, type: str, message: str, *args: Any) -> None:
        """Log nothing."""

    def _read_body(self, environ: WSGIEnvironment) -> bool:
        """Take the whole body off the socket, so that the connection can be used again.

        False where the request must not take effect: its body is too large or did not all come.
        """
        announced = environ.get("CONTENT_LENGTH") or "0"
        length = int(announced) if announced.isdecimal() else MAX_BODY + 1
        if environ.get("wsgi.input_terminated"):
            body = environ["wsgi.input"].read(MAX_BODY + 1)
            length = len(body)
        else:
            body = self.rfile.read(length) if length <= MAX_BODY else b""
        if length > MAX_BODY:
            self.send_error(413)
        if length > len(body) or length > MAX_BODY:
            self.close_connection = True
            return False
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        return True

    def _reply(self, environ: WSGIEnvironment, active: ActiveFault | None) -> Reply | None:
        """The answer to send; ``None`` where there is none and the connection has to end."""
        board, started = self.server.board, time.monotonic()
        # What changes something does so at the end of its time, not before a client has given up.
        early = self._ask_app(environ) if active is None and self.command in READING else None
        if not self._wait(board.latency - (time.monotonic() - started), board.lifted):
            return None
        if active is None:
            return early or self._ask_app(environ)
        fault = active.fault
        if fault.kind is FaultKind.HALF_DONE:
            environ[HALF_DONE] = True
        reply = self._ask_app(environ) if fault.after_effect else None
        if not self._wait(_time_held(fault), active.released):
            return None
        if fault.kind is FaultKind.RESET:
            self._reset()
            return None
        if fault.kind in (FaultKind.STATUS, FaultKind.REDIRECT):
            return made_up_reply(fault, board.error_body, board.now())
        return spoil(fault, reply or self._ask_app(environ))

    def _ask_app(self, environ: WSGIEnvironment) -> Reply:
        parts, status, headers = run_wsgi_app(self.server.app, environ, buffered=True)
        return Reply(
            status=int(status.split()[0]),
            headers=[(name, value) for name, value in headers if name.lower() != "content-length"],
            body=b"".join(parts),
        )

    def _wait(self, seconds: float | None, released: threading.Event | None = None) -> bool:
        """Let time pass (``None``: until released); false where the request is not to be carried out.

        A server that is slow does not notice that its client has left: a change whose time has come
        takes effect all the same. One that hangs, or is let go early, does so only for who still waits.
        """
        end = None if seconds is None else time.monotonic() + seconds
        stopping = self.server.board.stopping
        while released is None or not released.is_set():
            left = POLL if end is None else min(POLL, end - time.monotonic())
            if left <= 0:
                return not stopping.is_set()
            if stopping.wait(left):
                return False
            if (end is None or self.command in READING) and self._client_left():
                return False
        return not self._client_left()

    def _client_left(self) -> bool:
        poller = select.poll()
        poller.register(self.connection, select.POLLIN)
        try:
            return bool(poller.poll(0)) and self.connection.recv(1, socket.MSG_PEEK) == b""
        except OSError:  # it did not even say goodbye
            return True

    def _reset(self) -> None:
        """End the connection with RST: closed by its number, since files on it keep it open."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        os.close(self.connection.detach())

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        if reply.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif reply.status not in (204, 304):
            self.send_header("Content-Length", str(reply.promised or len(reply.body)))
        if reply.promised is not None or not self.server.keep_alive:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command == "HEAD" or reply.status in (204, 304):
            return
        for piece in self._pieces(reply):
            self.wfile.write(piece)

    def _pieces(self, reply: Reply) -> Iterator[bytes]:
        if reply.drip_seconds:
            step = len(reply.body) // DRIPS + 1
            starts = range(0, len(reply.body), step)
            for start in starts:
                yield reply.body[start : start + step]
                if not self._wait(reply.drip_seconds / len(starts)):
                    raise ConnectionAbortedError
        elif reply.chunked:
            for start in range(0, len(reply.body), 65536):
                piece = reply.body[start : start + 65536]
                yield b"%x\r\n%s\r\n" % (len(piece), piece)
            yield b"0\r\n\r\n"
        else:
            yield reply.body


def _time_held(fault: Fault) -> float | None:
    """Seconds that a fault holds a request back; ``None`` until released."""
    if fault.kind is FaultKind.HANG:
        return None
    return fault.seconds if fault.kind is FaultKind.DELAY else 0.0


class _HttpServer(ThreadedWSGIServer):
    """A thread for each connection; knows its connections, so that it can end them."""

    def __init__(self, app: WSGIApplication, port: int, board: FaultBoard, keep_alive: bool) -> None:
        self.board = board
        self.keep_alive = keep_alive
        self._connections: set[socket.socket] = set()
        self._changed = threading.Condition()
        # Our own socket: given a taken port, werkzeug would end the whole process.
        with socket.create_server((HOST, port), backlog=128) as listening:
            super().__init__(HOST, port, app, _Handler, fd=listening.fileno())

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve one connection until it ends."""
        with self._changed:
            self._connections.add(request)
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._changed:
                self._connections.discard(request)
                self._changed.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that broke is nothing to report; a mistake of ours is."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def end_connections(self) -> None:
        """End all connections and wait until their threads have let go of them."""
        with self._changed:
            for connection in self._connections:
                if connection.fileno() >= 0:
                    _shut(connection)
            self._changed.wait_for(lambda: not self._connections, timeout=5)


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the other side was quicker


class Server:
    """One app on one loopback port. Can be stopped and started again on the same port.

    ``port`` 0 takes a free one at the first start. ``keep_alive`` false closes each connection
    after its reply, as some deployments do.
    """

    def __init__(
        self,
        app: WSGIApplication,
        port: int = 0,
        *,
        board: FaultBoard | None = None,
        keep_alive: bool = True,
    ) -> None:
        self.port = port
        self.board = board or FaultBoard()
        self._app = app
        self._keep_alive = keep_alive
        self._http: _HttpServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """Whether the server listens."""
        return self._http is not None

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``; the port is known once the server was started."""
        return f"http://{HOST}:{self.port}"

    def start(self) -> None:
        """Listen and serve in a thread. Raises ``OSError`` where the port is taken."""
        if self._http is not None:
            return
        self.board.stopping.clear()
        self._http = _HttpServer(self._app, self.port, self.board, self._keep_alive)
        self.port = self._http.socket.getsockname()[1]
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": POLL}, daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop listening, end every connection and everything that hangs or drips."""
        if self._http is None or self._thread is None:
            return
        self.board.stopping.set()
        self._http.shutdown()
        self._thread.join()
        self._http.end_connections()
        self._http = self._thread = None
