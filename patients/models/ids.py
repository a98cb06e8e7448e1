"""Names of our own for what pages address."""

from __future__ import annotations

import re
import secrets


def opaque_id() -> str:
    """22 URL-safe characters that say nothing and cannot be guessed (almost 128 bits). None begins with a
    dash: a command would take it for an option."""
    while (name := secrets.token_urlsafe(16)).startswith("-"):
        pass
    return name


def is_opaque(text: str) -> bool:
    """Whether a text may be such a name."""
    return bool(re.fullmatch(r"[\w-]{22}", text, re.ASCII))
