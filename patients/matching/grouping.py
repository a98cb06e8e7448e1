"""Records shown as people: joined by high alone, transitive, never chaining unlike people together."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from enum import StrEnum
from itertools import combinations

from integrations.types import RemotePatient

from .same_person import Judgement, Rule, Subject, Tier, are_unlike, judge_subjects, subject

RecordKey = tuple[str, str]
"""System and id of a record."""


class NoteKind(StrEnum):
    """What is to be said of two records beside the joining."""

    DUPLICATE = "duplicate in one system"
    KEPT_APART = "kept apart"
    IDENTIFIER_CONFLICT = "identifier conflict"
    POSSIBLY_SAME = "possibly the same person"
    FAMILY = "family"


@dataclass(frozen=True, slots=True)
class Note:
    """Something to be said of a record of this group and another record, inside or outside it."""

    kind: NoteKind
    ours: RecordKey
    theirs: RecordKey
    sentence: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Group:
    """Records taken for one person, in order of system and id.

    ``judgements`` holds each pair of them by their keys in that order.
    """

    records: tuple[RemotePatient, ...] = field(repr=False)
    judgements: Mapping[tuple[RecordKey, RecordKey], Judgement] = field(default_factory=dict, repr=False)
    notes: tuple[Note, ...] = field(default=(), repr=False)

    @property
    def keys(self) -> tuple[RecordKey, ...]:
        """The systems and ids of the records."""
        return tuple((record.system, record.id) for record in self.records)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of records before they are compared: whose they are, and whom somebody kept apart.

    Records of one owner are one person, records of two owners are two, whatever the rule says of
    them; the rule places those that have no owner yet. Pairs ``apart`` are two people's as well.
    """

    owners: Mapping[RecordKey, int] = field(default_factory=dict)
    apart: frozenset[frozenset[RecordKey]] = frozenset()


def group(records: Sequence[RemotePatient], known: Known | None = None) -> tuple[Group, ...]:
    """Show records as people. The answer does not depend on the order of the records.

    A record that is given twice is taken once, in its fuller and newer form.
    """
    return _Grouping(_distinct(records), known or Known()).groups()


def _distinct(records: Sequence[RemotePatient]) -> list[Subject]:
    best: dict[RecordKey, RemotePatient] = {}
    for record in records:
        key = record.system, record.id
        if key not in best or _fullness(record) > _fullness(best[key]):
            best[key] = record
    return [subject(best[key]) for key in sorted(best)]


def _fullness(record: RemotePatient) -> tuple[bool, str, str]:
    updated = record.updated_at.isoformat() if record.updated_at else ""
    return record.complete, updated, repr(astuple(replace(record, raw={})))


_STRENGTHS = (Rule.NHS_NUMBER_AND_NAMES, Rule.NHS_NUMBER, Rule.NAMES_AND_BIRTH_DATE)


class _Grouping:
    """Subjects on their way into groups; a cluster is a frozen set of their places."""

    def __init__(self, subjects: list[Subject], known: Known) -> None:
        self._subjects = subjects
        self._known = known
        identities = [(one.record.system, one.form.identity) for one in subjects]
        count = Counter(identities)
        self._is_unique = [count[identity] == 1 for identity in identities]
        self._judged: dict[tuple[int, int], Judgement] = {}
        self._owner_of = [known.owners.get(one.key) for one in subjects]
        self._cluster_of = self._known_clusters()
        self._apart: set[tuple[int, int]] = set()

    def groups(self) -> tuple[Group, ...]:
        pairs = sorted(self._worth_judging())
        for rule in _STRENGTHS:
            self._join(
                [pair for pair in pairs if self._judge(*pair).rule is rule and not self._is_decided(*pair)]
            )
        clusters = sorted(set(self._cluster_of.values()), key=min)
        notes = self._notes(pairs)
        return tuple(self._made(cluster, notes) for cluster in clusters)

    def _known_clusters(self) -> dict[int, frozenset[int]]:
        """Where every record stands before the rule is asked: with its owner's others, or alone."""
        of_owner: dict[int, list[int]] = defaultdict(list)
        for place, owner in enumerate(self._owner_of):
            if owner is not None:
                of_owner[owner].append(place)
        clusters = {owner: frozenset(places) for owner, places in of_owner.items()}
        return {
            place: frozenset({place}) if owner is None else clusters[owner]
            for place, owner in enumerate(self._owner_of)
        }

    def _judge(self, first: int, second: int) -> Judgement:
        pair = (first, second) if first < second else (second, first)
        if pair not in self._judged:
            unique = self._is_unique[first] and self._is_unique[second]
            one, other = self._subjects[pair[0]], self._subjects[pair[1]]
            self._judged[pair] = judge_subjects(one, other, unique=unique)
        return self._judged[pair]

    def _worth_judging(self) -> set[tuple[int, int]]:
        """Pairs that share something by which they can be anything but strangers."""
        shared: dict[tuple[str, str], list[int]] = defaultdict(list)
        for place, one in enumerate(self._subjects):
            for key in _shared_keys(one):
                shared[key].append(place)
        return {pair for places in shared.values() for pair in combinations(places, 2)}

    def _join(self, edges: list[tuple[int, int]]) -> None:
        """Join along the edges of one strength; where that would chain unlike people, none of it is.

        All edges of a strength are taken together, so that no order of records decides who is
        joined to whom.
        """
        for joined in _components(edges, self._cluster_of):
            if any(self._unlike(*pair) for pair in combinations(sorted(joined), 2)):
                inside = [edge for edge in edges if edge[0] in joined]
                self._apart.update(
                    edge for edge in inside if self._cluster_of[edge[0]] is not self._cluster_of[edge[1]]
                )
            else:
                self._cluster_of.update(dict.fromkeys(joined, joined))

    def _unlike(self, first: int, second: int) -> bool:
        """Whether two records that a component holds must not come together by it."""
        if self._cluster_of[first] is self._cluster_of[second]:
            return False
        return self._is_decided(first, second) or are_unlike(self._judge(first, second))

    def _is_decided(self, first: int, second: int) -> bool:
        """Whether two records are known to be two people's."""
        one, other = self._owner_of[first], self._owner_of[second]
        return (one is not None and other is not None and one != other) or self._is_kept_apart(first, second)

    def _is_kept_apart(self, first: int, second: int) -> bool:
        apart = self._known.apart
        return bool(apart) and frozenset({self._subjects[first].key, self._subjects[second].key}) in apart

    def _notes(self, pairs: list[tuple[int, int]]) -> dict[int, list[Note]]:
        notes: dict[int, list[Note]] = defaultdict(list)
        for first, second in sorted({*pairs, *self._judged}):
            for kind, sentence in self._remarks(first, second):
                one, other = self._subjects[first].key, self._subjects[second].key
                notes[first].append(Note(kind, one, other, sentence))
                if self._cluster_of[first] is not self._cluster_of[second]:
                    notes[second].append(Note(kind, other, one, sentence))
        return notes

    def _remarks(self, first: int, second: int) -> Iterator[tuple[NoteKind, str]]:
        judgement = self._judge(first, second)
        reason = " ".join(judgement.reasons)
        against = " ".join(judgement.contradictions)
        if self._cluster_of[first] is self._cluster_of[second]:
            if self._subjects[first].record.system == self._subjects[second].record.system:
                yield NoteKind.DUPLICATE, f"Two records in one system. {reason}".strip()
        elif self._is_kept_apart(first, second):
            yield NoteKind.KEPT_APART, "Somebody here decided that they are two people."
        elif (first, second) in self._apart:
            yield NoteKind.KEPT_APART, f"Shown apart, since joining would join unlike people. {reason}"
        elif judgement.identifier_conflict:
            yield NoteKind.IDENTIFIER_CONFLICT, f"{reason} {against}".strip()
        elif judgement.twins:
            yield NoteKind.FAMILY, f"{against} {reason}".strip()
        elif judgement.tier >= Tier.MEDIUM:
            yield NoteKind.POSSIBLY_SAME, f"{reason} {against}".strip()
        elif judgement.family:
            yield NoteKind.FAMILY, "They share an address, phone or mailbox."

    def _made(self, cluster: frozenset[int], notes: Mapping[int, list[Note]]) -> Group:
        places = sorted(cluster)
        keys = {place: self._subjects[place].key for place in places}
        return Group(
            records=tuple(self._subjects[place].record for place in places),
            judgements={
                (keys[first], keys[second]): self._judge(first, second)
                for first, second in combinations(places, 2)
            },
            notes=tuple(
                note for kind in NoteKind for place in places for note in notes[place] if note.kind is kind
            ),
        )


def _shared_keys(one: Subject) -> Iterator[tuple[str, str]]:
    form = one.form
    if form.nhs_valid:
        yield "nhs", form.nhs
    if form.email:
        yield "email", form.email
    for phone in form.phones:
        yield "phone", phone
    if form.postcode and form.address:
        # Addresses that are alike start alike; a postcode alone is shared by some fifteen homes.
        yield "place", f"{form.postcode} {form.address[:2]}"
    if form.birth:
        yield "birth date", str(form.birth)


def _components(
    edges: list[tuple[int, int]], cluster_of: Mapping[int, frozenset[int]]
) -> list[frozenset[int]]:
    """The sets of places that the edges would join, whole clusters taken along."""
    found: dict[int, frozenset[int]] = {}
    for first, second in edges:
        joined = found.get(first, cluster_of[first]) | found.get(second, cluster_of[second])
        found.update(dict.fromkeys(joined, joined))
    return sorted(set(found.values()), key=min)
