"""Which source records are one person's: linked by the one rule or by hand, and undone.

Nothing is written to the systems. Every link keeps its evidence and the version of the weights,
and can be undone (docs/architecture.md, safety rule 5).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from patients.matching import keys
from patients.matching.keys import Key, Kind
from patients.matching.levels import levels_of
from patients.matching.same_person import Judgement, Subject, Tier, are_unlike, judge_subjects
from patients.matching.weights import FIXED
from patients.models import KeptApart, Link, Membership, Patient, SourceRecord
from portal import audit
from portal.accounts.models import User

from . import blocks, summary
from .held import subject_of

CUT_OFF = 6.0  # bits below which the rule alone links nobody
DAYS = 25_000  # birth dates that people now alive share, about
#: How many others with both names and this birth date may be expected by chance for names to be rare.
RARE = 0.0002
MOST_COUNTED = 5_000


@dataclass(slots=True)
class Tally:
    """What linking by rule did: records joined, joins stopped, blocks too long to be compared."""

    joined: int = 0
    stopped: int = 0
    undone: int = 0
    long_blocks: int = 0


@dataclass(frozen=True, slots=True)
class _Near:
    """A record beside the one at hand, and what the rule says of the two."""

    record: SourceRecord
    judgement: Judgement = field(repr=False)
    weight: float


class _Neighbourhood:
    """Records at hand and all that share a key with one of them."""

    def __init__(self, records: Sequence[SourceRecord], total: int) -> None:
        self.total = max(total, 2)
        self.subjects: dict[int, Subject] = {each.pk: subject_of(each) for each in records}
        caps: dict[int, int] = {}
        self._keys: dict[int, frozenset[int]] = {}
        for record in records:
            wanted = {
                key: keys.CAPS[key.kind]
                for key in keys.matching_keys(self.subjects[record.pk].form)
                if key.kind not in keys.FOR_SCANS_ONLY
            }
            by_hash = {blocks.hash_of(key): cap for key, cap in wanted.items()}
            self._keys[record.pk] = frozenset(by_hash)
            caps |= by_hash
        self._blocks = blocks.read(caps)
        self.long_blocks = len(self._blocks.long)
        others = {one for ids in self._blocks.records.values() for one in ids} - set(self.subjects)
        self.rows = {each.pk: each for each in records} | SourceRecord.objects.in_bulk(list(others))

    def near(self, record: SourceRecord) -> list[_Near]:
        """The records that share a key with this one, judged; those that count nowhere left out."""
        ids = {
            one
            for key in self._keys[record.pk] - self._blocks.long
            for one in self._blocks.records.get(key, ())
        }
        others = [self.rows[one] for one in sorted(ids - {record.pk}) if one in self.rows]
        others = [each for each in others if counts(each)]
        identities = Counter(self._identity(each) for each in [record, *others])
        return [self._judged(record, other, identities) for other in others]

    def subject(self, record: SourceRecord) -> Subject:
        """The record ready for comparing."""
        if record.pk not in self.subjects:
            self.subjects[record.pk] = subject_of(record)
        return self.subjects[record.pk]

    def _identity(self, record: SourceRecord) -> tuple[str, tuple[str, str, int]]:
        return record.system, self.subject(record).form.identity

    def _judged(
        self, record: SourceRecord, other: SourceRecord, identities: Counter[tuple[str, tuple[str, str, int]]]
    ) -> _Near:
        one, two = sorted((self.subject(record), self.subject(other)), key=lambda each: each.key)
        unique = identities[self._identity(record)] == identities[self._identity(other)] == 1
        same = one.form.identity == two.form.identity
        judgement = judge_subjects(one, two, unique=unique, rare=unique and same and self._is_rare(one))
        weight = FIXED.weigh(levels_of(one.form, two.form), records=self.total).total
        return _Near(other, judgement, weight)

    def _is_rare(self, subject: Subject) -> bool:
        """Whether hardly anybody else is expected to have these names and this birth date."""
        form = subject.form
        words = [Key(Kind.WORD, f"{name.replace(' ', '')}$") for name in (form.given, form.family)]
        given, family = (blocks.count(blocks.hash_of(word), most=MOST_COUNTED) for word in words)
        return given * family / (self.total * DAYS) < RARE


def counts(record: SourceRecord) -> bool:
    """Whether a record takes part in matching: no test record, not merged away, not gone."""
    return not (record.is_test or record.status == "merged" or record.vanished_at)


def link_by_rule(records: Sequence[SourceRecord]) -> Tally:
    """Link records that were just read to whom they belong, and undo what does not hold any more."""
    tally = Tally()
    at_hand = [each for each in records if counts(each)]
    if not at_hand:
        return tally
    near = _Neighbourhood(at_hand, total=SourceRecord.objects.count())
    tally.long_blocks = near.long_blocks
    for record in at_hand:
        with transaction.atomic():
            tally.undone += _undo_what_fell_apart(record)
            _join(record, near, tally)
    return tally


def _join(record: SourceRecord, near: _Neighbourhood, tally: Tally) -> None:
    """Join the record's person with those whose records are surely the same person's, surest first."""
    sure = [each for each in near.near(record) if each.judgement.tier is Tier.HIGH and each.weight >= CUT_OFF]
    for best in sorted(sure, key=lambda each: (-each.weight, each.record.pk)):
        one, other = _lock(record.patient_id, best.record.patient_id)
        if one == other:
            continue
        if _would_join_unlike(one, other):
            tally.stopped += 1
            continue
        act = _Act(rule=str(best.judgement.rule), evidence=_evidence(best))
        keep, lose = sorted((one, other), key=lambda each: each.pk)
        _unite(keep, lose, act)
        tally.joined += 1
        for row in near.rows.values():
            if row.patient_id == lose.pk:
                row.patient_id = keep.pk


def _evidence(near: _Near) -> dict[str, object]:
    levels = {str(each.field): str(each.level) for each in near.judgement.evidence if each.speaks}
    return {"levels": levels, "weight": round(near.weight, 1), "beside": str(near.record)}


def _would_join_unlike(one: Patient, other: Patient) -> bool:
    """Whether joining two people would bring together records that cannot be one person's."""
    first = [each for each in one.records.all() if counts(each)]
    second = [each for each in other.records.all() if counts(each)]
    if _are_kept_apart(first, second):
        return True
    subjects = {each.pk: subject_of(each) for each in (*first, *second)}
    return any(_unlike(subjects[a.pk], subjects[b.pk]) for a in first for b in second)


def _unlike(one: Subject, other: Subject) -> bool:
    first, second = sorted((one, other), key=lambda each: each.key)
    return are_unlike(judge_subjects(first, second, unique=True))


def _are_kept_apart(first: Sequence[SourceRecord], second: Sequence[SourceRecord]) -> bool:
    ones, others = [each.pk for each in first], [each.pk for each in second]
    either_way = Q(first__in=ones, second__in=others) | Q(first__in=others, second__in=ones)
    return KeptApart.objects.filter(either_way, lifted_at=None).exists()


def _undo_what_fell_apart(record: SourceRecord) -> int:
    """Take back links by rule between records that have become unlike since."""
    undone = 0
    others = [each for each in SourceRecord.objects.filter(patient=record.patient_id) if counts(each)]
    mine = subject_of(record)
    for other in others:
        if other.pk == record.pk or not _unlike(mine, subject_of(other)):
            continue
        links = Link.objects.filter(record__in=[record.pk, other.pk], undone_at=None).exclude(rule="")
        link = links.order_by("-made_at").first()
        if link is not None:
            undo(link, by=None, reason="The records no longer agree.")
            record.refresh_from_db(fields=["patient"])
            undone += 1
    return undone


# --- joining and parting --------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Act:
    """Why two people are joined: by a rule with its evidence, or by somebody with a reason."""

    rule: str = ""
    evidence: Mapping[str, object] = field(default_factory=dict)
    reason: str = ""
    by: User | None = None


class Refused(Exception):
    """Records are not linked or parted; the text says why, for staff."""


@transaction.atomic
def link_people(*, keep: Patient, other: Patient, reason: str, by: User) -> None:
    """Say that two people are one: every record of ``other`` becomes one of ``keep``'s."""
    keep, other = _lock(keep.pk, other.pk)
    if keep == other:
        raise Refused("These records are linked already.")
    if keep.merged_into_id or other.merged_into_id:
        raise Refused("One of the two was linked with somebody else meanwhile. Look them up again.")
    _lift_kept_apart(keep, other)
    _unite(keep, other, _Act(reason=reason, by=by))


@transaction.atomic
def unlink_record(*, record: SourceRecord, reason: str, by: User) -> None:
    """Say that a record is not this person's; the rule will not bring it back."""
    (patient,) = _lock(record.patient_id)
    others = list(patient.records.exclude(pk=record.pk))
    if not others:
        raise Refused("This person has no other record to part from.")
    link = Link.objects.filter(record=record, undone_at=None).first()
    if link is not None:
        undo(link, by=by, reason=reason)
    else:
        _part(record, patient, Patient.objects.create(), reason=reason, by=by)
    for other in others:
        first, second = sorted((record.pk, other.pk))
        KeptApart.objects.get_or_create(
            first_id=first, second_id=second, lifted_at=None, defaults={"reason": reason, "decided_by": by}
        )


def undo(link: Link, *, by: User | None, reason: str) -> None:
    """Take one link back: the record is again whose it was before."""
    patient, before = _lock(link.patient_id, link.came_from_id)
    link.undone_at, link.undone_by, link.undone_reason = timezone.now(), by, reason
    link.save(update_fields=["undone_at", "undone_by", "undone_reason"])
    _part(link.record, patient, before, reason=reason, by=by)


def _part(record: SourceRecord, patient: Patient, to: Patient, *, reason: str, by: User | None) -> None:
    if to.merged_into_id is not None:
        to.merged_into = None
    _move([record], to)
    _changed(patient, to)
    audit.write(
        "link.undone", by=by, system=record.system, record_id=record.remote_id,
        subject_key=patient.public_id, reason=reason, details={"to": to.public_id},
    )  # fmt: skip


def _unite(keep: Patient, lose: Patient, act: _Act) -> None:
    records = list(lose.records.all())
    Link.objects.filter(record__in=records, undone_at=None).update(
        undone_at=timezone.now(), undone_reason=SUPERSEDED
    )
    Link.objects.bulk_create(
        Link(
            record=record, patient=keep, came_from=lose, rule=act.rule, reason=act.reason,
            evidence=act.evidence, weights_version=FIXED.version, made_by=act.by,
        )
        for record in records
    )  # fmt: skip
    _move(records, keep)
    lose.merged_into = keep
    Patient.objects.filter(merged_into=lose).update(merged_into=keep)
    _changed(keep, lose)
    for record in records:
        audit.write(
            "link.made", by=act.by, system=record.system, record_id=record.remote_id,
            subject_key=keep.public_id, reason=act.reason,
            details={"rule": act.rule, "from": lose.public_id},
        )  # fmt: skip


SUPERSEDED = "Linked with somebody else."


def _move(records: Sequence[SourceRecord], to: Patient) -> None:
    ids = [each.pk for each in records]
    SourceRecord.objects.filter(pk__in=ids).update(patient=to)
    Membership.objects.filter(record__in=ids).update(patient=to)
    for record in records:
        record.patient = to


def _changed(*patients: Patient) -> None:
    for patient in patients:
        patient.version += 1
    summary.refresh(patients)


def _lift_kept_apart(one: Patient, other: Patient) -> None:
    ones = one.records.values("pk")
    others = other.records.values("pk")
    either_way = Q(first__in=ones, second__in=others) | Q(first__in=others, second__in=ones)
    KeptApart.objects.filter(either_way, lifted_at=None).update(lifted_at=timezone.now())


def _lock(*ids: int) -> list[Patient]:
    """The people as they are now, held until the transaction ends; always locked in one order."""
    held = {each.pk: each for each in Patient.objects.select_for_update().filter(pk__in=ids).order_by("pk")}
    return [held[each] for each in ids]
