"""The index: source records taken in as they are read, keyed, and linked to people.

The only writer of patients, source records and keys beside ``linking`` (who is whose). Records
come in batches from syncing and one by one whenever one is read live.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from integrations.types import Registration, RemotePatient
from patients.matching import keys
from patients.matching.compared import Compared
from patients.matching.keys import Kind
from patients.models import Identifier, Membership, Patient, RecordChange, SourceRecord

from . import blocks, bulk, facets, key_making, linking_by_rule, one_writer, summary
from .held import changes_between, columns_of, form_of, over, subject_of, to_hold, whole_of
from .neighbourhood import AtHand

_WRITTEN = (
    "status", "registration", "is_test", "is_deceased", "needs_review", "created_at", "updated_at", "read_at",
    "whole_at", "vanished_at", "version", "keys_version", "held", "given", "middle", "preferred", "family",
    "birth", "sex", "nhs", "email", "phones", "postcode", "address",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What taking records in did: how many were read, were new, changed, or had come back."""

    read: int = 0
    new: int = 0
    changed: int = 0
    returned: int = 0
    tally: linking_by_rule.Tally = field(default_factory=linking_by_rule.Tally)


@dataclass(slots=True, kw_only=True)
class _Taken:
    """One record on its way in. ``differs``: from what is held; ``changes``: from what was known."""

    row: SourceRecord
    whole: RemotePatient = field(repr=False)
    is_new: bool = False
    old_keys: frozenset[int] = frozenset()
    differs: bool = False
    changes: dict[str, list[object]] = field(default_factory=dict, repr=False)
    returned: bool = False
    is_keyed_anew: bool = False

    @property
    def is_to_be_written(self) -> bool:
        """Whether more is new than when it was read."""
        return self.is_new or self.differs or self.returned or self.is_keyed_anew


def store(found: Iterable[RemotePatient], *, read_at: datetime | None = None) -> Stored:
    """Take records in as they were read at a moment: the last of each counts.

    An older reading changes nothing; a short row leaves what it does not hold as it was.
    """
    # Read to the end first: no system is asked while the database is held.
    remotes = {(each.system, each.id): each for each in found}
    return _store(remotes, read_at or timezone.now())


@transaction.atomic
def _store(remotes: Mapping[tuple[str, str], RemotePatient], moment: datetime) -> Stored:
    one_writer.hold()
    known = _known(remotes)
    fresh = [_new(remote, moment) for key, remote in remotes.items() if key not in known]
    again = [
        _again(known[key], remote, moment)
        for key, remote in remotes.items()
        if key in known and known[key].read_at <= moment
    ]
    changed = [each for each in again if each.is_to_be_written]
    _add(fresh)
    _update(again)
    _write_changes(changed, moment)
    at_hand = _write_keys([*fresh, *changed])
    _write_belongings([*fresh, *changed])
    tally = _linked(at_hand, moment)
    _sum_up(
        [each.record for each in at_hand],
        moved_on=[each.row for each in changed if each.differs or each.returned],
        known=tally.people,
    )
    return Stored(
        read=len(remotes),
        new=len(fresh),
        changed=sum(bool(each.changes) for each in changed),
        returned=sum(each.returned for each in changed),
        tally=tally,
    )


@transaction.atomic
def link_again(ids: Sequence[int]) -> None:
    """Link records that stand in the index, by our ids, as if they were just stored."""
    one_writer.hold()
    rows = list(SourceRecord.objects.filter(pk__in=ids).defer("held").order_by("pk"))
    tally = linking_by_rule.link_by_rule([linking_by_rule.ready(each) for each in rows])
    _sum_up(rows, moved_on=[], known=tally.people)


def _linked(at_hand: Sequence[AtHand], moment: datetime) -> linking_by_rule.Tally:
    """Link by rule, unless keys are missing: then it is noted that somebody has to later."""
    if key_making.is_whole():
        return linking_by_rule.link_by_rule(at_hand)
    if at_hand:
        key_making.note_unlinked(moment)
    return linking_by_rule.Tally()


@transaction.atomic
def mark_vanished(records: Iterable[SourceRecord], *, at: datetime) -> int:
    """Mark records that their system does not hold any more; returns how many. Nothing is dropped."""
    one_writer.hold()
    gone = [each for each in records if each.vanished_at is None]
    for record in gone:
        record.vanished_at = at
        record.version += 1
    bulk.update(gone, ["vanished_at", "version"])
    _sum_up(gone, moved_on=gone)
    return len(gone)


def _sum_up(
    rows: Sequence[SourceRecord],
    *,
    moved_on: Sequence[SourceRecord],
    known: Mapping[int, Patient] | None = None,
) -> None:
    """Sum up whose records these are, and who is ``known`` with changes to save; forms that showed what
    has moved on since are stale now."""
    people = dict(known or {})
    people |= Patient.objects.in_bulk({each.patient_id for each in rows} - people.keys())
    for person in {each.patient_id for each in moved_on}:
        people[person].version += 1
    summary.refresh(people.values())


# --- one record -----------------------------------------------------------------------------


def _known(remotes: Mapping[tuple[str, str], RemotePatient]) -> dict[tuple[str, str], SourceRecord]:
    rows = SourceRecord.objects.filter(bulk.with_keys(remotes))
    return {(row.system, row.remote_id): row for row in rows}


def _new(remote: RemotePatient, moment: datetime) -> _Taken:
    row = SourceRecord(system=remote.system, remote_id=remote.id)
    _fill(row, remote)
    _read(row, remote, moment)
    return _Taken(row=row, whole=remote, is_new=True)


def _again(row: SourceRecord, remote: RemotePatient, moment: datetime) -> _Taken:
    before = whole_of(row)
    whole = over(before, remote)
    different = changes_between(before, whole)
    changes = different if row.whole_at else _known_before(different)
    old, returned = frozenset[int](), row.vanished_at is not None
    is_keyed_anew = row.keys_version != keys.VERSION
    if different or returned or is_keyed_anew:
        old = keys_of(subject_of(row).form, _numbers(before))
        _fill(row, whole)
        row.version += bool(changes)
    _read(row, remote, moment)
    return _Taken(
        row=row, whole=whole, old_keys=old, differs=bool(different), changes=changes, returned=returned,
        is_keyed_anew=is_keyed_anew,
    )  # fmt: skip


def _known_before(changes: Mapping[str, list[object]]) -> dict[str, list[object]]:
    """The changes of what a short row had told; what it left open is learnt, not changed."""
    return {name: pair for name, pair in changes.items() if not _only_adds(pair)}


def _only_adds(pair: Sequence[object]) -> bool:
    """Whether nothing was told before, or, of several, some of what is told now."""
    before, after = pair
    if isinstance(before, list | tuple) and isinstance(after, list | tuple):
        return all(each in after for each in before)
    return not before or before == Registration.UNKNOWN


def _fill(row: SourceRecord, whole: RemotePatient) -> None:
    for name, value in columns_of(whole, form_of(whole)).items():
        setattr(row, name, value)
    row.is_test = row.marked_test or whole.registration is Registration.DUMMY
    row.held = to_hold(whole)
    row.vanished_at = None
    row.keys_version = keys.VERSION


def _read(row: SourceRecord, remote: RemotePatient, moment: datetime) -> None:
    row.read_at = moment
    row.updated_at = remote.updated_at
    if remote.complete:
        row.whole_at = moment


def keys_of(form: Compared, numbers: Iterable[str]) -> frozenset[int]:
    """Every key under which a record is found."""
    return frozenset(_keyed(form, numbers))


def _keyed(form: Compared, numbers: Iterable[str]) -> dict[int, Kind]:
    return blocks.kinds_by_hash([*keys.matching_keys(form), *keys.lookup_keys(form, numbers)])


def _numbers(whole: RemotePatient) -> list[str]:
    """By which numbers a record can be looked up; guessable ones are nobody's business."""
    return [whole.id, *(each.value for each in whole.identifiers if not each.guessable)]


# --- writing --------------------------------------------------------------------------------


def _add(fresh: Sequence[_Taken]) -> None:
    people = Patient.objects.bulk_create(Patient() for _ in fresh)
    for taken, person in zip(fresh, people, strict=True):
        taken.row.patient = person
    SourceRecord.objects.bulk_create(each.row for each in fresh)


def _update(again: Sequence[_Taken]) -> None:
    bulk.update([each.row for each in again if each.is_to_be_written], _WRITTEN)
    bulk.update(
        [each.row for each in again if not each.is_to_be_written], ["read_at", "whole_at", "updated_at"]
    )


def _write_changes(changed: Sequence[_Taken], moment: datetime) -> None:
    RecordChange.objects.bulk_create(
        RecordChange(record=each.row, seen_at=moment, changes=each.changes)
        for each in changed
        if each.changes
    )


def _write_keys(taken: Sequence[_Taken]) -> list[AtHand]:
    """Put the records' keys into the table; returns the records ready for linking."""
    add: list[tuple[int, int]] = []
    remove: list[tuple[int, int]] = []
    at_hand: list[AtHand] = []
    for each in taken:
        subject = subject_of(each.row)
        now = _keyed(subject.form, _numbers(each.whole))
        is_there = frozenset[int]() if each.is_keyed_anew else each.old_keys
        add += [(key, each.row.pk) for key in now.keys() - is_there]
        remove += [(key, each.row.pk) for key in each.old_keys - now.keys()]
        at_hand.append(AtHand(each.row, subject, now, each.is_new))
    blocks.remove(remove)
    blocks.add(add)
    return at_hand


def _write_belongings(taken: Sequence[_Taken]) -> None:
    """Identifiers and organizations, as the records have them now."""
    for some in bulk.in_parts(each.row.pk for each in taken if not each.is_new):
        Identifier.objects.filter(record__in=some).delete()
        Membership.objects.filter(record__in=some).delete()
    Identifier.objects.bulk_create(
        Identifier(record=each.row, party=party, value=value)
        for each in taken
        for party, value in dict.fromkeys(
            (one.system, one.value) for one in each.whole.identifiers if not one.guessable
        )
    )
    Membership.objects.bulk_create(
        Membership(
            record=each.row,
            patient_id=each.row.patient_id,
            system=each.row.system,
            organization=organization,
        )
        for each in taken
        for organization in dict.fromkeys(one.id for one in each.whole.organizations)
    )
    facets.call({(each.row.system, one.id): one.name for each in taken for one in each.whole.organizations})
