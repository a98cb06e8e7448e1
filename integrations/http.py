"""The only code that talks HTTP: time-outs, retries, limits, size, hosts, error mapping, logs.

A client makes one :class:`HttpConnection` for its caller. Every fault leaves here as one of
:mod:`integrations.errors`; a reply's own text never does. What is logged of a call: system,
operation, status, milliseconds, tries and request id; never a path, a query string or a body.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
import structlog
from requests.auth import AuthBase
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ReadTimeoutError

from . import errors, limits
from .reply import Reply, body_of, reply_from, retry_after
from .transport import LOOPBACK, Watch, session_for
from .types import NOBODY, Caller, Quota

__all__ = ["Endpoint", "HttpConnection", "Reply", "retry_after"]

log = structlog.get_logger(__name__)

MAX_BYTES = 8 * 1024 * 1024
LONGEST_TURN = 30.0  # seconds that a call without a deadline waits for its turn
UNLIMITED = 10_000
TIMEOUT, TOO_LARGE = "timeout", "too large"
# What another try cannot mend: a bad certificate, an address or key that cannot be sent, no time.
HOPELESS = frozenset({"tls", "request", "deadline"})
# Words for requests of which nothing reached the system.
UNCONNECTED = "no connection"
NEVER_LEFT = frozenset({"deadline", UNCONNECTED})
# What a gateway answers while the system behind it may still be working (RFC 9110 §15.6).
GATEWAY_STATUSES = frozenset({502, 503, 504})
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
        quota: Callable[[Mapping[str, str]], Quota | None] | None = None,
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

    def write(self, operation: str, method: str, path: str, *, json: Any = None, **kwargs: Any) -> Reply:
        """The reply to a change, sent once; any outcome but a success in JSON (or 204) raises.

        ``outcome_unknown`` is set on what is raised where the change may have taken effect, or may
        still: the connection was lost or timed out once the request had left, a server fault, an answer
        that cannot be read. Refusals (4xx) and what never left are known to have changed nothing.
        """
        reply = self.ask_once(operation, method, path, json=json, **kwargs)
        if reply.ok and not reply.text_kind:
            return reply
        raise self.write_error(reply, operation)

    def ask_once(self, operation: str, method: str, path: str, **kwargs: Any) -> Reply:
        """The reply to a change whatever its status. Raises only without one, telling whether it left."""
        try:
            return self._once(operation, method, path, **kwargs)
        except (errors.Unavailable, errors.ProtocolError) as fault:
            fault.outcome_unknown = fault.reason not in NEVER_LEFT
            fault.under_way = fault.outcome_unknown and fault.reason != TOO_LARGE
            raise

    def write_error(self, reply: Reply, operation: str) -> errors.IntegrationError:
        """Our error for a reply to a change that is not a success in JSON."""
        if reply.ok:
            fault = self.fault(errors.ProtocolError, operation, reply=reply, reason=reply.text_kind)
        else:
            fault = self.error_for(reply, operation)
        refused = 400 <= reply.status < 500 and reply.status != 408 and not reply.text_kind
        fault.outcome_unknown = not refused and reply.status != 429
        fault.under_way = reply.status in GATEWAY_STATUSES
        return fault

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
                if last or fault.reason in HOPELESS or not self._pause(number, None):
                    raise
                continue
            if last or reply.status not in self.endpoint.retried_statuses:
                return reply
            after = retry_after(reply.headers)
            if reply.status == 429 and after is None:
                self._check_quota(operation)  # no back-off outlasts a quota that is used up
            if not self._pause(number, after):
                return reply
        raise AssertionError("unreachable")

    def error_for(self, reply: Reply, operation: str) -> errors.IntegrationError:
        """Our error for a reply that is not a success."""
        kind = STATUS_ERRORS.get(reply.status)
        if kind is None:
            kind = errors.Unavailable if reply.status >= 500 else errors.ProtocolError
        if 300 <= reply.status < 400:
            return self.fault(errors.ProtocolError, operation, reply=reply, reason="redirect")
        if reply.status == 404 and reply.text_kind == "html":  # a gateway knows no records
            return self.fault(errors.ProtocolError, operation, reply=reply, reason="html 404")
        reason = f"status {reply.status}"
        if kind is errors.RateLimited:
            return errors.RateLimited(
                system=self.endpoint.system,
                operation=operation,
                label=self.endpoint.label,
                request_id=reply.request_id,
                reason=reason,
                retry_after=retry_after(reply.headers),
                next_step=_try_again_in(retry_after(reply.headers)),
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
        headers = {"Accept": "application/json", **self._headers(), **kwargs.pop("headers", {})}
        if not all(value.isascii() and value.isprintable() for value in headers.values()):
            raise self.fault(errors.NotConfigured, operation, reason="key cannot be sent")
        if self._remaining() <= 0:
            raise self.fault(errors.Unavailable, operation, reason="deadline")
        self._check_quota(operation)
        self._take_turn(operation)
        gate = _gate(self.endpoint)
        if not gate.acquire(timeout=max(self._remaining(), 0.0)):
            raise self.fault(errors.Unavailable, operation, reason="deadline")
        if self.caller.sending:
            self.caller.sending()
        started = time.monotonic()
        try:
            outcome = self._send(method, url, _Headers(headers), **kwargs)
        finally:
            gate.release()
        if isinstance(outcome, str):
            self._log(operation, outcome, started)
            kind = errors.ProtocolError if outcome == TOO_LARGE else errors.Unavailable
            raise self.fault(kind, operation, reason=outcome)
        self._note_quota(outcome)
        self._log(operation, outcome.status, started, outcome.request_id)
        return outcome

    def _send(self, method: str, url: str, headers: _Headers, **kwargs: Any) -> Reply | str:
        """The reply, or one word for why there is none.

        No exception leaves, not even as the context of ours: the libraries' texts name address
        and query string.
        """
        left = self._remaining()
        if left <= 0:
            return "deadline"
        connect, read = self.endpoint.timeout
        started = time.monotonic()
        with Watch(min(left, connect + read)) as watch:
            try:
                response = session_for(self.endpoint.system, urlsplit(url).hostname or "").request(
                    method,
                    url,
                    auth=headers,
                    timeout=(min(connect, left), min(read, left)),
                    allow_redirects=False,
                    stream=True,
                    **kwargs,
                )
                with response:
                    body = body_of(response, self.endpoint.max_bytes)
            except (requests.RequestException, HTTPError, OSError, ValueError) as fault:
                return TIMEOUT if watch.fired else _kind_of(fault)
            if watch.fired:  # a body without a length ends like this, and looks whole
                return TIMEOUT
        return TOO_LARGE if body is None else reply_from(response, body, started)

    def _url(self, operation: str, path: str) -> str:
        if not self.endpoint.url:
            raise self.fault(errors.NotConfigured, operation, reason="no address")
        parts = urlsplit(self.endpoint.url)
        if parts.scheme != "https" and (parts.scheme != "http" or parts.hostname not in LOOPBACK):
            raise self.fault(errors.NotConfigured, operation, reason="plain http")
        if not path.startswith("/"):
            raise ValueError("a path begins with a slash: anything else could name another host")
        return self.endpoint.url + path

    def _check_quota(self, operation: str) -> None:
        if self._quota is None:
            return
        end = self.endpoint
        try:
            limits.check_quota(end.system, reserve=end.reserve, background=self.caller.background)
        except limits.Exhausted as stop:
            raise self._limited(operation, stop) from None

    def _take_turn(self, operation: str) -> None:
        """Background work never takes several turns at once: these are left for staff."""
        end = self.endpoint
        patience = min(self._remaining(), LONGEST_TURN)
        burst = 1 if self.caller.background else end.burst
        try:
            limits.take_turn(end.system, rate=end.rate, burst=burst, patience=patience, sleep=self._sleep)
        except limits.Exhausted as stop:
            raise self._limited(operation, stop) from None

    def _limited(self, operation: str, stop: limits.Exhausted) -> errors.RateLimited:
        return errors.RateLimited(
            system=self.endpoint.system,
            operation=operation,
            label=self.endpoint.label,
            reason=stop.reason,
            retry_after=stop.wait,
            next_step=_when_to_try(self.endpoint.label, stop),
        )

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
        quota = self._quota(reply.headers) if self._quota else None
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


_gates: dict[tuple[str, int], threading.BoundedSemaphore] = {}
_gates_lock = threading.Lock()


def _gate(endpoint: Endpoint) -> threading.BoundedSemaphore:
    """What holds this process to the system's number of requests at a time."""
    with _gates_lock:
        size = endpoint.parallel or UNLIMITED
        return _gates.setdefault((endpoint.system, size), threading.BoundedSemaphore(size))


def _kind_of(fault: Exception) -> str:
    # Both say so before any byte is sent; urllib3 wraps a refused connection twice.
    why = getattr(fault.args[0], "reason", None) if fault.args else None
    if isinstance(why, NewConnectionError | ConnectTimeoutError):
        return UNCONNECTED
    if isinstance(fault, requests.ReadTimeout | ReadTimeoutError | TimeoutError):
        return TIMEOUT
    if isinstance(fault, requests.exceptions.SSLError):
        return "tls"
    if isinstance(fault, requests.ConnectionError | HTTPError | OSError) and not isinstance(
        fault, ValueError
    ):
        return "connection"
    return "request"


def _try_again_in(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds > 90:
        return f"Try again in {round(seconds / 60)} minutes."
    return f"Try again in {max(1, round(seconds))} seconds."


def _when_to_try(label: str, stop: limits.Exhausted) -> str:
    if stop.reason == "pace":
        return "Wait a few seconds and try again."
    minutes = max(1, round(stop.wait / 60))
    unit = "minute" if minutes == 1 else "minutes"
    return (
        f"Try again in {minutes} {unit}, when {label}'s hourly allowance starts anew, "
        f"or look in {label} itself."
    )
