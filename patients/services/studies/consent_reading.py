"""What somebody decided, read from their system at this moment and kept; one record, one organization a time.

A reading that a write has overtaken is left out: it would say that an earlier state is the latest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from integrations.abilities import Capability, HasStudies, KeepsConsents
from integrations.errors import IntegrationError, Unsupported
from integrations.holdings import ScopeConsent
from integrations.registry import label_of, systems_with
from integrations.studies import Decisions, StudyPlan
from patients.models import SourceRecord, Study
from patients.services.asking import Question, ask_all
from patients.services.connections import open_system
from patients.services.operations import clock
from patients.services.visibility import Reach
from portal.accounts.models import User

from . import history, participants, plans

SECONDS = 4.0  # that a page waits for it
Scope = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What came of reading one record. ``problems`` says what could not be read; ``unplaced`` are kinds of
    data that were agreed to and that no study in sight asks for (any more)."""

    problems: tuple[IntegrationError, ...] = ()
    unplaced: tuple[ScopeConsent, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """One record in one organization, and what the portal knows that its studies ask for."""

    record: SourceRecord = field(repr=False)
    organization: str
    known: Mapping[str, frozenset[Scope]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    decisions: Decisions = field(repr=False)
    plans: tuple[StudyPlan, ...]


def keeps_consents(record: SourceRecord) -> bool:
    """Whether a record is in a system where people decide about their data."""
    return record.system in systems_with(Capability.CONSENTS)


def read(records: list[SourceRecord], *, by: User, reach: Reach) -> dict[int, Told]:
    """Read and keep what is decided in these records, in every organization that the reader's role reaches;
    our id of the record → what came of it. Never fails, and never takes longer than :data:`SECONDS`."""
    began = clock.now()
    places = {
        f"{record.pk} {each}": _place(record, each)
        for record in records
        if record.vanished_at is None and keeps_consents(record)
        for each in organizations_of(record, reach)
    }
    answers = ask_all({key: _question(place, by) for key, place in places.items()})
    problems: dict[int, list[IntegrationError]] = {}
    unplaced: dict[int, list[ScopeConsent]] = {}
    for key, place in places.items():
        answer, number = answers[key], place.record.pk
        if isinstance(answer, IntegrationError):
            problems.setdefault(number, []).append(answer)
            continue
        unplaced.setdefault(number, []).extend(answer.decisions.unplaced)
        _take_in(place, answer, began)
    numbers = {place.record.pk for place in places.values()}
    return {
        each: Told(problems=tuple(problems.get(each, ())), unplaced=tuple(_once(unplaced.get(each, []))))
        for each in numbers
    }


def organizations_of(record: SourceRecord, reach: Reach) -> list[str]:
    """The organizations of a record in which the reader holds a role, in order."""
    own = reach.organizations.get(record.system, frozenset())
    return sorted(own.intersection(record.memberships.values_list("organization", flat=True)))


# --- asking ---------------------------------------------------------------------------------


def _place(record: SourceRecord, organization: str) -> _Place:
    rows = Study.objects.filter(system=record.system, organization=organization)
    known = {row.remote_id: frozenset(each.key for each in plans.plan_of(row).scopes) for row in rows}
    return _Place(record=record, organization=organization, known=known)


def _question(place: _Place, by: User) -> Question[_Read]:
    return Question(
        system=place.record.system, operation="decisions", seconds=SECONDS, work=lambda: _ask(place, by)
    )


def _ask(place: _Place, by: User) -> _Read:
    """The decisions; and what a study asks for that is new, or asks for something else by now."""
    system = place.record.system
    adapter = open_system(system, by=by, seconds=SECONDS)
    if not (isinstance(adapter, KeepsConsents) and isinstance(adapter, HasStudies)):
        raise Unsupported(system=system, operation="decisions", label=label_of(system))
    decisions = adapter.decisions(place.record.remote_id, place.organization)
    changed = [
        study
        for study, scopes in decisions.by_study.items()
        if place.known.get(study) != frozenset((each.system, each.code) for each in scopes)
    ]
    return _Read(
        decisions=decisions,
        plans=tuple(adapter.study_plan(each, place.organization) for each in changed),
    )


def _once(scopes: list[ScopeConsent]) -> Iterator[ScopeConsent]:
    yield from {(each.system, each.code): each for each in scopes}.values()


# --- keeping --------------------------------------------------------------------------------


@transaction.atomic
def _take_in(place: _Place, read: _Read, began: datetime) -> None:
    record, now = place.record, clock.now()
    for plan in read.plans:
        _keep_plan(place, plan, now)
    SourceRecord.objects.select_for_update(of=("self",), no_key=True).values("pk").get(pk=record.pk)
    if participants.overtaken([record.pk], began):
        return
    rows = Study.objects.filter(system=record.system, remote_id__in=read.decisions.by_study)
    for study in rows.order_by("pk"):
        scopes = read.decisions.by_study[study.remote_id]
        if participants.current(study, record) is None:
            participants.enrolled(study, record, now)  # a study asks those who take part, and nobody else
        history.note_read(record, study, scopes, now)
        participants.decided(study, record, scopes, now)


def _keep_plan(place: _Place, plan: StudyPlan, now: datetime) -> None:
    (row,) = plans.rows_for(place.record.system, place.organization, [plan.study], now)
    row.name, row.description = plan.study.name[:300] or row.name, plan.study.description
    row.plan, row.read_at = plans.to_keep(plan), now
    row.save(update_fields=["name", "description", "plan", "read_at"])
