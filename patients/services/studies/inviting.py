"""Inviting participants to a study's app, and cancelling that: what stands against it is said first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from integrations.registry import label_of
from patients.models import Invitation, Operation, Participant, SourceRecord, Study
from patients.services.operations.study_wishes import CancelInvitation, Invite
from patients.services.visibility import Reach
from portal.accounts.models import User

from . import allowed, invitable, invitations, many, participants, plans
from .allowed import Because, Fix, Refusal, Refused
from .deciding import not_enrolled
from .many import AskedMany, Planned

Channel = Invitation.Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """To which app somebody is invited, and how the link reaches them. ``reason``: why somebody without
    permission for e-mails gets one. ``again``: an invitation that leads somewhere still is replaced."""

    app: str = ""
    channel: Channel
    reason: str = field(default="", repr=False)
    again: bool = False

    @property
    def send_email(self) -> bool:
        """Whether the system mails the link itself."""
        return self.channel is Channel.EMAIL


def invite(study: Study, record: SourceRecord, offer: Offer, *, by: User, reach: Reach) -> Operation:
    """Ask for one invitation; its row is made with the operation (``Operation.invitation``). Raises
    :class:`~.allowed.Refused` and ``Forbidden``."""
    allowed.require(study, by=by, reach=reach)
    return many.ask(_planned(study, record, offer), record, by=by, reason=offer.reason)


def invite_many(
    study: Study, records: Sequence[SourceRecord], offer: Offer, *, by: User, reach: Reach
) -> AskedMany:
    """The same for many; with ``again`` also to issue anew what has expired or was lost."""
    return many.ask_many(
        study, records, lambda record: _planned(study, record, offer),
        label=f"Invite to {study.name}", by=by, reach=reach,
    )  # fmt: skip


def cancel(invitation: Invitation, *, by: User, reach: Reach) -> Operation:
    """Ask for an invitation to be made useless. Raises :class:`~.allowed.Refused` and ``Forbidden``."""
    participant = invitation.participant
    study: Study = participant.study
    allowed.require(study, by=by, reach=reach)
    if not invitation.remote_id:
        label = label_of(study.system)
        raise Refused(
            Refusal(
                because=Because.NO_STATES,
                sentence=f"{label} keeps no list of invitations that could be cancelled.",
                step="A new invitation ends the one before it.",
                fix=Fix.INVITE_AGAIN,
            )
        )
    if invitation.state not in invitations.LIVE:
        sentence = "The invitation leads nowhere any more, or was used already."
        raise Refused(Refusal(because=Because.OVER, sentence=sentence))
    wish = CancelInvitation(organization_id=study.organization, invitation_id=invitation.remote_id)
    return many.ask(wish, participant.record, by=by)


def last_channel(study: Study, *, by: User) -> str:
    """How somebody handed over the last invitation that they made in a study; empty where it was an e-mail
    of the system's own, which is chosen anew each time because it leaves at once."""
    rows = Invitation.objects.filter(participant__study=study, asked_by=by).order_by("-pk")
    last = rows.values_list("channel", flat=True).first() or ""
    return "" if last == Channel.EMAIL else last


# --- what stands against it -----------------------------------------------------------------


def _planned(study: Study, record: SourceRecord, offer: Offer) -> Planned:
    participant = participants.current(study, record)
    if participant is None:
        return allowed.gone(record) or not_enrolled(study)
    wish = _wish(study, participant, offer)
    return invitable.never(record) or _of_app(study, offer) or invitable.why_not(participant, wish) or wish


def _wish(study: Study, participant: Participant, offer: Offer) -> Invite:
    """With ``again``, the one invitation that it may end is the one that leads somewhere now."""
    ends = invitations.live(participant, offer.app) if offer.again else None
    return Invite(
        study_id=study.remote_id,
        organization_id=study.organization,
        app_id=offer.app,
        channel=offer.channel,
        send_email=offer.send_email,
        reason=offer.reason,
        again=offer.again,
        replaces=ends.public_id if ends is not None else "",
    )


def _of_app(study: Study, offer: Offer) -> Refusal | None:
    """The app is one of the study's; without one only where the system names none."""
    plan = plans.plan_of(study)
    app = plan.app(offer.app)
    if not offer.app and not plan.apps:
        return None
    if app is None:
        return Refusal(
            because=Because.NO_APP,
            sentence="The person takes part in no study with this app.",
            step="Choose one of the study's apps, or enrol them in a study that has it first.",
            fix=Fix.ENROL,
        )
    if not app.invites:
        return Refusal(
            because=Because.NO_APP,
            sentence=f"{label_of(study.system)} has no invitation address for this app.",
            step=f"Ask whoever runs {label_of(study.system)} to set one.",
        )
    return None
