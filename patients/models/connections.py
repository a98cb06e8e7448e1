"""What the portal knows of its connections, and who is refreshing a person's token right now."""

from __future__ import annotations

from django.db import models

from portal.accounts.models import PersonToken


class TokenLease(models.Model):
    """The right to refresh one token, for as long as a refresh may take.

    A refresh kills the old token at once, so one process does it and the others wait. The lease
    is a row of its own, claimed by one conditional UPDATE: no transaction stays open while the
    system is asked.
    """

    token = models.OneToOneField(PersonToken, on_delete=models.CASCADE, primary_key=True)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"lease of {self.token_id}"


class ConnectionLook(models.Model):
    """What the last look at a system found (``integrations.types.Health``); no patient data."""

    system = models.CharField(primary_key=True, max_length=32)
    health = models.JSONField()
    checked_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.system
