"""System checks of the domain that look into the database (``manage.py check --database default``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import DatabaseError

from patients.services import keying


@register(Tags.database)
def check_keys(app_configs: Any, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """The index can be searched only with the secret with which it was keyed."""
    if not databases:
        return []
    try:
        fits = keying.fits()
    except DatabaseError:  # before the first migration
        return []
    if fits:
        return []
    return [
        Warning(
            "The index was keyed with another SECRET_KEY, or by another version of the portal.",
            hint="Run manage.py rekey. Until then people are found by asking the systems only.",
            id="patients.W001",
        )
    ]
