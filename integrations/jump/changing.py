"""Creating, changing, archiving and marking records. Sections cited are of README.md beside this file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations import errors
from integrations.types import RecordStatus, Registration, RemotePatient
from integrations.writes import Changes, NewRecord

from . import mapping, writing
from .client import JumpClient
from .search import whole


def create(client: JumpClient, new: NewRecord, *, key: str, with_own_id: bool) -> RemotePatient:
    """Create a record, sent once."""
    body = writing.body_of_new(new, with_own_id=with_own_id)
    return _written(client, client.create_patient(body, key=key), operation="create patient")


def update(client: JumpClient, patient_id: str, changes: Changes) -> RemotePatient:
    """Set what the changes name; without any, nothing is sent. Raises ``Conflict`` for a merged record."""
    operation = "change patient"
    writing.body_of_changes(
        Changes(parts=changes.parts, details=changes.details), {}
    )  # refuses before asking
    record = _open_record(client, patient_id, operation)
    if changes.custom_fields and not shows_custom_fields(record):
        raise _unseen(client, operation)
    body = writing.body_of_changes(changes, _custom_fields(record), record.raw)
    if not body:
        return record
    return _written(client, client.change_patient(patient_id, body), operation=operation, of=patient_id)


def archive(client: JumpClient, patient_id: str, *, reason: str, notes: str) -> RemotePatient:
    """Put a record away, unless it is already: then its reason stays who gave it."""
    operation = "archive patient"
    body = writing.body_of_archiving(reason, notes)
    record = _open_record(client, patient_id, operation)
    if record.status is RecordStatus.ARCHIVED:
        return record
    data = client.change_patient(patient_id, body, operation=operation)
    return _written(client, data, operation=operation, of=patient_id)


def mark(client: JumpClient, patient_id: str, own_id: str, *, allowed: bool) -> RemotePatient:
    """Write the portal's own id into a record that shows its custom fields and holds none there."""
    operation = "mark patient"
    if not allowed:
        raise client.http.fault(errors.Unsupported, operation, reason="not switched on")
    record = _open_record(client, patient_id, operation)
    if not shows_custom_fields(record):
        raise _unseen(client, operation)
    held = _custom_fields(record).get(writing.OWN_ID)
    if held == own_id:
        return record
    if held not in (None, ""):
        raise client.http.fault(errors.Conflict, operation, reason="another id")
    body = {"custom_fields": {writing.OWN_ID: own_id}}
    data = client.change_patient(patient_id, body, operation=operation)
    return _written(client, data, operation=operation, of=patient_id)


def shows_custom_fields(record: RemotePatient) -> bool:
    """Whether the record came with its custom fields, be they none (README, Custom fields)."""
    return isinstance(record.raw.get("custom_fields"), Mapping)


def custom_field_problem(record: RemotePatient, name: str, value: str) -> str:
    """Why the record could not hold a custom field's value: one that is no text keeps its type."""
    try:
        writing.body_of_changes(Changes(custom_fields=((name, value),)), _custom_fields(record))
    except errors.Invalid as fault:
        return fault.field_errors.get("custom_fields", "")
    return ""


def _custom_fields(record: RemotePatient) -> Mapping[str, Any]:
    held = record.raw.get("custom_fields")
    return held if isinstance(held, Mapping) else {}


def _unseen(client: JumpClient, operation: str) -> errors.IntegrationError:
    """What cannot be seen could be overwritten without anybody knowing."""
    return client.http.fault(
        errors.Unsupported,
        operation,
        reason="custom fields not shown",
        for_staff="Jump EHR does not show this record's own fields: they cannot be changed from here.",
    )


def _open_record(client: JumpClient, patient_id: str, operation: str) -> RemotePatient:
    """The record as it is before a change. Who asks has looked too, but a merge may lie between, and
    no write to a merged record can be taken back: one more request is the price (README, Changing)."""
    record = whole(client, patient_id, operation=operation)
    if RecordStatus.MERGED is record.status or Registration.MERGED is record.registration:
        raise client.http.fault(
            errors.Conflict,
            operation,
            reason="merged record",
            for_staff="This record was merged into another one in Jump EHR.",
        )
    return record


def _written(client: JumpClient, data: object, *, operation: str, of: str = "") -> RemotePatient:
    """The record that a change was answered with, completed by reading where that is short.

    From here on something was written: what cannot be read leaves the outcome unknown.
    """
    try:
        record = mapping.patient(data, operation=operation, short=True)
        if of and record.id.casefold() != of.casefold():
            raise client.foreign_record(operation)
    except errors.ProtocolError as fault:
        fault.outcome_unknown = True
        raise
    if record.complete:
        return record
    try:
        return whole(client, record.id, operation=operation)
    except errors.IntegrationError:
        return record
