"""Whom events are about: names from the index for the opaque ids of the trail.

A name is shown only where the reader's own roles reach a record that holds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import QuerySet

from integrations.registry import label_of, system_names
from integrations.types import Demographics
from patients.models import Patient, SourceRecord

from . import bulk, visibility
from .hand_links import rows_of, side_of
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
    """Who a person is, from the records within reach, as their page says; ``None`` where there is none."""
    rows = rows_of(patient, reach)
    return side_of(patient, rows).identity if rows else None


def system_label(system: str) -> str:
    """A system's label; its bare name where this installation does not have it any more."""
    return label_of(system) if system in system_names() else system


def _name(details: Demographics) -> str:
    name = ", ".join(filter(None, [details.family_name.upper(), details.given_name]))
    return name or details.full_name
