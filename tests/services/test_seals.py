"""Sealed forms: they hold for whom, by whom, for what and as of when they were shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
import time_machine
from django.utils import timezone

from integrations.types import Demographics, RemotePatient
from patients.models import Patient, SourceRecord
from patients.services import index, seals
from patients.services.seals import Broken, Named, Trouble
from portal.accounts.models import User
from portal.audit.models import Event

pytestmark = pytest.mark.django_db(transaction=True)

NAME = "MBEKI, Grace, born 18-Apr-1975"


def read(number: str, **details: object) -> SourceRecord:
    """A record as Jump gives it, taken into the index."""
    known: dict[str, object] = {
        "given_name": "Grace",
        "family_name": "Mbeki",
        "birth_date": date(1975, 4, 18),
        **details,
    }
    demographics = Demographics(**known)  # type: ignore[arg-type]
    index.store([RemotePatient(system="jump", id=number, demographics=demographics)])
    return SourceRecord.objects.select_related("patient").get(remote_id=number)


def sealed_for(patient: Patient, user: User) -> str:
    return seals.seal(Named(patient, NAME), purpose="edit", part="7", by=user)


def opened(text: str, patient: Patient, user: User, *, purpose: str = "edit", part: str = "7") -> Patient:
    with seals.held(text, purpose=purpose, at=[patient.public_id], part=part, by=user) as [found]:
        return found


def test_form_holds_for_whom_it_was_made(clinic_staff: User) -> None:
    patient = read("p-1").patient

    assert opened(sealed_for(patient, clinic_staff), patient, clinic_staff) == patient
    assert not Event.objects.filter(action="form.refused").exists()


def change(text: str) -> str:
    return text[:5] + ("a" if text[5] != "a" else "b") + text[6:]


@pytest.mark.parametrize("spoil", [change, lambda text: text[:-1], lambda text: "", lambda text: "é:x:y"])
def test_form_that_was_tampered_with_is_refused(clinic_staff: User, spoil: Callable[[str], str]) -> None:
    patient = read("p-1").patient

    with pytest.raises(Broken) as refused:
        opened(spoil(sealed_for(patient, clinic_staff)), patient, clinic_staff)

    assert refused.value.trouble is Trouble.UNREADABLE


def test_form_of_another_kind_is_refused(clinic_staff: User) -> None:
    patient = read("p-1").patient

    with pytest.raises(Broken) as refused:
        opened(sealed_for(patient, clinic_staff), patient, clinic_staff, purpose="archive")

    assert refused.value.trouble is Trouble.UNREADABLE


@pytest.mark.parametrize("part", ["8", ""])
def test_form_for_another_part_of_the_same_person_is_refused(clinic_staff: User, part: str) -> None:
    patient = read("p-1").patient

    with pytest.raises(Broken) as refused:
        opened(sealed_for(patient, clinic_staff), patient, clinic_staff, part=part)

    assert (refused.value.trouble, refused.value.names) == (Trouble.ANOTHER_ADDRESS, (NAME,))


def test_form_for_another_person_is_refused_with_the_name_that_it_was_about(clinic_staff: User) -> None:
    patient = read("p-1").patient
    other = read("p-2", given_name="Winifred", birth_date=date(1940, 1, 2)).patient

    with pytest.raises(Broken) as refused:
        opened(sealed_for(patient, clinic_staff), other, clinic_staff)

    assert (refused.value.trouble, refused.value.names) == (Trouble.ANOTHER_ADDRESS, (NAME,))
    event = Event.objects.get(action="form.refused")
    assert (event.outcome, event.subject_key, event.actor) == (
        "refused",
        other.public_id,
        str(clinic_staff.pk),
    )
    assert event.details == {"form": "edit", "because": "another address"}


def test_form_of_another_account_is_refused_and_names_nobody(clinic_staff: User, admin: User) -> None:
    patient = read("p-1").patient

    with pytest.raises(Broken) as refused:
        opened(sealed_for(patient, clinic_staff), patient, admin)

    assert (refused.value.trouble, refused.value.names) == (Trouble.ANOTHER_ACCOUNT, ())


def test_form_is_refused_after_its_time(clinic_staff: User) -> None:
    patient = read("p-1").patient
    sealed = sealed_for(patient, clinic_staff)

    with time_machine.travel(timezone.now() + seals.LASTS_FOR - timedelta(minutes=1)):
        opened(sealed, patient, clinic_staff)
    with (
        time_machine.travel(timezone.now() + seals.LASTS_FOR + timedelta(minutes=1)),
        pytest.raises(Broken) as refused,
    ):
        opened(sealed, patient, clinic_staff)

    assert (refused.value.trouble, refused.value.names) == (Trouble.EXPIRED, (NAME,))


def test_form_is_refused_once_a_record_has_changed(clinic_staff: User) -> None:
    patient = read("p-1").patient
    sealed = sealed_for(patient, clinic_staff)

    read("p-1")  # read again, and the same
    opened(sealed, patient, clinic_staff)
    read("p-1", email="grace@example.org")

    with pytest.raises(Broken) as refused:
        opened(sealed, patient, clinic_staff)
    assert (refused.value.trouble, refused.value.names) == (Trouble.STALE, (NAME,))


def test_form_is_refused_once_a_record_has_vanished(clinic_staff: User) -> None:
    record = read("p-1")
    sealed = sealed_for(record.patient, clinic_staff)

    index.mark_vanished([record], at=timezone.now())

    with pytest.raises(Broken) as refused:
        opened(sealed, record.patient, clinic_staff)
    assert refused.value.trouble is Trouble.STALE


def test_what_was_begun_with_a_refused_form_is_not_kept(clinic_staff: User) -> None:
    patient = read("p-1").patient

    with pytest.raises(Broken), seals.held("", purpose="edit", at=[patient.public_id], by=clinic_staff):
        raise AssertionError("nothing may be done with a form that does not hold")
