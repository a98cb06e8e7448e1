"""What pages show of invitations: how each stands in words, and the ways in which a link is passed on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from integrations.registry import label_of
from integrations.studies import InvitationState as State
from patients.models import Invitation, Operation, Participant
from patients.services.operations import queue
from patients.services.operations.standing import standing_of
from patients.services.studies.handing_over import app_name
from patients.services.studies.invitations import BY_EMAIL
from portal.accounts.models import User

from .shown_operations import TONES, story_url

Channel = Invitation.Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownState:
    """How an invitation stands: a word, its colour, one sentence and one step."""

    word: str
    tone: str
    sentence: str
    step: str = ""
    operation_url: str = ""
    is_moving: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownInvitation:
    """One invitation in a line."""

    url: str
    app: str
    channel: str
    asked_by: str
    at: datetime | None
    state: ShownState


_STATES: Mapping[str, tuple[str, str, str, str]] = {
    State.ISSUED: ("not used yet", "info", "The person's app has not used the link yet.", ""),
    State.REDEEMED: ("connected", "good", "The person's app has used the link: they are connected.", ""),
    State.REPLACED: (
        "replaced",
        "neutral",
        "A newer invitation has replaced this one: its link leads nowhere any more.",
        "",
    ),
    State.CANCELLED: ("cancelled", "neutral", "It was cancelled: its link leads nowhere any more.", ""),
    State.EXPIRED: ("expired", "warn", "Its link has expired.", "Invite the person again."),
    State.NOT_KNOWN: (
        "not known",
        "neutral",
        "This version of {system} does not tell whether the app has used the link: it may be connected.",
        "Ask the person. A decision or data of theirs shows it, too.",
    ),
}

#: Way → the channels that show it first.
COPY, QR, EMAIL, LETTER, IN_PERSON = "copy", "qr", BY_EMAIL, "letter", "in-person"
WAYS: Mapping[str, str] = {
    COPY: "Copy the link",
    QR: "QR code",
    EMAIL: "E-mail of our own",
    LETTER: "Letter to print",
    IN_PERSON: "In person, full screen",
}
FIRST: Mapping[str, str] = {
    Channel.COPY: COPY,
    Channel.SMS: COPY,
    Channel.PORTAL: COPY,
    Channel.QR: QR,
    Channel.OWN_EMAIL: EMAIL,
    Channel.LETTER: LETTER,
    Channel.IN_PERSON: IN_PERSON,
}


def shown_state(invitation: Invitation, *, by: User) -> ShownState:
    """How an invitation stands; while it is being made, how that goes, with its story for whom it is told."""
    operation: Operation | None = invitation.operation
    if not invitation.state and operation is not None:
        return _being_made(operation, by)
    word, tone, sentence, step = _STATES.get(invitation.state, _STATES[State.NOT_KNOWN])
    label = label_of(invitation.participant.study.system)
    return ShownState(word=word, tone=tone, sentence=sentence.format(system=label), step=step)


def _being_made(operation: Operation, by: User) -> ShownState:
    behind = queue.before(operation) if operation.state in queue.OPEN else None
    standing = standing_of(operation, behind=behind, in_full=True)  # of a study within reach
    is_moving = standing.is_moving
    return ShownState(
        word="being made" if is_moving else standing.word,
        tone="info" if is_moving else TONES[operation.state],
        sentence=standing.sentence or ("The invitation is being made." if is_moving else ""),
        step=standing.step,
        operation_url=story_url(operation, by=by),
        is_moving=is_moving,
    )


def shown_invitations(participant: Participant, *, by: User) -> list[ShownInvitation]:
    """All invitations of a participant, the latest first."""
    rows = participant.invitations.select_related("operation", "asked_by", "participant__study")
    return [
        ShownInvitation(
            url=reverse("patients:invitation", args=[each.public_id]),
            app=app_name(participant.study, each.app),
            channel=each.get_channel_display() if each.channel else "Made elsewhere",
            asked_by=str(each.asked_by or ""),
            at=each.asked_at or each.state_at,
            state=shown_state(each, by=by),
        )
        for each in rows.defer("link").order_by("-pk")
    ]
