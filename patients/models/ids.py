"""Names of our own for what pages address."""

from __future__ import annotations

import secrets


def opaque_id() -> str:
    """22 URL-safe characters that say nothing and cannot be guessed (128 bits)."""
    return secrets.token_urlsafe(16)
