"""Writes to the systems: each is recorded before it is sent, and these rows are the queue.

docs/reliability.md tells what becomes of an operation. What is to be written is encrypted; what stands
plain is whose record, by whom, and how far it is.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from portal.web.crypto import EncryptedJSONField

from .ids import opaque_id
from .people import Patient, SourceRecord


class Bulk(models.Model):
    """Many operations of one kind that were asked for together. ``organization`` is that of all of them;
    empty where they name none, or several. ``to_ask`` is of how many it is to be, until all of them were
    asked for: where it stays, whoever asked was cut off."""

    class State(models.TextChoices):
        """Whether its operations are sent. What is under way when it is paused or cancelled goes on."""

        RUNNING = "running", "Running"
        PAUSED = "paused", "Paused"
        CANCELLED = "cancelled", "Cancelled"

    public_id = models.CharField(max_length=22, unique=True, default=opaque_id)
    kind = models.CharField(max_length=32)
    system = models.CharField(max_length=32)
    organization = models.CharField(max_length=64, blank=True)
    label = models.CharField(max_length=200)
    to_ask = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=16, choices=State.choices, default=State.RUNNING)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.public_id


class Operation(models.Model):
    """One write to one system, in the name of one of its ``organization``s where it has any.

    ``asked_for`` is the person for whom it was asked; ``patient`` who that is by now, as records are linked
    and parted.

    ``wanted`` is what is to be written; ``prepared`` what exactly is sent, where that is made from what
    the system held just before (kept, since an answer that is lost can leave the record with less).
    ``own_id`` is the portal's own id of this write, the same for every try; ``key`` the idempotency key
    and ``keyed_at`` when it was first sent. ``acts_for`` is in whose name it goes out: who asked, until
    an admin takes it over.

    ``left_at`` is when a request last left of which it is not known whether it took effect;
    ``late_until`` is until when it may take effect still, since nobody answered it: so long nothing else
    is sent for this person to this system. ``in_vain`` counts the tries that left, came back unknown, and
    turned out to have done nothing. ``due_at`` is the next try; ``owner`` works on it until
    ``lease_until``.
    """

    class State(models.TextChoices):
        """How far it is. Held: a person has to decide. Refused and done are ends."""

        WAITING = "waiting", "Waiting"
        SENDING = "sending", "Sending"
        UNKNOWN = "unknown", "Not known yet"
        HELD = "held", "Held"
        REFUSED = "refused", "Refused"
        DONE = "done", "Done"

    public_id = models.CharField(max_length=22, unique=True, default=opaque_id)
    kind = models.CharField(max_length=32)
    system = models.CharField(max_length=32)
    organization = models.CharField(max_length=64, blank=True)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="operations")
    asked_for = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    record = models.ForeignKey(SourceRecord, null=True, on_delete=models.PROTECT, related_name="operations")
    bulk = models.ForeignKey(Bulk, null=True, on_delete=models.PROTECT, related_name="operations")
    wanted = EncryptedJSONField()
    prepared = EncryptedJSONField(null=True)
    own_id = models.CharField(max_length=64)
    key = models.CharField(max_length=64)
    keyed_at = models.DateTimeField(null=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    acts_for = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)
    why = models.CharField(max_length=32, blank=True)
    problem = models.CharField(max_length=500, blank=True)
    next_step = models.CharField(max_length=500, blank=True)
    details = models.JSONField(default=dict)
    owner = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    left_at = models.DateTimeField(null=True)
    late_until = models.DateTimeField(null=True)
    tries = models.PositiveIntegerField(default=0)
    in_vain = models.PositiveSmallIntegerField(default=0)
    changed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["system", "due_at"],
                name="patients_operation_due",
                condition=Q(state__in=["waiting", "sending", "unknown"]),
            ),
            models.Index(
                fields=["patient", "system", "id"],
                name="patients_operation_open",
                condition=Q(state__in=["waiting", "sending", "unknown", "held"]),
            ),
            models.Index(fields=["state", "-changed_at"], name="patients_operation_by_state"),
        ]

    def __str__(self) -> str:
        return self.public_id


class Attempt(models.Model):
    """One try of an operation: what was done, what came of it, and the system's own request id.

    Without an end it was cut off: whoever made it died.
    """

    operation = models.ForeignKey(Operation, on_delete=models.CASCADE, related_name="attempts")
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    sent = models.BooleanField(default=False)
    outcome = models.CharField(max_length=64, blank=True)  # room for a state and each why
    fault = models.CharField(max_length=32, blank=True)
    reason = models.CharField(max_length=64, blank=True)
    request_id = models.CharField(max_length=100, blank=True)

    def __str__(self) -> str:
        return f"attempt {self.pk}"


class Claim(models.Model):
    """That one person with this detail is being registered: the keyed hash of an NHS number, or of both
    names with the birth date. Unique, so that of two registrations at once one is told of the other.

    ``until`` is when it is let go, some time after the last registration of it ended; none while one is
    open.
    """

    key = models.CharField(max_length=64, unique=True)
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="claims")
    until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"claim {self.pk}"


class Breaker(models.Model):
    """How a system has answered writes lately. From some faults in a row on, until ``open_until``, nothing
    is sent to it; then one operation goes first."""

    system = models.CharField(primary_key=True, max_length=32)
    faults = models.PositiveIntegerField(default=0)
    open_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.system
