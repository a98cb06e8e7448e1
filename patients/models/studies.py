"""Studies as the portal mirrors them: who takes part, who was invited, and what was decided.

Truth is the system's; what is kept here beside the mirror is what the system does not keep: who invited whom
by which channel, a participant's number, and the history of decisions, which leaving a study deletes there.
Everything belongs to one record and one study (docs/architecture.md, rule 10 of "What holds").
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal.web.crypto import EncryptedJSONField

from .ids import opaque_id
from .listing import Place
from .operations import Operation
from .people import SourceRecord


class Study(models.Model):
    """A study of an organization, as it was last read.

    ``plan`` is what it asks for (``services.studies.plans.Plan``). ``people_at`` is when a whole pass over
    its participants ended, ``data_until`` the latest observation seen, by the system's clock. ``sent`` are
    the kinds of data of which any participant ever sent something: scope → when last. ``tells_states``: the
    system says what became of an invitation. ``vanished_at``: it was not there any more.
    """

    public_id = models.CharField(max_length=22, unique=True, default=opaque_id)
    system = models.CharField(max_length=32)
    remote_id = models.CharField(max_length=64)
    organization = models.CharField(max_length=64)
    name = models.CharField(max_length=300)
    description = models.TextField(blank=True)
    plan = models.JSONField(default=dict)
    read_at = models.DateTimeField()
    people_at = models.DateTimeField(null=True)
    data_until = models.DateTimeField(null=True)
    sent = models.JSONField(default=dict)
    tells_states = models.BooleanField(null=True)
    vanished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["system", "remote_id"], name="patients_study_once"),)
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["system", "organization"], name="patients_study_place"),
        ]

    def __str__(self) -> str:
        return f"study {self.system}:{self.remote_id}"


class Participant(models.Model):
    """That a record takes part in a study; who has left stays as a row (``left_at``).

    ``number`` is the participant's number in the study ("LL-014"), ``number_key`` the same folded, for
    looking it up. ``since_at`` is from when on the portal knows of it, which no system tells. ``standing``
    is the furthest step reached that is known; ``agreed``, ``declined`` and ``pending`` count the study's
    kinds of data, ``None`` where they were not read. ``checked_at`` is when decisions were last read.
    """

    class Standing(models.IntegerChoices):
        """The steps from enrolment to data. Where no state is kept, ``INVITED`` may mean more."""

        ENROLLED = 1, "Enrolled"
        INVITED = 2, "Invited"
        CONNECTED = 3, "Connected"
        CONSENTED = 4, "Consented"
        SENDING = 5, "Sending data"

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="participants")
    record = models.ForeignKey(SourceRecord, on_delete=models.PROTECT, related_name="participations")
    number = models.CharField(max_length=64, blank=True)
    number_key = models.CharField(max_length=64, blank=True)
    is_test = models.BooleanField(default=False)
    since_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)
    standing = models.PositiveSmallIntegerField(choices=Standing.choices, default=Standing.ENROLLED)
    invited_at = models.DateTimeField(null=True)
    invitation_state = models.CharField(max_length=16, blank=True)
    connected_at = models.DateTimeField(null=True)
    agreed = models.PositiveSmallIntegerField(null=True)
    declined = models.PositiveSmallIntegerField(null=True)
    pending = models.PositiveSmallIntegerField(null=True)
    decided_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    data_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["study", "record"], name="patients_participant_once"),
            models.UniqueConstraint(
                fields=["study", "number_key"],
                condition=~Q(number_key="") & Q(left_at=None),
                name="patients_participant_number_once",
            ),
        )
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["study", "left_at", "standing"], name="patients_participant_board"),
            models.Index(
                fields=["number_key"], name="patients_participant_number", condition=~Q(number_key="")
            ),
        ]

    def __str__(self) -> str:
        return f"participant {self.pk}"


class Decision(models.Model):
    """One decision about one kind of data, as it was seen or made: never changed, never deleted.

    ``agreed`` is ``None`` where there is none (any more). ``how``: read from the system, written from here
    (``operation``), or read before leaving deletes it. ``authority`` is who decided, how, and on which form
    (``patients.services.studies.authority``).
    """

    class How(models.TextChoices):
        """Where it is known from."""

        READ = "read"
        WRITTEN = "written"
        BEFORE_LEAVING = "before leaving"

    record = models.ForeignKey(SourceRecord, on_delete=models.PROTECT, related_name="decisions")
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="decisions")
    scope_system = models.CharField(max_length=191)
    scope_code = models.CharField(max_length=191)
    agreed = models.BooleanField(null=True)
    decided_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField()
    how = models.CharField(max_length=16, choices=How.choices)
    operation = models.ForeignKey(Operation, null=True, on_delete=models.PROTECT, related_name="decisions")
    authority = EncryptedJSONField(null=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["record", "study", "seen_at"], name="patients_decision_in_time"),
        ]

    def __str__(self) -> str:
        return f"decision {self.pk}"


class Invitation(models.Model):
    """One invitation of a participant to an app, as the portal made it or saw it.

    ``remote_id`` and ``state`` are the system's (``integrations.studies.InvitationState``). ``link`` signs in
    as the patient: encrypted, shown to ``asked_by`` alone, and gone after ``link_until``. ``reason`` is why
    somebody who refused e-mail gets one.
    """

    class Channel(models.TextChoices):
        """How the link reaches the person. JHE's own e-mail, or handed over by staff."""

        EMAIL = "email", "E-mail sent by the Exchange"
        OWN_EMAIL = "own email", "E-mail of our own"
        QR = "qr", "QR code"
        IN_PERSON = "in person", "In person"
        LETTER = "letter", "Letter"
        COPY = "copy", "Copied link"
        SMS = "sms", "Text message"
        PORTAL = "portal", "Patient portal"

    public_id = models.CharField(max_length=22, unique=True, default=opaque_id)
    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="invitations")
    app = models.CharField(max_length=64, blank=True)
    channel = models.CharField(max_length=16, choices=Channel.choices, blank=True)
    operation = models.OneToOneField(
        Operation, null=True, on_delete=models.PROTECT, related_name="invitation"
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField(null=True)
    remote_id = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=16, blank=True)
    state_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    link = EncryptedJSONField(null=True)
    link_until = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["participant", "remote_id"],
                condition=~Q(remote_id=""),
                name="patients_invitation_once",
            ),
        )
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["participant", "-id"], name="patients_invitation_latest"),
            models.Index(fields=["remote_id"], name="patients_invitation_remote", condition=~Q(remote_id="")),
        ]

    def __str__(self) -> str:
        return f"invitation {self.public_id}"


class StudyReading(models.Model):
    """How far an organization's studies were read, or one study (``study``): one row each, kept for good,
    worked on by one process at a time (``services.studies.readings``).

    ``is_open``: somebody asked for it (``asked_by``, with whose access it is read) and it has not ended.
    ``phase`` is what is read next; ``wanted`` are our ids of participants whose decisions come first, those
    that the page shows. ``with_decisions``: what people decided is wanted too, ``left`` of how many is still
    to be read. ``fresh_at`` is when all but the decisions of people out of sight was read last, and
    ``data_whole_at`` when every observation was gone through, not only those since; ``data_pass`` is how far
    a pass over them is that was broken off (``services.studies.arrivals``), ``invitations_pass`` how far
    invitations were read (``services.studies.news_of_invitations``). ``with_people``: of an organization's
    reading, that its studies' people are read, too.

    ``owner`` works on it until ``lease_until``. ``problem`` and ``next_step`` say why it does not go on, for
    staff, ``resume_at`` when it will, ``failures`` how often in a row it failed.
    """

    class Phase(models.TextChoices):
        """What is read next."""

        PLAN = "plan"
        PEOPLE = "people"
        INVITATIONS = "invitations"
        DATA = "data"
        SHOWN = "shown"
        DECISIONS = "decisions"

    system = models.CharField(max_length=32)
    organization = models.CharField(max_length=64)
    study = models.ForeignKey(Study, null=True, on_delete=models.CASCADE, related_name="readings")
    is_open = models.BooleanField(default=False)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    asked_at = models.DateTimeField()
    phase = models.CharField(max_length=16, choices=Phase.choices, default=Phase.PLAN)
    wanted = models.JSONField(default=list)
    with_decisions = models.BooleanField(default=False)
    left = models.PositiveIntegerField(null=True)
    fresh_at = models.DateTimeField(null=True)
    data_whole_at = models.DateTimeField(null=True)
    data_pass = models.JSONField(null=True)
    invitations_pass = models.JSONField(null=True)
    with_people = models.BooleanField(default=True)
    problem = models.CharField(max_length=500, blank=True)
    next_step = models.CharField(max_length=500, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)
    resume_at = models.DateTimeField(null=True)
    owner = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["system", "organization"], condition=Q(study=None), name="patients_reading_of_place"
            ),
            models.UniqueConstraint(fields=["study"], name="patients_reading_of_study"),
        )
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["system", "asked_at"], name="patients_reading_open", condition=Q(is_open=True)
            ),
        ]

    def __str__(self) -> str:
        return f"reading of {self.system}:{self.organization}"


class ChosenStudy(models.Model):
    """Which organization, and which of its studies if any, somebody opened last: where they begin again."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    place = models.ForeignKey(Place, on_delete=models.CASCADE, related_name="+")
    study = models.ForeignKey(Study, null=True, on_delete=models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return f"chosen by account {self.user_id}"
