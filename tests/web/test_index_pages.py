"""Looking people up in the index while typing, and the page of a person of the index."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from patients.models import Patient, SourceRecord
from patients.services import index
from patients.services.connections import open_system
from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.audit.models import Event
from tests.conftest import make_user, signed_in
from tests.support import Desk, connected

MEGAN = "member_megan@example.com"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def staff(sandbox: Sandbox) -> User:
    """Clinic staff with a role in one JHE organization, and some people of the sandbox in the index."""
    user = connected(make_user("staff@example.org", Role.CLINIC_STAFF, name="Sam Staff"), MEGAN, sandbox)
    for name in ("jump", "jhe", "impilo"):
        system = open_system(name, by=user, seconds=30)
        rows = [
            each for each in system.iterate() if each.demographics.family_name in {"Joshi", "Mbeki", "Wardle"}
        ]
        index.store(system.get(each.id) for each in rows)
    return user


def typed(client: Client, text: str, run: str = "r" * 22) -> str:
    reply = client.post(reverse("patients:typed"), {"text": text, "run": run}, headers=HTMX)
    assert reply.status_code == 200
    return reply.content.decode()


def grace() -> Patient:
    patient: Patient = SourceRecord.objects.get(system="impilo", given="grace", family="mbeki").patient
    return patient


def whole_page_of(patient: Patient) -> str:
    """Where every system is asked before the page is made."""
    return reverse("patients:patient", args=[patient.public_id]) + "?read=all"


@pytest.mark.parametrize(
    "text", ["grace mbeki 18/4/75", "mbeki grace", "grac mbeki", "grace mbekki 18/4/75", "mbek", "g mbeki"]
)
def test_typing_brings_whoever_is_meant_and_asks_no_system(staff: User, sandbox: Sandbox, text: str) -> None:
    client = signed_in(Client(), staff)
    typed(client, "smith")  # what JHE lets this person see is known from here on
    for board in sandbox.faults.values():
        board.forget_requests()
    page = typed(client, text)
    assert reverse("patients:patient", args=[grace().public_id]) in page
    assert not any(board.requests() for board in sandbox.faults.values())


def test_run_of_typing_is_one_search_event(staff: User) -> None:
    client = signed_in(Client(), staff)
    before = Event.objects.filter(action="search").count()
    for text in ("mbe", "mbek", "mbeki", "mbeki g"):
        typed(client, text)
    typed(client, "xyzzyqq")
    assert Event.objects.filter(action="search").count() == before + 1
    typed(client, "mbeki", run="s" * 22)
    assert Event.objects.filter(action="search").count() == before + 2


def test_nothing_typed_shows_nothing(staff: User) -> None:
    client = signed_in(Client(), staff)
    assert "portal-person" not in typed(client, "")
    assert "portal-person" not in typed(client, "m")
    assert client.post(reverse("patients:typed"), {"text": "mbeki"}).status_code == 303  # without htmx


def test_twins_are_told_apart_while_typing(staff: User) -> None:
    page = typed(signed_in(Client(), staff), "joshi 14/11/2006")
    assert page.count("Not to be confused with") == 2
    assert "JOSHI, Anika" in page


def test_person_of_the_index_is_read_from_every_system(staff: User) -> None:
    client = signed_in(Client(), staff)
    page = client.get(reverse("patients:patient", args=[grace().public_id])).content.decode()
    assert "3 source records" in page
    assert "999 134 6236" in page
    assert Event.objects.filter(action="person.viewed", subject_key=grace().public_id).count() == 1


def test_record_that_cannot_be_read_is_shown_as_last_read(staff: User, sandbox: Sandbox) -> None:
    SourceRecord.objects.update(whole_at=None)
    sandbox.faults["impilo"].add(Fault(kind=FaultKind.STATUS, status=500))
    client = signed_in(Client(), staff)
    page = client.get(whole_page_of(grace())).content.decode()
    assert "3 source records" in page
    assert "Shown as last read" in page


def test_person_out_of_reach_is_not_there(staff: User, sandbox: Sandbox) -> None:
    outside = make_user("reader@example.org", Role.COORDINATOR, name="Cora Coordinator")
    wardle = SourceRecord.objects.filter(family="wardle").first()
    assert wardle is not None
    client = signed_in(Client(), connected(outside, "manager_mary@example.com", sandbox))
    reply = client.get(reverse("patients:patient", args=[wardle.patient.public_id]))
    assert reply.status_code == 404
    assert Event.objects.get(action="person.viewed").outcome == "refused"
    assert wardle.patient.public_id not in typed(client, "wardle")


def test_person_whom_each_system_refuses_is_not_there(staff: User, sandbox: Sandbox) -> None:
    SourceRecord.objects.update(whole_at=None)
    client = signed_in(Client(), staff)
    address = whole_page_of(grace())
    for board in sandbox.faults.values():
        board.add(Fault(kind=FaultKind.STATUS, status=403, path=r"(?i)patients?/"))
    assert client.get(address).status_code == 404
    assert Event.objects.get(action="person.viewed").outcome == "refused"


def test_view_names_the_records_that_were_shown(staff: User, sandbox: Sandbox) -> None:
    SourceRecord.objects.update(whole_at=None)
    sandbox.faults["impilo"].add(Fault(kind=FaultKind.STATUS, status=403, path=r"(?i)patients?/"))
    page = signed_in(Client(), staff).get(whole_page_of(grace())).content.decode()
    assert "2 source records" in page
    records = Event.objects.get(action="person.viewed").details["records"]
    assert [each.partition(":")[0] for each in records] == ["jump", "jhe"]


def test_page_of_somebody_linked_since_leads_on(staff: User) -> None:
    keep = grace()
    gone = Patient.objects.create(merged_into=keep)
    reply = signed_in(Client(), staff).get(reverse("patients:patient", args=[gone.public_id]))
    assert reply["Location"] == reverse("patients:patient", args=[keep.public_id])
    assert not Event.objects.filter(action="person.viewed").exists()


def test_admin_can_ask_who_looked_from_the_page(staff: User, sandbox: Sandbox) -> None:
    admin = connected(make_user("admin@example.org", Role.ADMIN), "manager_mary@example.com", sandbox)
    address = reverse("patients:patient", args=[grace().public_id])
    assert "Who looked at this person" in signed_in(Client(), admin).get(address).content.decode()
    assert "Who looked at this person" not in signed_in(Client(), staff).get(address).content.decode()


def test_twin_is_named_once_on_the_page_opened_from_a_look_up(staff: User) -> None:
    desk = Desk(staff)
    twins = desk.look_up("joshi 14/11/2006").addresses
    assert len(twins) == 2
    for address in twins:
        page = desk.open(address)
        (caution,) = page.of_class("portal-caution")
        assert "Not to be confused with" in caution.text
        assert "other NHS number, same address" in caution.text
