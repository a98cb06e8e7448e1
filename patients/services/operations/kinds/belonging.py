"""Adding a record to an organization, removing it from one, and deleting it with its last one."""

from __future__ import annotations

from contextlib import suppress

from integrations.abilities import KeepsMembers, RemovesAltogether
from integrations.errors import IntegrationError, NotFound, ProtocolError
from integrations.types import RemotePatient
from patients.models import Removal
from patients.services.operations import made_up
from patients.services.operations.whys import Why
from patients.services.operations.wishes import Join, Leave, Remove

from .job import After, Done, Hold, Job, Look, Ready, Record, Refuse, as_
from .leaving_studies import LeavingStudies


def _organizations(record: RemotePatient, job: Job) -> list[str]:
    """Where a record belongs. Raises ``ProtocolError`` where not all of it could be read: that somebody is in
    no organization, or in one alone, must never be said by mistake."""
    if "organizations" in record.unread:
        raise ProtocolError(
            system=record.system,
            operation="look at organizations",
            label=job.adapter.label,
            reason="unreadable organizations",
        )
    return [each.id for each in record.organizations]


class Joining:
    """A record to be added to an organization."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.organization = as_(job.wish, Join).organization_id

    def look(self) -> Look:
        """Whether it belongs there already."""
        record = self.job.able(KeepsMembers).whole_record(self.job.record_id)
        return Done(record) if self.organization in _organizations(record, self.job) else Ready()

    def send(self, ready: Ready) -> tuple[RemotePatient, tuple[str, ...]]:
        """Add it."""
        record = self.job.able(KeepsMembers).add_to_organization(self.job.record_id, self.organization)
        is_in = any(each.id == self.organization for each in record.organizations)
        return record, () if is_in else ("organizations",)


class Leaving:
    """A record to be removed from an organization; never from its last one, with which it would go."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.organization = as_(job.wish, Leave).organization_id
        self.leaving = LeavingStudies(job, self.organization)

    def look(self) -> Look:
        """Whether it is out already. A record that is gone altogether was not removed here."""
        record = self.job.able(KeepsMembers).whole_record(self.job.record_id)
        organizations = _organizations(record, self.job)
        if self.organization not in organizations:
            return Done(record)
        if len(organizations) == 1:
            return Refuse(Why.LAST_ORGANIZATION)
        return Ready(self.leaving.keep_decisions())

    def send(self, ready: Ready) -> tuple[RemotePatient, tuple[str, ...]]:
        """Remove it, and read what is left."""
        members = self.job.able(KeepsMembers)
        members.remove_from_organization(self.job.record_id, self.organization)
        try:
            record = members.whole_record(self.job.record_id)
            is_out = self.organization not in _organizations(record, self.job)
        except IntegrationError as fault:
            fault.outcome_unknown = True  # it was removed: the next try sees it
            raise
        return record, () if is_out else ("organizations",)

    def keep(self) -> None:
        """The studies of the organization were left with it."""
        self.leaving.note_left()


class Removing:
    """A record to be deleted by removing it from its last organization: exactly that, or nothing.

    Only for a removal that a second person has confirmed, not long ago. That the record is gone is what
    was wanted, whoever did it.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.organization = as_(job.wish, Remove).organization_id
        self.leaving = LeavingStudies(job, self.organization)

    def look(self) -> Look:
        """Whether it is gone already, and whether it still belongs to this organization alone."""
        removal = Removal.objects.defer("counted").filter(operation=self.job.operation).first()
        if removal is None or not removal.is_confirmed:
            return Refuse(Why.UNCONFIRMED)
        record = self._record()
        if record is None:
            return Done(Record.GONE)
        if _organizations(record, self.job) != [self.organization]:
            return Hold(Why.NOT_LAST, record=record)
        if removal.is_of_made_up and not made_up.holds_as_made(self.job.record, record):
            return Refuse(Why.UNCONFIRMED)  # a person was written into it meanwhile: that takes two
        if removal.is_over(self.job.now) and not self.job.may_have_left:
            return Refuse(Why.EXPIRED)
        return Ready(self.leaving.keep_decisions())

    def send(self, ready: Ready) -> tuple[After, tuple[str, ...]]:
        """Delete it, and look that it is gone."""
        with suppress(NotFound):  # the look tells
            self.job.able(RemovesAltogether).remove_altogether(self.job.record_id, self.organization)
        try:
            record = self._record()
        except IntegrationError as fault:
            fault.outcome_unknown = True  # it was sent: the next try sees what came of it
            raise
        return (Record.GONE, ()) if record is None else (record, ("record",))

    def keep(self) -> None:
        """The studies of the organization were left with it."""
        self.leaving.note_left()

    def _record(self) -> RemotePatient | None:
        try:
            return self.job.able(KeepsMembers).whole_record(self.job.record_id)
        except NotFound:
            return None
