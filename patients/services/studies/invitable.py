"""What stands against an invitation: asked when it is asked for, where its row is made, and once more before
it leaves, which can be days later."""

from __future__ import annotations

from integrations.abilities import Capability
from integrations.registry import label_of, systems_with
from integrations.types import RecordStatus
from patients.models import Invitation, Operation, Participant, SourceRecord
from patients.services.operations import queue
from patients.services.operations.study_wishes import Invite

from . import allowed, contact, history, invitations
from .allowed import Because, Fix, Refusal

Channel = Invitation.Channel


def why_not(participant: Participant, wish: Invite, *, own: Operation | None = None) -> Refusal | None:
    """Why this invitation is not to be, as things stand now; ``own`` is its operation, where there is one."""
    record: SourceRecord = participant.record
    return (
        never(record)
        or (_of_email(record, wish) if wish.channel in (Channel.EMAIL, Channel.OWN_EMAIL) else None)
        or _of_invited(participant, wish, own)
    )


def never(record: SourceRecord) -> Refusal | None:
    """Why a person cannot be invited to anything: gone, deceased or archived."""
    return allowed.gone(record) or _of_person(record)


def _of_person(record: SourceRecord) -> Refusal | None:
    """Who has died, or is in use in no system that archives, is not written to; any linked record says so."""
    rows = contact.records_of(record)
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


def _of_email(record: SourceRecord, wish: Invite) -> Refusal | None:
    """``wish.send_email``: the system writes by itself, and does not while records of the person disagree."""
    if wish.send_email and not record.email:
        return Refusal(
            because=Because.NO_EMAIL,
            sentence=f"{label_of(record.system)} holds no e-mail address of this person.",
            step="Give them the link in another way.",
        )
    if wish.send_email and history.disagreements(record.patient):
        return Refusal(
            because=Because.DISAGREEMENT,
            sentence="Records of this person decide differently about the same data of a study: until that "
            "is settled, no e-mail goes out by itself.",
            step="Ask the person and settle it in their consents, or give them the link in another way.",
            fix=Fix.SETTLE,
        )
    refusing = contact.refusing_email(record)
    if not refusing or wish.reason.strip():
        return None
    return Refusal(
        because=Because.NO_PERMISSION,
        sentence=f"{' and '.join(refusing)} holds no permission of this person for e-mails.",
        step="Give them the link in another way, or say why they get an e-mail all the same.",
    )


def _of_invited(participant: Participant, wish: Invite, own: Operation | None) -> Refusal | None:
    """One invitation a person and app: asked for twice by mistake, it is one all the same. One that is on its
    way is never doubled; one that waits for a decision is, where that is meant; and one that leads somewhere
    ends only where it is the very one that was to end."""
    making = Invitation.objects.filter(
        participant__record=participant.record_id, app=wish.app_id, operation__state__in=queue.OPEN
    )
    making = making.exclude(operation=own) if own is not None else making
    if making.exclude(operation__state=Operation.State.HELD).exists():
        return Refusal(
            because=Because.INVITED,
            sentence="An invitation of the person to this app is being made already.",
            step="Look at it before you make another one.",
        )
    live = invitations.live(participant, wish.app_id)
    is_another = live is not None and live.public_id != wish.replaces
    if not is_another and (wish.again or not making.exists()):
        return None
    return Refusal(
        because=Because.INVITED,
        sentence="The person has an invitation to this app already.",
        step="Invite them again if it does not work: the one before ends with that.",
        fix=Fix.INVITE_AGAIN,
    )
