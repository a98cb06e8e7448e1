"""People's decisions about what their studies ask for: read, and recorded one at a time (README.md §15)."""

from __future__ import annotations

from typing import Any

from integrations import errors
from integrations.studies import NOT_ASKED_FOR, NOT_TAKEN, NOT_TAKING_PART, Decisions

from . import sight
from .consents import consents_from
from .mapping import LABEL
from .study_guards import StudyGuards

ScopeKey = tuple[str, str]

OPERATION = "decide"


class Deciding:
    """What one person reads and records of others' decisions."""

    def __init__(self, guards: StudyGuards) -> None:
        self.guards = guards
        self.client = guards.client

    def decisions(self, patient_id: str, organization_id: str) -> Decisions:
        """The decisions in the studies of one of the caller's organizations."""
        record, _place = sight.record_in(
            self.client, self.guards.records, patient_id, organization_id, "decisions"
        )
        return self._read(record.id, organization_id)

    def decide(
        self, patient_id: str, study_id: str, scope_key: ScopeKey, agreed: bool, organization_id: str
    ) -> Decisions:
        """The decisions once this one is recorded. JHE would take a decision on what no study asks for, and
        shows it nowhere: such a one is never sent."""
        study = self.guards.study(study_id, organization_id, OPERATION)
        record = self.guards.in_organization(patient_id, organization_id, OPERATION)
        place = _Place(record.id, study.id, scope_key, organization_id)
        decisions = self._read(record.id, organization_id)
        held = self._asked(decisions, place)
        if held is agreed:
            return decisions
        if held is None:
            self._send("POST", place, agreed)
        elif self.guards.dialect().changes_decisions:
            self._send("PATCH", place, agreed)
        else:
            self._replace(place, agreed)
        return self._taken(place, agreed)

    # --- sending --------------------------------------------------------------------------

    def _replace(self, place: _Place, agreed: bool) -> None:
        """Forget the old decision, see that it is gone, and make the new one.

        From the first request on, whatever goes wrong leaves the outcome unknown: the old decision may be
        gone, and nothing in its place.
        """
        try:
            self._send("DELETE", place, None)
            fault = None
        except errors.Unavailable as failed:
            if failed.reason != "status 500":  # which is how the older generation says that it is done
                raise
            fault = failed
        held = self._held_after(place)
        if held is agreed:
            return
        if held is not None:
            raise fault or self._not_taken()
        try:
            self._send("POST", place, agreed)
        except errors.IntegrationError as failed:
            failed.outcome_unknown = True
            raise

    def _send(self, method: str, place: _Place, agreed: bool | None) -> None:
        self.client.write_decision(method, place.patient_id, place.body(agreed))

    # --- reading --------------------------------------------------------------------------

    def _taken(self, place: _Place, agreed: bool) -> Decisions:
        """The decisions after a change, among them this one."""
        decisions = self._read_back(place)
        asked = decisions.asked(place.study_id, place.scope_key)
        if asked is None or asked.agreed is not agreed:
            raise self._not_taken()
        return decisions

    def _held_after(self, place: _Place) -> bool | None:
        try:
            return self._asked(self._read_back(place), place)
        except errors.Conflict as gone:  # the person left the study meanwhile
            gone.outcome_unknown = True
            raise

    def _read_back(self, place: _Place) -> Decisions:
        try:
            return self._read(place.patient_id, place.organization_id)
        except errors.IntegrationError as fault:
            fault.outcome_unknown = True
            raise

    def _read(self, patient_id: str, organization_id: str) -> Decisions:
        found = consents_from(self.client.consents(patient_id), patient_id)
        own = {study for study, _entry in found.entries_of(organization_id)}
        return Decisions(
            patient_id=patient_id,
            by_study={study: scopes for study, scopes in found.by_study.items() if study in own},
            unplaced=found.unplaced,
        )

    def _asked(self, decisions: Decisions, place: _Place) -> bool | None:
        """How it stands. ``Conflict`` where the study does not ask this person: it asks those who take part,
        for what it asks for, so that being asked proves both."""
        asked = decisions.asked(place.study_id, place.scope_key)
        if asked is not None:
            return asked.agreed
        if place.study_id in decisions.by_study or self.guards.takes_part(place.patient_id, place.study_id):
            raise self._conflict(
                NOT_ASKED_FOR,
                "The study does not ask for this kind of data.",
                "Look at what the study asks for now.",
            )
        raise self._conflict(
            NOT_TAKING_PART,
            "The person does not take part in this study, so there is nothing to decide.",
            "Put them into the study first.",
        )

    def _not_taken(self) -> errors.IntegrationError:
        return self._conflict(
            NOT_TAKEN,
            f"{LABEL} took the decision and holds another one now.",
            "Look at the decisions as they are, then record this one again.",
        )

    def _conflict(self, reason: str, for_staff: str, next_step: str) -> errors.IntegrationError:
        return self.client.http.fault(
            errors.Conflict, OPERATION, reason=reason, for_staff=for_staff, next_step=next_step
        )


class _Place:
    """Where one decision stands: whose, in which study, about which kind of data."""

    def __init__(self, patient_id: str, study_id: str, scope_key: ScopeKey, organization_id: str) -> None:
        self.patient_id = patient_id
        self.study_id = study_id
        self.scope_key = scope_key
        self.organization_id = organization_id

    def body(self, agreed: bool | None) -> dict[str, Any]:
        """The body of a change; ``None`` leaves the answer out, as for forgetting."""
        system, code = self.scope_key
        scope: dict[str, Any] = {"codingSystem": system, "codingCode": code}
        if agreed is not None:
            scope["consented"] = agreed
        return {"studyScopeConsents": [{"studyId": int(self.study_id), "scopeConsents": [scope]}]}
