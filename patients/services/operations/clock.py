"""One clock for leases and due times: the database's, so that no process's own clock decides."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone


def now() -> datetime:
    """The moment by the database's clock; SQLite is on this machine and has no other than ours."""
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
        return moment


def span(seconds: float) -> timedelta:
    """A wait of the queue. ``settings.OPERATIONS_PACE`` stretches or shortens all of them alike."""
    return timedelta(seconds=seconds * settings.OPERATIONS_PACE)
