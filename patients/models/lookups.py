"""Look-ups and what the systems answered: one person's, encrypted, for a quarter of an hour."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone

from portal.web.crypto import EncryptedJSONField

from .ids import opaque_id

KEPT_FOR = timedelta(minutes=15)


def end_of_keeping() -> datetime:
    """When a look-up that is made now is thrown away."""
    return timezone.now() + KEPT_FOR


class LookUp(models.Model):
    """What one person asked. Nobody else can open it.

    ``asked`` is the typed line and the typed details (``services.understanding.Asked``).
    """

    id = models.CharField(primary_key=True, max_length=22, default=opaque_id)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    asked = EncryptedJSONField()
    created_at = models.DateTimeField(auto_now_add=True)
    ends_at = models.DateTimeField(default=end_of_keeping, db_index=True)

    def __str__(self) -> str:
        return self.id


class Answer(models.Model):
    """What one system answered to one look-up (``services.answers.Outcome``), encrypted."""

    lookup = models.ForeignKey(LookUp, on_delete=models.CASCADE, related_name="answers")
    system = models.CharField(max_length=32)
    outcome = EncryptedJSONField()
    answered_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["lookup", "system"], name="patients_answer_once"),)

    def __str__(self) -> str:
        return f"{self.system} to {self.lookup_id}"
