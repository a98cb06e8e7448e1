"""What the sandbox's Impilo holds at the start."""

from __future__ import annotations

from typing import Any

from integrations.sandbox.people import impilo_rows

from .access import seeded_keys

OF_ANOTHER_CUSTOMER = 99001
"""A patient id that exists but belongs to somebody else: asking for it is forbidden."""


def seed() -> dict[str, Any]:
    """The first state; patients by id as text."""
    return {
        "keys": seeded_keys(),
        "patients": {str(row["id"]): row for row in impilo_rows()},
        "of_other_customers": [OF_ANOTHER_CUSTOMER],
    }
