"""Registering somebody from a form that has been searched for: once, whatever is pressed twice."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace

from django.db import transaction

from integrations.abilities import Capability
from integrations.registry import system_class
from integrations.types import Identifier
from integrations.writes import Details, NewRecord
from patients.entering.stand_ins import NotKnown
from patients.entering.systems import Problem, problems_for, taken_by
from patients.models import Draft, Operation, Patient, Unfinished
from patients.services import visibility
from patients.services.operations import recording
from patients.services.operations.wishes import Join
from portal.accounts.models import User

from . import adding, drafts, gate, mailboxes


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

    @property
    def beside(self) -> str:
        """What is read back before it is done, besides the details."""
        given = [asdict(each) for each in self.identifiers]
        return json.dumps([self.systems, self.organization_id, given, self.joins, self.not_known])

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
    plan: Plan, *, draft: Draft, sealed: str, by: User, offered: Collection[str], reason: str = "",
    urgent: bool = False,
) -> Patient:  # fmt: skip
    """Ask for the records of a plan in the systems that its page has ``offered``, and end its draft; returns
    whom they will be of.

    A form that was sent already is not sent again: it is whom it was about then. Raises
    :class:`~.gate.LookAgain` where the page has read back something else, or does not show whom the person
    may be by now, or whose their mailbox is; :class:`~.gate.Stopped`; :class:`~.adding.Refused`;
    :class:`~patients.services.operations.claims.Taken`; ``Forbidden``;
    :class:`~patients.services.lookup.Gone` where the draft is not theirs any more, :class:`NothingToDo`.
    """
    if draft.sent_as is not None:
        return draft.sent_as
    here = replace(plan, systems=tuple(name for name in plan.systems if name in offered))
    if here.is_empty:
        raise NothingToDo
    of = draft.patient
    passed = gate.let_through(
        sealed, plan.details, by=by, of=of, beside=plan.beside, reason=reason, urgent=urgent
    )
    reach = visibility.reach_of(by)
    if mailboxes.taken(plan.details, here.systems, by=by, reach=reach):
        raise gate.LookAgain(gate.look(plan.details, by=by, of=of, live=False))
    here = replace(here, details=passed.details)
    with transaction.atomic():
        mine = drafts.held(draft.public_id, by=by)
        if mine.sent_as is not None:
            return mine.sent_as
        if mine.patient != of:  # linked with somebody else since the page was shown
            raise gate.LookAgain(gate.look(plan.details, by=by, of=mine.patient, live=False))
        if mine.patient is not None:
            adding.check(here.details, here.systems, mine.patient)
        operations = [
            *recording.register(here.records(), passed=passed, by=by, patient=mine.patient),
            *_joining(here, mine.patient, by=by),
        ]
        if not operations:
            raise NothingToDo
        patient = operations[0].patient
        if here.not_known is not None:
            Unfinished.objects.get_or_create(
                patient=patient, defaults={"kind": here.not_known, "registered_by": by}
            )
        drafts.end(mine, patient)
    return patient


def _joining(plan: Plan, patient: Patient | None, *, by: User) -> list[Operation]:
    """Have the record that somebody has in a system of organizations added to one more of them."""
    record = adding.can_join(patient, plan.joins) if patient is not None and plan.joins else None
    return [] if record is None else [recording.ask(Join(organization_id=plan.joins), record=record, by=by)]
