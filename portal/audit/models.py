"""One event for every look and every change; rows can be added and never altered."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

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
    at = models.DateTimeField(default=timezone.now)
    actor = models.CharField(max_length=64, blank=True)
    actor_label = models.CharField(max_length=254, blank=True)
    action = models.CharField(max_length=64)
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
            # Every list of events is in this order, whatever it is narrowed by: pages stay cheap.
            models.Index(fields=["at", "id"], name="audit_event_in_time"),
            models.Index(fields=["actor", "at", "id"], name="audit_event_of_actor"),
            models.Index(fields=["action", "at", "id"], name="audit_event_of_action"),
            models.Index(fields=["outcome", "at", "id"], name="audit_event_of_outcome"),
        ]

    def __str__(self) -> str:
        """Action and id; who and whom stay in the columns."""
        return f"{self.action} {self.pk}"

    @property
    def records(self) -> list[tuple[str, str]]:
        """System and id of every source record that the event is about, each once."""
        return records_in(self.system, self.record_id, self.details)

    @property
    def every_record(self) -> list[tuple[str, str]]:
        """The same with those that left in a file: too many for a line of the trail, but each of these
        people may ask who looked."""
        left = records_in("", "", {"records": self.details.get("exported")})
        return list(dict.fromkeys([*self.records, *left]))


def records_in(system: str, record_id: str, details: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The same from an event's columns, for reading many."""
    pairs = {(system, record_id): None} if record_id else {}
    for each in details.get("records") or ():
        named, _, number = str(each).partition(":")
        if number:
            pairs[named, number] = None
    return list(pairs)


class EventRecord(models.Model):
    """That an event is about a source record: made with the event, so that "who looked" is one query.

    Append-only as events are. ``at`` is the event's.
    """

    pk = models.CompositePrimaryKey("event_id", "system", "record_id")
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="+", db_index=False)
    system = models.CharField(max_length=32)
    record_id = models.CharField(max_length=191)
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["system", "record_id", "at"], name="audit_eventrecord_in_time"),
        ]

    def __str__(self) -> str:
        """Whose event; the record stays in the columns."""
        return f"record of {self.event_id}"
