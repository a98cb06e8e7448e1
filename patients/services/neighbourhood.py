"""The records near those at hand, and the people whose all these are: read once for a whole batch,
and kept as they come to be while records are linked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from django.db.models import Q

from patients.matching.keys import CAPS_FOR_ONE, Kind
from patients.matching.levels import levels_of
from patients.matching.same_person import Judgement, Subject, Tier, judge_subjects
from patients.matching.weights import FIXED
from patients.models import KeptApart, Patient, SourceRecord

from . import blocks
from .bulk import in_parts
from .held import subject_of
from .linking import are_unlike_subjects, counts

DAYS = 25_000  # birth dates that people now alive share, about
#: How many others with both names and this birth date may be expected by chance for names to be rare.
RARE = 0.0002


@dataclass(frozen=True, slots=True)
class AtHand:
    """A record that was just written, ready for comparing, with its keys as they stand in the table.

    ``is_new`` says that it came to the index with this batch, as nobody's but its own.
    """

    record: SourceRecord
    subject: Subject = field(repr=False)
    keys: Mapping[int, Kind] = field(repr=False)
    is_new: bool


@dataclass(frozen=True, slots=True)
class Near:
    """A record that is surely the same person's as the one at hand, and why."""

    record: SourceRecord
    judgement: Judgement = field(repr=False)
    weight: float


class Neighbourhood:
    """Records at hand, all that share a key and an NHS number or birth date with one of them (the rule
    joins nobody else), and every other record of the same people."""

    def __init__(self, at_hand: Sequence[AtHand]) -> None:
        self._keys = {each.record.pk: frozenset(_wanted(each)) for each in at_hand}
        self._subjects = {each.record.pk: each.subject for each in at_hand}
        self._blocks = blocks.read({key: cap for each in at_hand for key, cap in _wanted(each).items()})
        self.long_blocks = len(self._blocks.long)
        mine = {each.record.pk: each.record for each in at_hand}
        people = {each.patient_id for each in mine.values()} | self._people_near(at_hand)
        self.people: dict[int, Patient] = {}
        self._records: dict[int, list[SourceRecord]] = {each: [] for each in people}
        self._rows: dict[int, SourceRecord] = {}
        for part in in_parts(people):
            self.people |= Patient.objects.in_bulk(part)
            for row in SourceRecord.objects.filter(patient__in=part).defer("held").order_by("pk"):
                known = mine.get(row.pk, row)
                self._rows[row.pk] = known
                self._records[known.patient_id].append(known)
        self._frequencies: dict[str, int] = {}

    def _people_near(self, at_hand: Sequence[AtHand]) -> set[int]:
        """Whose records the rule could join with one at hand: few of those that share a key."""
        others = {one for ids in self._blocks.records.values() for one in ids} - set(self._subjects)
        births = {each.subject.form.birth for each in at_hand} - {0}
        numbers = {each.subject.form.nhs for each in at_hand} - {""}
        alike = Q(birth__in=births) | Q(nhs__in=numbers)
        return {
            person
            for part in in_parts(others)
            for person in SourceRecord.objects.filter(alike, pk__in=part).values_list("patient", flat=True)
        }

    @cached_property
    def total(self) -> int:
        """How many records there are, at least two."""
        return max(SourceRecord.objects.count(), 2)

    def records_of(self, person: int) -> Sequence[SourceRecord]:
        """Every record of a person, by our id."""
        return self._records[person]

    def subject(self, record: SourceRecord) -> Subject:
        """A record ready for comparing."""
        if record.pk not in self._subjects:
            self._subjects[record.pk] = subject_of(record)
        return self._subjects[record.pk]

    # --- who is the same person -------------------------------------------------------------

    def sure(self, record: SourceRecord, *, least: float) -> list[Near]:
        """The records that by the rule are the same person's, of this weight at least; surest first."""
        others = self._alike(record)
        identities = Counter(self._identity(each) for each in (record, *others))
        found = [near for other in others if (near := self._judged(record, other, identities))]
        return sorted(
            (each for each in found if each.weight >= least), key=lambda each: (-each.weight, each.record.pk)
        )

    def _alike(self, record: SourceRecord) -> list[SourceRecord]:
        """The records that share a key, and a birth date or NHS number; those that count nowhere left out."""
        form = self.subject(record).form
        shared = self._keys[record.pk] - self._blocks.long
        ids = {one for key in shared for one in self._blocks.records.get(key, ())} - {record.pk}
        rows = (self._rows[one] for one in sorted(ids & self._rows.keys()))
        return [
            each
            for each in rows
            if ((each.birth and each.birth == form.birth) or (each.nhs and each.nhs == form.nhs))
            and counts(each)
        ]

    def _identity(self, record: SourceRecord) -> tuple[str, tuple[str, str, int]]:
        return record.system, self.subject(record).form.identity

    def _judged(
        self, record: SourceRecord, other: SourceRecord, identities: Counter[tuple[str, tuple[str, str, int]]]
    ) -> Near | None:
        one, two = sorted((self.subject(record), self.subject(other)), key=lambda each: each.key)
        unique = identities[self._identity(record)] == identities[self._identity(other)] == 1
        judgement = judge_subjects(one, two, unique=unique)
        if judgement.tier is not Tier.HIGH and unique and one.form.identity == two.form.identity:
            judgement = judge_subjects(one, two, unique=True, rare=self._is_rare(one))
        if judgement.tier is not Tier.HIGH:
            return None
        weight = FIXED.weigh(levels_of(one.form, two.form), records=self.total).total
        return Near(other, judgement, weight)

    def _is_rare(self, subject: Subject) -> bool:
        """Whether hardly anybody else is expected to have these names and this birth date."""
        given, family = (self._frequency(name) for name in (subject.form.given, subject.form.family))
        return given * family / (self.total * DAYS) < RARE

    def _frequency(self, name: str) -> int:
        if name not in self._frequencies:
            self._frequencies[name] = blocks.how_many_hold(name)
        return self._frequencies[name]

    # --- who cannot be ----------------------------------------------------------------------

    def would_join_unlike(self, one: int, other: int) -> bool:
        """Whether joining two people would bring together records that cannot be one person's."""
        first = [each for each in self._records[one] if counts(each)]
        second = [each for each in self._records[other] if counts(each)]
        return any(
            frozenset((a.pk, b.pk)) in self._kept_apart
            or are_unlike_subjects(self.subject(a), self.subject(b))
            for a in first
            for b in second
        )

    def fell_apart(self, record: SourceRecord) -> bool:
        """Whether a record is linked with one that it has become unlike."""
        others = (each for each in self._records[record.patient_id] if each.pk != record.pk and counts(each))
        mine = self.subject(record)
        return any(are_unlike_subjects(mine, self.subject(each)) for each in others)

    @cached_property
    def _kept_apart(self) -> set[frozenset[int]]:
        return {
            frozenset(pair)
            for part in in_parts(self._rows)
            for pair in KeptApart.objects.filter(first__in=part, lifted_at=None).values_list(
                "first", "second"
            )
        }

    def no_longer_unique(self, record: SourceRecord) -> set[int]:
        """Whose records have this one's names and birth date, where a system holds several such."""
        identity = self.subject(record).form.identity
        if not all(identity):
            return set()
        same = [each for each in self._alike(record) if self.subject(each).form.identity == identity]
        systems = Counter(each.system for each in (record, *same))
        return {each.patient_id for each in same} if max(systems.values()) > 1 else set()

    # --- as it comes to be ------------------------------------------------------------------

    def move(self, lose: int, keep: int) -> list[SourceRecord]:
        """Every record of ``lose`` is ``keep``'s from now on; returns these records."""
        moved = self._records[lose]
        self._records[lose] = []
        self._records[keep] = [*self._records[keep], *moved]
        for record in moved:
            record.patient = self.people[keep]
        return moved


def _wanted(each: AtHand) -> dict[int, int]:
    """The keys of a record by which others are looked for, each with how many may share it."""
    return {key: CAPS_FOR_ONE[kind] for key, kind in each.keys.items() if kind in CAPS_FOR_ONE}
