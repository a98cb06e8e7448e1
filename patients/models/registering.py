"""What registering leaves for later: forms that are not sent yet, people of whom something is not known yet,
and doubts for an admin."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from portal.web.crypto import EncryptedJSONField

from .ids import opaque_id
from .people import Patient


class Flag(models.Model):
    """That two people may be one (``duplicate``), or that both are said to hold one NHS number
    (``conflict``; ``contested`` is that number, which the newer one was created without).

    ``nearness`` and ``levels`` are what was known when it was raised, without values; ``reason`` why they
    were taken for two. Open until ``settled_at``.
    """

    class Kind(models.TextChoices):
        """What is in doubt."""

        DUPLICATE = "duplicate", "Perhaps one person"
        CONFLICT = "conflict", "One NHS number, two people"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="flags")
    other = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    nearness = models.CharField(max_length=16)
    levels = models.JSONField(default=dict)
    contested = EncryptedJSONField(null=True)
    reason = models.CharField(max_length=500)
    raised_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    raised_at = models.DateTimeField(auto_now_add=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["raised_at"], name="patients_flag_open", condition=Q(settled_at=None)),
        ]

    def __str__(self) -> str:
        return f"flag {self.pk}"


class Draft(models.Model):
    """A form about a person that is not sent yet: everything as it was typed, encrypted.

    Of one member of staff, who may hand it over (``handed_by``). ``patient`` is who is edited, or added to
    another system; none for somebody new. ``also`` is what the form holds besides the person: which systems,
    which organization. Once it is sent, ``sent_as`` is whom it was about, and nothing else is kept.
    """

    class Kind(models.TextChoices):
        """What the form does."""

        REGISTER = "register", "Registering"
        EDIT = "edit", "Editing"

    public_id = models.CharField(max_length=22, unique=True, default=opaque_id)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    patient = models.ForeignKey(Patient, null=True, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="drafts")
    handed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+"
    )
    sent_as = models.ForeignKey(Patient, null=True, on_delete=models.CASCADE, related_name="+")
    typed = EncryptedJSONField()
    also = EncryptedJSONField(default=dict)
    started_at = models.DateTimeField(auto_now_add=True)
    kept_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"draft {self.pk}"


class Unfinished(models.Model):
    """That somebody was registered before it was known who they are, or what they are called.

    What is missing is seen in their records: nothing is kept of it here.
    """

    class Kind(models.TextChoices):
        """Why it was not known."""

        NEWBORN = "newborn", "Newborn"
        UNKNOWN = "unknown", "Not identified yet"

    patient = models.OneToOneField(Patient, on_delete=models.CASCADE, related_name="unfinished")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    registered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    registered_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"unfinished {self.pk}"
