"""What editing leaves beside the writes: details that are hidden, and details that somebody confirmed."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from portal.web.crypto import EncryptedTextField

from .operations import Operation
from .people import Patient


class Former(models.Model):
    """A name or number that is hidden since a transition or an adoption: no page shows it any more but an
    admin's, and it is never offered for other records.

    ``value`` is it in the form in which it is compared, encrypted: a hash would not outlive a change of
    ``SECRET_KEY``, and hide nothing any more. It holds unless the operation ends without being done.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="former")
    operation = models.ForeignKey(Operation, on_delete=models.PROTECT, related_name="former")
    part = models.CharField(max_length=32)
    value = EncryptedTextField()
    hidden_at = models.DateTimeField(auto_now_add=True)
    hidden_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["operation", "part"], name="patients_former_once"),)

    def __str__(self) -> str:
        return f"former {self.part} {self.pk}"


class Confirmed(models.Model):
    """That somebody confirmed a contact detail of a person. ``value`` is the keyed hash of it as it was then,
    in the form in which it is compared: it counts only while that is what is held."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="confirmed")
    part = models.CharField(max_length=32)
    value = models.CharField(max_length=64)
    confirmed_at = models.DateTimeField(auto_now_add=True)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["patient", "part", "-confirmed_at"], name="patients_confirmed_latest"),
        ]

    def __str__(self) -> str:
        return f"confirmed {self.part} {self.pk}"
