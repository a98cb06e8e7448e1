"""Test records marked here: labelled everywhere, linked with nobody, counted nowhere, and taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from integrations.sandbox.run import Sandbox
from integrations.types import Address, Demographics, Registration, RemotePatient
from patients.models import Link, ListEntry, SourceRecord
from patients.services import index, linking, marks
from patients.services.people_list import Filters, find, sight_of
from portal.accounts.models import User
from portal.audit.models import Event
from tests.conftest import signed_in
from tests.support import Desk, parsed, settle

GRACE = Demographics(
    given_name="Grace",
    family_name="Mbeki",
    birth_date=date(1975, 4, 18),
    email="grace@example.org",
    address=Address(lines=("1 Platt Lane",), postcode="M14 1AA"),
)


@pytest.fixture
def offline(transactional_db: None, settings: Settings) -> None:
    """No system is there: everything is from the index."""
    settings.SYSTEMS = {name: {**each, "URL": ""} for name, each in settings.SYSTEMS.items()}


@pytest.fixture
def admins_client(offline: None, client: Client, admin: User) -> Client:
    return signed_in(client, admin)


def store(*records: RemotePatient) -> None:
    index.store(records)


def grace(system: str, number: str = "1", **changed: object) -> RemotePatient:
    details = replace(GRACE, **changed)  # type: ignore[arg-type]
    return RemotePatient(system=system, id=number, demographics=details)


def row(system: str, number: str = "1") -> SourceRecord:
    return SourceRecord.objects.select_related("patient").get(system=system, remote_id=number)


def address_of(record: SourceRecord) -> str:
    return f"/people/{record.patient.public_id}/records/{record.pk}/test"


def send(client: Client, record: SourceRecord, reason: str = "Made while training") -> None:
    address = address_of(record)
    (seal,) = parsed(client.get(address)).named("seal")
    response = client.post(address, {"seal": seal.attributes["value"], "reason": reason})
    assert response.status_code == 303, parsed(response).text


def listed(user: User) -> int:
    return find(sight_of(user), Filters()).narrow.count()


def test_marking_takes_a_record_out_of_its_links_and_out_of_the_list(admins_client: Client) -> None:
    store(grace("jump"), grace("impilo"))
    assert row("jump").patient == row("impilo").patient
    send(admins_client, row("impilo"))

    real, test = row("jump"), row("impilo")
    assert test.is_test
    assert test.patient != real.patient
    assert not test.patient.is_listed
    assert real.patient.is_listed
    assert not Link.objects.filter(undone_at=None).exists()
    store(grace("jump", email="other@example.org"), grace("impilo", email="other@example.org"))
    assert row("jump").patient != row("impilo").patient
    assert row("impilo").is_test
    (event,) = Event.objects.filter(action="record.marked_test")
    assert (event.reason, event.record_id) == ("Made while training", "1")


def test_others_whom_the_rule_had_joined_stay_joined(admins_client: Client) -> None:
    store(grace("jump"), grace("impilo"), grace("jhe"))
    assert len({row(each).patient_id for each in ("jump", "impilo", "jhe")}) == 1
    send(admins_client, row("jump"))

    assert row("impilo").patient == row("jhe").patient
    assert row("jump").patient != row("jhe").patient
    assert row("jhe").patient.is_listed


def test_link_by_hand_is_taken_back_too(admins_client: Client, admin: User) -> None:
    store(grace("jump"), grace("impilo", family_name="Other", birth_date=date(1960, 1, 2), email=""))
    linking.link_people(keep=row("jump").patient, other=row("impilo").patient, reason="said so", by=admin)
    send(admins_client, row("impilo"))

    assert row("jump").patient != row("impilo").patient


def test_mark_taken_back_lets_the_rule_link_again(admins_client: Client) -> None:
    store(grace("jump"), grace("impilo"))
    send(admins_client, row("impilo"))
    send(admins_client, row("impilo"), reason="She is real")

    assert not row("impilo").is_test
    assert row("jump").patient == row("impilo").patient
    assert row("jump").patient.is_listed
    assert Event.objects.get(action="record.unmarked_test").reason == "She is real"


def test_marked_record_counts_nowhere_and_is_labelled(admins_client: Client, admin: User) -> None:
    store(grace("impilo"))
    assert listed(admin) == 1
    send(admins_client, row("impilo"))

    assert listed(admin) == 0
    assert ListEntry.objects.filter(patient__is_listed=True).count() == 0
    page = parsed(admins_client.get(f"/people/{row('impilo').patient.public_id}"))
    settle()
    assert "Test record" in page.of_class("portal-identity")[0].text
    typed = admins_client.post("/typed", {"text": "grace mbeki"}, headers={"HX-Request": "true"})
    assert "test record" in parsed(typed).text.lower()


def test_look_up_labels_what_its_system_does_not(sandbox: Sandbox, admin: User) -> None:
    desk = Desk(admin)
    found = desk.look_up("grace mbeki")
    before = len(found.people)
    settle()
    send(desk.client, SourceRecord.objects.get(system="impilo", given="grace", family="mbeki"))
    again = desk.look_up("grace mbeki")

    assert len(again.people) == before + 1
    assert ["test record" in each.text.lower() for each in again.people].count(True) == 1
    settle()


def test_system_that_says_so_itself_has_nothing_to_mark(admins_client: Client) -> None:
    store(replace(grace("jump"), registration=Registration.DUMMY))
    assert admins_client.get(address_of(row("jump"))).status_code == 404
    page = parsed(admins_client.get(f"/people/{row('jump').patient.public_id}"))
    settle()
    assert "Mark as a test record" not in page.text


def test_only_admins_mark(offline: None, client: Client, clinic_staff: User) -> None:
    store(grace("impilo"))
    record = row("impilo")
    staff = signed_in(client, clinic_staff)
    assert staff.get(address_of(record)).status_code == 403
    assert staff.post(address_of(record), {"reason": "x"}).status_code == 403
    assert "Mark as a test record" not in parsed(staff.get(f"/people/{record.patient.public_id}")).text
    settle()


def test_reason_is_asked_for_and_a_stale_form_is_refused(admins_client: Client) -> None:
    store(grace("impilo"))
    record = row("impilo")
    (seal,) = parsed(admins_client.get(address_of(record))).named("seal")
    sent = {"seal": seal.attributes["value"], "reason": ""}
    assert admins_client.post(address_of(record), sent).status_code == 422
    store(grace("impilo", given_name="Gracie"))
    response = admins_client.post(address_of(record), sent | {"reason": "test"})

    assert response.status_code == 409
    text = parsed(response).text
    assert "MBEKI, Grace," in text
    assert "MBEKI, Gracie," in text
    assert not row("impilo").is_test


def test_form_to_mark_does_not_take_a_mark_back(admins_client: Client, admin: User) -> None:
    store(grace("impilo"))
    record = row("impilo")
    (seal,) = parsed(admins_client.get(address_of(record))).named("seal")
    send(admins_client, record)
    sent = {"seal": seal.attributes["value"], "reason": "again"}
    assert admins_client.post(address_of(row("impilo")), sent).status_code == 409
    assert row("impilo").is_test
    assert marks.purpose_of(row("impilo")) == marks.UNMARK
