"""Where a person whom a look-up found has their page: the one page of a person of the index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import structlog
from django.db import DatabaseError
from django.db.models import QuerySet
from django.utils import timezone

from patients.matching.grouping import RecordKey
from patients.models import LookUp, Patient, SourceRecord
from portal import audit
from portal.accounts.models import User

from . import bulk, index, visibility
from .answers import KeptRecord, Outcome, State
from .lookup import Gone, Person
from .portrait import Caution, cautions_of
from .results import result
from .suggesting import WAIT_SECONDS
from .visibility import Reach

log = structlog.get_logger(__name__)


def address_of(lookup: LookUp, number: int, *, by: User) -> str:
    """The public id of the person with this number, whose page records the view.

    What a system has just shown to this person can be opened: a record that the index does not
    hold yet, or holds in organizations where its reader has no role, goes into the index first (as
    do all others, behind the page); and where even then the reader's roles do not reach it, they
    are asked for anew, since the system has shown it by newer ones.
    Raises :class:`~patients.services.lookup.Gone` where there is no such person for this user (any
    more): one event.
    """
    try:
        found = result(lookup, by=by)
        person = found.person(number)
    except Gone:
        audit.look(
            "person.viewed", by=by, subject_key=lookup.pk, outcome="refused", details={"number": number}
        )
        raise
    reach = visibility.reach_of(by)
    unseen = _unseen(person.kept, reach)
    _take_in(unseen)
    if unseen and _unseen(unseen, reach):
        visibility.forget(by)
        reach = visibility.reach_of(by)
    return _page_of(person, found.numbers[number], by=by, reach=reach).public_id


def _take_in(kept: Sequence[KeptRecord]) -> None:
    """Store records one by one: where the trail takes no event, links are refused and reading goes on
    with those records that can be stored without one."""
    for each in kept:
        try:
            index.store([each.record], read_at=each.read_at)
        except DatabaseError as fault:
            log.warning("record not taken in", system=each.record.system, error=type(fault).__name__)


def _unseen(kept: Sequence[KeptRecord], reach: Reach) -> list[KeptRecord]:
    """The records shown by a system that the index does not show, or not to somebody with this reach."""
    live = [each for each in kept if not each.from_index]
    shown = {(row.system, row.remote_id) for row in _rows(visibility.records(reach), live)}
    return [each for each in live if each.key not in shown]


def _rows(rows: QuerySet[SourceRecord], kept: Sequence[KeptRecord]) -> QuerySet[SourceRecord]:
    return rows.filter(bulk.with_keys(each.key for each in kept)).defer("held")


def _page_of(person: Person, key: RecordKey, *, by: User, reach: Reach) -> Patient:
    """Whose page it is: the index's person of the record that was opened.

    Live answers may be taken for one person before the index links them. Then it is the first of
    the index's people whom the role reaches; where there is none, their page says so.
    """
    rows = {(row.system, row.remote_id): row for row in _rows(SourceRecord.objects.all(), person.kept)}
    named = sorted(person.kept, key=lambda each: each.key != key)
    ids = dict.fromkeys(rows[each.key].patient_id for each in named if each.key in rows)
    people = Patient.objects.in_bulk(list(ids))
    visible = (people[one] for one in ids if visibility.may_see(by, people[one], reach))
    return next(visible, people[next(iter(ids))])


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What a look-up says beside a person whom it led to: of others whom it found, and of the systems
    that hold no record of this person or could not be asked."""

    lookup_id: str
    cautions: tuple[Caution, ...] = field(repr=False)
    outcomes: tuple[Outcome, ...] = field(repr=False)


def beside(lookup_id: str, shown: Person, *, by: User) -> Beside | None:
    """What a look-up says beside a person; ``None`` where there is none, or none of this user's, any more."""
    lookup = LookUp.objects.filter(pk=lookup_id, user=by, ends_at__gt=timezone.now()).first()
    if lookup is None:
        return None
    found = result(lookup, by=by, wait=WAIT_SECONDS)
    keys = {each.key for each in shown.kept}
    same = [person for person in found.people if any(each.key in keys for each in person.kept)]
    holding = {each.record.system for each in shown.kept}
    return Beside(
        lookup_id=lookup.pk,
        cautions=tuple(caution for person in same[:1] for caution in cautions_of(person, found.people)),
        outcomes=tuple(
            _about(outcome, same)
            for outcome in found.outcomes
            if outcome.system not in holding and outcome.state is not State.ASKING
        ),
    )


def _about(outcome: Outcome, same: Sequence[Person]) -> Outcome:
    """What a system that found people says about this one: nobody, where it found others only; where
    its record was taken for this person's and is not on the page, that it holds one."""
    if outcome.state is not State.FOUND:
        return outcome
    if any(each.record.system == outcome.system for person in same for each in person.kept):
        missing = "It may be this person's, and is not linked with the others: see the list of people found."
        return replace(outcome, sentence=missing)
    others = "What it found was taken for somebody else: see the list of people found."
    return replace(outcome, state=State.NOBODY, sentence=others)
