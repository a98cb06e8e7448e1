"""Linking what was just read by the one rule, a batch at a time (docs/architecture.md, "The one rule").

Everybody near the batch is read once; people are joined in memory, surest first, and what that
changes is written at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import connection
from django.utils import timezone

from patients.matching import keys
from patients.matching.same_person import Rule
from patients.matching.weights import FIXED
from patients.models import Link, Patient, SourceRecord
from portal import audit

from . import blocks, bulk, linking
from .held import subject_of
from .linking import counts
from .neighbourhood import AtHand, Near, Neighbourhood

CUT_OFF = 6.0  # bits below which the rule alone links nobody
NO_LONGER_AGREE = "The records no longer agree."
A_TEST_RECORD = "It is a test record."
NO_LONGER_ONE = "A system holds another record with these names and birth date."


@dataclass(slots=True)
class Tally:
    """What linking by rule did: records joined, joins stopped, blocks too long to be compared.

    ``people`` are those whom it has read or changed, by our id, as they are now: whoever sums them up
    saves ``merged_into`` and ``version`` with that.
    """

    joined: int = 0
    stopped: int = 0
    undone: int = 0
    long_blocks: int = 0
    people: dict[int, Patient] = field(default_factory=dict, repr=False)


def link_by_rule(found: Sequence[AtHand]) -> Tally:
    """Link records that were just written to whom they belong, and undo what does not hold any more.

    Belongs into a transaction that holds the index (``one_writer``); the people of ``Tally.people``
    are still to be summed up and saved.
    """
    tally = Tally()
    parted = _take_test_records_out(found)
    at_hand = [each for each in found if counts(each.record)]
    at_hand += [ready(each) for each in parted if counts(each)]
    if not at_hand:
        return tally
    near = Neighbourhood(at_hand)
    parted = _undo_what_does_not_hold(at_hand, near)
    if parted:
        tally.undone = len(parted)
        at_hand = [*at_hand, *(ready(each) for each in parted if counts(each))]
        near = Neighbourhood(at_hand)
    tally.long_blocks = near.long_blocks
    joins = _Joins(near)
    for each in at_hand:
        _join(each.record, joins, tally)
    joins.write()
    tally.people = near.people
    return tally


def _take_test_records_out(found: Sequence[AtHand]) -> list[SourceRecord]:
    """Make records on their own of those that have become test records; returns what was linked with
    them by rule, to be linked anew without them."""
    parted: list[SourceRecord] = []
    for each in found:
        if each.record.is_test and not each.is_new:
            person = each.record.patient_id
            linking.set_apart(record=each.record, reason=A_TEST_RECORD, by=None)
            if each.record.patient_id != person:
                parted += linking.loosen(person, reason=A_TEST_RECORD)
    return _beside(found, parted)


def _beside(found: Sequence[AtHand], parted: Sequence[SourceRecord]) -> list[SourceRecord]:
    """The parted records that are not at hand; those that are learn whose they are now."""
    mine = {each.record.pk: each.record for each in found}
    for record in parted:
        if record.pk in mine:
            mine[record.pk].patient = record.patient
    return [each for each in parted if each.pk not in mine]


def _undo_what_does_not_hold(at_hand: Sequence[AtHand], near: Neighbourhood) -> list[SourceRecord]:
    """Take back links by rule of whom a record has fallen apart from, and of those whose names and
    birth date are a second record's of one system now; returns the records that were parted from others."""
    reasons: dict[int, str] = {}
    for each in at_hand:
        if not each.is_new and near.fell_apart(each.record):
            reasons[each.record.patient_id] = NO_LONGER_AGREE
        reasons |= dict.fromkeys(near.no_longer_unique(each.record), NO_LONGER_ONE)
    parted: list[SourceRecord] = []
    for person, reason in sorted(reasons.items()):
        if reason == NO_LONGER_AGREE or _rests_on_being_unique(person):
            parted += linking.loosen(person, reason=reason)
    return _beside(at_hand, parted)


def _rests_on_being_unique(person: int) -> bool:
    unique = [Rule.NAMES_AND_BIRTH_DATE, Rule.RARE_NAMES_AND_BIRTH_DATE]
    return Link.objects.filter(patient=person, undone_at=None, rule__in=unique).exists()


def ready(record: SourceRecord) -> AtHand:
    """A record that stands in the index, ready for being linked anew."""
    subject = subject_of(record)
    return AtHand(record, subject, blocks.kinds_by_hash(keys.matching_keys(subject.form)), is_new=False)


def _join(record: SourceRecord, joins: _Joins, tally: Tally) -> None:
    """Join the record's person with those whose records are surely the same person's, surest first."""
    for best in joins.near.sure(record, least=CUT_OFF):
        keep, lose = sorted((record.patient_id, best.record.patient_id))
        if keep == lose:
            continue
        if joins.near.would_join_unlike(keep, lose):
            tally.stopped += 1
        else:
            joins.join(keep, lose, best)
            tally.joined += 1


def evidence_of(near: Near) -> Mapping[str, object]:
    """What speaks for a link: levels and weight, no values."""
    levels = {str(each.field): str(each.level) for each in near.judgement.evidence if each.speaks}
    return {"levels": levels, "weight": round(near.weight, 1), "beside": str(near.record)}


class _Joins:
    """People joined in memory, and what is to be written of it."""

    def __init__(self, near: Neighbourhood) -> None:
        self.near = near
        self._links: list[Link] = []
        self._newest: dict[int, Link] = {}  # record → its link of this batch
        self._moved: dict[int, SourceRecord] = {}
        self._lost: dict[int, Patient] = {}  # person → whose the records are now
        self._events: list[tuple[str, audit.About]] = []

    def join(self, keep: int, lose: int, best: Near) -> None:
        """Every record of ``lose`` becomes one of ``keep``'s."""
        kept, lost = self.near.people[keep], self.near.people[lose]
        for record in self.near.move(lose, keep):
            self._supersede(record)
            link = Link(
                record=record, patient=kept, came_from=lost, rule=str(best.judgement.rule),
                evidence=evidence_of(best), weights_version=FIXED.version,
            )  # fmt: skip
            self._links.append(link)
            self._newest[record.pk] = link
            self._moved[record.pk] = record
            self._events.append(("link.made", _about(link, lost)))
        lost.merged_into = kept
        self._lost[lose] = kept
        kept.version += 1
        lost.version += 1

    def _supersede(self, record: SourceRecord) -> None:
        before = self._newest.get(record.pk)
        if before is not None:
            before.undone_at, before.undone_reason = timezone.now(), linking.SUPERSEDED

    def write(self) -> None:
        """Write links, their events, and whose the records are."""
        if not self._moved:
            return
        # Whoever is asking for a write of one of them has asked before this, or finds them joined.
        list(Patient.objects.select_for_update().filter(pk__in=list(self._lost)).order_by("pk"))
        Link.objects.filter(record__in=list(self._moved), undone_at=None).update(
            undone_at=timezone.now(), undone_reason=linking.SUPERSEDED
        )
        Link.objects.bulk_create(self._links)
        bulk.update(self._moved.values(), ["patient"])
        _move_memberships(self._moved.values())
        self._follow()
        linking.hand_over({lost: self._survivor(lost) for lost in self._lost})
        audit.write_all(self._events)

    def _survivor(self, lost: int) -> Patient:
        kept = self._lost[lost]
        while kept.pk in self._lost:
            kept = self._lost[kept.pk]
        return kept

    def _follow(self) -> None:
        """Whoever was joined with one of those who are joined now is joined with whom these are."""
        for person in self.near.people.values():
            while person.merged_into_id in self._lost:
                person.merged_into = self._lost[person.merged_into_id]
        followers = list(Patient.objects.filter(merged_into__in=list(self._lost)))
        for person in followers:
            person.merged_into = self.near.people[person.merged_into_id or 0].merged_into
        bulk.update(followers, ["merged_into"])


def _about(link: Link, lost: Patient) -> audit.About:
    record = link.record
    return {
        "system": record.system,
        "record_id": record.remote_id,
        "subject_key": link.patient.public_id,
        "details": {"rule": link.rule, "from": lost.public_id},
    }


def _move_memberships(records: Iterable[SourceRecord]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE patients_membership SET patient_id = %s WHERE record_id = %s",
            [(each.patient_id, each.pk) for each in records],
        )
