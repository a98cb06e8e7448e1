"""The index: every source record known, and which of them are one person's.

The systems own their data; this mirrors what their adapters map, for looking up, showing and matching
(docs/architecture.md, "What is stored"). Names, birth date and what else records are compared by are plain
columns, as in any patient list; the whole record is one encrypted value beside them.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from portal.web.crypto import EncryptedJSONField

from .ids import opaque_id


class Patient(models.Model):
    """A person: one or more linked source records.

    ``public_id`` is the person's address in the portal and outlives linking: a person who was
    joined to another one stays as a row that leads there (``merged_into``). ``version`` goes up
    whenever a record joins, leaves or changes, so that forms can be sealed with it.

    The other columns sum up the current records: ``everybodys`` (whether a system that all staff
    may look into holds the person) and ``is_listed`` (whether it is somebody: not a test record,
    not joined to another, not gone from everywhere). See ``ListEntry`` for the people list.
    """

    public_id = models.CharField(max_length=22, unique=True, default=opaque_id)
    merged_into = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField(default=1)
    everybodys = models.BooleanField(default=False)
    is_listed = models.BooleanField(default=False)
    added_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.public_id


class SourceRecord(models.Model):
    """One system's record of a person, as it was last read.

    ``read_at`` is when any of it was read, ``whole_at`` when all of it was (short rows of lists
    hold less; ``held`` keeps what was known before). ``vanished_at`` marks a record that a whole
    pass did not find any more; nothing is dropped. ``survivor`` is the record that this one was
    merged into, where that is known. ``is_test`` marks what counts nowhere: the system says so, or
    somebody here did (``marked_test``). ``version`` goes up with every change.

    The columns from ``given`` on are what records are compared by (``matching.compared``), several
    phones separated by spaces. ``held`` is the whole record (``integrations.types.RemotePatient``).
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="records")
    system = models.CharField(max_length=32)
    remote_id = models.CharField(max_length=64)
    status = models.CharField(max_length=16)
    registration = models.CharField(max_length=16)
    is_test = models.BooleanField(default=False)
    marked_test = models.BooleanField(default=False)
    is_deceased = models.BooleanField(default=False)
    needs_review = models.BooleanField(default=False)
    survivor = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField()
    whole_at = models.DateTimeField(null=True)
    vanished_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)
    keys_version = models.PositiveSmallIntegerField(default=0)
    held = EncryptedJSONField()

    given = models.CharField(max_length=200, blank=True)
    middle = models.CharField(max_length=200, blank=True)
    preferred = models.CharField(max_length=200, blank=True)
    family = models.CharField(max_length=200, blank=True)
    birth = models.PositiveIntegerField(default=0)
    sex = models.CharField(max_length=16, blank=True)
    nhs = models.CharField(max_length=10, blank=True)
    email = models.CharField(max_length=254, blank=True)
    phones = models.CharField(max_length=200, blank=True)
    postcode = models.CharField(max_length=16, blank=True)
    address = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["system", "remote_id"], name="patients_record_once"),)
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["system", "read_at"], name="patients_record_by_reading"),
            models.Index(fields=["system", "whole_at"], name="patients_record_by_age"),
            models.Index(
                fields=["system", "-updated_at", "-id"],
                name="patients_record_short",
                condition=Q(vanished_at=None) & (Q(whole_at=None) | Q(whole_at__lt=F("updated_at"))),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.system}:{self.remote_id}"


class RecordChange(models.Model):
    """What changed in a record from one reading to the next: field → [before, after], encrypted."""

    record = models.ForeignKey(SourceRecord, on_delete=models.CASCADE, related_name="changes")
    seen_at = models.DateTimeField()
    changes = EncryptedJSONField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["record", "seen_at"], name="patients_change_in_time"),
        ]

    def __str__(self) -> str:
        return f"change {self.pk}"


class Membership(models.Model):
    """That a record belongs to an organization of its system."""

    record = models.ForeignKey(SourceRecord, on_delete=models.CASCADE, related_name="memberships")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="memberships")
    system = models.CharField(max_length=32)
    organization = models.CharField(max_length=64)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["record", "organization"], name="patients_membership_once"),
        )
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["system", "organization", "patient"], name="patients_membership_place"),
        ]

    def __str__(self) -> str:
        return f"{self.record_id} in {self.system}:{self.organization}"


class Identifier(models.Model):
    """An identifier that some party (``party``) gave a record. Guessable ones are not kept."""

    record = models.ForeignKey(SourceRecord, on_delete=models.CASCADE, related_name="identifiers")
    party = models.CharField(max_length=191, blank=True)
    value = models.CharField(max_length=191)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["record", "party", "value"], name="patients_identifier_once"),
        )

    def __str__(self) -> str:
        return f"identifier {self.pk}"


class Key(models.Model):
    """That a record is found under a key (``matching.keys``); the key is a keyed hash.

    No foreign key: the table has tens of rows a record, and rows are taken out by the keys that
    the record had, not by looking for the record. In SQLite it has no rowid
    (migration 0003), which halves it.
    """

    pk = models.CompositePrimaryKey("key", "record_id")
    key = models.BigIntegerField()
    record_id = models.BigIntegerField()

    def __str__(self) -> str:
        return f"key of {self.record_id}"


class Link(models.Model):
    """That a record was found, or said, to be a person's; undone ones stay as history.

    ``rule`` says by which part of the one rule it was made by the portal; empty where a person
    made it, who gave a ``reason``. ``evidence`` holds the levels and weight at the time, no values.
    ``came_from`` is whose the record was before; undoing gives it back.
    """

    record = models.ForeignKey(SourceRecord, on_delete=models.CASCADE, related_name="links")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="links")
    rule = models.CharField(max_length=64, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    evidence = models.JSONField(default=dict)
    weights_version = models.CharField(max_length=32)
    came_from = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    undone_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["record"], condition=Q(undone_at=None), name="patients_link_one_at_a_time"
            ),
        )

    def __str__(self) -> str:
        return f"link {self.pk}"


class KeptApart(models.Model):
    """That somebody decided that two records are two people's; holds until it is lifted."""

    first = models.ForeignKey(SourceRecord, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(SourceRecord, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(max_length=500)
    decided_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["first", "second"], condition=Q(lifted_at=None), name="patients_apart_once"
            ),
            models.CheckConstraint(condition=Q(first__lt=models.F("second")), name="patients_apart_ordered"),
        )

    def __str__(self) -> str:
        return f"{self.first_id} and {self.second_id} kept apart"
