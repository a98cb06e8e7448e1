"""One person of the index, opened: each record read anew from its system, or said to be old."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.utils import timezone

from integrations.registry import system_names
from integrations.types import RemotePatient
from patients.matching.grouping import Group
from patients.models import Patient, SourceRecord
from portal import audit
from portal.accounts.models import User

from . import taking_in, visibility
from .answers import KeptRecord
from .asking import Question, ask_all
from .connections import open_system
from .held import kept_of
from .lookup import Gone, Person, read_anew
from .visibility import Reach

FRESH_FOR = timedelta(seconds=60)
SECONDS = 5.0  # what a page waits for the systems


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A person of the index with the records within reach. ``untold`` are sentences on systems
    that did not say whom one may see, so that records may be missing here."""

    patient: Patient
    person: Person = field(repr=False)
    untold: tuple[str, ...] = ()


def open_patient(public_id: str, *, by: User, action: str = "person.viewed") -> Opened:
    """The person at an address, records read anew; one audit event.

    Raises :class:`~patients.services.lookup.Gone` where there is no such person for this user:
    one event too. A person who was linked with another is that other one.
    """
    reach = visibility.reach_of(by)
    patient = _at(public_id)
    if patient is None or not visibility.may_see(by, patient, reach):
        audit.look(action, by=by, subject_key=public_id[:64], outcome="refused")
        raise Gone
    kept = _read(_rows(patient, reach), by=by)
    if not kept:  # each system refuses it by now
        audit.look(action, by=by, subject_key=patient.public_id, outcome="refused")
        raise Gone
    shown = [each.record for each in kept]
    audit.look(
        action,
        by=by,
        system=shown[0].system,
        record_id=shown[0].id,
        subject_key=patient.public_id,
        details={"records": [f"{each.system}:{each.id}" for each in shown]},
    )
    group = Group(records=tuple(shown))
    return Opened(
        patient=patient,
        person=Person(group=group, kept=tuple(kept)),
        untold=tuple(reach.untold.values()),
    )


def address_now(public_id: str) -> str:
    """Where somebody is found now who was at this address: another one after being linked."""
    patient = _at(public_id)
    return patient.public_id if patient else public_id


def _at(public_id: str) -> Patient | None:
    patient = Patient.objects.select_related("merged_into").filter(public_id=public_id).first()
    if patient is None:
        return None
    survivor: Patient | None = patient.merged_into
    return survivor or patient


def _rows(patient: Patient, reach: Reach) -> list[SourceRecord]:
    order = {name: place for place, name in enumerate(system_names())}
    rows = visibility.records(reach).filter(patient=patient)
    return sorted(rows, key=lambda row: (order.get(row.system, len(order)), row.pk))


def _read(rows: Sequence[SourceRecord], *, by: User) -> list[KeptRecord]:
    """Each record as its system holds it now; what cannot be read is shown as last read, and says so."""
    now = timezone.now()
    stale = [row for row in rows if row.whole_at is None or now - row.whole_at > FRESH_FOR]
    found = ask_all({str(row.pk): _question(row, by) for row in stale})
    taking_in.take_in([each for each in found.values() if isinstance(each, RemotePatient)], read_at=now)
    kept = {str(row.pk): kept_of(row) for row in rows}
    read = (read_anew(each, found[key]) if key in found else each for key, each in kept.items())
    return [each for each in read if each is not None]


def _question(row: SourceRecord, by: User) -> Question[RemotePatient]:
    return Question(system=row.system, operation="get", seconds=SECONDS, work=_getter(row, by))


def _getter(row: SourceRecord, by: User) -> Callable[[], RemotePatient]:
    return lambda: open_system(row.system, by=by, seconds=SECONDS).get(row.remote_id)
