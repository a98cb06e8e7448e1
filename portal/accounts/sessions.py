"""Sessions in the database, encrypted: a copied table tells nothing.

Django signs a session's data and leaves it readable; ours holds pending one-time-code secrets,
what somebody typed before the screen locked and the addresses of pages.
"""

from __future__ import annotations

import json
from typing import Any

from django.contrib.sessions.backends import db

from portal.web import crypto


class SessionStore(db.SessionStore):
    """The database store with an encrypted payload. Unreadable data is an empty session."""

    def encode(self, session_dict: dict[str, Any]) -> str:
        """The session as a Fernet token."""
        return crypto.encrypt(json.dumps(session_dict, separators=(",", ":")))

    def decode(self, session_data: str | bytes) -> dict[str, Any]:
        """The session; empty where the key is gone or the row was changed."""
        text = session_data.decode() if isinstance(session_data, bytes) else session_data
        try:
            data: dict[str, Any] = json.loads(crypto.decrypt(text))
        except crypto.Undecryptable:
            return {}
        return data
