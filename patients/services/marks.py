"""Test records of systems that do not say so themselves: marked here by admins, with a reason, and unmarked.

A test record is nobody's: it counts nowhere and is linked with nobody (docs/architecture.md). Marking
one that belongs to somebody makes it a record on its own, and links anew what the rule had linked with
it; unmarking lets the rule look at it again. Nothing is written to the systems.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from integrations.types import Registration
from patients.models import Patient, SourceRecord
from portal import audit
from portal.accounts.models import User

from . import bulk, linking, linking_by_rule, summary
from .answers import Outcome
from .hand_links import Side
from .held import as_test
from .linking import Refused
from .seals import held, seal

MARK, UNMARK = "mark test", "unmark test"  # the kinds of form
NOT_TOGETHER = "A test record was taken out."
MADE = "Made for trying the onboarding."


def says_itself(record: SourceRecord) -> bool:
    """Whether the record's own system says that it is a test record: then there is nothing to mark."""
    return record.registration == Registration.DUMMY


def purpose_of(record: SourceRecord) -> str:
    """What the form about a record does: mark it, or take the mark back."""
    return UNMARK if record.marked_test else MARK


def seal_mark(whole: Side, record: SourceRecord, *, by: User) -> str:
    """The seal of the form about a record of this person."""
    return seal(whole.named, purpose=purpose_of(record), part=str(record.pk), by=by)


def set_mark(*, sealed: str, at: str, number: int, purpose: str, reason: str, by: User) -> Patient:
    """Do what the form says; returns whose the record is now.

    Raises :class:`~patients.services.seals.Broken` and :class:`~patients.services.linking.Refused`.
    """
    with held(sealed, purpose=purpose, at=[at], by=by, part=str(number)) as [patient]:
        record = patient.records.filter(pk=number).first()
        if record is None or says_itself(record) or purpose_of(record) != purpose:
            raise Refused("This record has changed meanwhile. Look at the person's page again.")
        _write(record, patient, is_test=purpose == MARK, reason=reason, by=by)
        record.refresh_from_db(fields=["patient"])
        return Patient.objects.get(pk=record.patient_id)


def mark_made(record: SourceRecord, *, by: User) -> None:
    """Mark a record that was made for trying the onboarding; inside the transaction that takes it in."""
    patient = Patient.objects.get(pk=record.patient_id)
    _write(record, patient, is_test=True, reason=MADE, by=by)
    record.refresh_from_db(fields=["patient"])


def _write(record: SourceRecord, patient: Patient, *, is_test: bool, reason: str, by: User) -> None:
    record.marked_test = record.is_test = is_test
    record.version += 1
    record.save(update_fields=["marked_test", "is_test", "version"])
    audit.write(
        "record.marked_test" if is_test else "record.unmarked_test",
        by=by, system=record.system, record_id=record.remote_id, subject_key=patient.public_id, reason=reason,
    )  # fmt: skip
    if is_test:
        linking.set_apart(record=record, reason=reason, by=by)
        linking.loosen(patient.pk, reason=NOT_TOGETHER)
    _sum_up(patient, record)


def _sum_up(patient: Patient, record: SourceRecord) -> None:
    """Link anew whoever has to do with it, and sum everybody up; forms that showed them are stale now."""
    touched = _touched(patient, record)
    at_hand = [linking_by_rule.ready(each) for each in touched if linking.counts(each)]
    people = linking_by_rule.link_by_rule(at_hand).people
    ids = {each.patient_id for each in SourceRecord.objects.filter(pk__in=[each.pk for each in touched])}
    people |= Patient.objects.in_bulk({patient.pk, *ids} - people.keys())
    people[patient.pk].version += 1
    summary.refresh(people.values())


def _touched(patient: Patient, record: SourceRecord) -> list[SourceRecord]:
    """The record, the person's others, and those that were parted from them just now."""
    parted = SourceRecord.objects.filter(
        links__patient=patient, links__undone_reason=NOT_TOGETHER, links__undone_at__isnull=False
    )
    own = SourceRecord.objects.filter(patient=patient) | SourceRecord.objects.filter(pk=record.pk)
    return list((own | parted).distinct().order_by("pk"))


# --- in look-ups ----------------------------------------------------------------------------


def over(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Answers of systems with our marks: their records do not say that they are test records."""
    keys = [each.key for outcome in outcomes for each in outcome.records]
    marked = _marked(keys) if keys else set()
    if not marked:
        return list(outcomes)
    return [
        replace(
            outcome,
            records=tuple(
                replace(each, record=as_test(each.record)) if each.key in marked else each
                for each in outcome.records
            ),
        )
        for outcome in outcomes
    ]


def _marked(keys: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    rows = SourceRecord.objects.filter(bulk.with_keys(keys), marked_test=True)
    return set(rows.values_list("system", "remote_id"))
