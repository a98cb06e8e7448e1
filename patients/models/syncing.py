"""Reading whole systems into the index: each run, and what is known of each system."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q


class SyncRun(models.Model):
    """One reading of a system, from its start to its end, by however many processes in turn.

    ``kind``: everybody (``full``), what changed (``changes``), or whole records in place of short
    rows (``whole``). ``source`` says what started it; ``started_by`` who, where somebody did.

    ``cursor`` is where reading goes on (``integrations.pages``), and ``since`` from when changes are
    read. ``phase`` is ``rows`` or, once a full run has seen all rows, ``missing``: those that it did
    not see are asked for one by one. ``skipped`` are our ids of records that could not be read.
    ``last_change`` is the latest change seen, by the system's own clock.

    ``owner`` is who works on it until ``lease_until``; a lease that has run out is anybody's.
    ``resume_at`` is when work may go on, ``problem`` and ``next_step`` why it does not, for admins;
    ``failures`` how often in a row it failed. Open runs have no ``ended_at``; one a system at a time.
    """

    class Kind(models.TextChoices):
        """What is read."""

        FULL = "full"
        CHANGES = "changes"
        WHOLE = "whole"

    class Source(models.TextChoices):
        """What started it."""

        SCHEDULE = "schedule"
        PAGE = "page"
        COMMAND = "command"

    class Phase(models.TextChoices):
        """How far it is."""

        ROWS = "rows"
        MISSING = "missing"

    system = models.CharField(max_length=32)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    source = models.CharField(max_length=16, choices=Source.choices)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    read_as = models.CharField(max_length=64, blank=True)
    phase = models.CharField(max_length=16, choices=Phase.choices, default=Phase.ROWS)
    cursor = models.CharField(max_length=255, blank=True)
    since = models.DateTimeField(null=True)
    last_change = models.DateTimeField(null=True)
    skipped = models.JSONField(default=list)

    read = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    returned = models.PositiveIntegerField(default=0)
    vanished = models.PositiveIntegerField(default=0)
    joined = models.PositiveIntegerField(default=0)
    stopped = models.PositiveIntegerField(default=0)
    long_blocks = models.PositiveIntegerField(default=0)
    errors = models.PositiveIntegerField(default=0)
    left = models.PositiveIntegerField(null=True)

    problem = models.CharField(max_length=500, blank=True)
    next_step = models.CharField(max_length=500, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)
    resume_at = models.DateTimeField(null=True)
    owner = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField(null=True)
    started_at = models.DateTimeField()
    worked_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    is_complete = models.BooleanField(default=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["system"], condition=Q(ended_at=None), name="patients_sync_one_at_a_time"
            ),
        )
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["system", "-started_at"], name="patients_sync_latest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} run {self.pk} of {self.system}"


class SyncedSystem(models.Model):
    """What is known of a system from complete runs, so that the next one can be shorter.

    ``address`` is that of the installation whose records the index holds. ``full_at`` and ``rows_at``
    are when the last full run, and the last run over rows of either kind, began. ``changed_until``
    is the latest change seen, by the system's own clock. ``full_as`` is with whose access the last
    full run read.
    """

    system = models.CharField(primary_key=True, max_length=32)
    full_at = models.DateTimeField(null=True)
    rows_at = models.DateTimeField(null=True)
    changed_until = models.DateTimeField(null=True)
    full_as = models.CharField(max_length=64, blank=True)
    address = models.CharField(max_length=255, blank=True)

    def __str__(self) -> str:
        return self.system


class KeyMaking(models.Model):
    """With which secret and version the keys of the index were made; one row, none before the first.

    ``fingerprint`` tells one ``SECRET_KEY`` from another and nothing about it. ``finished_at`` is when
    every record had its keys; ``unlinked_since`` is when the first record was stored that could not be
    linked, because some keys were missing.
    """

    fingerprint = models.CharField(max_length=64)
    version = models.PositiveSmallIntegerField()
    made_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    unlinked_since = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"keys of version {self.version}"
