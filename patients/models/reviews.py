"""Questions that admins put to the trail, and the monthly review of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone

from portal.web.crypto import EncryptedJSONField

from .ids import opaque_id

INQUIRY_KEPT_FOR = timedelta(hours=12)


def end_of_inquiry() -> datetime:
    """When an inquiry that is made now is thrown away."""
    return timezone.now() + INQUIRY_KEPT_FOR


class Inquiry(models.Model):
    """What one admin asks of the trail (``services.questions.Asked``). Nobody else can open it.

    Kept, so that whom it is about stays out of addresses.
    """

    id = models.CharField(primary_key=True, max_length=22, default=opaque_id)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    asked = EncryptedJSONField()
    created_at = models.DateTimeField(auto_now_add=True)
    ends_at = models.DateTimeField(default=end_of_inquiry, db_index=True)

    def __str__(self) -> str:
        return self.id


class ReviewNote(models.Model):
    """What a reviewer thinks of one thing to look at more closely.

    Append-only: whoever thinks otherwise later adds another note. ``finding`` is the reason and
    the account ("own_record:12"), ``count`` how often it had happened when the note was made.
    """

    class Verdict(models.TextChoices):
        """What is to be done about it."""

        EXPLAINED = "explained", "Explained"
        FOLLOW_UP = "follow_up", "To follow up"

    month = models.DateField()  # its first day
    finding = models.CharField(max_length=100)
    count = models.PositiveIntegerField()
    verdict = models.CharField(max_length=16, choices=Verdict.choices)
    text = models.CharField(max_length=500, blank=True)
    made_at = models.DateTimeField(auto_now_add=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = (models.Index(fields=["month", "made_at"], name="patients_reviewnote_of_month"),)

    def __str__(self) -> str:
        return f"note {self.pk}"


class Review(models.Model):
    """That a month was gone through and signed off; append-only, so that it stands as it was signed.

    ``result`` holds the findings, their notes and the rules as they were: counts, labels of accounts and
    our own sentences, no value about a patient. ``events`` is how many events the month had then.
    """

    month = models.DateField(unique=True)  # its first day
    signed_at = models.DateTimeField(auto_now_add=True)
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.CharField(max_length=2000, blank=True)
    events = models.PositiveIntegerField()
    result = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"review of {self.month:%Y-%m}"
