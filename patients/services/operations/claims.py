"""Of two registrations of one person at once, the second is told of the first.

A claim stands for an NHS number, or for both names with the birth date, as a keyed hash that is unique in
the database: whoever asks second meets it in the transaction that would have recorded their operation
(docs/architecture.md, rule 4 of "What holds"). Twins have other given names; people whose birth date stands
for "not known" are claimed by NHS number only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from integrations.writes import Details, record_of
from patients.matching.compared import compared
from patients.matching.dates import is_stand_in
from patients.models import Claim, Operation, Patient
from portal.web.crypto import keyed_hash

from . import clock, queue
from .wishes import Kind

#: How long after a registration has ended another one of the same person is still told of it. Forms
#: are filled in for hours, and what was found when they were opened may be older than the registration.
HELD_FOR = timedelta(hours=24)


class Taken(Exception):
    """Somebody with these details is being registered, or was just now: as this person."""

    def __init__(self, patient: Patient) -> None:
        super().__init__("being registered already")
        self.patient = patient

    @property
    def operation(self) -> Operation | None:
        """The latest registration of that person, whose story tells who asked."""
        rows = Operation.objects.filter(patient=self.patient, kind=Kind.CREATE)
        return rows.defer(*queue.SEALED).order_by("-pk").first()


def take(patient: Patient, details: Details, *, is_namesake: bool = False) -> None:
    """Claim a person for registering, in the transaction that records it. Raises :class:`Taken`.

    ``is_namesake``: somebody has said, with a reason, that it is another person of the same names and birth
    date: of two who say so at once the second is told all the same.
    """
    keys = sorted(_keys(details, is_namesake=is_namesake))
    if not keys:
        return
    if all(each.patient_id == patient.pk and each.until is None for each in _claimed(patient, keys)):
        return
    Claim.objects.filter(key__in=keys, until__lt=clock.now()).delete()
    for each in _claimed(patient, keys):
        holder = each.patient
        if patient.pk not in (holder.pk, holder.merged_into_id):
            raise Taken(Patient.objects.get(pk=holder.merged_into_id or holder.pk))
    Claim.objects.filter(key__in=keys).update(patient=patient, until=None)


def _claimed(patient: Patient, keys: Sequence[str]) -> list[Claim]:
    """The claims by these keys: this person's, but for those that are held already."""
    while True:
        # One row after the other in one order: of two that come at once one waits for the other to commit.
        Claim.objects.bulk_create([Claim(key=key, patient=patient) for key in keys], ignore_conflicts=True)
        rows = list(Claim.objects.filter(key__in=keys).select_related("patient"))
        if len(rows) == len(keys):  # else one was let go in between
            return rows


def let_go(patient: Patient) -> None:
    """After one of a person's registrations has ended: where none is open, let the claims go. At once
    where none of them was done, else some time later."""
    creations = Operation.objects.filter(patient=patient, kind=Kind.CREATE)
    if creations.filter(state__in=queue.OPEN).exists():
        return
    claims = Claim.objects.filter(patient=patient)
    if creations.filter(state=Operation.State.DONE).exists():
        claims.filter(until=None).update(until=clock.now() + HELD_FOR)
    else:
        claims.delete()


def throw_away_old() -> int:
    """Delete claims whose time is over; returns how many."""
    return Claim.objects.filter(until__lt=clock.now()).delete()[0]


def _keys(details: Details, *, is_namesake: bool) -> Iterator[str]:
    form = compared(record_of(details).demographics)
    if form.nhs_valid:
        yield keyed_hash(form.nhs, purpose="claim by NHS number")
    given, family, birth = form.identity
    if given and family and birth and not is_stand_in(birth):
        purpose = "claim as a namesake" if is_namesake else "claim by names and birth date"
        yield keyed_hash(f"{given}|{family}|{birth}", purpose=purpose)
