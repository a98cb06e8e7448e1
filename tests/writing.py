"""What tests of writes share: people to be written, time that passes, what the systems hold in the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from django.db.models import F

from integrations.sandbox.run import Sandbox
from integrations.types import RemotePatient
from integrations.writes import Changes, Details, NewRecord, shown_of
from patients.models import Breaker, Claim, Operation, Patient, SourceRecord
from patients.services import index
from patients.services.connections import open_system
from patients.services.held import whole_of
from patients.services.operations import recording, sending
from patients.services.operations.bulks import Part
from patients.services.operations.wishes import Change
from patients.services.registering.passing import Passed
from portal.accounts.models import User

MEMBER = "member_megan@example.com"  # of LIFESPAN, at the sandbox's JHE
LIFESPAN = "20003"

ZOE = Details(
    given_name="Zoë",
    family_name="Quartermaine",
    birth_date=date(1987, 3, 9),
    email="zoe.quartermaine@example.org",
    phone="+44 7700 900461",
)


def new_record(details: Details = ZOE, **values: Any) -> NewRecord:
    """Somebody to be registered, with what every system takes."""
    return NewRecord(details=replace(details, **values))


def register(
    records: Mapping[str, NewRecord], *, by: User, patient: Patient | None = None, namesake: str = ""
) -> list[Operation]:
    """Ask for new records of somebody who was searched for, and found nowhere but as a ``namesake``."""
    details = next(iter(records.values())).details
    passed = Passed(details=details, reason=namesake, is_namesake=bool(namesake))
    return recording.register(records, passed=passed, by=by, patient=patient)


def one_of_many(new: NewRecord, patient: Patient | None = None) -> Part:
    """Somebody of a bulk, who was searched for and found nowhere."""
    return Part(new, patient=patient, passed=Passed(details=new.details))


def pass_time(**span: float) -> None:
    """Let time pass for the queue: everything that it waits for comes so much nearer."""
    ago = timedelta(**span)
    for model, columns in (
        (Operation, ("due_at", "late_until", "lease_until", "left_at", "keyed_at")),
        (Claim, ("until",)),
        (Breaker, ("open_until",)),
    ):
        model.objects.update(**{name: F(name) - ago for name in columns})


def work_off(operation: Operation | None = None) -> Operation:
    """Try everything that is due; the operation as it is then."""
    sending.send_due()
    operation = operation or Operation.objects.latest("pk")
    return Operation.objects.get(pk=operation.pk)


def known(system: str, patient_id: str, *, by: User) -> SourceRecord:
    """A record that is in the index, as it is read now."""
    record = open_system(system, by=by, seconds=30).get(patient_id)
    index.store([record])
    return SourceRecord.objects.get(system=system, remote_id=record.id)


def change(record: SourceRecord, *, by: User, organization: str = "", **values: Any) -> Operation:
    """Ask for details to be set, as from a form that showed what the index holds."""
    wish = Change(
        changes=Changes.to(**values),
        shown=shown_of(whole_of(record)),
        organization_id=organization or (LIFESPAN if record.system == "jhe" else ""),
    )
    return recording.ask(wish, record=record, by=by)


def held(system: str, patient_id: str, *, by: User) -> RemotePatient:
    """A record as its system holds it now."""
    return open_system(system, by=by, seconds=30).get(patient_id)


def named(sandbox: Sandbox, system: str, family: str = ZOE.family_name) -> list[dict[str, Any]]:
    """What a system holds under a family name."""
    with sandbox.stores[system].reading() as state:
        rows = list(state["patients"].values())
    keys = ("last_name", "lastName", "nameFamily", "name_family")
    return [row for row in rows if family in [row.get(key) for key in keys]]
