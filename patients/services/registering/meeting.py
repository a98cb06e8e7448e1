"""Whom the index holds that somebody new may be: found by keys and as typed, judged by the one rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from integrations.registry import label_of
from integrations.types import Demographics, SearchQuery
from integrations.writes import Details, record_of
from patients.entering.stand_ins import is_unidentified
from patients.matching.agreement import Evidence, compare
from patients.matching.dates import is_placeholder
from patients.matching.fields import Field
from patients.matching.levels import Level, levels_of
from patients.matching.same_person import Judgement, Subject, Tier, judge_subjects, subject
from patients.matching.weights import FIXED
from patients.models import Patient, SourceRecord
from patients.services import blocks, finding, visibility
from patients.services.hand_links import Apart, Side, apart_from, side_of
from patients.services.held import subject_of, whole_of
from patients.services.linking import counts
from patients.services.visibility import Reach
from portal.accounts.models import User

from .passing import Doubt, Nearness

MOST_JUDGED = 400  # records that share a key
SHOWN = 8  # of each nearness
LIKELY = 0.0  # bits from which on two records are more likely one person's than not


@dataclass(frozen=True, slots=True)
class Judged:
    """A record, and how the new person stands to it."""

    row: SourceRecord
    nearness: Nearness
    weight: float
    judgement: Judgement = field(repr=False)

    @property
    def place(self) -> tuple[int, float, int]:
        """The nearest first."""
        return -self.nearness, -self.weight, self.row.pk


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """Somebody in reach who may be the new person; ``evidence`` is of the record that agrees best, field by
    field, ``apart`` the people from whom they were said to be somebody else."""

    side: Side
    nearness: Nearness
    evidence: tuple[Evidence, ...] = field(repr=False)
    apart: tuple[Apart, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """Somebody out of reach who may be the new person: where, and nothing else of them."""

    nearness: Nearness
    systems: tuple[str, ...]

    @property
    def labels(self) -> str:
        """The systems that hold them."""
        return " and ".join(map(label_of, self.systems))


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """Everybody whom the new person may be, the nearest first; relatives last."""

    met: tuple[Met, ...] = ()
    unseen: tuple[Unseen, ...] = ()
    doubts: tuple[Doubt, ...] = ()

    @property
    def nearest(self) -> Nearness | None:
        """How near the nearest is; ``None`` where there is nobody."""
        return max((each.nearness for each in self.doubts), default=None)


def meet(details: Details, *, by: User, reach: Reach, of: Patient | None = None) -> Meeting:
    """Whom the index holds that these details may be, whether in reach or not, and who is not the one ``of``
    whom they are; no event is written."""
    new = subject(record_of(details))
    best = _best(_judged(new, _candidates(new, details, by=by, reach=reach)))
    if of is not None:
        best.pop(of.pk, None)
    patients = Patient.objects.in_bulk(list(best))
    in_reach = set(visibility.people(by, reach).filter(pk__in=list(best)).values_list("pk", flat=True))
    nearest = sorted(best.items(), key=lambda item: item[1].place)
    seen = [(patients[pk], judged) for pk, judged in nearest if pk in in_reach]
    return Meeting(
        met=tuple(_met(details, seen, reach)),
        unseen=tuple(_unseen([judged for pk, judged in nearest if pk not in in_reach])),
        doubts=tuple(_doubt(pk, judged) for pk, judged in nearest),
    )


def _candidates(new: Subject, details: Details, *, by: User, reach: Reach) -> list[SourceRecord]:
    """Records that share a key with the new person, in reach or not, and those that typing would find."""
    ids = blocks.sharing([new.form])
    ids |= {pk for each in finding.find(_query(details), by=by, reach=reach).people for pk in each.record_ids}
    rows = SourceRecord.objects.filter(pk__in=ids).defer("held").order_by("pk")
    # What stands for "not known" agrees with nobody's: of two unknown people none is the other.
    are_told_apart = is_unidentified(details.family_name)
    return [
        row
        for row in rows[:MOST_JUDGED]
        if counts(row) and not (are_told_apart and is_unidentified(row.family))
    ]


def _query(details: Details) -> SearchQuery:
    return SearchQuery(
        given_name=details.given_name,
        family_name=details.family_name,
        birth_dates=(details.birth_date,) if details.birth_date else (),
        nhs_number=details.nhs_number,
        email=details.email,
        phone=details.phone or details.mobile_phone or details.home_phone,
        postcode=details.address.postcode if details.address else "",
    )


def _judged(new: Subject, rows: Iterable[SourceRecord]) -> list[Judged]:
    total = finding.about_how_many()
    judged = []
    for row in rows:
        theirs = subject_of(row)
        one, other = sorted((new, theirs), key=lambda each: each.key)
        judgement = judge_subjects(one, other, unique=True)
        weight = FIXED.weigh(levels_of(new.form, theirs.form), records=total).total
        nearness = _nearness(new, judgement, weight)
        if nearness is not None:
            judged.append(Judged(row, nearness, weight, judgement))
    return judged


def _nearness(new: Subject, judgement: Judgement, weight: float) -> Nearness | None:
    """By the one rule; equal names and birth date are near without a third field too, since here nobody is
    linked: somebody looks. So is whoever is likely by weight, where the rule sees nobody or a relative; and
    twins whose names are like one another, since a slip makes the same of one person."""
    if judgement.identifier_conflict:
        return Nearness.CONFLICT
    if judgement.tier is Tier.HIGH or _is_namesake(new, judgement):
        return Nearness.HIGH
    is_relative = judgement.family or judgement.twins
    if judgement.tier is Tier.MEDIUM and not is_relative:
        return Nearness.MEDIUM
    if judgement.tier is Tier.LOW or weight >= LIKELY or (judgement.twins and _have_like_names(judgement)):
        return Nearness.LOW
    return Nearness.FAMILY if is_relative else None


_IDENTITY = (Field.GIVEN_NAME, Field.FAMILY_NAME, Field.BIRTH_DATE)


def _is_namesake(new: Subject, judgement: Judgement) -> bool:
    """Whether names and birth date are equal, and the date is one."""
    equal = all(judgement.level(each) is Level.EXACT for each in _IDENTITY)
    return equal and not judgement.contradictions and not is_placeholder(new.form.birth)


def _have_like_names(judgement: Judgement) -> bool:
    return judgement.level(Field.GIVEN_NAME) in (Level.NEAR, Level.SIMILAR)


def _best(judged: Iterable[Judged]) -> dict[int, Judged]:
    """Person → the record that stands nearest to the new one."""
    best: dict[int, Judged] = {}
    for each in sorted(judged, key=lambda one: one.place):
        best.setdefault(each.row.patient_id, each)
    return best


def _met(details: Details, seen: Sequence[tuple[Patient, Judged]], reach: Reach) -> list[Met]:
    count: dict[Nearness, int] = {}
    shown: list[tuple[Patient, Judged]] = []
    for patient, judged in seen:
        count[judged.nearness] = count.get(judged.nearness, 0) + 1
        if count[judged.nearness] <= SHOWN:
            shown.append((patient, judged))
    rows: dict[int, list[SourceRecord]] = {}
    new = record_of(details).demographics
    own = visibility.records(reach).filter(patient__in=[patient for patient, _ in shown])
    for row in own.order_by("pk"):
        rows.setdefault(row.patient_id, []).append(row)
    return [
        Met(
            side=side_of(patient, rows[patient.pk]),
            nearness=judged.nearness,
            evidence=_evidence(new, judged.row),
            apart=tuple(apart_from(patient)),
        )
        for patient, judged in shown
        if patient.pk in rows
    ]


def _evidence(new: Demographics, row: SourceRecord) -> tuple[Evidence, ...]:
    """What both hold, said of the names as they are written."""
    return tuple(each for each in compare(new, whole_of(row).demographics) if each.speaks)


def _unseen(judged: Sequence[Judged]) -> list[Unseen]:
    """What may be said of people out of reach: where they are. Relatives are nobody's business."""
    return [
        Unseen(nearness=each.nearness, systems=(each.row.system,))
        for each in judged
        if each.nearness > Nearness.FAMILY
    ]


def _doubt(patient: int, judged: Judged) -> Doubt:
    levels: Mapping[str, str] = {
        str(each.field): str(each.level) for each in judged.judgement.evidence if each.speaks
    }
    by_number = judged.judgement.level(Field.NHS_NUMBER) is Level.EXACT
    return Doubt(patient=patient, nearness=judged.nearness, by_number=by_number, levels=levels)
