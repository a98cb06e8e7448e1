"""The trail in plain words: what each kind of event is called on pages, and what its details say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LOOKS = "Looks at people"

#: Group → action → words. A new kind of event gets its words here; a test holds that all have them.
KINDS: Mapping[str, Mapping[str, str]] = {
    LOOKS: {
        "person.viewed": "Opened a person's page",
        "person.print_opened": "Opened a person's page for printing",
        "person.history_viewed": "Opened the history of a person's records",
        "person.link_opened": "Opened a page for linking a person",
        "person.compared": "Compared a person with another one",
        "operation.viewed": "Opened the story of a write about a person",
        "person.edit_opened": "Opened a page for editing a person",
        "person.agree_opened": "Opened a page for bringing a person's records into agreement",
        "person.park_opened": "Opened a page for parking a person",
        "person.add_opened": "Opened a form for adding a person to another system",
        "person.number_opened": "Opened a form for a person's number in a study",
        "person.awaited_viewed": "Opened the page of a person who is being registered",
        "person.mark_opened": "Opened a page for marking a test record",
        "person.ending_opened": "Opened a page for archiving a record or taking it out of an organization",
        "removal.viewed": "Opened the deletion of a record that takes a second person",
        "person.consents_opened": "Opened a person's consents",
        "person.consent_opened": "Opened a form for recording what a person decided",
        "person.consent_record_opened": "Opened a person's consent record for printing",
        "person.enrol_opened": "Opened a page for putting a person into a study or taking them out",
        "person.invite_opened": "Opened a page for inviting a person to a study's app",
        "person.invitation_opened": "Opened the invitation of a person",
        "person.onboarding_opened": "Opened how far a person's onboarding into a study is",
        "person.parting_opened": "Opened a page for taking a record away from a person",
        "audit.person_viewed": "Opened the list of who looked at a person",
        "audit.sheet_opened": "Opened the sheet of who looked at a person",
    },
    "Looking up": {
        "search": "Looked somebody up",
        "search.reopened": "Opened somebody else's look-up",
    },
    "Lists of people": {
        "people.listed": "Opened the list of people",
        "people.desk_opened": "Opened their home page with people they saw or parked",
        "people.print_opened": "Opened the list of people for printing",
        "people.exported": "Exported from the list of people",
        "study.listed": "Opened the people of a study",
        "study.exported": "Exported the people of a study",
    },
    "Desks": {
        "person.parked": "Parked a person on their home page",
        "person.unparked": "Took a person off their home page",
    },
    "Links": {
        "link.made": "Linked a record with a person",
        "link.undone": "Took a record away from a person",
        "record.marked_test": "Marked a record as a test record",
        "record.unmarked_test": "Took the mark of a test record back",
        "form.refused": "Was refused a form about a person",
    },
    "Editing": {
        "person.edited": "Edited a person",
        "person.confirmed": "Confirmed a contact detail of a person",
        "edit.stopped": "Was asked whether an edit was about the same person",
        "edit.left": "Went back from an edit that was asked about",
    },
    "Registering": {
        "register.searched": "Searched for somebody who is to be registered",
        "draft.opened": "Opened a form that is not sent yet",
        "draft.suggested": "Was shown people of the index beside a form",
        "draft.handed_over": "Handed a form over that is not sent yet",
    },
    "Writes to the systems": {
        "operation.asked": "Asked for a write",
        "operation.done": "A write was done",
        "operation.held": "A write was held for a decision",
        "operation.refused": "A write was refused",
        "operation.tried_now": "Had a write tried again",
        "operation.taken_over": "Took a write over",
        "operation.given_up": "Gave a write up",
        "operation.done_by_hand": "Marked a write as done by hand",
        "operations.listed": "Opened the list of writes",
        "bulk.asked": "Asked for many writes at once",
        "bulk.paused": "Paused many writes",
        "bulk.resumed": "Let many writes go on",
        "bulk.cancelled": "Cancelled many writes",
        "bulk.viewed": "Opened many writes at once",
    },
    "Ending records": {
        "record.exported": "Exported what a deletion would lose",
        "removal.asked": "Asked for the deletion of a record",
        "removal.confirmed": "Confirmed the deletion of a record as the second person",
        "removal.declined": "Declined the deletion of a record",
        "removal.withdrawn": "Withdrew the deletion of a record",
        "removal.of_made_up": "Had somebody deleted who was made up for trying the onboarding",
        "removal.expired": "The deletion of a record was confirmed by nobody in time",
    },
    "Studies": {
        "study.ask_again_listed": "Opened the list of who must be asked again in a study",
        "study.consent_form_set": "Said which consent form a study uses",
        "participant.numbered": "Gave a participant a number in a study, or took it away",
        "invitation.link_shown": "Was shown the link of an invitation",
        "invitation.letters_opened": "Opened letters of invitation for printing",
        "invitation.stands": "Heard from the system how an invitation stands",
        "study.people_listed": "Opened a list of people to be enrolled or invited",
        "study.outcome_viewed": "Opened what came of asking for many people of a study",
        "study.looked_up_everywhere": "Looked somebody up by e-mail in all organizations, to add them",
        "study.added_from_elsewhere": "Had somebody of another organization added",
        "wording.changed": "Changed an organization's letter or e-mail",
        "wording.dropped": "Went back to the portal's letter or e-mail",
    },
    "Signing in and out": {
        "session.started": "Signed in",
        "session.ended": "Signed out",
        "session.ended_elsewhere": "Ended a sign-in of their own",
        "session.locked": "Screen locked",
        "session.unlocked": "Screen unlocked",
        "session.unlock_failed": "Tried to unlock the screen",
        "sign_in.failed": "Tried to sign in",
        "sign_in.refused": "Sign-in at a system was refused",
    },
    "Accounts": {
        "account.created": "Made an account",
        "account.password_set": "Set an account's password",
        "account.role_given": "Changed an account's role",
        "account.switched_off": "Switched an account off",
        "account.switched_on": "Switched an account on again",
        "account.connected": "Connected their account with a system",
        "account.disconnected": "Disconnected their account from a system",
        "account.second_step_added": "Set up a second step",
        "account.second_step_removed": "Removed a second step",
        "account.second_step_reset": "Reset somebody's second step",
        "account.password_changed": "Changed their password",
        "account.password_reset": "Reset their password",
    },
    "The portal": {
        "access.refused": "Was refused a page",
        "keys.rotated": "Changed the encryption key",
        "sync.started": "Began to read a system into the index",
        "sync.ended": "Finished reading a system into the index",
        "sync.same_installation": "Said that a system moved to another address",
        "index.rekeyed": "Made the keys of the index anew",
    },
    "The trail itself": {
        "audit.viewed": "Read the trail",
        "audit.reopened": "Opened somebody else's question to the trail",
        "audit.exported": "Exported from the trail",
        "review.viewed": "Opened a monthly review",
        "review.noted": "Made a note in a monthly review",
        "review.signed": "Signed a monthly review off",
    },
}
WORDS: Mapping[str, str] = {action: words for kinds in KINDS.values() for action, words in kinds.items()}

OUTCOMES: Mapping[str, str] = {"done": "Done", "refused": "Refused", "failed": "Failed"}

_LABELS = {
    "terms": "by",
    "form": "form",
    "because": "because of",
    "view": "page",
    "with": "by",
    "values": "values",
    "rows": "lines",
    "account": "account",
    "role": "role",
    "rule": "rule",
    "fields": "details",
    "caller_checked": "caller checked,",
    "same_person": "the same person by",
    "month": "month",
    "events": "events",
    "language": "language",
    "way": "as",
    "state": "state",
    "second_steps": "second steps removed",
    "sessions": "sign-ins ended",
}


def action_in_words(action: str) -> str:
    """What an action is called; an action that is not known stays as it is written in the trail."""
    return WORDS.get(action, action)


def details_in_words(details: Mapping[str, Any], accounts: Mapping[str, str]) -> str:
    """What an event's details say, without records and ids; ``accounts`` are labels by id."""
    said = []
    for name, label in _LABELS.items():
        value = details.get(name)
        if value in (None, "", []):
            continue
        if name == "account":
            value = accounts.get(str(value), f"number {value}")
        words = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        said.append(f"{label} {words.replace('_', ' ') if name == 'terms' else words}")
    return "; ".join(said)
