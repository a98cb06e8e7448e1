"""Inviting participants to a study's app, and cancelling that: what stands against it is said first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from integrations.abilities import Capability
from integrations.registry import label_of, systems_with
from integrations.types import RecordStatus
from patients.models import Invitation, Operation, Participant, SourceRecord, Study
from patients.services.held import whole_of
from patients.services.operations import queue
from patients.services.operations.study_wishes import CancelInvitation, Invite
from patients.services.visibility import Reach
from portal.accounts.models import User
from portal.web.crypto import Undecryptable

from . import allowed, invitations, many, participants, plans
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


def never(record: SourceRecord) -> Refusal | None:
    """Why a person cannot be invited to anything: gone, deceased or archived."""
    return allowed.gone(record) or _of_person(record)


# --- what stands against it -----------------------------------------------------------------


def _planned(study: Study, record: SourceRecord, offer: Offer) -> Planned:
    participant = participants.current(study, record)
    if participant is None:
        return allowed.gone(record) or not_enrolled(study)
    refusal = (
        never(record)
        or _of_app(study, offer)
        or (_of_email(record, offer) if offer.channel in (Channel.EMAIL, Channel.OWN_EMAIL) else None)
        or _of_invited(participant, offer)
    )
    return refusal or Invite(
        study_id=study.remote_id,
        organization_id=study.organization,
        app_id=offer.app,
        channel=offer.channel,
        send_email=offer.send_email,
        reason=offer.reason,
    )


def _of_person(record: SourceRecord) -> Refusal | None:
    """Who has died, or is in use in no system that archives, is not written to; any linked record says so."""
    rows = list(_records_of(record))
    if any(each.is_deceased for each in rows):
        return Refusal(
            because=Because.DECEASED,
            sentence="A record of this person says that they have died: they cannot be invited.",
            step="If that is a mistake, correct it in the record first.",
        )
    archiving = systems_with(Capability.ARCHIVE)
    told = {each.status for each in rows if each.system in archiving} | {record.status}
    archived = [each for each in rows if each.status == RecordStatus.ARCHIVED]
    is_in_use = any(
        each.system in archiving and each.status not in (RecordStatus.ARCHIVED, RecordStatus.MERGED)
        for each in rows
    )
    if RecordStatus.ARCHIVED in told and not is_in_use:
        return Refusal(
            because=Because.ARCHIVED,
            sentence=f"The person is archived in {label_of(archived[0].system)}: they cannot be invited.",
            step="Take the archiving back first, if they are to take part.",
        )
    return None


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


def _of_email(record: SourceRecord, offer: Offer) -> Refusal | None:
    if offer.send_email and not record.email:
        return Refusal(
            because=Because.NO_EMAIL,
            sentence=f"{label_of(record.system)} holds no e-mail address of this person.",
            step="Give them the link in another way.",
            fix=Fix.GIVE_LINK,
        )
    refusing = refusing_email(record)
    if not refusing or offer.reason.strip():
        return None
    return Refusal(
        because=Because.NO_PERMISSION,
        sentence=f"{' and '.join(refusing)} holds no permission of this person for e-mails.",
        step="Give them the link in another way, or say why they get an e-mail all the same.",
        fix=Fix.GIVE_REASON,
    )


def refusing_email(record: SourceRecord) -> list[str]:
    """The systems in which a person holds no permission for e-mails."""
    return sorted({label_of(each.system) for each in _records_of(record) if _refuses_email(each)})


def _refuses_email(record: SourceRecord) -> bool:
    """Whether a record says no to e-mails; one that cannot be read may."""
    try:
        contact = whole_of(record).contact
    except Undecryptable:
        return True
    return contact.email is False or contact.electronic is False


def _of_invited(participant: Participant, offer: Offer) -> Refusal | None:
    """One invitation a person and app: asked for twice by mistake, it is one all the same."""
    if offer.again:
        return None
    on_its_way = Invitation.objects.filter(
        participant__record=participant.record_id, app=offer.app, operation__state__in=queue.OPEN
    )
    if not on_its_way.exists() and invitations.live(participant, offer.app) is None:
        return None
    return Refusal(
        because=Because.INVITED,
        sentence="The person has an invitation to this app already.",
        step="Invite them again if it does not work: the one before ends with that.",
        fix=Fix.INVITE_AGAIN,
    )


def _records_of(record: SourceRecord) -> Sequence[SourceRecord]:
    """What systems hold of the person now, test records left out."""
    rows = SourceRecord.objects.filter(patient=record.patient_id, vanished_at=None)
    return list(rows.filter(is_test=record.is_test))
