"""Whom events are about: names from the index for the opaque ids of the trail.

A name is shown only where the reader's own roles reach a record that holds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db.models import QuerySet

from integrations.registry import label_of, system_names
from integrations.types import Demographics, RemotePatient
from patients.models import Patient, SourceRecord

from . import bulk, visibility
from .held import whole_of
from .portrait import Identity
from .visibility import Reach

Pair = tuple[str, str]  # system and the system's id


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """One person whom an event is about: the records that were shown, and a name where one may see it."""

    records: tuple[str, ...]
    name: str = field(default="", repr=False)


class Names:
    """The people of many events at once, read in a fixed number of queries."""

    def __init__(self, pairs: Iterable[Pair], reach: Reach) -> None:
        wanted = set(pairs)
        self._patients: dict[Pair, int] = {
            (each.system, each.remote_id): each.patient_id
            for each in records_of(wanted).only("system", "remote_id", "patient_id")
        }
        within = visibility.records(reach).filter(bulk.with_keys(wanted))
        self._names: dict[int, str] = {}
        for record in within.order_by("pk"):
            if not self._names.get(record.patient_id):
                self._names[record.patient_id] = _name(whole_of(record).demographics)

    def abouts(self, records: Sequence[Pair]) -> tuple[About, ...]:
        """The people of one event, each with the records of theirs."""
        people: dict[object, list[Pair]] = {}
        for pair in records:
            people.setdefault(self._patients.get(pair, pair), []).append(pair)
        return tuple(
            About(
                records=tuple(f"{system_label(system)} {number}" for system, number in pairs),
                name=self._names.get(patient, "") if isinstance(patient, int) else "",
            )
            for patient, pairs in people.items()
        )


def records_of(pairs: set[Pair]) -> QuerySet[SourceRecord]:
    """The records of the index behind these ids."""
    return SourceRecord.objects.filter(bulk.with_keys(pairs))


def whole_person(public_id: str) -> tuple[Patient, list[Patient]] | None:
    """The person of an address, who may have been joined to another since, and all joined to them."""
    patient = Patient.objects.select_related("merged_into").filter(public_id=public_id).first()
    if patient is None:
        return None
    survivor = patient.merged_into or patient
    return survivor, list(Patient.objects.filter(merged_into=survivor))


def identity_within(reach: Reach, patient: Patient) -> Identity | None:
    """Who a person is, from the records within reach; ``None`` where there is none."""
    held = visibility.records(reach).filter(patient=patient)
    records = sorted(map(whole_of, held), key=lambda each: _place(each.system))
    if not records:
        return None
    details = [each.demographics for each in records]
    return Identity(
        family_name=details[0].family_name,
        given_name=details[0].given_name,
        middle_name=details[0].middle_name,
        full_name=details[0].full_name,
        birth_date=next((each.birth_date for each in details if each.birth_date), None),
        nhs_number=next((each.nhs_number for each in details if each.nhs_number), ""),
        is_deceased=any(each.administrative.is_deceased for each in records),
        date_of_death=next(_deaths(records), None),
    )


def system_label(system: str) -> str:
    """A system's label; its bare name where this installation does not have it any more."""
    return label_of(system) if system in system_names() else system


def _deaths(records: Sequence[RemotePatient]) -> Iterator[date]:
    return (each.administrative.date_of_death for each in records if each.administrative.date_of_death)


def _name(details: Demographics) -> str:
    name = ", ".join(filter(None, [details.family_name.upper(), details.given_name]))
    return name or details.full_name


def _place(system: str) -> int:
    return system_names().index(system) if system in system_names() else len(system_names())
