"""Operations in plain words: what is to be done, which details it sets, what came of a try."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import cattrs.preconf.json

from integrations.registry import label_of, system_names
from integrations.sentences import listed
from integrations.writes import Details, Part
from patients.matching.numbers import show_nhs
from patients.models import Attempt, Operation
from patients.services.change_words import change_label, change_words
from patients.services.contents import custom_label

from .whys import Why
from .wishes import Kind

_json = cattrs.preconf.json.make_converter()

#: Kind → (what is done, with the names of details where they are known).
_KINDS: Mapping[str, tuple[str, str]] = {
    Kind.CREATE: ("Register in {system}", ""),
    Kind.CHANGE: ("Change details in {system}", "Change {fields} in {system}"),
    Kind.ARCHIVE: ("Archive the record in {system}", ""),
    Kind.IDENTIFY: ("Change identifiers in {system}", ""),
    Kind.JOIN: ("Add to an organization in {system}", ""),
    Kind.LEAVE: ("Remove from an organization in {system}", ""),
    Kind.REMOVE: ("Delete the record in {system}", ""),
    Kind.MARK: ("Write the portal's own number into {system}", ""),
    Kind.ENROL: ("Enrol in a study in {system}", ""),
    Kind.UNENROL: ("Take out of a study in {system}", ""),
    Kind.DECIDE: ("Write a decision about a study's data into {system}", ""),
    Kind.INVITE: ("Invite to a study's app by {system}", ""),
    Kind.CANCEL_INVITATION: ("Cancel an invitation in {system}", ""),
}
#: For filters, where no system is named.
KINDS: Mapping[str, str] = {
    Kind.CREATE: "Registrations",
    Kind.CHANGE: "Changes of details",
    Kind.ARCHIVE: "Archiving",
    Kind.IDENTIFY: "Changes of identifiers",
    Kind.JOIN: "Adding to organizations",
    Kind.LEAVE: "Removing from organizations",
    Kind.REMOVE: "Deletions",
    Kind.MARK: "The portal's own numbers",
    Kind.ENROL: "Enrolments in studies",
    Kind.UNENROL: "Leaving studies",
    Kind.DECIDE: "Decisions about data",
    Kind.INVITE: "Invitations",
    Kind.CANCEL_INVITATION: "Cancelled invitations",
}
_PHRASES = frozenset({Part.ACCESSIBILITY_NEEDS, Part.ACCESSIBILITY_NOTES})  # one a line
_FEW = 3  # details that a heading names
#: Details whose name in a write is not their name in a record.
_AS_HELD: Mapping[str, str] = {
    Part.PREFERRED_METHOD: "contact_preferred_method",
    Part.CONSENT_SMS: "contact_sms",
    Part.CONSENT_EMAIL: "contact_email",
    Part.CONSENT_MARKETING: "contact_marketing",
    Part.CONSENT_ELECTRONIC: "contact_electronic",
}
_OTHER_LABELS: Mapping[str, str] = {
    "own_id": "The portal's own number",
    "identifiers": "Identifiers",
    "organizations": "Organizations",
    "record": "The whole record",
    "decision": "The decision",
    "invitation": "The invitation",
    "custom_fields": "The organization's own fields",
}
_CUSTOM = "custom_fields."


def title_of(operation: Operation, fields: Sequence[str] = ()) -> str:
    """What an operation does: "Change phone and address in JupyterHealth Exchange"."""
    plain, with_fields = _KINDS[operation.kind]
    label = system_label(operation.system)
    if not (with_fields and fields):
        return plain.format(system=label)
    return with_fields.format(system=label, fields=_few_of([in_a_sentence(each) for each in fields]))


def system_label(system: str) -> str:
    """A system's label; its bare name where this installation does not have it any more."""
    return label_of(system) if system in system_names() else system


def field_label(name: str) -> str:
    """What pages call a detail that is written."""
    if name.startswith(_CUSTOM):
        return custom_label(name.removeprefix(_CUSTOM))
    return _OTHER_LABELS.get(name) or change_label(_AS_HELD.get(name, name))


def value_of(details: Details, part: str) -> str:
    """What a detail is in words, on one line; empty for nothing."""
    if part == Part.NHS_NUMBER:
        return show_nhs(details.nhs_number)
    if part in _PHRASES:
        return ", ".join(getattr(details, part).splitlines())
    return change_words(_AS_HELD.get(part, part), _json.unstructure(getattr(details, part)))


def in_a_sentence(name: str) -> str:
    """What sentences call a detail that is written."""
    label = field_label(name)
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


def _few_of(words: Sequence[str]) -> str:
    if len(words) > _FEW:
        words = [*words[: _FEW - 1], f"{len(words) - _FEW + 1} more details"]
    return listed(words)


# --- tries ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One attempt as pages show it. ``seconds`` is ``None`` where it never came to its end, and so is
    ``sent`` where it was cut off while it was being sent."""

    began_at: datetime
    text: str
    sent: bool | None
    request_id: str
    seconds: float | None


CUT_OFF = "Cut off: the worker that made it ended."
UNDER_WAY = "Under way."
_OUTCOMES: Mapping[str, str] = {
    "done": "Done.",
    "waits": "Put off until the next try.",
    "not known": "It is not known whether it took effect.",
    "limited": "{system} asked for a pause, since it was asked too much.",
    "paused": "Not sent: it is paused together with others.",
    "taken over": "Another worker had taken it over meanwhile.",
}
_HELD, _REFUSED = "held: ", "refused: "
_FAULTS: Mapping[str, str] = {
    "NotConfigured": "{system} is not set up.",
    "Unauthorised": "{system} refused the sign-in or the key.",
    "Forbidden": "{system} does not allow it to whom it is sent for.",
    "NotFound": "{system} does not hold the record.",
    "Invalid": "{system} refused a value.",
    "Conflict": "{system} holds something that stands against it.",
    "Unavailable": "{system} did not answer.",
    "ProtocolError": "{system} answered in a way that the portal does not understand.",
    "Unsupported": "{system} cannot do this.",
}
_WHYS: Mapping[str, str] = {
    Why.APPEARED: "Somebody with these details was found.",
    Why.MAILBOX: "Somebody else has the e-mail address.",
    Why.MOVED: "The same details were changed by somebody else.",
    Why.MERGED: "The record was merged into another one.",
    Why.NOT_TAKEN: "Not all of it was kept.",
    Why.IN_VAIN: "It failed several times and did not happen.",
    Why.LINK_LOST: "The link was lost on its way several times.",
    Why.UNREADABLE: "What was to be written could not be deciphered.",
    Why.OUR_FAULT: "The portal itself failed.",
    Why.LAST_ORGANIZATION: "It is the record's last organization.",
    Why.NOT_LAST: "The record belongs to another organization by now.",
    Why.UNCONFIRMED: "No second person has confirmed it.",
    Why.EXPIRED: "It was confirmed too long ago.",
    Why.CANCELLED: "It was cancelled.",
    Why.NOT_IN_ORGANIZATION: "The record is not in the study's organization.",
    Why.NOT_TAKING_PART: "The person does not take part in the study.",
    Why.NOT_ASKED_FOR: "The study does not ask for it.",
    Why.NO_SUCH_APP: "No study of the person's uses the app.",
    Why.USED_ALREADY: "The app has used it already.",
}
NO_SIGN_IN = "There was no sign-in at {system} to send it with."
_ENDS: Mapping[str, str] = {_HELD: "Held for a decision.", _REFUSED: "Refused."}


def try_of(attempt: Attempt, operation: Operation, *, is_latest: bool) -> Try:
    """An attempt in words. Of one without an end the worker works on it, or has died."""
    if attempt.ended_at is None:
        is_on = is_latest and operation.state == Operation.State.SENDING
        return Try(
            began_at=attempt.began_at, text=UNDER_WAY if is_on else CUT_OFF,
            sent=None if attempt.sent else False,  # it was about to be sent when the worker ended
            request_id=attempt.request_id, seconds=None,
        )  # fmt: skip
    seconds = (attempt.ended_at - attempt.began_at).total_seconds()
    return Try(
        began_at=attempt.began_at, text=_said(attempt, system_label(operation.system)), sent=attempt.sent,
        request_id=attempt.request_id, seconds=max(round(seconds, 1), 0.1),
    )  # fmt: skip


def _said(attempt: Attempt, label: str) -> str:
    """What came of it: the fault, if there was one, then what became of the operation."""
    outcome = attempt.outcome
    for start, end in _ENDS.items():
        if outcome.startswith(start):
            sentences = [_fault(attempt) or _WHYS.get(outcome.removeprefix(start), ""), end]
            break
    else:
        fault = "" if outcome == "limited" else _fault(attempt)
        sentences = [fault, _OUTCOMES.get(outcome, "")]
    return " ".join(filter(None, sentences)).format(system=label)


def _fault(attempt: Attempt) -> str:
    return NO_SIGN_IN if attempt.reason == "no token" else _FAULTS.get(attempt.fault, "")
