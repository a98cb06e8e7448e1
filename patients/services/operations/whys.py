"""Why an operation stands where it stands: one word for the row, one sentence and one step for staff."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from integrations import studies


class Why(StrEnum):
    """Why an operation waits, is held, or was refused."""

    NONE = ""
    # It waits.
    NOT_ANSWERING = "not answering"
    LIMITED = "limited"
    NO_TOKEN = "no token"  # noqa: S105 (a reason)
    NO_KEY = "no key"
    LATE = "late"  # a request may take effect still
    OUR_FAULT = "our fault"
    # It is held: a person decides.
    APPEARED = "appeared"
    MAILBOX = "mailbox"
    CONFLICT = "conflict"
    MOVED = "moved"
    MERGED = "merged"
    GONE = "gone"
    NO_RIGHT = "no right"
    NOT_TAKEN = "not taken"
    IN_VAIN = "in vain"
    LINK_LOST = "link lost"
    NOT_LAST = "not the last organization"
    UNREADABLE = "unreadable"
    # It has ended without being done.
    INVALID = "invalid"
    UNSUPPORTED = "unsupported"
    LAST_ORGANIZATION = "last organization"
    UNCONFIRMED = "unconfirmed"
    EXPIRED = "expired"
    GIVEN_UP = "given up"
    CANCELLED = "cancelled"
    NOT_IN_ORGANIZATION = "not in organization"
    NOT_TAKING_PART = "does not take part"
    NOT_ASKED_FOR = "not asked for"
    NO_SUCH_APP = "no such app"
    USED_ALREADY = "used already"
    # What stands against an invitation by the time it is to leave (``services.studies.invitable``).
    DECEASED = "deceased"
    ARCHIVED = "archived"
    NO_EMAIL = "no e-mail"
    NO_PERMISSION = "no permission for e-mails"
    DISAGREEMENT = "records disagree"
    INVITED = "invited already"


#: Reasons of systems that stand against a write and do not change by waiting: refused, so that nothing waits
#: behind it.
REFUSING: Mapping[str, Why] = {
    studies.NOT_IN_ORGANIZATION: Why.NOT_IN_ORGANIZATION,
    studies.NOT_TAKING_PART: Why.NOT_TAKING_PART,
    studies.NOT_ASKED_FOR: Why.NOT_ASKED_FOR,
    studies.NO_SUCH_APP: Why.NO_SUCH_APP,
    studies.USED_ALREADY: Why.USED_ALREADY,
}
#: Reasons with which a conflict is held by another name than that.
HOLDING: Mapping[str, Why] = {Why.NOT_LAST: Why.NOT_LAST, studies.NOT_TAKEN: Why.NOT_TAKEN}

#: Why → (sentence, next step); ``{system}`` is the system's name on pages. Those that come from a
#: system's own refusal bring their own.
WORDS: Mapping[Why, tuple[str, str]] = {
    Why.LATE: (
        "{system} did not say what came of the last try, and may still be at it.",
        "The portal looks again by itself.",
    ),
    Why.NO_TOKEN: (
        "The sign-in at {system} of the person who asked has ended.",
        "It goes on when they sign in there again, from their account page, or when an admin takes it over.",
    ),
    Why.OUR_FAULT: (
        "The portal itself failed at this.",
        "It tries again by itself. Give your administrator the number of the operation.",
    ),
    Why.APPEARED: (
        "{system} holds somebody with these details by now.",
        "Compare the two. If it is the same person, mark this as done with the record found.",
    ),
    Why.MAILBOX: (
        "{system} holds somebody else with this e-mail address, and takes one person for each.",
        "Register the person with another address, or give this up.",
    ),
    Why.CONFLICT: (
        "{system} holds something that stands against this.",
        "Look the person up, then try again or give this up.",
    ),
    Why.MOVED: (
        "Somebody else has changed the same details in {system} meanwhile.",
        "Compare what is there now with what was wanted, then try again or give this up.",
    ),
    Why.MERGED: (
        "{system} has merged this record into another one.",
        "Look the person up and make the change in the record that is left.",
    ),
    Why.GONE: (
        "{system} does not hold this record any more.",
        "Look the person up. If it is not needed any more, give this up.",
    ),
    Why.NO_RIGHT: (
        "The person who asked may not do this in {system} now.",
        "An admin whose role reaches it can take it over, or give it up.",
    ),
    Why.NOT_TAKEN: (
        "{system} accepted the change and did not keep all of it.",
        "Look at the record in {system}, then try again or mark this as done by hand.",
    ),
    Why.IN_VAIN: (
        "{system} failed at this several times, and it did not happen.",
        "Look at the record in {system}, then try again or give this up.",
    ),
    Why.LINK_LOST: (
        "{system}’s answer, which holds the link, was lost several times: an invitation may be there that "
        "nobody can hand over.",
        "Try again: a new invitation replaces it. To leave the person without one, give this up and cancel "
        "what is listed as live.",
    ),
    Why.NOT_LAST: (
        "In {system} the record belongs to another organization by now: it would not be deleted.",
        "Look at where it belongs. To take it out of this organization alone, give this up and ask for that.",
    ),
    Why.UNREADABLE: (
        "What was to be written cannot be deciphered with the keys that are set now.",
        "Ask whoever runs the portal for the older key, then try again; or give this up.",
    ),
    Why.LAST_ORGANIZATION: (
        "It is the last organization of this record: {system} would delete the record with it.",
        "If that is meant, ask for it on the person's page: a second person has to confirm it.",
    ),
    Why.UNCONFIRMED: (
        "No second person has confirmed that this record is to be deleted.",
        "Ask for it on the person's page.",
    ),
    Why.EXPIRED: (
        "It was confirmed more than a week ago, and the record may hold more by now.",
        "Look at what would be lost now, and ask for it anew.",
    ),
    Why.NOT_IN_ORGANIZATION: (
        "The record does not belong to the organization that runs the study.",
        "Add it to the organization first, then enrol it again.",
    ),
    Why.NOT_TAKING_PART: (
        "The person does not take part in the study.",
        "Enrol them first, then ask for this again.",
    ),
    Why.NOT_ASKED_FOR: (
        "The study does not ask for this kind of data.",
        "Look at what the study asks for now.",
    ),
    Why.NO_SUCH_APP: (
        "The person takes part in no study that uses this app.",
        "Enrol them in a study with this app first, then invite them again.",
    ),
    Why.USED_ALREADY: (
        "The person's app has used this invitation already.",
        "Take them out of the study, or ask them to disconnect the app.",
    ),
    Why.DECEASED: (
        "A record of this person says by now that they have died.",
        "If that is a mistake, correct it in the record first.",
    ),
    Why.ARCHIVED: (
        "The person is archived by now.",
        "Take the archiving back first, if they are to take part.",
    ),
    Why.NO_EMAIL: (
        "{system} holds no e-mail address of this person any more.",
        "Give them the link in another way.",
    ),
    Why.NO_PERMISSION: (
        "A record of this person holds no permission for e-mails by now.",
        "Give them the link in another way, or say why they get an e-mail all the same.",
    ),
    Why.DISAGREEMENT: (
        "Records of this person decide differently about the same data of a study by now.",
        "Ask the person and settle it in their consents, or give them the link in another way.",
    ),
    Why.INVITED: (
        "The person has another invitation to this app by now.",
        "Invite them again if that one does not work: it ends with that.",
    ),
    Why.GIVEN_UP: ("It was given up.", ""),
    Why.CANCELLED: ("It was cancelled before it was sent.", ""),
}


def words_of(why: Why, label: str) -> tuple[str, str]:
    """What a page says of a reason: a sentence and the next step, both empty where it has none."""
    sentence, step = WORDS.get(why, ("", ""))
    return sentence.format(system=label), step.format(system=label)
