"""Records that are to be deleted from their last organization: one person asks, a second one confirms."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from portal.web.crypto import EncryptedJSONField

from .ids import opaque_id
from .operations import Operation
from .people import SourceRecord


class Removal(models.Model):
    """That somebody wants a record removed from its last organization, with which its system deletes it.

    Nothing is sent before somebody else has confirmed it; then ``operation`` is what was asked for.
    ``counted`` is what was shown to be lost when it was asked for, encrypted. ``decided_by`` is who has
    confirmed, declined or withdrawn it, nobody where it expired. ``is_of_made_up``: the record is of somebody
    whom the portal made up (``services.onboarding.testing``); then who asks confirms it, too.
    """

    LASTS_FOR: ClassVar[timedelta] = timedelta(days=7)

    class State(models.TextChoices):
        """How far it is. All but asked are ends."""

        ASKED = "asked", "Waits for a second person"
        CONFIRMED = "confirmed", "Confirmed"
        DECLINED = "declined", "Declined"
        WITHDRAWN = "withdrawn", "Withdrawn"
        EXPIRED = "expired", "Expired"

    public_id = models.CharField(max_length=22, unique=True, default=opaque_id)
    record = models.ForeignKey(SourceRecord, on_delete=models.PROTECT, related_name="removals")
    organization = models.CharField(max_length=64)
    counted = EncryptedJSONField()
    reason = models.CharField(max_length=500)
    state = models.CharField(max_length=16, choices=State.choices, default=State.ASKED)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    decision = models.CharField(max_length=500, blank=True)
    is_of_made_up = models.BooleanField(default=False)
    operation = models.OneToOneField(Operation, null=True, on_delete=models.PROTECT, related_name="removal")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["record"], condition=Q(state="asked"), name="patients_removal_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=~Q(state="confirmed")
                | (Q(decided_by__isnull=False) & (~Q(decided_by=F("asked_by")) | Q(is_of_made_up=True))),
                name="patients_removal_takes_two",
            ),
            models.CheckConstraint(
                condition=Q(operation=None, state__in=["asked", "declined", "withdrawn", "expired"])
                | Q(operation__isnull=False, state="confirmed"),
                name="patients_removal_confirmed_first",
            ),
        )

    def __str__(self) -> str:
        return self.public_id

    @property
    def is_confirmed(self) -> bool:
        """Whether it was confirmed: of anybody who was not made up by somebody else than who asked."""
        other = self.decided_by_id not in (None, self.asked_by_id)
        alone = self.is_of_made_up and self.decided_by_id is not None
        return self.state == self.State.CONFIRMED and (other or alone)

    def is_over(self, now: datetime) -> bool:
        """Whether it was asked for, or confirmed, too long ago."""
        since: datetime = self.decided_at or self.asked_at
        return now - since > self.LASTS_FOR
