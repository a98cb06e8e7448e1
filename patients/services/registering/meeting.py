"""Whom the index holds that somebody new may be: found by keys and as typed, judged by the one rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from integrations.registry import label_of
from integrations.types import SearchQuery
from integrations.writes import Details, record_of
from patients.entering.stand_ins import is_unidentified
from patients.matching.agreement import Evidence, compare
from patients.matching.fields import Field
from patients.matching.finding import Asked, asked_keys, keys_if_short
from patients.matching.levels import Level
from patients.matching.same_person import Subject, subject
from patients.models import Patient, SourceRecord
from patients.services import blocks, finding, visibility
from patients.services.hand_links import Apart, Side, apart_from, side_of
from patients.services.held import whole_of
from patients.services.linking import counts
from patients.services.visibility import Reach
from portal.accounts.models import User

from .nearness import Judged, judge, likest
from .passing import Doubt, Nearness

MOST_JUDGED = 150  # records, of all that share a key
SHOWN = 8  # of each nearness


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
    best = {each.row.patient_id: each for each in _judged(new, _candidates(new, _query(details)))}
    if of is not None:
        best.pop(of.pk, None)
    patients = Patient.objects.in_bulk(list(best))
    in_reach = set(visibility.people(by, reach).filter(pk__in=list(best)).values_list("pk", flat=True))
    nearest = sorted(best.items(), key=lambda item: item[1].place)
    seen = [(patients[pk], judged) for pk, judged in nearest if pk in in_reach]
    return Meeting(
        met=tuple(_met(details, seen, reach, by)),
        unseen=tuple(_unseen([judged for pk, judged in nearest if pk not in in_reach])),
        doubts=tuple(_doubt(pk, judged) for pk, judged in nearest),
    )


def _candidates(new: Subject, query: SearchQuery) -> list[int]:
    """People of whom a record shares a key with the new person, or would be found by typing; in reach or not,
    and of very many those whom a quick look finds likest."""
    ids = blocks.sharing([new.form]) | blocks.leading(asked_keys(query), keys_if_short(query))
    asked = Asked(query, records=0)
    rows = sorted(finding.rows_by("id", ids), key=lambda row: (-asked.likeness(row.columns), row.pk))
    return list(dict.fromkeys(row.patient_id for row in rows[:MOST_JUDGED]))


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


def _judged(new: Subject, people: Sequence[int]) -> Iterator[Judged]:
    total, frequency = finding.about_how_many(), lru_cache(maxsize=None)(blocks.how_many_hold)
    # What stands for "not known" agrees with nobody's: of two unknown people none is the other.
    are_told_apart = is_unidentified(new.form.held.family_name)
    records: dict[int, list[SourceRecord]] = {}
    for row in SourceRecord.objects.filter(patient_id__in=people).defer("held").order_by("pk"):
        if counts(row) and not (are_told_apart and is_unidentified(row.family)):
            records.setdefault(row.patient_id, []).append(row)
    for rows in records.values():
        judged = judge(new, rows, records=total, frequency=frequency)
        if judged is not None:
            yield judged


def _met(details: Details, seen: Sequence[tuple[Patient, Judged]], reach: Reach, by: User) -> list[Met]:
    count: dict[Nearness, int] = {}
    shown: list[tuple[Patient, Judged]] = []
    for patient, judged in seen:
        count[judged.nearness] = count.get(judged.nearness, 0) + 1
        if count[judged.nearness] <= SHOWN:
            shown.append((patient, judged))
    rows: dict[int, list[SourceRecord]] = {}
    own = visibility.records(reach).filter(patient__in=[patient for patient, _ in shown])
    for row in own.order_by("pk"):
        rows.setdefault(row.patient_id, []).append(row)
    return [
        Met(
            side=side_of(patient, rows[patient.pk]),
            nearness=judged.nearness,
            evidence=_evidence(details, judged.row, rows[patient.pk]),
            apart=tuple(_apart(patient, by, reach)),
        )
        for patient, judged in shown
        if patient.pk in rows
    ]


def _apart(patient: Patient, by: User, reach: Reach) -> Iterator[Apart]:
    """From whom somebody was kept apart; why only where both are in reach: a reason may tell of either."""
    decisions = apart_from(patient)
    others = visibility.people(by, reach).filter(pk__in=[each.other.pk for each in decisions])
    in_reach = set(others.values_list("pk", flat=True))
    for each in decisions:
        yield each if each.other.pk in in_reach else replace(each, reason="")


def _evidence(details: Details, best: SourceRecord, mine: Sequence[SourceRecord]) -> tuple[Evidence, ...]:
    """What both hold, said of the names as they are written: by the record that agrees best, or where that is
    out of reach by the best that is not."""
    new = record_of(details)
    row = best if best in mine else likest(subject(new), mine)
    return tuple(each for each in compare(new.demographics, whole_of(row).demographics) if each.speaks)


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
