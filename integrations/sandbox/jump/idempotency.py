"""Idempotency keys: a request that is sent again is answered as it was (README, Creating)."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from integrations.sandbox.state import Store
from integrations.types import Clock

from .replies import Refused

LIFETIME = timedelta(hours=24)
UNKEPT = frozenset({401, 403, 429})

Answer = tuple[int, dict[str, Any]]


class Keys:
    """The keys that one server has seen, and the answers given; a running request holds its key.

    Answers outlive a restart with the rest of the state; which requests are running does not.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._running: set[str] = set()
        self._lock = threading.Lock()

    def once(self, scope: str, body: object, work: Callable[[], Answer]) -> tuple[Answer, bool]:
        """The answer of ``work``, and whether it is one kept from before.

        ``scope`` names organization, endpoint and key. Raises ``Refused`` (409) where the key came
        with another body, or its first request is still running.
        """
        digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
        with self._lock:
            kept = self._kept(scope)
            if kept is not None and kept["hash"] != digest:
                raise Refused(409, "This Idempotency-Key was used with another body.")
            if kept is not None:
                return (kept["status"], kept["body"]), True
            if scope in self._running:
                raise Refused(409, "A request with this Idempotency-Key is still running.")
            self._running.add(scope)
        try:
            answer = work()
            self._keep(scope, digest, answer)
        finally:
            with self._lock:
                self._running.discard(scope)
        return answer, False

    def _kept(self, scope: str) -> dict[str, Any] | None:
        with self._store.reading() as data:
            kept: dict[str, Any] | None = data.setdefault("idempotency", {}).get(scope)
        if kept is None or self._clock() >= datetime.fromisoformat(kept["at"]) + LIFETIME:
            return None
        return kept

    def _keep(self, scope: str, digest: str, answer: Answer) -> None:
        status, body = answer
        if status in UNKEPT or status >= 500:
            return
        kept = {"hash": digest, "status": status, "body": body, "at": self._clock().isoformat()}
        with self._store.writing() as data:
            data.setdefault("idempotency", {})[scope] = kept
