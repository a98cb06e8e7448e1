"""Inviting people to their studies' apps, in each generation's way (README.md §16).

A link signs in as the patient. It passes through here into the value given back, and into no error or log.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from integrations import errors
from integrations.studies import (
    NO_SUCH_APP,
    USED_ALREADY,
    App,
    Invitation,
    InvitationState,
    InvitationWay,
    IssuedInvitation,
)
from integrations.types import RemotePatient

from .dialect import Dialect
from .guards import OUTSIDE
from .invitation_links import is_link
from .mapping import LABEL
from .records import array
from .study_guards import StudyGuards
from .study_mapping import app_from, invitation_from

WAYS = {
    "client": InvitationWay.APP,
    "link": InvitationWay.LINK,
    "application": InvitationWay.LINK_WITH_APP,
}
ENDED = frozenset({InvitationState.CANCELLED, InvitationState.EXPIRED, InvitationState.REPLACED})
INVITE, CANCEL = "invite", "cancel invitation"


def way_of(dialect: Dialect) -> InvitationWay:
    """How an installation invites."""
    return WAYS[dialect.invitations]


class Inviting:
    """What one person reads of invitations, and makes and ends of them."""

    def __init__(self, guards: StudyGuards) -> None:
        self.guards = guards
        self.client = guards.client
        self.http = guards.http

    # --- reading --------------------------------------------------------------------------

    def _apps(self, record: RemotePatient, way: InvitationWay) -> tuple[App, ...]:
        """The apps of all studies that the person takes part in, whosever these are."""
        if way is InvitationWay.LINK:
            return ()
        if way is InvitationWay.LINK_WITH_APP:  # nothing there tells which are the person's
            return tuple(each for each in map(app_from, self.client.clients()) if each.invites)
        rows = array(self.client, self.client.consolidated_clients(record.id), "consolidated clients")
        return tuple(map(app_from, rows))

    def every(self, dialect: Dialect) -> Iterator[Invitation]:
        """Everybody's invitations, newest change first, each once: new ones push others to the next page."""
        self._check_states(dialect, "invitations")
        return self._each()

    def _each(self) -> Iterator[Invitation]:
        seen: set[str] = set()
        for invitation in map(invitation_from, self.client.invitations()):
            if invitation.id not in seen:
                seen.add(invitation.id)
                yield invitation

    def one(self, invitation_id: str, patient_id: str, dialect: Dialect) -> Invitation:
        """One invitation, which is this person's: JHE tells anybody about any."""
        self._check_states(dialect, "invitation")
        return self._held(invitation_id, patient_id, "invitation")

    def _held(self, invitation_id: str, patient_id: str, operation: str) -> Invitation:
        held = invitation_from(self.client.invitation(invitation_id))
        if held.patient_id != patient_id:
            sentence = f"This {LABEL} invitation is another person's."
            raise self.http.fault(errors.Forbidden, operation, reason=OUTSIDE, for_staff=sentence)
        return held

    def _check_states(self, dialect: Dialect, operation: str) -> None:
        if way_of(dialect) is not InvitationWay.APP:
            raise self.http.fault(
                errors.Unsupported,
                operation,
                for_staff=f"This version of {LABEL} keeps no invitations: it makes links and forgets them.",
                next_step="A decision or data of the person shows that their app is connected.",
            )

    # --- making ---------------------------------------------------------------------------

    def invite(
        self, patient_id: str, app_id: str, organization_id: str, *, send_email: bool
    ) -> IssuedInvitation:
        """A new invitation of somebody whom the caller may manage; one request, never sent again."""
        way = way_of(self.guards.dialect())
        record = self.guards.member(patient_id, organization_id, INVITE)
        self._check_app(record, app_id, way)
        if send_email and not record.demographics.email:
            sentence = f"{LABEL} holds no e-mail address of this person: give them the link."
            self.guards.check_values({"email": sentence}, INVITE)
        if way is InvitationWay.APP:
            return self._invited(record, app_id, send_email=send_email)
        query = {"send_email": "true"} if send_email else {}
        if way is InvitationWay.LINK_WITH_APP:
            query["application_id"] = app_id
        reply = self.client.invitation_link(record.id, query)
        link = self._link_in(reply)
        return IssuedInvitation(invitation=Invitation(patient_id=record.id, app_id=app_id), link=link)

    def _check_app(self, record: RemotePatient, app_id: str, way: InvitationWay) -> None:
        """JHE would make an invitation to any app that has an address, and fail (500) for one without."""
        if way is InvitationWay.LINK:
            if app_id:
                self.guards.check_values({"app_id": f"This version of {LABEL} has one app for all."}, INVITE)
            return
        found = next((each for each in self._apps(record, way) if each.id == app_id), None)
        if found is None:
            sentence = "The person takes part in no study with this app."
            raise self._conflict(NO_SUCH_APP, INVITE, sentence, "Put them into the study first.")
        if not found.invites:
            sentence = f"{LABEL} has no invitation address for this app."
            raise self._conflict(NO_SUCH_APP, INVITE, sentence, "Ask your administrator to set it there.")

    def _invited(self, record: RemotePatient, app_id: str, *, send_email: bool) -> IssuedInvitation:
        # ``client_id`` is not understood in camel case, and ``sendEmail`` only as true itself.
        body = {"patientId": int(record.id), "client_id": int(app_id), "sendEmail": send_email}
        reply = self.client.create_invitation(body)
        invitation = self._read_back(reply, INVITE)
        if (invitation.patient_id, invitation.app_id) != (record.id, app_id):
            raise self._not_what_was_asked(INVITE)
        return IssuedInvitation(invitation=invitation, link=self._link_in(reply))

    def _link_in(self, reply: Any) -> str:
        link = reply.get("invitationLink") if isinstance(reply, dict) else None
        if not isinstance(link, str) or not is_link(link):
            raise self._not_what_was_asked(INVITE)
        return link

    # --- ending ---------------------------------------------------------------------------

    def cancel(self, invitation_id: str, patient_id: str, organization_id: str) -> Invitation:
        """The invitation once nobody can use it. JHE would cancel one that was used, too, and forget that."""
        self._check_states(self.guards.dialect(), CANCEL)
        record = self.guards.member(patient_id, organization_id, CANCEL)
        held = self._held(invitation_id, record.id, CANCEL)
        if held.state in ENDED:
            return held
        if held.state is InvitationState.NOT_KNOWN:
            sentence = f"{LABEL} says of this invitation what the portal does not know: it is left as it is."
            raise self.http.fault(
                errors.Unsupported, CANCEL, for_staff=sentence, next_step=f"Look at it in {LABEL} itself."
            )
        if held.state is not InvitationState.ISSUED:
            sentence = "The person's app has used this invitation already."
            raise self._conflict(USED_ALREADY, CANCEL, sentence, f"End the app's access in {LABEL} itself.")
        after = self._read_back(self.client.change_invitation(held.id, "cancelled"), CANCEL)
        if (after.id, after.state) != (held.id, InvitationState.CANCELLED):
            raise self._not_what_was_asked(CANCEL)
        return after

    # --- both -----------------------------------------------------------------------------

    def _read_back(self, reply: Any, operation: str) -> Invitation:
        try:
            return invitation_from(reply)
        except errors.ProtocolError:
            raise self._not_what_was_asked(operation) from None

    def _not_what_was_asked(self, operation: str) -> errors.IntegrationError:
        reason = "not what was asked"
        return self.http.fault(errors.ProtocolError, operation, reason=reason, outcome_unknown=True)

    def _conflict(
        self, reason: str, operation: str, for_staff: str, next_step: str
    ) -> errors.IntegrationError:
        return self.http.fault(
            errors.Conflict, operation, reason=reason, for_staff=for_staff, next_step=next_step
        )
