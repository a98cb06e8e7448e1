"""Deleting a record with its last organization: the page of the first person, and that of the second."""

from __future__ import annotations

import pytest
from django.test import Client

from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from patients.models import Operation, Removal, SourceRecord
from patients.services import visibility
from patients.services.ending import removing
from portal.accounts.models import User
from portal.audit.models import Event
from tests.conftest import signed_in
from tests.contract.holdings.bench import CONSENTS
from tests.ending import ELSEWHERE, PERSON, ask, belong, is_there, observe
from tests.support import connected, parsed
from tests.writing import LIFESPAN, known, work_off

from .forms import REASON, form_of, leave_page, opened, removal_page, send, sent_on

State = Operation.State


def test_page_says_that_all_is_deleted_and_offers_the_export(staff: Client, record: SourceRecord) -> None:
    page = opened(staff, leave_page(record))
    assert "only organization of this record: all of it would be deleted" in page.text
    assert "imported health records, questionnaires, invitations" in page.text
    assert "cannot be undone" in page.text
    assert f"{leave_page(record)}/export" in page.links()
    assert page.named("typed")


def test_record_is_deleted_by_two_people(
    sandbox: Sandbox, staff: Client, seconds: Client, asker: User, record: SourceRecord
) -> None:
    sent_on(send(staff, leave_page(record), typed=PERSON))
    removal = Removal.objects.get()
    assert not Operation.objects.exists()
    assert "waits for a second person" in opened(staff, "/").text
    assert removal_page(removal) in opened(staff, leave_page(record)).links()

    home = opened(seconds, "/")
    assert removal_page(removal) in home.links()
    assert str(asker) in home.text
    page = opened(seconds, removal_page(removal))
    assert REASON in page.text
    assert "2 observations of this person in all" in page.text
    assert sent_on(send(seconds, removal_page(removal), button="confirm", sure="on")) == removal_page(removal)
    assert "Waiting" in opened(seconds, removal_page(removal)).text

    operation = work_off()
    assert operation.state == State.DONE, operation.problem
    assert not is_there(sandbox)
    over = opened(seconds, removal_page(removal))
    assert "does not hold the record any more" in over.text
    assert "Gone from every system" in over.of_class("portal-identity")[0].text
    assert "does not hold" in opened(staff, f"/writes/{operation.public_id}").text
    assert removal_page(removal) not in opened(seconds, "/").links()


def test_numbers_that_have_grown_are_said_to_the_second_person(
    sandbox: Sandbox, seconds: Client, asker: User, record: SourceRecord
) -> None:
    removal = ask(record, by=asker)
    observe(sandbox)
    page = opened(seconds, removal_page(removal))
    assert "changed since it was asked for" in page.text
    assert "Observations of the person: 2 when it was asked for, 3 now." in page.text


def test_wrong_id_asks_for_nothing_and_keeps_what_was_written(staff: Client, record: SourceRecord) -> None:
    reply = send(staff, leave_page(record), typed="40002")
    page = parsed(reply)
    assert reply.status_code == 422
    assert "not the number of the record" in page.text
    assert page.named("reason")[0].text == REASON
    assert not Removal.objects.exists()
    sent_on(staff.post(leave_page(record), form_of(page) | {"typed": PERSON}))


def test_leaving_form_does_not_delete(sandbox: Sandbox, staff: Client, record: SourceRecord) -> None:
    """A form without the typed number asks for leaving alone, which the last organization is not open to."""
    reply = send(staff, leave_page(record))
    assert reply.status_code == 422
    assert not Operation.objects.exists()
    assert not Removal.objects.exists()


def test_who_asked_is_not_offered_to_confirm(staff: Client, asker: User, record: SourceRecord) -> None:
    removal = ask(record, by=asker)
    page = opened(staff, removal_page(removal))
    assert not page.named("confirm")
    form = form_of(page, "withdraw")
    forged = form | {"confirm": "1", "sure": "on"}
    del forged["withdraw"]
    reply = staff.post(removal_page(removal), forged)
    assert reply.status_code == 422
    assert "two people" in parsed(reply).text
    assert not Operation.objects.exists()
    sent_on(staff.post(removal_page(removal), form))
    removal.refresh_from_db()
    assert (removal.state, removal.decision) == (Removal.State.WITHDRAWN, REASON)


def test_second_person_declines_with_a_reason(
    staff: Client, seconds: Client, asker: User, record: SourceRecord
) -> None:
    removal = ask(record, by=asker)
    assert send(seconds, removal_page(removal), button="decline", reason=" ").status_code == 422
    sent_on(send(seconds, removal_page(removal), button="decline"))
    home = opened(staff, "/")
    assert "was declined" in home.text
    assert REASON in home.text
    assert REASON in opened(staff, removal_page(removal)).text
    assert not Operation.objects.exists()


def test_confirming_takes_a_tick_and_numbers(seconds: Client, asker: User, record: SourceRecord) -> None:
    removal = ask(record, by=asker)
    assert send(seconds, removal_page(removal), button="confirm").status_code == 422
    reply = send(seconds, removal_page(removal), button="confirm", sure="on", numbers="")
    assert reply.status_code == 422
    assert not Operation.objects.exists()


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind=FaultKind.STATUS, status=500, html=True, path=CONSENTS),
        Fault(kind=FaultKind.STATUS, status=503),
    ],
    ids=["part", "all"],
)
def test_what_cannot_be_counted_is_not_confirmed(
    sandbox: Sandbox, seconds: Client, second: User, asker: User, record: SourceRecord, fault: Fault
) -> None:
    removal = ask(record, by=asker)
    visibility.reach_of(second)
    sandbox.faults["jhe"].add(fault)
    page = opened(seconds, removal_page(removal))
    assert not page.named("confirm")
    assert page.named("decline")
    assert "count" in page.text


def test_tick_does_not_come_back_beside_numbers_of_now(
    sandbox: Sandbox, seconds: Client, asker: User, record: SourceRecord
) -> None:
    removal = ask(record, by=asker)
    ticked = form_of(opened(seconds, removal_page(removal)), "confirm") | {"sure": "on"}
    observe(sandbox)

    for told, status in (({"numbers": ""}, 422), ({"seal": "forged"}, 409)):
        reply = seconds.post(removal_page(removal), ticked | told)
        assert reply.status_code == status
        (box,) = parsed(reply).named("sure")
        assert "checked" not in box.attributes
    assert not Operation.objects.exists()


def test_record_in_another_organization_by_now_is_not_confirmed(
    sandbox: Sandbox, seconds: Client, asker: User, record: SourceRecord
) -> None:
    removal = ask(record, by=asker)
    belong(sandbox, int(LIFESPAN), ELSEWHERE)
    page = opened(seconds, removal_page(removal))
    assert "would not be deleted any more" in page.text
    assert not page.named("confirm")


def test_of_two_presses_one_is_told_of_the_other(seconds: Client, asker: User, record: SourceRecord) -> None:
    removal = ask(record, by=asker)
    form = form_of(opened(seconds, removal_page(removal)), "confirm") | {"sure": "on"}
    sent_on(seconds.post(removal_page(removal), form))
    reply = seconds.post(removal_page(removal), form)
    assert reply.status_code == 422
    assert "confirmed meanwhile" in parsed(reply).text
    assert Operation.objects.count() == 1


def test_page_gone_stale_is_refused(
    sandbox: Sandbox, seconds: Client, second: User, asker: User, record: SourceRecord
) -> None:
    removal = ask(record, by=asker)
    form = form_of(opened(seconds, removal_page(removal)), "decline")
    with sandbox.stores["jhe"].writing() as state:
        state["patients"][PERSON]["name_family"] = "Changed-Meanwhile"
    known("jhe", PERSON, by=second)
    reply = seconds.post(removal_page(removal), form)
    assert reply.status_code == 409
    assert "CHANGED-MEANWHILE" in parsed(reply).text
    removal.refresh_from_db()
    assert removal.state == Removal.State.ASKED


def test_whose_business_it_is_not_finds_nothing(
    sandbox: Sandbox, reader: User, coordinator: User, asker: User, record: SourceRecord
) -> None:
    removal = ask(record, by=asker)
    viewer = signed_in(Client(), connected(coordinator, "viewer_victor@example.com", sandbox))
    assert viewer.get(removal_page(removal)).status_code == 404
    assert viewer.post(removal_page(removal), {"confirm": "1"}).status_code == 404
    assert signed_in(Client(), reader).get(removal_page(removal)).status_code == 403
    assert removal_page(removal) not in opened(viewer, "/").links()
    assert viewer.get("/removals/nobody").status_code == 404


def test_opening_it_is_one_event(seconds: Client, asker: User, record: SourceRecord) -> None:
    removal = ask(record, by=asker)
    opened(seconds, removal_page(removal))
    event = Event.objects.get(action="removal.viewed")
    assert event.details == {"removal": removal.public_id, "records": [str(record)]}
    assert removing.possible(removal, by=asker).withdraw
