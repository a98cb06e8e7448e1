"""How an invitation stands now, asked with the right of who looks; pages ask while somebody waits."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from integrations.abilities import Invites
from integrations.errors import IntegrationError
from integrations.studies import Invitation as Remote
from integrations.studies import InvitationState as State
from patients.models import Invitation, Participant
from patients.services.connections import open_system
from patients.services.operations import clock
from portal import audit
from portal.accounts.models import User

from . import invitations

SECONDS = 4.0  # that an answer may take: somebody waits for it, and the page asks again
Standing = Participant.Standing


def can_follow(invitation: Invitation) -> bool:
    """Whether asking may tell anything new: the system keeps states, and this one is not the last."""
    return bool(invitation.remote_id) and invitation.state in invitations.LIVE


def look(invitation: Invitation, *, by: User) -> IntegrationError | None:
    """Ask how an invitation stands and keep it; why it could not be asked, if so."""
    record = invitation.participant.record
    try:
        adapter = open_system(record.system, by=by, seconds=SECONDS)
        if not isinstance(adapter, Invites):
            return None
        told = adapter.invitation(invitation.remote_id, record.remote_id)
    except IntegrationError as fault:
        return fault
    if told.state != invitation.state:
        _keep(invitation, told, clock.now(), by=by)
    return None


@transaction.atomic
def _keep(invitation: Invitation, told: Remote, now: datetime, *, by: User) -> None:
    """The state as it is told; one event where it is another than before, whoever of two asks first."""
    row = Invitation.objects.select_for_update(of=("self",)).get(pk=invitation.pk)
    if row.state != told.state:
        row.state, row.state_at = told.state, told.changed_at or now
        if told.state not in invitations.LIVE:
            row.link = row.link_until = None
        row.save(update_fields=["state", "state_at", "link", "link_until"])
        _keep_participant(row, told, now)
        _note(row, by=by)
    invitation.state, invitation.state_at, invitation.link = row.state, row.state_at, row.link


def _keep_participant(row: Invitation, told: Remote, now: datetime) -> None:
    """Where the participant stands by it; an invitation that was replaced says nothing of the newer one."""
    participant = Participant.objects.select_for_update(of=("self",)).get(pk=row.participant_id)
    latest = participant.invitations.exclude(remote_id="").order_by("-pk").first()
    if latest == row:
        participant.invitation_state = told.state
    if told.state is State.REDEEMED:
        participant.connected_at = participant.connected_at or told.changed_at or now
        participant.standing = max(participant.standing, Standing.CONNECTED)
    participant.save(update_fields=["invitation_state", "connected_at", "standing"])


def _note(row: Invitation, *, by: User) -> None:
    record = row.participant.record
    audit.write(
        "invitation.stands",
        by=by,
        system=record.system,
        record_id=record.remote_id,
        subject_key=record.patient.public_id,
        details={"invitation": row.public_id, "state": str(row.state)},
    )
