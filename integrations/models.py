"""What adapters share between processes: how fast, and how much is left."""

from __future__ import annotations

from django.db import models


class Allowance(models.Model):
    """One row a system: the pace that all processes keep together, and the quota last told.

    ``next_at`` is the theoretical arrival time of the generic cell rate algorithm (ITU-T I.371),
    in seconds since the epoch. The quota columns are what the system's last reply said.
    """

    system = models.CharField(max_length=32, primary_key=True)
    next_at = models.FloatField(default=0.0)
    quota_limit = models.PositiveIntegerField(null=True)
    quota_remaining = models.PositiveIntegerField(null=True)
    quota_resets_at = models.DateTimeField(null=True)
    quota_read_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.system
