"""A look-up as it stands: whom index and systems show together, in an order that answers do not disturb.

The order. People who stand on a page keep their places while answers arrive: whom an answer brings
is added below them, answer by answer. Those on a page as it was made stand so: who fits what was
typed before who contradicts it, whom the index knew before others, the index's people in the index's
order (as they stood while one typed), the others by ``matching.ranking``. Only a page that is asked
for anew puts everybody in that order again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from integrations.registry import system_names
from integrations.types import SearchQuery
from patients.matching.grouping import Group, RecordKey, group
from patients.matching.query import Understood
from patients.matching.ranking import Place, place
from patients.models import LookUp
from portal.accounts.models import User

from . import answers, marks, reach, recalling
from .answers import INDEX, KeptRecord, Outcome, State
from .lookup import Gone, Person
from .understanding import Asked, read

Records = Mapping[RecordKey, KeptRecord]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A look-up as it stands: what was understood, how each system answered, whom they hold.

    The first ``own`` of ``people`` are those of the page as it was made; answers that came since
    have brought the others. ``index_has_more``: the index knows others who fit. ``untold``: a
    sentence where a system does not say whom one may see, so that the index's people may be missing.
    """

    lookup: LookUp
    understood: Understood = field(repr=False)
    query: SearchQuery = field(repr=False)
    outcomes: tuple[Outcome, ...] = field(repr=False)
    people: tuple[Person, ...] = field(repr=False)
    own: int = 0
    index_has_more: bool = False
    untold: str = ""
    numbers: Mapping[int, RecordKey] = field(default_factory=dict, repr=False)

    def person(self, number: int) -> Person:
        """The person one of whose records has, or had, this number. Raises :class:`Gone`."""
        key = self.numbers.get(number)
        for person in self.people:
            if any(each.key == key for each in person.kept):
                return person
        raise Gone


def result(
    lookup: LookUp,
    *,
    by: User,
    page: Collection[str] | None = None,
    anew: bool = False,
    wait: float = reach.REACH_SECONDS,
) -> Result:
    """The look-up as it stands, cut to what the person's role reaches now.

    ``page`` names the systems whose people stood on a page when it was made, for a part of that page;
    ``None`` makes a page. ``anew``: whom the index could not show, since a system did not say whom
    one may see, is asked for again. ``wait``: seconds for a system to say who is still in reach.
    """
    understood = read(Asked.from_json(lookup.asked))
    query = understood.to_query()
    kept = answers.kept(lookup)
    index = kept.pop(INDEX, None)
    if index is None or (anew and index.sentence):
        index = recalling.recall(lookup, query, by=by, before=index)
    asked = [kept.get(name) or Outcome(system=name, state=State.ASKING) for name in system_names()]
    reached = reach.still_reached([*asked, *_by_system(index)], by=by, wait=wait)
    outcomes, recalled = marks.over(reached[: len(asked)]), reached[len(asked) :]
    known = _in_order_of(index, {each.key: each for outcome in recalled for each in outcome.records})
    people, own = _people(query, outcomes, known, page=page, by=by)
    return Result(
        lookup=lookup,
        understood=understood,
        query=query,
        outcomes=tuple(_counted(outcome, people, by=by) for outcome in outcomes),
        people=people,
        own=own,
        index_has_more=index.more,
        untold=index.sentence,
        numbers={each.number: each.key for outcome in (index, *outcomes) for each in outcome.records},
    )


def remember(lookup: LookUp, *, by: User) -> None:
    """Keep whom the index knows now: what the systems answer is about to correct it."""
    if INDEX not in answers.answered(lookup):
        recalling.recall(lookup, read(Asked.from_json(lookup.asked)).to_query(), by=by)


def _by_system(index: Outcome) -> list[Outcome]:
    """What the index knows, as if each system had said its part."""
    return [
        replace(index, system=name, records=some)
        for name in system_names()
        if (some := tuple(each for each in index.records if each.record.system == name))
    ]


def _in_order_of(index: Outcome, records: Records) -> Records:
    return {each.key: each for each in index.records if each.key in records}


def _people(
    query: SearchQuery, outcomes: Sequence[Outcome], known: Records, *, page: Collection[str] | None, by: User
) -> tuple[tuple[Person, ...], int]:
    """Everybody in order, and how many of them belong to the page as it was made."""
    shown = {**known, **_numbered_as(known, _records_of(outcomes))}
    groups = group([each.record for each in shown.values()], recalling.known_of(shown))
    order = _Order(query, known, _batches(outcomes, page))
    spots = {each.keys: order.spot(each) for each in reach.visible(groups, by=by)}
    people = sorted((each for each in groups if each.keys in spots), key=lambda each: spots[each.keys])
    own = sum(spot.batch == 0 for spot in spots.values())
    return tuple(_person(each, shown, known) for each in people), own


def _numbered_as(known: Records, live: Records) -> Records:
    """The systems' records, under the number that they had on the page already."""
    return {
        key: replace(each, number=known[key].number) if key in known else each for key, each in live.items()
    }


def _person(people: Group, shown: Records, known: Records) -> Person:
    names = system_names()
    kept = sorted((shown[key] for key in people.keys), key=lambda each: names.index(each.record.system))
    return Person(
        group=people,
        kept=tuple(kept),
        known={key: known[key] for key in people.keys if key in known},
    )


def _batches(outcomes: Sequence[Outcome], page: Collection[str] | None) -> list[Records]:
    """The systems' records as they came onto a page: with it, and then answer by answer."""
    with_it = [each for each in outcomes if page is None or each.system in page]
    since = [each for each in outcomes if each not in with_it and each.answered_at is not None]
    since.sort(key=lambda each: (each.answered_at, each.system))
    return [_records_of(with_it), *(_records_of([each]) for each in since)]


def _records_of(outcomes: Sequence[Outcome]) -> Records:
    return {each.key: each for outcome in outcomes for each in outcome.records}


@dataclass(frozen=True, slots=True, order=True)
class _Spot:
    """Where somebody stands on a page: the lesser comes first."""

    batch: int
    contradicts: bool
    known: int
    place: Place


class _Order:
    """The order of a page (see above), from records as they came onto it."""

    def __init__(self, query: SearchQuery, known: Records, batches: Sequence[Records]) -> None:
        self._query = query
        self._known = {key: number for number, key in enumerate(known)}
        self._batches = [{**known, **batches[0]}, *batches[1:]]

    def spot(self, people: Group) -> _Spot:
        """Where these records stand as one person."""
        for number, batch in enumerate(self._batches):
            records = [batch[key].record for key in people.keys if key in batch]
            if records:
                there = place(self._query, records)
                known = min(self._known.get(key, len(self._known)) for key in people.keys)
                return _Spot(number, there.contradicts, known, there)
        raise ValueError("a record that came with no answer")


def _counted(outcome: Outcome, people: Sequence[Person], *, by: User) -> Outcome:
    """An outcome without the records that the person's role hides, and with a word about it."""
    if not outcome.has_answered or not reach.sees_participants_only(by):
        return outcome
    seen = {each.key for person in people for each in person.kept}
    records = tuple(each for each in outcome.records if each.key in seen)
    return replace(
        outcome,
        records=records,
        state=State.FOUND if records else State.NOBODY,
        more=False,
        left_out=(),
        sentence="Your role shows participants of your organizations only.",
    )
