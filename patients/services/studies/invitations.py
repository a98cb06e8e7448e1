"""Rows of invitations: made with their operation, and their links kept no longer than they are needed.

A link signs in as the patient. It stands in its column, encrypted, and nowhere else: in no detail of an
operation, no event, no log.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from integrations.studies import InvitationState
from patients.models import Invitation, Operation, Participant
from patients.services.operations import clock
from patients.services.operations.study_wishes import Invite
from patients.services.visibility import Reach
from portal import audit
from portal.accounts.models import User

from . import allowed, contact

BY_EMAIL = "email"  # the way in which a link is put into an e-mail by hand
#: States in which an invitation leads somewhere, as far as is known.
LIVE = (InvitationState.ISSUED, InvitationState.NOT_KNOWN)


def participant_of(operation: Operation, wish: Invite) -> Participant:
    """Who is invited. Raises ``Participant.DoesNotExist`` for somebody who takes no part."""
    rows = Participant.objects.select_related("record__patient")
    return rows.get(
        study__system=operation.system,
        study__remote_id=wish.study_id,
        record=operation.record,
        left_at=None,
    )


def asked(operation: Operation, wish: Invite, participant: Participant) -> Invitation:
    """The invitation that an operation is to make; inside the transaction that asks for it."""
    return Invitation.objects.create(
        participant=participant,
        app=wish.app_id,
        channel=wish.channel,
        operation=operation,
        asked_by=operation.asked_by,
        asked_at=operation.asked_at,
        reason=wish.reason,
    )


def live(participant: Participant, app: str) -> Invitation | None:
    """The invitation of this person to this app that leads somewhere still, whatever study it is for."""
    now = clock.now()
    rows = Invitation.objects.filter(participant__record=participant.record_id, app=app, state__in=LIVE)
    rows = rows.filter(Q(expires_at=None) | Q(expires_at__gt=now))
    return rows.defer("link").order_by("-pk").first()


def refusing_email(invitation: Invitation) -> list[str]:
    """The systems that hold no permission to e-mail this link: none where it was said why it may be."""
    return [] if invitation.reason.strip() else contact.refusing_email(invitation.participant.record)


def link_of(invitation: Invitation, *, by: User, reach: Reach, way: str = "") -> str:
    """The link, for whoever asked for it alone and not for long: empty for anybody else, and afterwards; and
    as long as they may change people of the study's organization. To be e-mailed it takes the person's
    permission. One event says that it was shown, to whom, and in which ``way`` (a QR code, a letter ...)."""
    rows = Invitation.objects.filter(pk=invitation.pk, asked_by=by, link_until__gt=clock.now())
    row = rows.select_related("participant__record__patient", "participant__study").first()
    if row is None or not row.link:
        return ""
    record = row.participant.record
    if allowed.why_not(row.participant.study, by=by, reach=reach) is not None:
        return ""
    if way == BY_EMAIL and refusing_email(row):
        return ""
    audit.look(
        "invitation.link_shown",
        by=by,
        system=record.system,
        record_id=record.remote_id,
        subject_key=record.patient.public_id,
        details={"invitation": row.public_id, "way": way},
    )
    return str(row.link)


def drop_links(now: datetime | None = None) -> int:
    """Drop the links whose time is over; returns how many."""
    rows = Invitation.objects.filter(link__isnull=False)
    return rows.filter(Q(link_until=None) | Q(link_until__lte=now or clock.now())).update(
        link=None, link_until=None
    )
