"""API keys, their scopes, and the hourly quota of each key."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from datetime import datetime, timedelta
from typing import Any

from integrations.sandbox.state import Store

from .replies import Refused
from .switches import JumpSwitches

READ_SCOPES = (
    "read_patients",
    "read_appointments",
    "read_appointment_templates",
    "read_clinicians",
    "read_locations",
    "read_availability",
    "read_consultations",
    "read_webhooks",
)
WRITE_SCOPES = ("write_patients", "write_appointments", "write_webhooks")
HOUR = timedelta(hours=1)

KEYS = {
    "full": "pk_test_sandbox_full_7Qm2Vx9cLr4T",
    "read_only": "pk_test_sandbox_read_only_3Hd8Ks5wZn1B",
    "patients_only": "pk_test_sandbox_patients_only_6Yt4Pg2eRj9M",
    "without_patients": "pk_test_sandbox_without_patients_8Fc1Nb7uXq5D",
    "revoked": "pk_test_sandbox_revoked_2Lw6Za3oHv9S",
    "live": "pk_live_sandbox_holds_nobody_5Ek9Ti4mCy8J",
}
"""The published keys. ``live`` is there to be refused by a portal that is not in production."""


def seeded_keys() -> dict[str, dict[str, Any]]:
    """What the dashboard knows about each key, by the key itself."""
    everything = [*READ_SCOPES, *WRITE_SCOPES]
    scopes = {
        "full": everything,
        "read_only": list(READ_SCOPES),
        "patients_only": ["read_patients"],
        "without_patients": ["read_appointments", "read_locations"],
        "revoked": everything,
        "live": everything,
    }
    return {
        KEYS[name]: {"name": name, "scopes": held, "revoked": name == "revoked"}
        for name, held in scopes.items()
    }


class Access:
    """Who calls: the key of the request, what it may do, what is left of its hour."""

    def __init__(self, store: Store, switches: JumpSwitches) -> None:
        self._store = store
        self._switches = switches
        self._lock = threading.Lock()
        self._calls: defaultdict[str, deque[datetime]] = defaultdict(deque)
        self._resets = store.resets

    def key_of(self, authorization: str) -> str:
        """The key in an ``Authorization`` header. Raises ``Refused`` (401)."""
        scheme, _, key = authorization.partition(" ")
        with self._store.reading() as data:
            known = data["keys"].get(key.strip())
            if scheme.lower() != "bearer" or known is None or known["revoked"]:
                raise Refused(401, "The API key is missing or not valid.")
        return key.strip()

    def require(self, key: str, scope: str) -> None:
        """Raises ``Refused`` (403) where the key lacks a scope."""
        with self._store.reading() as data:
            if scope not in data["keys"][key]["scopes"]:
                raise Refused(403, f"This API key does not have the scope {scope}.")

    def count(self, key: str, now: datetime) -> None:
        """Take one request from the key's quota. Raises ``Refused`` (429) where none is left."""
        with self._lock:
            if self._left(key, now) <= 0:
                raise Refused(429, "The hourly limit of this API key is used up.")
            self._calls[key].append(now)

    def left(self, key: str, now: datetime) -> int:
        """How many requests the key still has."""
        with self._lock:
            return self._left(key, now)

    def seconds_to_wait(self, key: str, now: datetime) -> int:
        """How long until the key has a request again, rounded up."""
        with self._lock:
            calls = self._calls[key]
            fixed = self._switches.rate_window == "clock_hour" or not calls
            free = _hour_of(now) + HOUR if fixed else calls[0] + HOUR
        return max(1, -int((now - free).total_seconds() // 1))

    def _left(self, key: str, now: datetime) -> int:
        if self._resets != self._store.resets:
            self._calls.clear()
            self._resets = self._store.resets
        calls = self._calls[key]
        start = _hour_of(now) if self._switches.rate_window == "clock_hour" else now - HOUR
        while calls and calls[0] <= now - HOUR:
            calls.popleft()
        used = sum(1 for each in calls if each >= start)
        return max(0, self._switches.rate_limit - used)


def _hour_of(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
