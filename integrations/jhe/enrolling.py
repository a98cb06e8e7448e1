"""Putting people into studies and taking them out, one a request (README.md §14)."""

from __future__ import annotations

from functools import partial
from typing import Any

from integrations import errors

from .records import beside
from .study_guards import StudyGuards


class Enrolling:
    """What one person changes about who takes part, each time after a look at how it stands."""

    def __init__(self, guards: StudyGuards) -> None:
        self.guards = guards
        self.client = guards.client

    def enrol(self, patient_id: str, study_id: str, organization_id: str) -> None:
        """The person takes part; nothing is sent where they do already."""
        operation = "enrol"
        self.client.bearer.current()  # one look for the token, shared by the threads
        study, (record,) = beside(
            partial(self.guards.study, study_id, organization_id, operation),
            [partial(self.guards.belongs, patient_id, organization_id, operation)],
        )
        if self.guards.takes_part(record.id, study.id):
            return
        reply = self.client.enrol(study.id, record.id)
        if _pairs(reply) != [(study.id, record.id)]:
            raise self._not_what_was_asked(operation)

    def unenrol(self, patient_id: str, study_id: str, organization_id: str) -> None:
        """The person does not take part; their decisions in the study are gone with that."""
        operation = "unenrol"
        study = self.guards.study(study_id, organization_id, operation)
        record = self.guards.in_organization(patient_id, organization_id, operation)
        if not self.guards.takes_part(record.id, study.id):
            return
        reply = self.client.unenrol(study.id, record.id)
        if reply.status != 204 and len(_rows(reply.json)) != 1:
            raise self._not_what_was_asked(operation)

    def _not_what_was_asked(self, operation: str) -> errors.IntegrationError:
        reason = "not what was asked"
        return self.client.http.fault(errors.ProtocolError, operation, reason=reason, outcome_unknown=True)


def _rows(reply: Any) -> list[Any]:
    rows = reply.get("studyPatients") if isinstance(reply, dict) else None
    return rows if isinstance(rows, list) else []


def _pairs(reply: Any) -> list[tuple[str, str]]:
    """Study and person of each enrolment in a reply; none where it makes no sense."""
    try:
        return [(str(row["study"]["id"]), str(row["patient"]["id"])) for row in _rows(reply)]
    except (KeyError, TypeError):
        return []
