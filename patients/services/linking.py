"""Which source records are one person's: linked by hand, parted, and links undone.

What the one rule links is in ``linking_by_rule``. Nothing is written to the systems. Every link keeps
its evidence and the version of the weights, and can be undone (docs/architecture.md, "The one rule").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from patients.matching.same_person import Subject, are_unlike, judge_subjects
from patients.matching.weights import FIXED
from patients.models import Claim, KeptApart, Link, Membership, Operation, Patient, SourceRecord
from portal import audit
from portal.accounts.models import User

from . import one_writer, summary
from .held import subject_of
from .operations.wishes import Kind


def counts(record: SourceRecord) -> bool:
    """Whether a record takes part in matching: no test record, not merged away, not gone."""
    return not (record.is_test or record.status == "merged" or record.vanished_at)


def are_unlike_subjects(one: Subject, other: Subject) -> bool:
    """Whether two records must not come to be one person's."""
    first, second = sorted((one, other), key=lambda each: each.key)
    return are_unlike(judge_subjects(first, second, unique=True))


# --- joining and parting --------------------------------------------------------------------


class Refused(Exception):
    """Records are not linked or parted; the text says why, for staff."""


@transaction.atomic
def link_people(*, keep: Patient, other: Patient, reason: str, by: User) -> None:
    """Say that two people are one: every record of ``other`` becomes one of ``keep``'s.

    What was said before of records of both, that they are to be kept apart, is lifted. Raises
    :class:`Refused` where one of them is joined with somebody already.
    """
    keep, other = _lock(keep.pk, other.pk)
    if keep == other:
        raise Refused("These records are linked already.")
    if keep.merged_into_id or other.merged_into_id:
        raise Refused("One of the two was linked with somebody else meanwhile. Look them up again.")
    _lift_kept_apart(keep, other)
    _unite(keep, other, reason=reason, by=by)


@transaction.atomic
def affirm(*, patient: Patient, records: Sequence[int], reason: str, by: User) -> None:
    """Say of records (our ids) that are a person's by rule that they are: what makes them unlike from now on
    does not part them. Called while the person is held."""
    links = Link.objects.filter(patient=patient, record__in=records, undone_at=None).exclude(rule="")
    affirmed = list(links.select_related("record").defer("record__held").order_by("pk"))
    links.update(undone_at=timezone.now(), undone_reason=SUPERSEDED)
    Link.objects.bulk_create(
        Link(
            record=link.record, patient=patient, came_from_id=link.came_from_id, reason=reason,
            evidence=link.evidence, weights_version=link.weights_version, made_by=by,
        )
        for link in affirmed
    )  # fmt: skip
    for link in affirmed:
        audit.write(
            "link.made", by=by, system=link.record.system, record_id=link.record.remote_id,
            subject_key=patient.public_id, reason=reason, details={"rule": ""},
        )  # fmt: skip


@transaction.atomic
def adopt(*, patient: Patient, record: SourceRecord, reason: str, by: User) -> Patient:
    """Make a record that was created for a person one of theirs; returns whose it is then.

    A person without records so far becomes whoever the record belongs to. Where the record came to others
    by rule who are unlike this person, or were said to be somebody else, it leaves them.
    """
    now = Patient.objects.get(pk=patient.pk)  # linking may have moved on since it was read
    patient, home = _lock(now.merged_into_id or now.pk, record.patient_id)
    if patient == home:
        return home
    mine = [each for each in patient.records.defer("held") if counts(each)]
    if not patient.records.exists():
        patient.merged_into = home
        Patient.objects.filter(merged_into=patient).update(merged_into=home)
        hand_over({patient.pk: home})
        _changed(home, patient)
        return home
    theirs = [each for each in home.records.exclude(pk=record.pk).defer("held") if counts(each)]
    unlike = (are_unlike_subjects(subject_of(one), subject_of(other)) for one in mine for other in theirs)
    if any(unlike) or _are_kept_apart(mine, theirs):
        _set_apart(record, home, reason=reason, by=by)
        patient, home = _lock(patient.pk, record.patient_id)
    _lift_kept_apart(patient, home)
    _unite(patient, home, reason=reason, by=by)
    record.patient = patient
    return patient


def _are_kept_apart(ones: Sequence[SourceRecord], others: Sequence[SourceRecord]) -> bool:
    either_way = Q(first__in=ones, second__in=others) | Q(first__in=others, second__in=ones)
    return KeptApart.objects.filter(either_way, lifted_at=None).exists()


def hand_over(became: Mapping[int, Patient]) -> None:
    """What is being written for a person (our id) goes on for whom that person has become: else it would
    leave the order in which one person's writes go."""
    for model in (Operation, Claim):
        rows = model.objects.filter(patient__in=list(became))
        for lost in rows.values_list("patient", flat=True).distinct():
            model.objects.filter(patient=lost).update(patient=became[lost])


@transaction.atomic
def unlink_record(*, record: SourceRecord, reason: str, by: User) -> None:
    """Say that a record is not this person's; the rule will not bring it back.

    Raises :class:`Refused` where it is the person's only one.
    """
    (patient,) = _lock(record.patient_id)
    others = list(patient.records.exclude(pk=record.pk))
    if not others:
        raise Refused("This person has no other record to part from.")
    _set_apart(record, patient, reason=reason, by=by)
    for other in others:
        first, second = sorted((record.pk, other.pk))
        KeptApart.objects.get_or_create(
            first_id=first, second_id=second, lifted_at=None, defaults={"reason": reason, "decided_by": by}
        )


@transaction.atomic
def set_apart(*, record: SourceRecord, reason: str, by: User | None) -> None:
    """Make a record a person of its own; the rule may bring it back, since nobody says it is another's."""
    (patient,) = _lock(record.patient_id)
    if patient.records.exclude(pk=record.pk).exists():
        _set_apart(record, patient, reason=reason, by=by)


def _set_apart(record: SourceRecord, patient: Patient, *, reason: str, by: User | None) -> None:
    link = Link.objects.filter(record=record, undone_at=None).first()
    if link is not None and not link.came_from.records.exists():
        undo(link, by=by, reason=reason)
        record.refresh_from_db(fields=["patient"])
    else:
        # Whose it was before may have records by now from which it is kept apart: it stands alone.
        _end(link, by=by, reason=reason)
        _part(record, patient, Patient.objects.create(), reason=reason, by=by)


def undo(link: Link, *, by: User | None, reason: str) -> None:
    """Take one link back: the record is again whose it was before."""
    patient, before = _lock(link.patient_id, link.came_from_id)
    _end(link, by=by, reason=reason)
    _part(link.record, patient, before, reason=reason, by=by)


def loosen(person: int, *, reason: str) -> list[SourceRecord]:
    """Take back what the rule has linked to a person (our id): each such record is again whose it was
    before, or whose somebody said. Returns the records that were parted."""
    parted = []
    for record in SourceRecord.objects.filter(patient=person).defer("held").order_by("pk"):
        chain = _linked_by_rule(record)
        if chain and chain[-1].came_from_id != person:
            patient, home = _lock(person, chain[-1].came_from_id)
            _end(chain[0], by=None, reason=reason)
            _part(record, patient, home, reason=reason, by=None)
            parted.append(record)
    return parted


def _linked_by_rule(record: SourceRecord) -> list[Link]:
    """The links by rule that brought a record to whose it is since anybody last said so, latest first."""
    links = Link.objects.filter(record=record).order_by("-made_at", "-pk")
    stand = takewhile(lambda each: each.rule and each.undone_reason in {"", SUPERSEDED}, links)
    return list(stand)


def _end(link: Link | None, *, by: User | None, reason: str) -> None:
    if link is not None:
        link.undone_at, link.undone_by, link.undone_reason = timezone.now(), by, reason
        link.save(update_fields=["undone_at", "undone_by", "undone_reason"])


def _part(record: SourceRecord, patient: Patient, to: Patient, *, reason: str, by: User | None) -> None:
    if to.merged_into_id is not None:
        to.merged_into = None
        _send_home(patient, to)
    _move([record], to)
    if by is not None:  # what the rule takes back says nothing of who was meant
        _take_along(record, patient, to)
    _changed(patient, to)
    audit.write(
        "link.undone", by=by, system=record.system, record_id=record.remote_id,
        subject_key=patient.public_id, reason=reason, details={"to": to.public_id},
    )  # fmt: skip


def _take_along(record: SourceRecord, patient: Patient, to: Patient) -> None:
    """Registrations that were asked for who somebody is again go on for them; so do those of somebody new
    who became, by this record alone, whom it is parted from."""
    registrations = Operation.objects.filter(kind=Kind.CREATE)
    became = Patient.objects.filter(
        pk__in=registrations.filter(record=record).values("asked_for"), merged_into=patient
    )
    followers = list(became.exclude(pk__in=_brought(patient)).values_list("pk", flat=True))
    Patient.objects.filter(pk__in=followers).exclude(pk=to.pk).update(merged_into=to)
    left = registrations.filter(patient=patient, record=None)
    if (
        left.filter(asked_for__in=[to.pk, *followers]).update(patient=to)
        and not left.filter(ended_at=None).exists()
    ):
        Claim.objects.filter(patient=patient, until=None).update(patient=to)


def _send_home(patient: Patient, to: Patient) -> None:
    """People who had become ``to`` before ``to`` became ``patient`` are ``to`` again: their addresses,
    and what is kept under them, lead there."""
    followers = Patient.objects.filter(merged_into=patient, pk__in=_brought(to))
    followers.exclude(pk=to.pk).update(merged_into=to)


def _brought(person: Patient) -> list[int]:
    """From whom records of theirs came to a person, by links that were not taken back."""
    stood = Link.objects.filter(Q(undone_at=None) | Q(undone_reason=SUPERSEDED), patient=person)
    return list(stood.values_list("came_from", flat=True))


def _unite(keep: Patient, lose: Patient, *, reason: str, by: User) -> None:
    records = list(lose.records.all())
    Link.objects.filter(record__in=records, undone_at=None).update(
        undone_at=timezone.now(), undone_reason=SUPERSEDED
    )
    Link.objects.bulk_create(
        Link(
            record=record, patient=keep, came_from=lose, reason=reason,
            weights_version=FIXED.version, made_by=by,
        )
        for record in records
    )  # fmt: skip
    _move(records, keep)
    lose.merged_into = keep
    hand_over({lose.pk: keep})
    Patient.objects.filter(merged_into=lose).update(merged_into=keep)
    _changed(keep, lose)
    for record in records:
        audit.write(
            "link.made", by=by, system=record.system, record_id=record.remote_id,
            subject_key=keep.public_id, reason=reason, details={"rule": "", "from": lose.public_id},
        )  # fmt: skip


SUPERSEDED = "Linked with somebody else."


def _move(records: Sequence[SourceRecord], to: Patient) -> None:
    ids = [each.pk for each in records]
    SourceRecord.objects.filter(pk__in=ids).update(patient=to)
    Membership.objects.filter(record__in=ids).update(patient=to)
    Operation.objects.filter(record__in=ids).update(patient=to)
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
    """The people as they are now, held until the transaction ends with all of the index."""
    one_writer.hold()
    held = {each.pk: each for each in Patient.objects.select_for_update().filter(pk__in=ids).order_by("pk")}
    return [held[each] for each in ids]
