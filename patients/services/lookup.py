"""Look a person up in every system at once; open one of those found."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.utils import timezone

from integrations.errors import Forbidden, IntegrationError, NotFound
from integrations.registry import label_of, system_names
from integrations.types import Found, RemotePatient, SearchAnswer, SearchQuery
from patients.matching.grouping import Group, group
from patients.matching.query import Understood
from patients.matching.ranking import rank
from patients.models import LookUp
from portal import audit
from portal.accounts.models import User

from . import answers, reach, taking_in
from .answers import KeptRecord, Outcome, State
from .asking import SLACK, Question, ask_all, begin
from .connections import needs_own_token, open_system
from .understanding import Asked, read, terms_of

FRESH_FOR = timedelta(seconds=60)  # a record read longer ago is read anew when it is opened
OPEN_SECONDS = 5.0  # what opening a person waits for systems that are to be read anew


class Gone(Exception):
    """No such look-up or person, or none of this user's, or not any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One person found: the group of records, and each record as kept."""

    group: Group = field(repr=False)
    kept: tuple[KeptRecord, ...] = field(repr=False)

    @property
    def number(self) -> int:
        """The person's number in the look-up: the lowest of the records', those last that a changed
        role may hide, so that the person's address outlives the change."""
        return min((needs_own_token(each.record.system), each.number) for each in self.kept)[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A look-up as it stands: what was understood, how each system answered, whom they hold."""

    lookup: LookUp
    understood: Understood = field(repr=False)
    query: SearchQuery = field(repr=False)
    outcomes: tuple[Outcome, ...] = field(repr=False)
    people: tuple[Person, ...] = field(repr=False)

    def person(self, number: int) -> Person:
        """The person one of whose records has this number. Raises :class:`Gone`."""
        for person in self.people:
            if any(each.number == number for each in person.kept):
                return person
        raise Gone


def start(asked: Asked, *, by: User) -> LookUp:
    """Keep what was asked for a quarter of an hour; one audit event, before any name is shown."""
    query = read(asked).to_query()
    lookup = LookUp(user=by, asked=asked.to_json())
    terms = [str(term) for term in terms_of(query)]
    audit.look("search", by=by, subject_key=lookup.pk, details={"terms": terms})
    lookup.save(force_insert=True)
    _begin(lookup, query, by=by)
    return lookup


_asking: dict[tuple[str, str], Future[None]] = {}


def _begin(lookup: LookUp, query: SearchQuery, *, by: User) -> None:
    """Ask every system in the background: their answers are under way before the page is.

    Those that take a person's own token come first: they have more to do before they can ask.
    """
    for name in sorted(system_names(), key=needs_own_token, reverse=True):
        key = (lookup.pk, name)
        keep = partial(_keep_answer, answers.keep_first, lookup, name, query)
        _asking[key] = begin(_question(name, query, by), keep)
        _asking[key].add_done_callback(lambda _, key=key: _asking.pop(key, None))  # type: ignore[misc]


def _keep_answer(
    keep: Callable[[LookUp, Outcome], None],
    lookup: LookUp,
    system: str,
    query: SearchQuery,
    answer: SearchAnswer | Outcome | IntegrationError,
) -> None:
    keep(lookup, answer if isinstance(answer, Outcome) else answers.outcome_of(system, query, answer))
    if isinstance(answer, Found):
        taking_in.take_in(answer.records)


# How often the database is asked for an answer that another process waits for: the longer that
# takes already the seldomer, so that asking costs little and delays by a hundredth at most.
SHARE_OF_WAIT = 0.01
SHORTEST_POLL = 0.003  # seconds


def wait_for(lookup: LookUp, systems: Sequence[str], *, by: User) -> None:
    """Return when these systems have answered, or have had their time; ask again where nobody asks.

    The asking may go on in another process: then its answer shows in the database.
    """
    due = set(systems) - answers.answered(lookup)
    while due and (left := _time_left(lookup, due)) > 0:
        here = [_asking[key] for name in due if (key := (lookup.pk, name)) in _asking]
        if len(here) == len(due):
            wait(here, timeout=left, return_when=FIRST_COMPLETED)
        else:
            age = (timezone.now() - lookup.created_at).total_seconds()
            time.sleep(min(left, max(age * SHARE_OF_WAIT, SHORTEST_POLL)))
        due -= answers.answered(lookup)
    if due:
        ask(lookup, sorted(due), by=by)


def _time_left(lookup: LookUp, systems: Iterable[str]) -> float:
    """Seconds until the last of these systems has had its time."""
    longest = max(settings.SYSTEMS[name]["DEADLINE"] for name in systems) + SLACK
    return (lookup.created_at + timedelta(seconds=longest) - timezone.now()).total_seconds()


def reopen(lookup_id: str, *, by: User) -> LookUp:
    """A look-up of this person's. Raises :class:`Gone`; for somebody else's after one audit event."""
    lookup = LookUp.objects.filter(pk=lookup_id, ends_at__gt=timezone.now()).first()
    if lookup is None:
        raise Gone
    if lookup.user_id != by.pk:
        audit.look("search.reopened", by=by, subject_key=lookup.pk, outcome="refused")
        raise Gone
    return lookup


# Somebody may have signed in there, or set it up, since.
_UNASKED = frozenset({State.FAILED, State.NO_REACH, State.SIGNED_OUT, State.NOT_CONNECTED})


def complete(lookup: LookUp, *, by: User) -> None:
    """Wait for every system, and ask those again that failed earlier or could not be asked."""
    again = [name for name, outcome in answers.kept(lookup).items() if outcome.state in _UNASKED]
    if again:
        ask(lookup, again, by=by)
    wait_for(lookup, system_names(), by=by)


def ask(lookup: LookUp, systems: Sequence[str], *, by: User) -> None:
    """Put the look-up to these systems side by side, and keep what each answers."""
    query = read(Asked.from_json(lookup.asked)).to_query()
    questions = {name: _question(name, query, by) for name in systems}
    for name, answer in ask_all(questions).items():
        _keep_answer(answers.keep, lookup, name, query, answer)


def _question(system: str, query: SearchQuery, by: User) -> Question[SearchAnswer | Outcome]:
    return Question(
        system=system,
        operation="search",
        seconds=settings.SYSTEMS[system]["DEADLINE"],
        work=partial(_search, system, query, by),
    )


def _search(system: str, query: SearchQuery, by: User) -> SearchAnswer | Outcome:
    if query.record_id and query.record_system not in {"", system}:
        return Outcome(
            system=system,
            state=State.CANNOT,
            answered_at=timezone.now(),
            sentence=f"The record number typed is one of {label_of(query.record_system)}.",
        )
    if (unasked := reach.before_asking(system)) is not None:
        return unasked
    adapter = open_system(system, by=by)
    answer = adapter.search(query)
    return reach.without_a_role(adapter) or answer


def result(lookup: LookUp, *, by: User) -> Result:
    """The look-up as it stands, cut to what the person's role reaches now."""
    understood = read(Asked.from_json(lookup.asked))
    kept = answers.kept(lookup)
    waiting = [Outcome(system=name, state=State.ASKING) for name in system_names() if name not in kept]
    held = reach.still_reached([kept[name] for name in system_names() if name in kept], by=by)
    outcomes = sorted([*held, *waiting], key=lambda outcome: _place(outcome.system))
    query = understood.to_query()
    people = _people(query, outcomes, by=by)
    return Result(
        lookup=lookup,
        understood=understood,
        query=query,
        outcomes=tuple(_counted(outcome, people, by=by) for outcome in outcomes),
        people=people,
    )


def _people(query: SearchQuery, outcomes: Sequence[Outcome], *, by: User) -> tuple[Person, ...]:
    kept = {each.key: each for outcome in outcomes for each in outcome.records}
    groups = group([each.record for each in kept.values()])
    shown = reach.visible(rank(query, groups), by=by)
    return tuple(
        Person(
            group=each,
            kept=tuple(sorted((kept[key] for key in each.keys), key=lambda one: _place(one.record.system))),
        )
        for each in shown
    )


def _place(system: str) -> int:
    """Where a system stands on pages."""
    return system_names().index(system)


def _counted(outcome: Outcome, people: Sequence[Person], *, by: User) -> Outcome:
    """An outcome without the records that the person's role hides, and with a word about it."""
    if outcome.state not in {State.FOUND, State.NOBODY} or not reach.sees_participants_only(by):
        return outcome
    seen = {each.key for person in people for each in person.kept}
    records = tuple(each for each in outcome.records if each.key in seen)
    return replace(
        outcome,
        records=records,
        state=State.FOUND if records else State.NOBODY,
        more=False,
        differing=0,
        sentence="Your role shows participants of your organizations only.",
    )


def open_person(
    lookup: LookUp, number: int, *, by: User, action: str = "person.viewed"
) -> tuple[Result, Person]:
    """One person with records read anew where they are short or old; one audit event.

    Raises :class:`Gone` where there is no such person for this user (any more): one event too.
    """
    try:
        whole = result(lookup, by=by)
        stale = [each for each in whole.person(number).kept if not _is_fresh(each)]
        if stale:
            _read_anew(lookup, stale, by=by)
            whole = result(lookup, by=by)
        person = whole.person(number)
    except Gone:
        audit.look(action, by=by, subject_key=lookup.pk, outcome="refused", details={"number": number})
        raise
    first = person.kept[0].record
    audit.look(
        action,
        by=by,
        system=first.system,
        record_id=first.id,
        subject_key=lookup.pk,
        details={"records": [f"{each.record.system}:{each.record.id}" for each in person.kept]},
    )
    return whole, person


def _is_fresh(kept: KeptRecord) -> bool:
    return kept.record.complete and timezone.now() - kept.read_at < FRESH_FOR


def _read_anew(lookup: LookUp, stale: Sequence[KeptRecord], *, by: User) -> None:
    """Read records side by side; what cannot be read stays as it was, with the reason."""
    questions: dict[str, Question[RemotePatient]] = {
        str(each.number): Question(
            system=each.record.system, operation="get", seconds=OPEN_SECONDS, work=_getter(each, by)
        )
        for each in stale
    }
    asked_at = timezone.now()
    found = ask_all(questions)
    changes = {each.number: read_anew(each, found[str(each.number)]) for each in stale}
    systems = {each.record.system for each in stale}
    for name, outcome in answers.kept(lookup).items():
        if name in systems:
            answers.keep(lookup, _changed(outcome, changes))
    taking_in.take_in([each for each in found.values() if isinstance(each, RemotePatient)], read_at=asked_at)


def _getter(kept: KeptRecord, by: User) -> Callable[[], RemotePatient]:
    system, record_id = kept.key
    return lambda: open_system(system, by=by, seconds=OPEN_SECONDS).get(record_id)


def read_anew(kept: KeptRecord, found: RemotePatient | IntegrationError) -> KeptRecord | None:
    """The record as it is now; ``None`` where the person's role does not reach it any more."""
    if isinstance(found, Forbidden):
        return None
    if isinstance(found, NotFound):
        problem = "This record is not there any more: it was removed or merged."
        return replace(kept, problem=problem)
    if isinstance(found, IntegrationError):
        return replace(kept, problem=f"{found.for_staff} {found.next_step}")
    return replace(kept, record=replace(found, raw={}), read_at=timezone.now(), problem="")


def _changed(outcome: Outcome, changes: dict[int, KeptRecord | None]) -> Outcome:
    read = [changes.get(each.number, each) for each in outcome.records]
    records = tuple(each for each in read if each is not None)
    return replace(outcome, records=records, state=State.FOUND if records else State.NOBODY)


def throw_away_ended() -> int:
    """Delete look-ups whose time is over; returns how many rows went."""
    return LookUp.objects.filter(ends_at__lte=timezone.now()).delete()[0]
