"""Inviting a participant to an app: one live invitation for each person and app, and no link lost or doubled.

A link is told once, in the reply to the request that makes it. Where that reply is lost, the next look tells
whether there is an invitation that was not there before (docs/reliability.md, "Invitations"). Where the
system keeps no list of them, one is made again: only the newest link works.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from integrations.abilities import Invites
from integrations.studies import Invitation as Remote
from integrations.studies import InvitationState as State
from patients.models import Invitation
from patients.services.operations.study_wishes import CancelInvitation, Invite
from patients.services.operations.whys import Why
from patients.services.studies import invitable, participants

from .job import After, Done, Hold, Job, Look, Ready, Record, Refuse, as_

LINK_LASTS = timedelta(hours=1)  # here: whoever asked shows it, prints it or hands it over by then
_WORKS = (State.ISSUED, State.REDEEMED)
_OVER = (State.CANCELLED, State.EXPIRED, State.REPLACED)
_LIVE = (State.ISSUED, State.NOT_KNOWN)
#: The invitation is there, and its reply was lost: the system mails last, and may have failed at that.
MAIL_UNSURE = "mail not known"
_KNOWN, _LOST = "known", "lost"


class Inviting:
    """A new invitation. ``prepared`` names the invitations that were there before the first try, and those of
    tries whose link was lost."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.wish = as_(job.wish, Invite)
        self.made: Remote | None = None
        self.link = ""
        kept = job.operation.prepared or {_KNOWN: None, _LOST: []}
        self.known: list[str] | None = kept[_KNOWN] if job.may_have_left else None
        self.lost: list[str] = kept[_LOST]

    def look(self) -> Look:
        """Whether an earlier try has made one that can be kept: its mail was sent. One whose link was lost is
        of use to nobody, and is made again, unless something stands against it by now."""
        there = self._there()
        if self.known is None:
            return self._against() or Ready({_KNOWN: [each.id for each in there], _LOST: self.lost})
        new = [each for each in there if each.id not in (*self.known, *self.lost)]
        working = [each for each in new if each.state in _WORKS]
        if self.wish.send_email and working:
            self.made = working[0]  # a second one would end the link that was just mailed
            return Done(Record.AS_BEFORE, details={MAIL_UNSURE: True})
        self.lost = [*self.lost, *(each.id for each in new)]
        may_be_there = self.lost or not self.job.able(Invites).tells_states()
        vain = Why.LINK_LOST if may_be_there else Why.IN_VAIN
        return self._against() or Ready({_KNOWN: self.known, _LOST: self.lost}, in_vain=vain)

    def send(self, ready: Ready) -> tuple[After, tuple[str, ...]]:
        """Make it."""
        issued = self.job.able(Invites).invite(
            self.job.record_id,
            self.wish.app_id,
            self.wish.organization_id,
            send_email=self.wish.send_email,
        )
        self.made, self.link = issued.invitation, issued.link
        return Record.AS_BEFORE, ()

    def keep(self) -> None:
        """How it stands, and for an hour its link, where nobody else hands it over; earlier ones of this app
        are replaced by it."""
        assert self.made is not None  # noqa: S101 (it is done)
        now, made = self.job.now, self.made
        row = Invitation.objects.select_related("participant").get(operation=self.job.operation)
        self._keep_lost(row)
        live = Invitation.objects.filter(
            participant__record=row.participant.record_id, app=row.app, state__in=_LIVE
        )
        live.exclude(pk=row.pk).update(state=State.REPLACED, state_at=now, link=None, link_until=None)
        if made.id:  # a reading can have seen it first
            seen = Invitation.objects.filter(participant=row.participant, remote_id=made.id, operation=None)
            seen.delete()
        row.remote_id, row.state, row.state_at = made.id, made.state, made.changed_at or now
        if self.link and not self.wish.send_email:
            row.link, row.link_until = self.link, now + LINK_LASTS
        row.save()
        participants.invited(row.participant, made.state, now)

    def _keep_lost(self, row: Invitation) -> None:
        """Rows for those whose link was lost: nobody was ever shown them."""
        for number in self.lost:
            Invitation.objects.get_or_create(
                remote_id=number,
                participant=row.participant,
                defaults={
                    "app": row.app, "channel": row.channel, "asked_by": row.asked_by,
                    "asked_at": row.asked_at, "state": State.REPLACED, "state_at": self.job.now,
                },
            )  # fmt: skip

    def _against(self) -> Refuse | Hold | None:
        """What stands against it by now; a person decides where an earlier try may have reached somebody all
        the same."""
        if self.job.is_late:
            return None  # what is late is waited for
        operation = self.job.operation
        row = Invitation.objects.select_related("participant__record__patient").get(operation=operation)
        refusal = invitable.why_not(row.participant, self.wish, own=operation)
        if refusal is None:
            return None
        is_told_of = self.job.able(Invites).tells_states() and not self.lost
        why = Why(refusal.because)
        return Refuse(why) if is_told_of or not self.job.may_have_left else Hold(why)

    def _there(self) -> Sequence[Remote]:
        invites = self.job.able(Invites)
        if not invites.tells_states():
            return ()
        found = invites.invitations_of(self.job.record_id)
        return [each for each in found if each.app_id == self.wish.app_id]


class Cancelling:
    """An invitation to be made useless."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.wish = as_(job.wish, CancelInvitation)
        self.found: Remote | None = None

    def look(self) -> Look:
        """Whether it is of no use already."""
        there = self.job.able(Invites).invitations_of(self.job.record_id)
        self.found = next((each for each in there if each.id == self.wish.invitation_id), None)
        is_over = self.found is not None and self.found.state in _OVER
        return Done(Record.AS_BEFORE) if is_over else Ready()

    def send(self, ready: Ready) -> tuple[After, tuple[str, ...]]:
        """Cancel it. One that the app has used already is refused."""
        self.found = self.job.able(Invites).cancel_invitation(
            self.wish.invitation_id, self.job.record_id, self.wish.organization_id
        )
        return Record.AS_BEFORE, () if self.found.state in _OVER else ("invitation",)

    def keep(self) -> None:
        """How it stands; nobody needs its link any more."""
        assert self.found is not None  # noqa: S101 (it is done)
        now = self.job.now
        rows = Invitation.objects.filter(
            participant__record=self.job.operation.record_id, remote_id=self.wish.invitation_id
        )
        for row in rows.select_related("participant"):
            row.state, row.state_at = self.found.state, self.found.changed_at or now
            row.link = row.link_until = None
            row.save(update_fields=["state", "state_at", "link", "link_until"])
            latest = row.participant.invitations.exclude(remote_id="").order_by("-pk").first()
            if latest == row:
                participants.invitation_stands(row.participant, row.state)
