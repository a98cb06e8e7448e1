"""One event for every look and every change; rows can be added and never altered."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.utils import timezone


class Event(models.Model):
    """Who did what, when, about which record, why, and from where.

    The table's triggers refuse UPDATE, DELETE and TRUNCATE (``audit/triggers.py``). ``actor`` is
    the account's id as text and no foreign key, so that an event outlives the account.
    ``action`` is ``subject.verb`` ("person.viewed"). ``details`` holds counts, names of fields
    and systems, our own ids: never a value about a person.
    """

    class Outcome(models.TextChoices):
        """How it ended."""

        DONE = "done"
        REFUSED = "refused"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    at = models.DateTimeField(default=timezone.now, db_index=True)
    actor = models.CharField(max_length=64, blank=True, db_index=True)
    actor_label = models.CharField(max_length=254, blank=True)
    action = models.CharField(max_length=64, db_index=True)
    outcome = models.CharField(max_length=16, choices=Outcome.choices, default=Outcome.DONE)
    system = models.CharField(max_length=32, blank=True)
    record_id = models.CharField(max_length=191, blank=True)
    subject_key = models.CharField(max_length=64, blank=True, db_index=True)
    reason = models.CharField(max_length=500, blank=True)
    request_id = models.CharField(max_length=64, blank=True, db_index=True)
    ip = models.GenericIPAddressField(null=True, blank=True)
    session = models.CharField(max_length=64, blank=True)
    details = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-at", "-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["system", "record_id"], name="audit_event_record"),
        ]

    def __str__(self) -> str:
        """Action and id; who and whom stay in the columns."""
        return f"{self.action} {self.pk}"
