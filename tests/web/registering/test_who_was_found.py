"""Registering somebody who may be here already: what is shown, what is asked for, and what becomes of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from patients.models import Flag, Membership, Operation, SourceRecord, Unfinished
from patients.services.held import whole_of
from patients.services.operations import sending
from portal.accounts.models import User
from tests.conftest import signed_in
from tests.support import connected, fill_index, parsed
from tests.writing import LIFESPAN, named

from .desk import ALL, BOTH, ZOE, Desk, created, in_jhe, latest_draft, person_at

pytestmark = pytest.mark.django_db
MARY = "manager_mary@example.com"  # of LIFESPAN
REASON = "Asked for birth date and address: somebody else"
GRACE_NUMBER = "999 134 6236"  # of the sandbox's Grace Mbeki, born 18-Apr-1975
HALLORAN = {
    "given_name": "Viktor",
    "family_name": "Halloran",
    "birth_date": "14 2 1982",
    "email": "viktor.halloran@example.com",
    "sex": "male",
}  # in JHE alone, in an organization out of reach


def _found(desk: Desk, typed: dict[str, str], *, systems: tuple[str, ...] = BOTH, **more: str) -> Any:
    reply = desk.fill(typed, systems=systems, **more)
    assert reply.status_code == 303, parsed(reply).text
    return desk.search(latest_draft())


# --- held already ---------------------------------------------------------------------------


def test_person_with_the_same_number_is_not_created_past_their_record(desk: Desk, clerk: User) -> None:
    fill_index(clerk, "Mbeki")
    typed = ZOE | {"given_name": "Grace", "family_name": "Mbeki", "birth_date": "18 4 1975"}
    page = _found(desk, typed | {"nhs_number": GRACE_NUMBER})

    assert "This person is held already" in page.text
    assert "NHS number the same" in page.text
    without_a_word = desk.create(latest_draft(), page)
    not_urgent = desk.create(latest_draft(), page, reason=REASON)

    assert (without_a_word.status_code, not_urgent.status_code) == (422, 422)
    assert "Clear up first whose it is" in parsed(not_urgent).text
    assert REASON in parsed(not_urgent).text
    assert not Operation.objects.exists()


def test_namesake_is_created_with_a_reason_kept_apart_and_flagged(desk: Desk, clerk: User) -> None:
    fill_index(clerk, "Mbeki")
    typed = ZOE | {"given_name": "Grace", "family_name": "Mbeki", "birth_date": "18 4 1975"}
    page = _found(desk, typed, systems=("jump",))
    assert "This person is held already" in page.text

    reply = desk.create(latest_draft(), page, reason=REASON)
    sending.send_due()

    assert created() == [("jump", "done")]
    flag = Flag.objects.get()
    assert (flag.kind, flag.other, flag.reason) == ("duplicate", _first_grace().patient, REASON)
    assert person_at(reply) != _first_grace().patient
    assert len(named(desk.sandbox, "jump", "Mbeki")) >= 2


def _first_grace() -> SourceRecord:
    return SourceRecord.objects.filter(system="jump", family="mbeki").order_by("pk")[0]


def test_number_of_somebody_else_is_left_out_where_care_cannot_wait(desk: Desk, clerk: User) -> None:
    fill_index(clerk, "Mbeki")
    page = _found(desk, ZOE | {"nhs_number": GRACE_NUMBER}, systems=("jump",))
    assert "Somebody holds this NHS number already" in page.text
    assert "MBEKI, Grace" in page.text
    assert "QUARTERMAINE, Zoë" in page.text

    desk.create(latest_draft(), page, reason="Unconscious, taken to theatre", urgent="on")
    sending.send_due()

    (row,) = named(desk.sandbox, "jump")
    assert not row["nhs_number"]
    flag = Flag.objects.get()
    assert (flag.kind, flag.contested) == ("conflict", "9991346236")


def test_person_who_was_found_is_added_where_they_are_missing(desk: Desk, clerk: User) -> None:
    desk.register(systems=("jump",))
    sending.send_due()
    page = _found(desk, ZOE, systems=("jump", "impilo"))
    assert "This person is held already" in page.text
    draft = latest_draft()

    reply = desk.client.post(
        reverse("patients:register_is", args=[draft.public_id]), desk.fields(page, "/is")
    )

    assert reply["Location"] == reverse("patients:register_check", args=[draft.public_id])
    page = desk.search(draft)
    assert "Nobody like this was found" in page.text
    person = person_at(desk.create(draft, page))
    sending.send_due()
    assert {row.system for row in person.records.all()} == {"jump", "impilo"}
    assert [len(named(desk.sandbox, name)) for name in BOTH] == [1, 1]
    assert not Flag.objects.exists()


# --- out of reach, and mailboxes ------------------------------------------------------------


def test_somebody_out_of_reach_stops_without_a_word_of_them(desk: Desk) -> None:
    page = _found(desk, HALLORAN, systems=("jump",))

    assert "where you have no access" in page.text
    assert "JupyterHealth Exchange holds somebody with these details" in page.text
    assert page.of_class("portal-met__person") == []
    assert desk.create(latest_draft(), page).status_code == 422
    assert not Operation.objects.exists()


def test_same_mailbox_name_and_birth_date_are_added_to_the_organization(desk: Desk) -> None:
    page = _found(desk, HALLORAN, systems=("jump", "jhe"), organization_id=LIFESPAN)
    assert "JupyterHealth Exchange holds this person already" in page.text
    draft = latest_draft()

    reply = desk.client.post(
        reverse("patients:register_is", args=[draft.public_id]), desk.fields(page, "/is")
    )
    page = parsed(desk.client.get(reply["Location"], {"all": "1"}))
    desk.create(draft, page)
    sending.send_due()
    sending.send_due()

    assert sorted(Operation.objects.values_list("system", "kind", "state")) == [
        ("jhe", "join", "done"),
        ("jump", "create", "done"),
    ]
    (record,) = SourceRecord.objects.filter(system="jhe", family="halloran")
    places = Membership.objects.filter(record=record).values_list("organization", flat=True)
    assert LIFESPAN in places
    assert len(_in_jhe(desk.sandbox, "Halloran")) == 1


def test_mailbox_of_somebody_else_creates_nothing_in_jhe(desk: Desk, clerk: User) -> None:
    fill_index(clerk, "Mbeki")
    child = {
        "given_name": "Thabo",
        "family_name": "Mbeki",
        "birth_date": "2 6 2015",
        "email": "GRACE.mbeki@example.org",
    }
    page = _found(desk, child, systems=("jump", "jhe"), organization_id=LIFESPAN)
    before = len(_in_jhe(desk.sandbox, "Mbeki"))

    assert "this e-mail is somebody else's" in page.text
    assert "1 relative" in page.text
    reply = desk.create(latest_draft(), page)
    assert reply.status_code == 303
    sending.send_due()

    assert created() == [("jump", "done")]
    assert len(_in_jhe(desk.sandbox, "Mbeki")) == before
    assert not Flag.objects.exists()


def test_mailbox_that_was_taken_meanwhile_is_shown_before_anything_is_created(desk: Desk) -> None:
    reply = desk.fill(in_jhe(), systems=ALL)
    assert reply.status_code == 303
    draft = latest_draft()
    page = desk.search(draft)
    other = ZOE | {"given_name": "Ada", "family_name": "Quill", "birth_date": "1 5 1961"}
    desk.register(other | {"organization_id": LIFESPAN}, systems=("jhe",))
    sending.send_due()

    reply = desk.create(draft, page)

    assert reply.status_code == 409
    assert "this e-mail is somebody else's" in parsed(reply).text
    assert [system for system, _ in created()] == ["jhe"]


def _in_jhe(sandbox: Sandbox, family: str) -> list[dict[str, Any]]:
    return named(sandbox, "jhe", family)


# --- systems that do not answer -------------------------------------------------------------


def test_system_that_is_down_stops_nobody_and_catches_up(desk: Desk) -> None:
    desk.sandbox.faults["impilo"].add(Fault(kind=FaultKind.STATUS, status=503))
    page = _found(desk, ZOE)
    assert "Impilo could not be searched" in page.text

    reply = desk.create(latest_draft(), page)
    sending.send_due()

    assert created()[0] == ("jump", "done")
    assert created()[1][1] in {"waiting", "unknown"}
    shown = parsed(desk.client.get(reply["Location"], follow=True))
    assert "1 source record" in shown.text
    assert "Create a record in Impilo" in shown.text or "Impilo" in shown.of_id("writes").text
    desk.sandbox.faults["impilo"].clear()


# --- people of whom not all is known --------------------------------------------------------


def test_unknown_people_are_registered_at_once_and_told_apart(desk: Desk) -> None:
    for _ in range(2):
        reply = desk.fill({"sex": "male"}, systems=("jump",), not_known="unknown")
        assert reply.status_code == 303, parsed(reply).text
        page = desk.search(latest_draft())
        assert "Nobody like this was found" in page.text, page.text
        assert desk.create(latest_draft(), page).status_code == 303
        sending.send_due()

    assert created() == [("jump", "done")] * 2
    people = {row.patient_id for row in SourceRecord.objects.filter(system="jump")}
    assert len(people) == 2
    assert {each.kind for each in Unfinished.objects.all()} == {"unknown"}
    home = parsed(desk.client.get("/")).text
    assert "Missing: given name, family name, birth date, NHS number" in home


def test_newborn_waits_for_a_name_on_home_until_there_is_one(desk: Desk) -> None:
    typed = {"family_name": "Okonkwo", "sex": "female"}
    reply = desk.fill(typed, systems=("jump",), not_known="newborn")
    assert reply.status_code == 422
    assert "Enter the day on which the baby was born" in parsed(reply).text
    today = desk.send(desk.fields(parsed(reply), "/register") | {"take": "birth_date.today"})
    reply = desk.send(desk.fields(parsed(today), "/register"))
    assert reply.status_code == 303, parsed(reply).text
    desk.create(latest_draft())
    sending.send_due()

    assert "Missing: given name, NHS number" in parsed(desk.client.get("/")).text
    row = SourceRecord.objects.get(family="okonkwo")
    assert (row.given, whole_of(row).demographics.birth_date) == ("baby", timezone.localdate())


def test_coordinator_registers_in_jhe_alone(coordinator: User, sandbox: Sandbox) -> None:
    connected(coordinator, MARY, sandbox)
    coordinators = Desk(signed_in(Client(), coordinator), sandbox)

    form = coordinators.new_form()
    reply = coordinators.send(form | ZOE | {"systems": ["jump", "impilo"]})

    assert reply.status_code == 422
    assert coordinators.register(in_jhe(), systems=("jhe",)).status_code == 303
    assert created() == [("jhe", "waiting")]
