"""How bytes travel: sessions that keep no cookies, a hard stop for slow replies, silent libraries.

Time-outs of ``requests`` count from byte to byte: a reply that drips, in its head or in its body,
never meets one. A :class:`Watch` ends the whole request when its time is up, by shutting the
socket down under it.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
from http.cookiejar import DefaultCookiePolicy
from types import TracebackType
from typing import Any, Self

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.poolmanager import PoolManager, ProxyManager

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_local = threading.local()


class Watch:
    """Ends the request that this thread makes inside the ``with`` block after ``seconds``."""

    def __init__(self, seconds: float) -> None:
        self.fired = False
        self._lock = threading.Lock()
        self._connection: HTTPConnection | None = None
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(max(seconds, 0.0), self._fire)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        _local.watch = self
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        _local.watch = None

    def hold(self, connection: HTTPConnection) -> None:
        """Note over which connection the request goes. It forgets its socket while the body is read."""
        with self._lock:
            self._connection, self._socket = connection, connection.sock
            if self.fired:
                self._cut()

    def _fire(self) -> None:
        with self._lock:
            self.fired = True
            self._cut()

    def _cut(self) -> None:
        waiting_on = self._socket or (self._connection.sock if self._connection else None)
        if waiting_on is not None:
            with contextlib.suppress(OSError):  # it may have ended by itself
                waiting_on.shutdown(socket.SHUT_RDWR)


def _hold(connection: HTTPConnection) -> None:
    watch: Watch | None = getattr(_local, "watch", None)
    if watch is not None:
        watch.hold(connection)


class _WatchedHTTP(HTTPConnection):
    def connect(self) -> None:
        _hold(self)
        super().connect()
        _hold(self)

    def request(self, *args: Any, **kwargs: Any) -> None:
        _hold(self)
        super().request(*args, **kwargs)


class _WatchedHTTPS(HTTPSConnection):
    def connect(self) -> None:
        _hold(self)
        super().connect()
        _hold(self)

    def request(self, *args: Any, **kwargs: Any) -> None:
        _hold(self)
        super().request(*args, **kwargs)


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _WatchedHTTP


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedHTTPS


_POOLS = {"http": _HTTPPool, "https": _HTTPSPool}


class _WatchedAdapter(HTTPAdapter):
    """The stock adapter over connections that a :class:`Watch` can end."""

    poolmanager: PoolManager

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> ProxyManager:
        manager: ProxyManager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager


def session_for(system: str, host: str) -> requests.Session:
    """This thread's session with a system: connections are kept, cookies never.

    Proxies of the environment are for the way out, not for this machine.
    """
    sessions: dict[tuple[str, str], requests.Session] = _local.__dict__.setdefault("sessions", {})
    key = (system, host)
    if key not in sessions:
        session = requests.Session()
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        session.trust_env = host not in LOOPBACK
        for scheme in ("http://", "https://"):
            session.mount(scheme, _WatchedAdapter())
        sessions[key] = session
    return sessions[key]


def _silence() -> None:
    """Keep the library's own lines out of every log: they hold paths with ids and query strings.

    A filter stays, whatever levels a log configuration sets later.
    """
    for name in ("connection", "connectionpool", "poolmanager", "response", "util.retry"):
        logging.getLogger(f"urllib3.{name}").addFilter(lambda record: False)


_silence()
