"""Adding identifiers to a record and taking them away, where a system replaces all of them at once."""

from __future__ import annotations

from integrations.abilities import KeepsIdentifiers, KeepsMembers
from integrations.types import Identifier, RemotePatient
from patients.services.operations.whys import Why
from patients.services.operations.wishes import Identify, identifiers_to_keep, kept_identifiers

from .job import Done, Hold, Job, Look, Ready, as_


class Identifying:
    """A set that is written whole. A try whose answer was lost may have left none of it, or a part: the set
    that was sent is kept with the operation, and is written again (integrations/jhe/README.md, Writing)."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.wish = as_(job.wish, Identify)

    def look(self) -> Look:
        """Whether the record holds what is wanted; else the whole set to be written."""
        record = self.job.able(KeepsMembers).whole_record(self.job.record_id)
        if "identifiers" in record.unread:
            return Hold(Why.CONFLICT, {"fields": ["identifiers"]})
        sent, held, add = self._sent(), set(record.identifiers), set(self.wish.change.add)
        if set(sent) - add - held:
            # All are deleted, then written in the order in which they were sent, those added last.
            if any(held == set(sent[:count]) for count in range(len(sent))):
                return Ready(identifiers_to_keep(sent), mends=True)
            if not add or not add <= held:  # it was not only our try: what else was lost nobody can tell
                return Hold(Why.MOVED, {"fields": ["identifiers"]}, record)
        wanted = self.wish.change.over(record.identifiers)
        if set(wanted) == set(record.identifiers):
            return Done(record)
        return Ready(identifiers_to_keep(wanted))

    def send(self, ready: Ready) -> tuple[RemotePatient, tuple[str, ...]]:
        """Write the set."""
        wanted = kept_identifiers(ready.prepared)
        record = self.job.able(KeepsIdentifiers).set_identifiers(
            self.job.record_id, wanted, organization_id=self.wish.organization_id
        )
        return record, () if set(record.identifiers) == set(wanted) else ("identifiers",)

    def _sent(self) -> tuple[Identifier, ...]:
        """What an earlier try may have sent; empty where none left."""
        prepared = self.job.operation.prepared
        return kept_identifiers(prepared) if self.job.may_have_left and prepared else ()
