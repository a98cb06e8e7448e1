"""What somebody's own desk holds: whom they have seen lately, and whom they have put aside."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from portal.web.crypto import EncryptedTextField

from .people import Patient


class Seen(models.Model):
    """That somebody opened a person's page, the last time. For their own home page alone: who looked at
    whom is in the audit trail. Few rows a user, thrown away after some days (``services.desk``)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="+")
    seen_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "patient"], name="patients_seen_once"),)

    def __str__(self) -> str:
        return f"seen {self.pk}"


class Parked(models.Model):
    """Somebody put aside by one member of staff, with what was being done (encrypted)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="+")
    doing = EncryptedTextField(blank=True)
    parked_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "patient"], name="patients_parked_once"),)

    def __str__(self) -> str:
        return f"parked {self.pk}"
