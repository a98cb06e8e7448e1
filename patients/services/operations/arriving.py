"""What a try ends in, kept in one transaction: the record in the index, the operation, the audit event.

A record that was created becomes one of the person for whom it was asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction

from integrations.types import RemotePatient
from patients.models import Operation, SourceRecord
from patients.services import index, installations, key_making, linking, marks, one_writer
from portal import audit
from portal.accounts.models import User

from . import claims, clock, queue, wishes
from .kinds.job import After, Record
from .whys import Why
from .wishes import Create, Kind

REGISTERED = "Registered for this person."


@transaction.atomic
def finish(
    operation: Operation, record: After, *, details: Mapping[str, Any] | None = None,
    also: Callable[[], None] | None = None,
) -> None:  # fmt: skip
    """It is done; ``record`` as the system holds it now, ``also`` what is kept beside it. Raises
    ``LostLease``: then nothing is kept."""
    _hold_index(operation)
    row = _arrived(operation, record)
    queue.end(operation, Operation.State.DONE, record=row, details=dict(details or {}))
    if also is not None:
        also()
    claims.let_go(operation.patient)
    note("operation.done", operation)


@transaction.atomic
def hold(
    operation: Operation, why: Why, details: Mapping[str, Any], *, record: RemotePatient | None = None,
    **values: Any,
) -> None:  # fmt: skip
    """A person has to decide. ``record``: what the system holds of it by now. Raises ``LostLease``."""
    _hold_index(operation)
    row = operation.record if record is None else taken_in(operation, record)
    queue.hold(operation, why, details, record=row, **values)
    note("operation.held", operation, because=str(why))


@transaction.atomic
def refuse(operation: Operation, why: Why, **values: Any) -> None:
    """It cannot be done, and has not been. Raises ``LostLease``."""
    _hold_index(operation)
    queue.end(operation, Operation.State.REFUSED, why, **values)
    claims.let_go(operation.patient)
    note("operation.refused", operation, because=str(why))


def _arrived(operation: Operation, record: After) -> SourceRecord:
    """The operation's record, as it is now or marked as gone; of one that was not read nothing is said."""
    if not isinstance(record, Record):
        return taken_in(operation, record)
    row = SourceRecord.objects.defer("held").get(operations=operation)
    if record is Record.GONE:
        index.mark_vanished([row], at=clock.now())
    return row


def _keep_apart(operation: Operation, row: SourceRecord) -> None:
    """Where somebody has said that it is another person of the same names and birth date: the rule links
    the record with that one all the same."""
    wish = wishes.kept(operation.kind, operation.wanted)
    said = wish.namesake if isinstance(wish, Create) else ""
    others = SourceRecord.objects.filter(patient=row.patient_id).exclude(pk=row.pk)
    if said and row.patient_id != operation.patient_id and others.exists():
        linking.unlink_record(record=row, reason=said, by=operation.asked_by)


def _hold_index(operation: Operation) -> None:
    """Hold the index, before any row is, and see for whom the operation is by now: people are linked."""
    one_writer.hold()
    operation.refresh_from_db(fields=["patient"])


def note(
    action: str, operation: Operation, *, by: User | None = None, reason: str = "", **details: Any
) -> None:
    """One event about an operation: which, of what kind, for whom; never what was to be written."""
    record = operation.record
    audit.write(
        action,
        by=by or operation.acts_for,
        reason=reason,
        system=operation.system,
        record_id=record.remote_id if record is not None else "",
        subject_key=operation.patient.public_id,
        details={"operation": operation.public_id, "kind": operation.kind, **details},
    )


def taken_in(operation: Operation, record: RemotePatient) -> SourceRecord:
    """The record in the index, as one of the operation's person. Called while the index is held."""
    key_making.note_first()
    installations.note_first(record.system)
    index.store([record], read_at=clock.now())
    row = SourceRecord.objects.defer("held").get(system=record.system, remote_id=record.id)
    operation.refresh_from_db(fields=["patient"])
    if operation.kind == Kind.CREATE:
        _keep_apart(operation, row)
        operation.patient = linking.adopt(
            patient=operation.patient, record=row, reason=REGISTERED, by=operation.asked_by
        )
        _mark_made_up(operation, row)
    return row


def _mark_made_up(operation: Operation, row: SourceRecord) -> None:
    """A record that was created of somebody made up counts nowhere from its first moment on."""
    wish = wishes.kept(operation.kind, operation.wanted)
    if isinstance(wish, Create) and wish.is_test and not row.is_test:
        marks.mark_made(row, by=operation.asked_by)
