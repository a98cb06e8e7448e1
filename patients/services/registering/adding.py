"""Somebody who has a record already gets one in another system, or their record one more organization."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import QuerySet

from integrations.abilities import Capability
from integrations.registry import label_of, systems_with
from integrations.sentences import listed
from integrations.types import RecordStatus
from integrations.writes import Details, details_of
from patients.entering.overwriting import is_still_the_same_person
from patients.matching.fields import Field
from patients.models import Patient, SourceRecord
from patients.services.held import whole_of


class Refused(Exception):
    """Nothing is added to somebody as things stand; the text says why, for staff."""


def held_in(patient: Patient) -> frozenset[str]:
    """The systems that hold somebody already, in reach or not."""
    return frozenset(_records(patient).values_list("system", flat=True))


def check(details: Details, systems: Collection[str], patient: Patient) -> None:
    """Hold that somebody gets what is theirs, and one record a system. Raises :class:`Refused`."""
    twice = [label_of(name) for name in systems if name in held_in(patient)]
    if twice:
        raise Refused(f"They have a record in {listed(twice)} already: nobody is made there twice.")
    if sentence := another_person(details, patient):
        raise Refused(sentence)


def another_person(details: Details, patient: Patient) -> str:
    """Why these are somebody else's details, for staff; empty where they are like those of any record that
    the person has."""
    verdicts = [is_still_the_same_person(details_of(whole_of(row)), details) for row in _records(patient)]
    if not verdicts or not all(each.stops for each in verdicts):
        return ""
    nearest = min(verdicts, key=lambda each: len(each.replaced))
    parts = listed(Field(part.value).label for part in (*nearest.replaced, *nearest.touched))
    return (
        f"Their records hold another {parts}, as if these were somebody else's details. If the records are "
        "wrong, edit the person first. If it is somebody else, register them in a form of their own."
    )


def can_join(patient: Patient, organization: str) -> SourceRecord | None:
    """The record of somebody that can be added to an organization; ``None`` where there is none, or none that
    is not in it."""
    rows = _records(patient).filter(system__in=systems_with(Capability.MEMBERSHIP))
    return rows.exclude(memberships__organization=organization).order_by("pk").first()


def _records(patient: Patient) -> QuerySet[SourceRecord]:
    own = SourceRecord.objects.filter(patient=patient, vanished_at=None)
    return own.exclude(status=RecordStatus.MERGED)
