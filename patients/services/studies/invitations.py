"""Rows of invitations: made with their operation, and their links kept no longer than they are needed.

A link signs in as the patient. It stands in its column, encrypted, and nowhere else: in no detail of an
operation, no event, no log.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from integrations.studies import InvitationState
from patients.models import Invitation, Operation, Participant
from patients.services.operations import clock, rights
from patients.services.operations.study_wishes import Invite
from portal import audit
from portal.accounts.models import User

#: States in which an invitation leads somewhere, as far as is known.
LIVE = (InvitationState.ISSUED, InvitationState.NOT_KNOWN)


def asked(operation: Operation, wish: Invite) -> Invitation:
    """The invitation that an operation is to make; inside the transaction that asks for it. Raises
    ``Participant.DoesNotExist`` for somebody who takes no part."""
    participant = Participant.objects.get(
        study__system=operation.system,
        study__remote_id=wish.study_id,
        record=operation.record,
        left_at=None,
    )
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


def link_of(invitation: Invitation, *, by: User, way: str = "") -> str:
    """The link, for whoever asked for it alone and not for long: empty for anybody else, and afterwards.
    One event says that it was shown, to whom, and in which ``way`` (a QR code, a letter ...)."""
    rows = Invitation.objects.filter(pk=invitation.pk, asked_by=by, link_until__gt=clock.now())
    row = rows.select_related("participant__record__patient").first()
    if row is None or not row.link:
        return ""
    record = row.participant.record
    if not rights.may_write(by, record.system):
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
