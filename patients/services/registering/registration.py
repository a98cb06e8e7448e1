"""Registering somebody from a form that has been searched for: once, whatever is pressed twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from django.db import transaction

from integrations.abilities import Capability
from integrations.registry import system_class, systems_with
from integrations.types import Identifier
from integrations.writes import Details, NewRecord
from patients.entering.stand_ins import NotKnown
from patients.entering.systems import Problem, problems_for, taken_by
from patients.models import Draft, Operation, Patient, SourceRecord, Unfinished
from patients.services import visibility
from patients.services.operations import recording
from patients.services.operations.wishes import Join
from portal.accounts.models import User

from . import drafts, gate, mailboxes


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Who is to be registered, and where. ``joins``: the organization to which a record that they have is
    to be added. ``not_known``: they are registered before all is known of them."""

    details: Details = field(repr=False)
    systems: tuple[str, ...]
    organization_id: str = ""
    identifiers: tuple[Identifier, ...] = field(default=(), repr=False)
    joins: str = ""
    not_known: NotKnown | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to be done."""
        return not (self.systems or self.joins)

    def records(self) -> Mapping[str, NewRecord]:
        """System → the record that it gets: with what it takes of the details, and nothing else."""
        return {name: self._record(name) for name in self.systems}

    def problems(self) -> tuple[Problem, ...]:
        """What the systems need or cannot take, and what has no place in one of them."""
        return tuple(
            problem
            for name in self.systems
            for problem in problems_for(
                system_class(name),
                self.details,
                organization_id=self.organization_id,
                identifiers=self.identifiers,
            )
        )

    def _record(self, name: str) -> NewRecord:
        system = system_class(name)
        abilities = system.capabilities
        return NewRecord(
            details=taken_by(system, self.details),
            organization_id=self.organization_id if Capability.ORGANIZATIONS in abilities else "",
            identifiers=self.identifiers if Capability.IDENTIFIERS in abilities else (),
        )


class NothingToDo(Exception):
    """No system was chosen, and nothing else is to be done."""


def register(
    plan: Plan, *, draft: Draft, sealed: str, by: User, reason: str = "", urgent: bool = False
) -> Patient:
    """Ask for the records of a plan, and end its draft; returns whom they will be of.

    A form that was sent already is not sent again: it is whom it was about then. Raises
    :class:`~.gate.LookAgain` where the page does not show whom the person may be by now, or whose their
    mailbox is; :class:`~.gate.Stopped`; :class:`~patients.services.operations.claims.Taken`; ``Forbidden``;
    :class:`~patients.services.lookup.Gone` where the draft is not theirs any more, :class:`NothingToDo`.
    """
    if draft.sent_as is not None:
        return draft.sent_as
    if plan.is_empty:
        raise NothingToDo
    passed = gate.let_through(sealed, plan.details, by=by, of=draft.patient, reason=reason, urgent=urgent)
    reach = visibility.reach_of(by)
    if mailboxes.taken(plan.details, plan.systems, by=by, reach=reach):
        raise gate.LookAgain(gate.look(plan.details, by=by, of=draft.patient, live=False))
    plan = replace(plan, details=passed.details)
    with transaction.atomic():
        mine = drafts.held(draft.public_id, by=by)
        if mine.sent_as is not None:
            return mine.sent_as
        operations = [
            *recording.register(plan.records(), passed=passed, by=by, patient=mine.patient),
            *_joining(plan, mine.patient, by=by),
        ]
        patient = operations[0].patient
        if plan.not_known is not None:
            Unfinished.objects.get_or_create(
                patient=patient, defaults={"kind": plan.not_known, "registered_by": by}
            )
        drafts.end(mine, patient)
    return patient


def _joining(plan: Plan, patient: Patient | None, *, by: User) -> list[Operation]:
    """Have the record that somebody has in a system of organizations added to one more of them."""
    if patient is None or not plan.joins:
        return []
    rows = SourceRecord.objects.filter(
        patient=patient, system__in=systems_with(Capability.MEMBERSHIP), vanished_at=None
    )
    return [
        recording.ask(Join(organization_id=plan.joins), record=row, by=by) for row in rows.order_by("pk")[:1]
    ]
