"""System checks of the domain that look into the database (``manage.py check --database default``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import DatabaseError

from patients.services import key_making


@register(Tags.database)
def check_keys(app_configs: Any, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """The index can be searched only with the secret with which it was keyed."""
    if not databases:
        return []
    try:
        is_fine = key_making.fits() and key_making.is_finished()
    except DatabaseError:  # before the first migration
        return []
    if is_fine:
        return []
    return [
        Warning(
            "The index was keyed with another SECRET_KEY, or by another version of the portal, or making "
            "its keys anew did not come to its end.",
            hint="Run manage.py rekey. Until then people are found by asking the systems only.",
            id="patients.W001",
        )
    ]
