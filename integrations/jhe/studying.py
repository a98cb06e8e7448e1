"""What JHE offers around studies: the second half of the adapter (README.md §14 to §16)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from integrations import errors
from integrations.studies import (
    Decisions,
    Invitation,
    InvitationWay,
    IssuedInvitation,
    LinkParts,
    Seen,
    StudyPlan,
)
from integrations.types import Caller, RemotePatient, Study

from . import invitation_links, inviting, reach, sight
from .connected import Connected
from .deciding import Deciding
from .enrolling import Enrolling
from .studies import Studies
from .study_guards import StudyGuards

PEOPLE = "study patients"


class Studying(Connected):
    """Studies, who takes part, what people decided, how they are invited."""

    def __init__(self, caller: Caller) -> None:
        super().__init__(caller)
        guards = StudyGuards(self.client, self.records, self._dialect)
        self._studies = Studies(self.client, self._dialect)
        self._guards = guards
        self._enrolling = Enrolling(guards)
        self._deciding = Deciding(guards)
        self._inviting = inviting.Inviting(guards)

    # --- studies --------------------------------------------------------------------------

    def studies(self, organization_id: str) -> Sequence[Study]:
        """The studies that one of the caller's organizations runs."""
        own = sight.organization_of(self.client, organization_id, "organization studies")
        return sight.studies_of(self.client, own)

    def patients_of_study(self, study_id: str, organization_id: str) -> Iterator[RemotePatient]:
        """Whole records of the people of one of the organization's studies."""
        study = self.client.checked_id(study_id, PEOPLE)
        return self._people(self._studies.of_own_people(study, organization_id, PEOPLE))

    def _people(self, study: Study) -> Iterator[RemotePatient]:
        """To the end, where the role is looked at once more: without it, JHE's list merely stops."""
        if self._dialect().lists_freely:
            records = self.records.listed({"study_id": study.id})
        else:
            records = self.records.of_study(study.id)
        own = self.organizations()
        yield from (record for record in records if reach.reaches(own, record))
        assert study.organization is not None  # noqa: S101 (it was found among an organization's)
        sight.shared_organization_of(self.client, study.organization.id, PEOPLE)

    def has_left(self, patient_id: str, study_id: str, organization_id: str) -> bool:
        """By a look at this one person; where a server cannot be asked so, by its whole list once more."""
        try:
            takes_part = self._guards.takes_part(patient_id, study_id)
        except (errors.Forbidden, errors.NotFound):  # removed, or out of the organization: which ends it
            takes_part = False
        except errors.Unsupported:
            people = self.patients_of_study(study_id, organization_id)
            takes_part = patient_id in {each.id for each in people}
        if not takes_part:  # with a role, or else nobody is told
            self._studies.of_own_people(study_id, organization_id, "takes part")
        return not takes_part

    def study_plan(self, study_id: str, organization_id: str) -> StudyPlan:
        """All that one study of one of the caller's organizations asks for."""
        return self._studies.plan(study_id, organization_id)

    def observations_of_study(
        self, study_id: str, organization_id: str, since: datetime | None = None, resume: str = ""
    ) -> Iterator[Seen]:
        """What the study's people sent: by FHIR search; before 2026 by a list, which is free there."""
        return self._studies.observations(study_id, organization_id, since, resume)

    # --- who takes part -------------------------------------------------------------------

    def takes_part(self, patient_id: str, study_id: str) -> bool:
        """Whether a person takes part in a study, both within the caller's reach."""
        return self._guards.takes_part(patient_id, study_id)

    def enrol(self, patient_id: str, study_id: str, organization_id: str) -> None:
        """Put a person into a study; one a request, since JHE leaves a batch half done."""
        self._enrolling.enrol(patient_id, study_id, organization_id)

    def unenrol(self, patient_id: str, study_id: str, organization_id: str) -> None:
        """Take a person out of a study, which deletes their decisions in it."""
        self._enrolling.unenrol(patient_id, study_id, organization_id)

    # --- decisions ------------------------------------------------------------------------

    def decisions(self, patient_id: str, organization_id: str) -> Decisions:
        """A person's decisions in the studies of one of the caller's organizations."""
        return self._deciding.decisions(patient_id, organization_id)

    def decide(
        self,
        patient_id: str,
        study_id: str,
        scope_key: tuple[str, str],
        agreed: bool,
        organization_id: str,
    ) -> Decisions:
        """Record a decision; before 2026 a change takes two requests, between which there is none."""
        return self._deciding.decide(patient_id, study_id, scope_key, agreed, organization_id)

    # --- invitations ----------------------------------------------------------------------

    def invitation_way(self) -> InvitationWay:
        """By app since May 2026, before that by link."""
        return inviting.way_of(self._dialect())

    def tells_states(self) -> bool:
        """Whether JHE keeps its invitations: since May 2026."""
        return self.invitation_way() is InvitationWay.APP

    def every_invitation(self) -> Iterator[Invitation]:
        """Everybody's invitations: JHE shows them to anybody who is signed in."""
        return self._inviting.every(self._dialect())

    def invitations_of(self, patient_id: str) -> Sequence[Invitation]:
        """One person's invitations, out of everybody's: JHE has no filter."""
        record = self._reached(patient_id, "invitations")
        found = self._adapted(lambda dialect: tuple(self._inviting.every(dialect)))
        return tuple(each for each in found if each.patient_id == record.id)

    def invitation(self, invitation_id: str, patient_id: str) -> Invitation:
        """One invitation of a person within the caller's reach."""
        record = self._reached(patient_id, "invitation")
        return self._adapted(lambda dialect: self._inviting.one(invitation_id, record.id, dialect))

    def invite(
        self, patient_id: str, app_id: str, organization_id: str, *, send_email: bool
    ) -> IssuedInvitation:
        """Make an invitation, as this installation does."""
        return self._inviting.invite(patient_id, app_id, organization_id, send_email=send_email)

    def cancel_invitation(self, invitation_id: str, patient_id: str, organization_id: str) -> Invitation:
        """Make an invitation useless that was not used yet."""
        return self._inviting.cancel(invitation_id, patient_id, organization_id)

    @classmethod
    def link_parts(cls, link: str) -> LinkParts:
        """App, host and masked code of a link of whichever generation."""
        return invitation_links.link_parts(link)
