"""What leaving a study deletes in its system, kept before it is left.

Nothing is sent where it could not be read or kept: a fault in reading puts the operation off or holds it, and
one in keeping ends the try.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from integrations.abilities import HasStudies, KeepsConsents
from integrations.errors import ProtocolError
from integrations.studies import Decisions
from patients.models import Study
from patients.services.studies import history, participants, plans

from .job import Job

_UNPLACED = "unplaced"


class LeavingStudies:
    """The studies of one organization, or one of them, which the operation's record is about to leave."""

    def __init__(self, job: Job, organization: str, study: str = "") -> None:
        self.job = job
        self.organization = organization
        self.study = study

    def keep_decisions(self) -> Any:
        """Keep every decision there; what is to be kept with the operation itself: kinds of data that were
        agreed to and belong to no study by name. In a system without decisions, nothing."""
        adapter = self.job.adapter
        if not isinstance(adapter, KeepsConsents):
            return None
        decisions = adapter.decisions(self.job.record_id, self.organization)
        rows = self._rows([each for each in decisions.by_study if self.study in ("", each)])
        scopes = {row: decisions.by_study[row.remote_id] for row in rows}
        history.note_before_leaving(self.job.operation, scopes, self.job.now)
        return self._with_earlier(decisions)

    def note_left(self) -> None:
        """They are left. Inside the transaction that says so."""
        rows = Study.objects.filter(system=self.job.adapter.name, organization=self.organization)
        left = list(rows.filter(remote_id=self.study) if self.study else rows)
        history.note_left(self.job.operation, left, self.job.now)
        participants.left(self.job.record, left, self.job.now)

    def _rows(self, numbers: Sequence[str]) -> list[Study]:
        """The studies' rows; of one that was not read yet, made from what the system says of it now."""
        name = self.job.adapter.name
        known = list(Study.objects.filter(system=name, organization=self.organization, remote_id__in=numbers))
        missing = set(numbers) - {each.remote_id for each in known}
        if missing:
            told = self.job.able(HasStudies).studies(self.organization)
            found = [each for each in told if each.id in missing]
            known += plans.rows_for(name, self.organization, found, self.job.now)
        if {each.remote_id for each in known} != set(numbers):
            raise ProtocolError(
                system=name, operation="look at decisions", label=self.job.adapter.label,
                reason="a study of no organization",
            )  # fmt: skip
        return known

    def _with_earlier(self, decisions: Decisions) -> Any:
        """What an earlier try has kept is not dropped: it may be gone in the system by now."""
        earlier = self.job.operation.prepared
        kept = earlier[_UNPLACED] if isinstance(earlier, dict) else []
        now = [{"system": each.system, "code": each.code} for each in decisions.unplaced]
        return {_UNPLACED: [*kept, *(each for each in now if each not in kept)]}
