"""A proxy on loopback before a real server, with the sandbox's faults: late, reset, cut short.

It is the sandbox's own HTTP server, behind which the real one answers. What it is told to spoil after the
effect the real server has done.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from urllib.parse import urlsplit
from wsgiref.types import StartResponse, WSGIEnvironment

import requests

from integrations.sandbox.server import Server

ANSWER_SECONDS = 30.0  # that the real server has
# Of the connection and not of the answer (RFC 9110 §7.6.1), or made anew here.
_NOT_PASSED_ON = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding", "date", "server"}
)


class Forwarding:
    """The application: sends each request on to ``address`` and answers what comes back."""

    def __init__(self, address: str) -> None:
        self._address = address.rstrip("/")
        self._host = urlsplit(address).netloc
        self._local = threading.local()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        query = environ.get("QUERY_STRING", "")
        reply = self._session().request(
            environ["REQUEST_METHOD"],
            f"{self._address}{environ['PATH_INFO']}{'?' if query else ''}{query}",
            data=environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)),
            headers=self._headers(environ),
            allow_redirects=False,
            timeout=ANSWER_SECONDS,
        )
        headers = [
            (name, value) for name, value in reply.headers.items() if name.lower() not in _NOT_PASSED_ON
        ]
        start_response(f"{reply.status_code} {reply.reason}", headers)
        return [reply.content]

    def _headers(self, environ: WSGIEnvironment) -> dict[str, str]:
        passed = {
            name.removeprefix("HTTP_").replace("_", "-"): value
            for name, value in environ.items()
            if name.startswith("HTTP_") and name not in ("HTTP_HOST", "HTTP_CONNECTION")
        }
        return passed | {"Host": self._host, "Content-Type": environ.get("CONTENT_TYPE", "")}

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            session.trust_env = False
        return session


def proxy(address: str) -> Server:
    """A proxy that is not started yet; its ``board`` takes the faults."""
    return Server(Forwarding(address), keep_alive=False)
