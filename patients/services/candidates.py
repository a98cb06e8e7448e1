"""Who else may be this person: found by shared keys or by what staff type, weighed as records are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from patients.matching.agreement import Evidence
from patients.matching.levels import levels_of
from patients.matching.same_person import Judgement, Subject, judge_subjects, subject
from patients.matching.weights import FIXED
from patients.models import Patient, SourceRecord
from portal import audit
from portal.accounts.models import User

from . import blocks, finding, visibility
from .hand_links import Side, side_of
from .held import subject_of, whole_of
from .linking import counts
from .understanding import Asked, read, terms_of
from .visibility import Reach

SHOWN = 10
MOST_WEIGHED = 200  # records that share a key; more than that share too little
LEAST = -8.0  # bits below which nobody would take two records for one person's


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Somebody who may be the same person; ``evidence`` is of the two records that agree best."""

    side: Side
    weight: float = field(repr=False)
    judgement: Judgement = field(repr=False)

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What both records hold, field by field, in words."""
        return tuple(each for each in self.judgement.evidence if each.speaks)


def candidates_for(one: Side, *, by: User, reach: Reach, most: int = SHOWN) -> list[Candidate]:
    """The people in reach who share a key with this person and may be the same one, likeliest first."""
    found = _within(_neighbours(one), one, by=by, reach=reach)
    weighed = sorted(_weighed(one, found), key=lambda pair: (-pair[0], pair[1]))
    return _shown(one, [patient for weight, patient in weighed if weight > LEAST][:most], reach=reach)


def looked_up(asked: Asked, one: Side, *, by: User, reach: Reach) -> list[Candidate]:
    """The people in reach who fit what was typed, this person left out, as candidates; one search event."""
    query = read(asked).to_query()
    terms = [str(term) for term in terms_of(query)]
    audit.look("search", by=by, subject_key=one.patient.public_id, details={"terms": terms, "in": "index"})
    findings = finding.find(query, by=by, reach=reach)
    listed = visibility.people(by, reach).filter(pk__in=[each.patient_id for each in findings.people])
    known = set(listed.values_list("pk", flat=True)) - {one.patient.pk}
    return _shown(one, [each.patient_id for each in findings.people if each.patient_id in known], reach=reach)


def _neighbours(one: Side) -> set[int]:
    """Ids of the records that share a key with one of the person's."""
    return blocks.sharing(subject_of(row).form for row in one.rows) - {row.pk for row in one.rows}


def _within(ids: Iterable[int], one: Side, *, by: User, reach: Reach) -> list[SourceRecord]:
    people = visibility.people(by, reach).exclude(pk=one.patient.pk)
    rows = visibility.records(reach).filter(pk__in=list(ids), patient__in=people)
    return [row for row in rows.defer("held").order_by("pk")[:MOST_WEIGHED] if counts(row)]


def _weighed(one: Side, found: Sequence[SourceRecord]) -> list[tuple[float, int]]:
    """(weight, person): what the best pair of records says."""
    mine = [subject_of(row) for row in one.rows if counts(row)]
    theirs: dict[int, list[Subject]] = {}
    for row in found:
        theirs.setdefault(row.patient_id, []).append(subject_of(row))
    return [(_best(mine, records)[0], patient) for patient, records in theirs.items() if mine]


def _shown(one: Side, ids: Sequence[int], *, reach: Reach) -> list[Candidate]:
    people = Patient.objects.in_bulk(list(ids))
    rows: dict[int, list[SourceRecord]] = {}
    for row in visibility.records(reach).filter(patient__in=people).order_by("pk"):
        rows.setdefault(row.patient_id, []).append(row)
    mine = [subject(whole_of(row)) for row in one.rows]
    return [_candidate(mine, side_of(people[pk], rows[pk])) for pk in ids if pk in people and pk in rows]


def _candidate(mine: Sequence[Subject], other: Side) -> Candidate:
    weight, first, second = _best(mine, [subject(whole_of(row)) for row in other.rows])
    one, two = sorted((first, second), key=lambda each: each.key)
    return Candidate(side=other, weight=weight, judgement=judge_subjects(one, two, unique=True))


def _best(mine: Sequence[Subject], theirs: Sequence[Subject]) -> tuple[float, Subject, Subject]:
    """The two records that agree best, and how well."""
    total = finding.about_how_many()
    pairs = (
        (FIXED.weigh(levels_of(one.form, other.form), records=total).total, one, other)
        for other in theirs
        for one in mine
    )
    return max(pairs, key=lambda pair: pair[0])
