"""What an adapter of a system with studies may offer; part of :mod:`integrations.abilities`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from .studies import Decisions, Invitation, InvitationWay, IssuedInvitation, LinkParts, Seen, StudyPlan
from .types import RemotePatient, Study


@runtime_checkable
class HasStudies(Protocol):
    """``STUDIES``: people take part in studies of an organization."""

    def studies(self, organization_id: str) -> Sequence[Study]:
        """The studies of one organization. ``Forbidden`` where the caller holds no role in it: none at all
        is another answer."""
        ...

    def patients_of_study(self, study_id: str, organization_id: str) -> Iterator[RemotePatient]:
        """The people who take part in one study of an organization, all of them: ``Forbidden`` where the
        caller is not told of them, at the beginning or by the end. Refused like :meth:`study_plan`, too."""
        ...

    def has_left(self, patient_id: str, study_id: str, organization_id: str) -> bool:
        """Whether somebody who took part in a study of this organization does so no more, told by the system
        at this moment. ``Forbidden`` where the caller is not told of its people."""
        ...

    def study_plan(self, study_id: str, organization_id: str) -> StudyPlan:
        """All that one study asks for. ``Forbidden`` where the caller holds no role in the organization, or
        the study is not one of its own."""
        ...

    def observations_of_study(
        self, study_id: str, organization_id: str, since: datetime | None = None, resume: str = ""
    ) -> Iterator[Seen]:
        """What the study's people sent of what it asks for, stored after ``since``; each once, in whatever
        order; from one on with its ``resume`` (and the same ``since``). Refused like :meth:`study_plan`, at
        once and not with the first of them; ``Unsupported`` where reading would have side effects."""
        ...


@runtime_checkable
class Enrols(Protocol):
    """``ENROLMENT``: people are put into studies and taken out, one at a time.

    Both changes look first that the caller may, that the study is the organization's and how the person
    stands: what is so already is no error, and nothing is sent. ``Forbidden`` without the role, or where the
    study is another organization's. ``outcome_unknown`` as for every writing call: look, then ask again.
    """

    def takes_part(self, patient_id: str, study_id: str) -> bool:
        """Whether a person takes part in a study, told by the system at this moment. Raises ``Forbidden``
        for a person or study beyond the caller's reach, rather than saying no."""
        ...

    def enrol(self, patient_id: str, study_id: str, organization_id: str) -> None:
        """Put a person into a study of this organization. ``Conflict`` (``NOT_IN_ORGANIZATION``) where their
        record does not belong to it."""
        ...

    def unenrol(self, patient_id: str, study_id: str, organization_id: str) -> None:
        """Take a person out of a study. Their decisions in it are deleted; what they sent stays. The record
        has to belong to the organization (``Forbidden``)."""
        ...


@runtime_checkable
class KeepsConsents(Protocol):
    """``CONSENTS``: what people decided about the kinds of data that their studies ask for."""

    def decisions(self, patient_id: str, organization_id: str) -> Decisions:
        """A person's decisions in the studies of one organization, to which the record belongs and in which
        the caller holds a role: else ``Forbidden``."""
        ...

    def decide(
        self,
        patient_id: str,
        study_id: str,
        scope_key: tuple[str, str],
        agreed: bool,
        organization_id: str,
    ) -> Decisions:
        """Record one decision of a person, by one who may change the organization's people; the decisions as
        they are then, read back. What is decided so already is not sent.

        ``Conflict``, before anything is sent, where the person does not take part in the study
        (``NOT_TAKING_PART``) or it does not ask for this (``NOT_ASKED_FOR``); after, where the system says
        yes and holds something else (``NOT_TAKEN``). With ``outcome_unknown`` the old decision can be gone
        and the new one not be there yet: the same call again sets that right.
        """
        ...


@runtime_checkable
class Invites(Protocol):
    """``INVITATIONS``: people are invited to an app with which they take part in a study.

    A link signs in as the patient: it stands in the value that :meth:`invite` gives, nowhere else.
    """

    def invitation_way(self) -> InvitationWay:
        """How this installation invites."""
        ...

    def tells_states(self) -> bool:
        """Whether it says what became of an invitation. Else ``every_invitation``, ``invitations_of``,
        ``invitation`` and ``cancel_invitation`` are ``Unsupported``."""
        ...

    def every_invitation(self) -> Iterator[Invitation]:
        """The invitations of the whole installation, in reach or not, each once: whoever shows them checks
        reach."""
        ...

    def invitations_of(self, patient_id: str) -> Sequence[Invitation]:
        """One person's invitations, the latest change first. ``Forbidden`` beyond the caller's reach."""
        ...

    def invitation(self, invitation_id: str, patient_id: str) -> Invitation:
        """How one invitation of this person stands now: fit to be asked every second. ``Forbidden`` beyond
        the caller's reach, and for another person's; ``Unsupported`` as above."""
        ...

    def invite(
        self, patient_id: str, app_id: str, organization_id: str, *, send_email: bool
    ) -> IssuedInvitation:
        """Make an invitation, which ends an earlier one to the same app that is not used yet; have it mailed
        where asked for. ``app_id`` is empty where the way names no app.

        ``Conflict`` where the person takes part in no study with this app (``NO_SUCH_APP``), ``Forbidden``
        as for every change. Sent once. Where the outcome is unknown, so is the link.
        """
        ...

    def cancel_invitation(self, invitation_id: str, patient_id: str, organization_id: str) -> Invitation:
        """Make an invitation of this person useless; one that is so already stays as it is. ``Conflict``
        (``USED_ALREADY``) where the app has used it."""
        ...

    @classmethod
    def link_parts(cls, link: str) -> LinkParts:
        """What a link is made of, its code masked, without asking anybody."""
        ...
