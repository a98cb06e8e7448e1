"""Archiving a record and taking it back: pages that name person and system, and what they refuse."""

from __future__ import annotations

import pytest
from django.test import Client

from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from patients.models import Operation, SourceRecord
from patients.services.hand_links import name_of
from portal.accounts.models import PersonToken, User
from portal.audit.models import Event
from tests.conftest import signed_in
from tests.ending import whole
from tests.support import connected, fill_index, parsed
from tests.writing import MEMBER, held, known, work_off

from .forms import address, form_of, opened, send, sent_on

State = Operation.State
MOVED = {"why": "Moved away", "reason": "Told at the desk"}


def _row(sandbox: Sandbox, record: SourceRecord) -> dict[str, object]:
    with sandbox.stores[record.system].reading() as state:
        return dict(state["patients"][record.remote_id])


def test_record_is_archived_with_a_reason_and_taken_back(
    sandbox: Sandbox, staff: Client, asker: User, kept: SourceRecord
) -> None:
    before = _row(sandbox, kept)
    page = opened(staff, address("archive", kept))
    assert name_of(whole(kept, asker).identity) in page.text
    assert kept.remote_id in page.text
    sent_on(send(staff, address("archive", kept), **MOVED))
    operation = work_off()

    assert operation.state == State.DONE, operation.problem
    assert held(kept.system, kept.remote_id, by=asker).status == "archived"
    event = Event.objects.get(action="operation.asked")
    assert event.reason == "Moved away. Told at the desk"
    if kept.system == "jump":
        row = _row(sandbox, kept)
        assert (row["archive_reason"], row["archive_notes"]) == ("Moved away", "Told at the desk")

    person = opened(staff, f"/people/{kept.patient.public_id}")
    assert address("archive", kept) not in person.links()
    assert address("take_back", kept) in person.links()
    sent_on(send(staff, address("take_back", kept)))
    assert work_off().state == State.DONE
    assert held(kept.system, kept.remote_id, by=asker).status == "active"
    after = _row(sandbox, kept)
    by_itself = ("updated_at", "archived_at", "archived_by", "archive_reason", "archive_notes")
    assert {name for name in after if after[name] != before[name]} <= set(by_itself)


def test_page_says_where_the_reason_stays(staff: Client, kept: SourceRecord) -> None:
    text = opened(staff, address("archive", kept)).text
    assert ("has no place for a reason" in text) is (kept.system == "impilo")
    assert ("kept with the record" in text) is (kept.system == "jump")


@pytest.mark.parametrize("name", ["archive", "take_back"])
def test_what_is_not_possible_says_why_and_has_no_form(staff: Client, kept: SourceRecord, name: str) -> None:
    SourceRecord.objects.filter(pk=kept.pk).update(status="merged" if name == "archive" else kept.status)
    page = opened(staff, address(name, kept))
    assert not page.named("reason")
    assert ("merged this record" if name == "archive" else "is not archived") in page.text


def test_archiving_twice_says_so_and_nothing_more_is_asked(staff: Client, kept: SourceRecord) -> None:
    form = form_of(opened(staff, address("archive", kept))) | MOVED
    SourceRecord.objects.filter(pk=kept.pk).update(status="archived")
    reply = staff.post(address("archive", kept), form)
    assert reply.status_code == 422
    assert "archived in" in parsed(reply).text
    assert not Operation.objects.exists()


def test_reason_is_needed_and_another_one_in_words(staff: Client, kept: SourceRecord) -> None:
    for values in ({"reason": ""}, {"why": "Something else", "reason": " "}):
        reply = send(staff, address("archive", kept), **values)
        assert reply.status_code == 422
        assert parsed(reply).of_class("govuk-error-summary")
    sent_on(send(staff, address("archive", kept), why="Something else", reason="Came once, for a course"))
    assert Event.objects.get(action="operation.asked").reason == "Came once, for a course"


def test_page_gone_stale_is_refused_and_what_was_written_is_kept(
    sandbox: Sandbox, staff: Client, asker: User, kept: SourceRecord
) -> None:
    form = form_of(opened(staff, address("archive", kept))) | MOVED
    family = {"jump": "last_name", "impilo": "lastName"}[kept.system]
    with sandbox.stores[kept.system].writing() as state:
        state["patients"][kept.remote_id][family] = "Changed-Meanwhile"
    known(kept.system, kept.remote_id, by=asker)
    reply = staff.post(address("archive", kept), form)
    page = parsed(reply)
    assert reply.status_code == 409
    assert "CHANGED-MEANWHILE" in page.text
    assert page.named("reason")[0].text == MOVED["reason"]
    assert not Operation.objects.exists()
    assert Event.objects.filter(action="form.refused", outcome="refused").count() == 1


def test_form_of_one_record_is_refused_at_another(staff: Client, asker: User, kept: SourceRecord) -> None:
    other = known("jhe", "40001", by=asker)
    form = form_of(opened(staff, address("archive", kept))) | MOVED
    reply = staff.post(address("archive", other), form)
    assert reply.status_code == 409
    assert not Operation.objects.exists()


def test_system_that_does_not_answer_is_asked_later(
    sandbox: Sandbox, staff: Client, kept: SourceRecord
) -> None:
    sandbox.faults[kept.system].add(Fault(kind=FaultKind.STATUS, status=503))
    sent_on(send(staff, address("archive", kept), **MOVED))
    assert work_off().state == State.WAITING


def test_who_only_reads_is_refused_and_sees_no_links(
    sandbox: Sandbox, reader: User, kept: SourceRecord
) -> None:
    client = signed_in(Client(), reader)
    for name in ("archive", "take_back"):
        assert client.get(address(name, kept)).status_code == 403
        assert client.post(address(name, kept), MOVED).status_code == 403
    assert not any("/archive" in each for each in opened(client, f"/people/{kept.patient.public_id}").links())


def test_record_of_nobody_is_not_found(staff: Client, kept: SourceRecord) -> None:
    url = address("archive", kept)
    assert staff.get(url.replace(f"/{kept.pk}/", "/999999/")).status_code == 404
    assert Event.objects.filter(action="person.ending_opened", outcome="refused").count() == 1


def test_opening_the_page_is_one_event_with_its_records(staff: Client, kept: SourceRecord) -> None:
    opened(staff, address("archive", kept))
    event = Event.objects.get(action="person.ending_opened")
    assert event.details["records"] == [str(kept)]


def test_coordinator_is_told_why_not_where_the_role_does_not_reach(
    sandbox: Sandbox, coordinator: User, asker: User
) -> None:
    fill_index(asker, "Mbeki")
    PersonToken.objects.filter(user=asker).delete()
    client = signed_in(Client(), connected(coordinator, MEMBER, sandbox))
    jump = SourceRecord.objects.get(system="jump", given="grace", family="mbeki")
    page = opened(client, address("archive", jump))
    assert "Your role does not let you change anything in Jump EHR" in page.text
    assert not page.named("reason")
    links = opened(client, f"/people/{jump.patient.public_id}").links()
    assert address("archive", jump) not in links
    assert any("/leave/" in each for each in links)
