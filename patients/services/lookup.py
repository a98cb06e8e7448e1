"""Look a person up in every system at once, and wait for what they answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from threading import Event

from django.conf import settings
from django.utils import timezone

from integrations.errors import Forbidden, IntegrationError, NotFound
from integrations.registry import label_of, system_names
from integrations.types import Found, RemotePatient, SearchAnswer, SearchQuery, Term
from patients.matching.grouping import Group, RecordKey
from patients.models import LookUp
from portal import audit
from portal.accounts.models import User

from . import answers, reach, taking_in
from .answers import KeptRecord, Outcome, State
from .asking import SLACK, Question, ask_all, begin
from .connections import needs_own_token, open_system
from .understanding import Asked, read, terms_of


class Gone(Exception):
    """No such look-up or person, or none of this user's, or not any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One person found: the group of records, and each record as kept.

    ``known`` are the records that the index knew when the look-up was sent, as it held them then.
    """

    group: Group = field(repr=False)
    kept: tuple[KeptRecord, ...] = field(repr=False)
    known: Mapping[RecordKey, KeptRecord] = field(default_factory=dict, repr=False)

    @property
    def number(self) -> int:
        """The person's number in the look-up: the lowest of the records', of those that were there
        first, those last that a changed role may hide, so that the person's address outlives the change."""
        return min(
            (needs_own_token(each.record.system), each.key not in self.known, each.number)
            for each in self.kept
        )[-1]


def start(asked: Asked, *, by: User) -> LookUp:
    """Keep what was asked for a quarter of an hour; one audit event, before any name is shown."""
    query = read(asked).to_query()
    lookup = LookUp(user=by, asked=asked.to_json())
    terms = [str(term) for term in terms_of(query)]
    audit.look("search", by=by, subject_key=lookup.pk, details={"terms": terms})
    lookup.save(force_insert=True)
    _begin(lookup, query, by=by)
    return lookup


HEAD_START = 0.05  # seconds
_asking: dict[tuple[str, str], Future[None]] = {}


def _begin(lookup: LookUp, query: SearchQuery, *, by: User) -> None:
    """Ask every system in the background: their answers are under way before the page is.

    Those that take a person's own token come first: they have more to do before they can ask. The
    requests leave before the page is begun, which would otherwise hold them up in this process for
    longer than they take.
    """
    under_way = []
    for name in sorted(system_names(), key=needs_own_token, reverse=True):
        key, sent = (lookup.pk, name), Event()
        keep = partial(_keep_answer, answers.keep_first, lookup, name, query)
        asking = _asking[key] = begin(_question(name, query, by, sending=sent.set), keep)
        asking.add_done_callback(partial(_asked, key, sent))
        under_way.append(sent)
    give_up_at = time.monotonic() + HEAD_START
    for sent in under_way:
        sent.wait(max(give_up_at - time.monotonic(), 0.0))


def _asked(key: tuple[str, str], sent: Event, _: Future[None]) -> None:
    _asking.pop(key, None)
    sent.set()  # whoever had nothing to send is not waited for


def _keep_answer(
    keep: Callable[[LookUp, Outcome], object],
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


def _question(
    system: str, query: SearchQuery, by: User, *, sending: Callable[[], None] | None = None
) -> Question[SearchAnswer | Outcome]:
    return Question(
        system=system,
        operation="search",
        seconds=settings.SYSTEMS[system]["DEADLINE"],
        work=partial(_search, system, query, by, sending),
    )


def _search(
    system: str, query: SearchQuery, by: User, sending: Callable[[], None] | None
) -> SearchAnswer | Outcome:
    if query.record_id and query.record_system not in {"", system}:
        return Outcome(
            system=system,
            state=State.CANNOT,
            answered_at=timezone.now(),
            sentence=f"The record number typed is one of {label_of(query.record_system)}.",
        )
    if terms_of(query) == [Term.STUDY_NUMBER]:
        return Outcome(
            system=system,
            state=State.CANNOT,
            answered_at=timezone.now(),
            sentence=f"{label_of(system)} keeps no numbers in studies: the portal itself looks for this one.",
        )
    if (unasked := reach.before_asking(system)) is not None:
        return unasked
    adapter = open_system(system, by=by, sending=sending)
    answer = adapter.search(query)
    return reach.without_a_role(adapter) or answer


def read_anew(kept: KeptRecord, found: RemotePatient | IntegrationError) -> KeptRecord | None:
    """The record as it is now; ``None`` where the person's role does not reach it any more."""
    if isinstance(found, Forbidden):
        return None
    if isinstance(found, NotFound):
        problem = "This record is not there any more: it was removed or merged."
        return replace(kept, problem=problem, gone=True)
    if isinstance(found, IntegrationError):
        return replace(kept, problem=f"{found.for_staff} {found.next_step}")
    return replace(kept, record=replace(found, raw={}), read_at=timezone.now(), problem="", gone=False)


def throw_away_ended() -> int:
    """Delete look-ups whose time is over; returns how many rows went."""
    return LookUp.objects.filter(ends_at__lte=timezone.now()).delete()[0]


def throw_away_of(user: User) -> int:
    """Delete what one person looked up, in whichever browser; returns how many rows went."""
    return LookUp.objects.filter(user=user).delete()[0]
