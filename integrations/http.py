"""The only code that talks HTTP: time-outs, retries, limits, size, hosts, error mapping, logs.

A client makes one :class:`HttpConnection` for its caller. Every fault leaves here as one of
:mod:`integrations.errors`; a reply's own text never does. What is logged of a call: system,
operation, status, milliseconds, tries and request id; never a path, a query string or a body.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
import structlog
from django.utils import timezone
from requests.auth import AuthBase

from . import errors, limits
from .types import NOBODY, Caller, Quota

log = structlog.get_logger(__name__)

MAX_BYTES = 8 * 1024 * 1024
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
STATUS_ERRORS: Mapping[int, type[errors.IntegrationError]] = {
    400: errors.Invalid,
    401: errors.Unauthorised,
    403: errors.Forbidden,
    404: errors.NotFound,
    409: errors.Conflict,
    422: errors.Invalid,
    429: errors.RateLimited,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where and how a system is reached. Times are in seconds, ``rate`` in requests a second.

    ``parallel`` is how many requests at a time one process sends, 0 for any number.
    """

    system: str
    label: str
    url: str
    timeout: tuple[float, float] = (5.0, 15.0)
    rate: float = 10.0
    burst: int = 10
    reserve: float = 0.2
    tries: int = 3
    backoff: float = 1.0
    parallel: int = 0
    max_bytes: int = MAX_BYTES
    retried_statuses: frozenset[int] = frozenset({429, 500, 502, 503, 504})

    @classmethod
    def from_settings(cls, system: str, label: str, settings: Mapping[str, Any], **extra: Any) -> Endpoint:
        """The endpoint of one entry of ``settings.SYSTEMS``."""
        return cls(
            system=system,
            label=label,
            url=settings["URL"].rstrip("/"),
            timeout=settings["TIMEOUT"],
            rate=settings["RATE"],
            burst=settings.get("BURST", max(2, int(settings["RATE"]))),
            reserve=settings.get("RESERVE", 0.0),
            backoff=settings.get("BACKOFF", 1.0),
            **extra,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A system's answer: parsed JSON, or ``None`` where the body is not JSON (``text_kind``)."""

    status: int
    json: Any = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    request_id: str = ""
    text_kind: str = ""
    milliseconds: int = 0

    @property
    def ok(self) -> bool:
        """Whether the status says success."""
        return 200 <= self.status < 300


class _Headers(AuthBase):
    """Adds our headers last; being an ``auth`` it also keeps a netrc file from taking over."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self.headers = headers

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers.update(self.headers)
        return request


class HttpConnection:
    """Calls to one system on behalf of one caller."""

    def __init__(
        self,
        endpoint: Endpoint,
        caller: Caller = NOBODY,
        *,
        headers: Callable[[], Mapping[str, str]] = dict,
        quota: Callable[[Mapping[str, str]], Quota | None] = lambda headers: None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.endpoint = endpoint
        self.caller = caller
        self._headers = headers
        self._quota = quota
        self._sleep = sleep

    # --- calls --------------------------------------------------------------------------

    def get(self, operation: str, path: str, params: Mapping[str, Any] | None = None, **kwargs: Any) -> Any:
        """The JSON of a reading call, retried; any other outcome raises."""
        return self.read(operation, path, params, **kwargs).json

    def read(
        self, operation: str, path: str, params: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> Reply:
        """Like :meth:`get`, with status and headers."""
        reply = self.ask(operation, "GET", path, params=params, **kwargs)
        if not reply.ok:
            raise self.error_for(reply, operation)
        if reply.text_kind:
            raise self.fault(errors.ProtocolError, operation, reply=reply, reason=reply.text_kind)
        return reply

    def ask(self, operation: str, method: str, path: str, *, retry: bool = True, **kwargs: Any) -> Reply:
        """A reply whatever its status (for probes and for hooks). Raises only without a reply.

        ``retry`` belongs to calls that change nothing.
        """
        tries = self.endpoint.tries if retry else 1
        for number in range(1, tries + 1):
            last = number == tries
            try:
                reply = self._once(operation, method, path, **kwargs)
            except errors.Unavailable as fault:
                if last or not self._pause(number, None):
                    raise fault from None
                continue
            if reply.status not in self.endpoint.retried_statuses or last:
                return reply
            if not self._pause(number, retry_after(reply.headers)):
                return reply
        raise AssertionError("unreachable")

    def error_for(self, reply: Reply, operation: str) -> errors.IntegrationError:
        """Our error for a reply that is not a success."""
        kind = STATUS_ERRORS.get(reply.status)
        if kind is None:
            kind = errors.Unavailable if reply.status >= 500 else errors.ProtocolError
        if 300 <= reply.status < 400:
            return self.fault(errors.ProtocolError, operation, reply=reply, reason="redirect")
        reason = f"status {reply.status}"
        if kind is errors.RateLimited:
            return errors.RateLimited(
                system=self.endpoint.system,
                operation=operation,
                label=self.endpoint.label,
                request_id=reply.request_id,
                reason=reason,
                retry_after=retry_after(reply.headers),
            )
        return self.fault(kind, operation, reply=reply, reason=reason)

    def fault(
        self,
        kind: type[errors.IntegrationError],
        operation: str,
        *,
        reply: Reply | None = None,
        **details: Any,
    ) -> errors.IntegrationError:
        """An error of ``kind`` that carries this system's name and the reply's request id."""
        return kind(
            system=self.endpoint.system,
            operation=operation,
            label=self.endpoint.label,
            request_id=reply.request_id if reply else "",
            **details,
        )

    # --- one request --------------------------------------------------------------------

    def _once(self, operation: str, method: str, path: str, **kwargs: Any) -> Reply:
        url = self._url(operation, path)
        self._take_turn(operation)
        started = time.monotonic()
        headers = {"Accept": "application/json", **self._headers(), **kwargs.pop("headers", {})}
        try:
            response = _session(self.endpoint.system).request(
                method,
                url,
                auth=_Headers(headers),
                timeout=self._timeout(operation),
                allow_redirects=False,
                stream=True,
                **kwargs,
            )
            with response:
                body = self._body(operation, response)
        except errors.IntegrationError as fault:
            self._log(operation, fault.reason, started)
            raise
        except requests.RequestException as fault:
            # The original names address and query string: it goes no further than its kind.
            reason = _kind_of(fault)
            self._log(operation, reason, started)
            raise self.fault(errors.Unavailable, operation, reason=reason) from None
        reply = _reply(response, body, started)
        self._note_quota(reply)
        self._log(operation, reply.status, started, reply.request_id)
        return reply

    def _url(self, operation: str, path: str) -> str:
        if not self.endpoint.url:
            raise self.fault(errors.NotConfigured, operation)
        parts = urlsplit(self.endpoint.url)
        if parts.scheme != "https" and parts.hostname not in LOOPBACK:
            raise self.fault(errors.NotConfigured, operation, reason="plain http")
        return self.endpoint.url + path

    def _take_turn(self, operation: str) -> None:
        end = self.endpoint
        patience = min(self._remaining(), 30.0)
        try:
            limits.check_quota(end.system, reserve=end.reserve, background=self.caller.background)
            limits.take_turn(end.system, rate=end.rate, burst=end.burst, patience=patience, sleep=self._sleep)
        except limits.Exhausted as stop:
            raise errors.RateLimited(
                system=end.system,
                operation=operation,
                label=end.label,
                reason=stop.reason,
                retry_after=stop.wait,
                next_step=_when_to_try(end.label, stop),
            ) from None

    def _timeout(self, operation: str) -> tuple[float, float]:
        left = self._remaining()
        if left <= 0:
            raise self.fault(errors.Unavailable, operation, reason="deadline")
        connect, read = self.endpoint.timeout
        return min(connect, left), min(read, left)

    def _body(self, operation: str, response: requests.Response) -> bytes:
        """The body, piece by piece: a reply that drips or never ends is given up, not endured."""
        pieces: list[bytes] = []
        size = 0
        stop_at = time.monotonic() + min(self._remaining(), self.endpoint.timeout[1])
        while piece := _read_piece(response):
            pieces.append(piece)
            size += len(piece)
            if size > self.endpoint.max_bytes:
                raise self.fault(errors.ProtocolError, operation, reason="too large")
            if time.monotonic() > stop_at:
                raise self.fault(errors.Unavailable, operation, reason="timeout")
        expected = response.headers.get("Content-Length")
        if expected and expected.isdigit() and response.raw.tell() < int(expected):
            raise self.fault(errors.Unavailable, operation, reason="truncated")
        return b"".join(pieces)

    def _pause(self, number: int, after: float | None) -> bool:
        """Wait before the next try; ``False`` where nobody would wait that long."""
        wait = self.endpoint.backoff * 2 ** (number - 1) if after is None else after
        wait *= 1 + random.random() / 4  # noqa: S311 (spreads retries, guards nothing)
        if wait >= self._remaining() or (after is not None and after > 60):
            return False
        self._sleep(wait)
        return True

    def _remaining(self) -> float:
        return self.caller.deadline.remaining() if self.caller.deadline else 3600.0

    def _note_quota(self, reply: Reply) -> None:
        quota = self._quota(reply.headers)
        if quota is not None:
            limits.note_quota(self.endpoint.system, quota)

    def _log(self, operation: str, outcome: int | str, started: float, request_id: str = "") -> None:
        log.info(
            "call",
            system=self.endpoint.system,
            operation=operation,
            status=outcome,
            milliseconds=round((time.monotonic() - started) * 1000),
            remote_request_id=request_id,
        )


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds from a ``Retry-After`` header in either form (RFC 9110 §10.2.3), else ``None``."""
    value = headers.get("Retry-After", "").strip()
    if value.isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
        return max((moment - timezone.now()).total_seconds(), 0.0)
    except (TypeError, ValueError):
        return None


_local = threading.local()


def _session(system: str) -> requests.Session:
    """A session for this thread: pools are shared, cookies are never kept."""
    sessions: dict[str, requests.Session] = _local.__dict__.setdefault("sessions", {})
    if system not in sessions:
        session = requests.Session()
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        sessions[system] = session
    return sessions[system]


def _read_piece(response: requests.Response) -> bytes:
    """What has arrived by now. ``read1`` returns after one read of the socket; ``read`` would wait."""
    try:
        piece: bytes = response.raw.read1(65536, decode_content=True)
    except Exception as fault:  # urllib3's own exceptions are not requests' here
        raise requests.ConnectionError(type(fault).__name__) from None
    return piece


def _reply(response: requests.Response, body: bytes, started: float) -> Reply:
    parsed, text_kind = _parse(response, body)
    request_id = response.headers.get("X-Request-Id", "")
    if not request_id and isinstance(parsed, dict) and isinstance(parsed.get("meta"), dict):
        request_id = str(parsed["meta"].get("request_id") or "")
    return Reply(
        status=response.status_code,
        json=parsed,
        headers=response.headers,
        request_id=request_id[:100],
        text_kind=text_kind,
        milliseconds=round((time.monotonic() - started) * 1000),
    )


def _parse(response: requests.Response, body: bytes) -> tuple[Any, str]:
    if not body:
        return None, "" if response.status_code == 204 else "empty"
    try:
        return json.loads(body), ""
    except (ValueError, RecursionError):
        html = "html" in response.headers.get("Content-Type", "") or body.lstrip()[:1] == b"<"
        return None, "html" if html else "malformed"


def _kind_of(fault: requests.RequestException) -> str:
    if isinstance(fault, requests.ConnectTimeout | requests.ReadTimeout):
        return "timeout"
    if isinstance(fault, requests.exceptions.SSLError):
        return "tls"
    if isinstance(fault, requests.ConnectionError):
        return "connection"
    return "request"


def _when_to_try(label: str, stop: limits.Exhausted) -> str:
    if stop.reason == "pace":
        return "Wait a few seconds and try again."
    minutes = max(1, round(stop.wait / 60))
    unit = "minute" if minutes == 1 else "minutes"
    return (
        f"Try again in {minutes} {unit}, when {label}'s hourly allowance starts anew, "
        f"or look in {label} itself."
    )
