"""Ending what is kept of a person in a system: archive and take back, leave an organization, delete."""

from __future__ import annotations

GONE = "The record has gone meanwhile. Look at the person's page again."


class Refused(Exception):
    """Nothing was asked for; the text says why, for staff."""
