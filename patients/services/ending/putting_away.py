"""Putting a record away in its system, and taking it back into use: asked for with a reason.

What is not possible says why, in one sentence for staff; the queue looks again before it sends anything.
"""

from __future__ import annotations

from enum import StrEnum
from typing import cast

from integrations.abilities import Archives, Capability
from integrations.registry import label_of, system_class
from integrations.types import RecordStatus
from integrations.writes import Changes, Part, shown_of
from patients.models import Operation, Patient, SourceRecord
from patients.services.hand_links import Side
from patients.services.held import whole_of
from patients.services.operations import recording, rights
from patients.services.operations.wishes import Archive, Change
from patients.services.seals import held, seal
from portal.accounts.models import User

from . import GONE, Refused


class Step(StrEnum):
    """The two steps; also the kinds of form."""

    ARCHIVE = "archive"
    TAKE_BACK = "take back"


def why_not(step: Step, record: SourceRecord, *, by: User) -> str:
    """Why a step is not possible for a record as it is known now; empty where it is."""
    system, label = system_class(record.system), label_of(record.system)
    if record.vanished_at is not None:
        return f"{label} does not hold this record any more."
    if not rights.may_write(by, record.system):
        return f"Your role does not let you change anything in {label}."
    if record.status == RecordStatus.MERGED:
        return f"{label} has merged this record into another one: nothing in it can be changed."
    is_archived = record.status == RecordStatus.ARCHIVED
    if step is Step.ARCHIVE:
        if Capability.ARCHIVE not in system.capabilities:
            return f"{label} cannot archive a record."
        return f"The record is archived in {label} already." if is_archived else ""
    if Part.STATUS not in system.changes:
        return f"{label} cannot take a record back from here."
    return "" if is_archived else f"The record is not archived in {label}."


def keeps_reason(system: str) -> bool:
    """Whether a system keeps why a record was archived, with notes: else the portal's trail alone does."""
    found = system_class(system)
    return Capability.ARCHIVE in found.capabilities and cast(type[Archives], found).keeps_archive_reason


def seal_step(step: Step, whole: Side, record: SourceRecord, *, by: User) -> str:
    """The seal of the form about a record of this person."""
    return seal(whole.named, purpose=step, part=str(record.pk), by=by)


def archive(*, sealed: str, at: str, number: int, reason: str, notes: str, by: User) -> Operation:
    """Ask for the record to be put away. ``reason`` is short; ``notes`` is what else there is to say.

    Raises :class:`~patients.services.seals.Broken`, :class:`Refused` and ``Forbidden``.
    """
    wish = Archive(reason=reason, notes=notes)
    why = ". ".join(filter(None, [reason, notes]))
    with held(sealed, purpose=Step.ARCHIVE, at=[at], by=by, part=str(number)) as [patient]:
        record = _record(Step.ARCHIVE, patient, number, by=by)
        return _asked(wish, record, reason=why, by=by)


def take_back(*, sealed: str, at: str, number: int, reason: str, by: User) -> Operation:
    """Ask for the record to be in use again. Raises as :func:`archive` does."""
    with held(sealed, purpose=Step.TAKE_BACK, at=[at], by=by, part=str(number)) as [patient]:
        record = _record(Step.TAKE_BACK, patient, number, by=by)
        wish = Change(changes=Changes.to(status=RecordStatus.ACTIVE), shown=shown_of(whole_of(record)))
        return _asked(wish, record, reason=reason, by=by)


def _record(step: Step, patient: Patient, number: int, *, by: User) -> SourceRecord:
    record = patient.records.filter(pk=number).first()
    if record is None:
        raise Refused(GONE)
    if sentence := why_not(step, record, by=by):
        raise Refused(sentence)
    return record


def _asked(wish: Archive | Change, record: SourceRecord, *, reason: str, by: User) -> Operation:
    try:
        return recording.ask(wish, record=record, by=by, reason=reason)
    except recording.Nobody:
        raise Refused(GONE) from None
