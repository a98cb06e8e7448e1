"""Links that are taken back: the record is again whose it was, and the rule leaves it there."""

from __future__ import annotations

from datetime import date

import pytest

from integrations.types import Demographics, Registration, RemotePatient
from patients.models import Link, SourceRecord
from patients.services import index, linking
from portal.accounts.models import User
from portal.audit.models import Event


def read(system: str, number: str, **details: object) -> SourceRecord:
    """A record as a system gives it, taken into the index."""
    known: dict[str, object] = {
        "given_name": "Grace",
        "family_name": "Mbeki",
        "birth_date": date(1975, 4, 18),
        **details,
    }
    index.store([RemotePatient(system=system, id=number, demographics=Demographics(**known))])  # type: ignore[arg-type]
    return SourceRecord.objects.get(system=system, remote_id=number)


def test_link_is_taken_back_and_stays_so(clinic_staff: User) -> None:
    jump, impilo = read("jump", "p-1"), read("impilo", "7")
    assert impilo.patient == jump.patient
    before = jump.patient.version

    linking.unlink_record(record=impilo, reason="Two sisters", by=clinic_staff)
    read("impilo", "7", middle_name="Anne")  # read again: the rule looks at it anew
    read("jump", "p-1", middle_name="Ruth")

    jump.refresh_from_db()
    impilo.refresh_from_db()
    assert jump.patient != impilo.patient
    assert jump.patient.version > before
    event = Event.objects.get(action="link.undone")
    assert (event.reason, event.actor) == ("Two sisters", str(clinic_staff.pk))
    assert Link.objects.get(record=impilo).undone_reason == "Two sisters"


def test_people_who_were_parted_are_linked_again_by_a_person_only(clinic_staff: User) -> None:
    jump, impilo = read("jump", "p-1"), read("impilo", "7")
    linking.unlink_record(record=impilo, reason="Two sisters", by=clinic_staff)
    jump.refresh_from_db()
    impilo.refresh_from_db()

    linking.link_people(keep=jump.patient, other=impilo.patient, reason="One after all", by=clinic_staff)

    impilo.refresh_from_db()
    assert impilo.patient == jump.patient


def test_only_record_of_a_person_is_parted_from_nobody(clinic_staff: User) -> None:
    record = read("jump", "p-1")

    with pytest.raises(linking.Refused):
        linking.unlink_record(record=record, reason="x", by=clinic_staff)


def test_record_that_becomes_a_test_record_leaves_whom_it_was_linked_with(db: None) -> None:
    jump, impilo = read("jump", "p-1"), read("impilo", "7")
    assert impilo.patient == jump.patient

    row = RemotePatient(
        system="jump",
        id="p-1",
        demographics=Demographics(given_name="Grace", family_name="Mbeki", birth_date=date(1975, 4, 18)),
        registration=Registration.DUMMY,
    )
    index.store([row])

    jump.refresh_from_db()
    impilo.refresh_from_db()
    assert jump.patient != impilo.patient
    assert Event.objects.filter(action="link.undone").exists()
    assert impilo.patient.merged_into is None
