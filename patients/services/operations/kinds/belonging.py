"""Adding a record to an organization, and removing it from one."""

from __future__ import annotations

from integrations.abilities import KeepsMembers
from integrations.errors import IntegrationError
from integrations.types import RemotePatient
from patients.services.operations.whys import Why
from patients.services.operations.wishes import Join, Leave

from .job import Done, Job, Look, Ready, Refuse, as_


def _is_in(record: RemotePatient, organization_id: str) -> bool:
    return any(each.id == organization_id for each in record.organizations)


class Joining:
    """A record to be added to an organization."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.organization = as_(job.wish, Join).organization_id

    def look(self) -> Look:
        """Whether it belongs there already."""
        record = self.job.able(KeepsMembers).whole_record(self.job.record_id)
        return Done(record) if _is_in(record, self.organization) else Ready()

    def send(self, ready: Ready) -> tuple[RemotePatient, tuple[str, ...]]:
        """Add it."""
        record = self.job.able(KeepsMembers).add_to_organization(self.job.record_id, self.organization)
        return record, () if _is_in(record, self.organization) else ("organizations",)


class Leaving:
    """A record to be removed from an organization; never from its last one, with which it would go."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.organization = as_(job.wish, Leave).organization_id

    def look(self) -> Look:
        """Whether it is out already. A record that is gone altogether was not removed here."""
        record = self.job.able(KeepsMembers).whole_record(self.job.record_id)
        if not _is_in(record, self.organization):
            return Done(record)
        return Refuse(Why.LAST_ORGANIZATION) if len(record.organizations) == 1 else Ready()

    def send(self, ready: Ready) -> tuple[RemotePatient, tuple[str, ...]]:
        """Remove it, and read what is left."""
        members = self.job.able(KeepsMembers)
        members.remove_from_organization(self.job.record_id, self.organization)
        try:
            record = members.whole_record(self.job.record_id)
        except IntegrationError as fault:
            fault.outcome_unknown = True  # it was removed: the next try sees it
            raise
        return record, () if not _is_in(record, self.organization) else ("organizations",)
