"""API keys: valid, expired or deactivated. Impilo knows no scopes."""

from __future__ import annotations

import threading
from collections import defaultdict
from datetime import date, datetime
from typing import Any

from integrations.sandbox.state import Store

from .replies import Refused
from .switches import ImpiloSwitches

KEYS = {
    "full": "imp_sandbox_full_4Jr8Wd2kSb6N",
    "expired": "imp_sandbox_expired_9Xg3Qm7vAf1C",
    "deactivated": "imp_sandbox_deactivated_5Ty1Lp8zHe4K",
}


def seeded_keys() -> dict[str, dict[str, Any]]:
    """What the account portal knows about each key, by the key itself."""
    expiry = {"full": "2099-12-31", "expired": "2024-12-31", "deactivated": "2099-12-31"}
    return {
        key: {"name": name, "expires": expiry[name], "active": name != "deactivated"}
        for name, key in KEYS.items()
    }


class Access:
    """Whether a key is good, and (with the switch) how often it may ask."""

    def __init__(self, store: Store, switches: ImpiloSwitches) -> None:
        self._store = store
        self._switches = switches
        self._lock = threading.Lock()
        self._window: tuple[int, datetime] | None = None
        self._calls: defaultdict[str, int] = defaultdict(int)

    def admit(self, key: str, now: datetime) -> None:
        """Let one request pass. Raises ``Refused``: 401 for the key, 429 for too many."""
        with self._store.reading() as data:
            known = data["keys"].get(key)
        if known is None or not known["active"] or date.fromisoformat(known["expires"]) < now.date():
            raise Refused(401, "The API key is missing, expired or not valid.")
        if self._switches.per_minute:
            self._count(key, now)

    def _count(self, key: str, now: datetime) -> None:
        window = (self._store.resets, now.replace(second=0, microsecond=0))
        with self._lock:
            if window != self._window:
                self._window = window
                self._calls.clear()
            self._calls[key] += 1
            if self._calls[key] > self._switches.per_minute:
                raise Refused(429, "Too many requests.", retry_after=60 - now.second)
