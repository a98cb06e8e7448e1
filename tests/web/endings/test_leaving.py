"""Taking a record out of an organization: what would be lost is counted, or nothing is offered."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from patients.models import Operation, SourceRecord
from patients.services import visibility
from portal.accounts.models import User
from portal.audit.models import Event
from tests.conftest import signed_in
from tests.contract.holdings.bench import CONSENTS, OBSERVATIONS, PEOPLE, STUDIES
from tests.ending import ELSEWHERE, PERSON, belong, place
from tests.support import connected, parsed
from tests.writing import LIFESPAN, known, work_off

from .forms import REASON, address, form_of, leave_page, opened, send, sent_on

State = Operation.State
BOTH = "30001"


@pytest.fixture
def record(sandbox: Sandbox, second: User) -> SourceRecord:
    """Somebody who is in two organizations of JHE."""
    belong(sandbox, int(LIFESPAN), ELSEWHERE)
    return known("jhe", PERSON, by=second)


def _export_of(record: SourceRecord) -> str:
    return address("leave_export", record, place().pk)


def test_what_goes_and_what_stays_is_counted_before_anything_is_asked(
    sandbox: Sandbox, seconds: Client, second: User, record: SourceRecord
) -> None:
    page = opened(seconds, leave_page(record))
    text = page.text
    assert "2 studies of" in text
    assert "2 observations of this person in all" in text
    with sandbox.stores["jhe"].reading() as state:
        assert state["studies"][BOTH]["name"] in text
    assert "agreed on" in text
    assert "every observation" in text
    assert not page.named("typed")

    sent_on(send(seconds, leave_page(record)))
    operation = work_off()
    assert operation.state == State.DONE, operation.problem
    assert Event.objects.get(action="operation.asked").reason == REASON
    with sandbox.stores["jhe"].reading() as state:
        assert state["patients"][PERSON]["organizations"] == [ELSEWHERE]
        assert any(row["patient_id"] == int(PERSON) for row in state["observations"].values())


def test_link_stands_beside_the_record_for_who_may_write_there(
    seconds: Client, staff: Client, record: SourceRecord
) -> None:
    person = f"/people/{record.patient.public_id}"
    assert leave_page(record) in opened(seconds, person).links()
    assert leave_page(record, str(ELSEWHERE)) in opened(seconds, person).links()
    links = opened(staff, person).links()
    assert leave_page(record) in links
    assert leave_page(record, str(ELSEWHERE)) not in links
    assert staff.get(leave_page(record, str(ELSEWHERE))).status_code == 404


@pytest.mark.parametrize("path", [STUDIES, CONSENTS, PEOPLE, OBSERVATIONS])
def test_part_that_cannot_be_read_is_named_and_nothing_is_offered(
    sandbox: Sandbox, seconds: Client, record: SourceRecord, path: str
) -> None:
    if path == PEOPLE:  # so that the enrolment has to be asked for
        with sandbox.stores["jhe"].writing() as state:
            state["consents"].clear()
            state["studies"][BOTH]["scope_requests"] = []
    sandbox.faults["jhe"].add(Fault(kind=FaultKind.STATUS, status=500, html=True, path=path))
    page = opened(seconds, leave_page(record))
    assert "Not everything could be counted" in page.text
    assert not page.named("numbers")
    assert "could not be read" in page.text
    assert leave_page(record) in page.links()


def test_system_that_does_not_answer_leaves_nothing_to_be_offered(
    sandbox: Sandbox, seconds: Client, second: User, record: SourceRecord
) -> None:
    visibility.reach_of(second)
    sandbox.faults["jhe"].add(Fault(kind=FaultKind.STATUS, status=503))
    page = opened(seconds, leave_page(record))
    assert "could not be counted" in page.text
    assert not page.named("numbers")


def test_numbers_of_another_page_or_of_earlier_are_refused(seconds: Client, record: SourceRecord) -> None:
    elsewhere = form_of(opened(seconds, leave_page(record, str(ELSEWHERE))))
    form = form_of(opened(seconds, leave_page(record)))
    for wrong in (form | {"numbers": elsewhere["numbers"]}, form | {"numbers": ""}):
        reply = seconds.post(leave_page(record), wrong)
        assert reply.status_code == 422
        assert "counted too long ago" in parsed(reply).text
    assert not Operation.objects.exists()
    again = form_of(parsed(seconds.post(leave_page(record), form | {"numbers": ""})))
    sent_on(seconds.post(leave_page(record), again))


def test_reason_is_needed(seconds: Client, record: SourceRecord) -> None:
    reply = send(seconds, leave_page(record), reason="")
    assert reply.status_code == 422
    assert not Operation.objects.exists()


def test_last_organization_by_the_time_it_is_sent_deletes_nobody(
    sandbox: Sandbox, seconds: Client, record: SourceRecord
) -> None:
    sent_on(send(seconds, leave_page(record)))
    belong(sandbox, int(LIFESPAN))
    operation = work_off()
    assert operation.state == State.REFUSED
    with sandbox.stores["jhe"].reading() as state:
        assert PERSON in state["patients"]


def test_page_gone_stale_is_refused(
    sandbox: Sandbox, seconds: Client, second: User, record: SourceRecord
) -> None:
    form = form_of(opened(seconds, leave_page(record)))
    with sandbox.stores["jhe"].writing() as state:
        state["patients"][PERSON]["name_family"] = "Changed-Meanwhile"
    known("jhe", PERSON, by=second)
    reply = seconds.post(leave_page(record), form)
    page = parsed(reply)
    assert reply.status_code == 409
    assert page.named("reason")[0].text == REASON
    assert not Operation.objects.exists()


# --- the export -----------------------------------------------------------------------------


def test_export_holds_everything_and_is_recorded_first(seconds: Client, record: SourceRecord) -> None:
    reply = seconds.post(_export_of(record))
    lines = [json.loads(each) for each in b"".join(reply.streaming_content).splitlines()]  # type: ignore[attr-defined]
    parts = [each["part"] for each in lines]
    assert parts[0] == "patient"
    assert parts[-1] == "end"
    assert parts.count("observations") == 2
    assert lines[-1]["data"]["unread"] == []
    assert PERSON not in reply["Content-Disposition"]
    event = Event.objects.get(action="record.exported")
    assert event.details["exported"] == [str(record)]


def test_export_names_what_could_not_be_read(sandbox: Sandbox, seconds: Client, record: SourceRecord) -> None:
    sandbox.faults["jhe"].add(Fault(kind=FaultKind.STATUS, status=500, html=True, path=CONSENTS))
    reply = seconds.post(_export_of(record))
    lines = [json.loads(each) for each in b"".join(reply.streaming_content).splitlines()]  # type: ignore[attr-defined]
    (unread,) = [each for each in lines if "unread" in each]
    assert unread["part"] == "consents"
    assert lines[-1]["data"]["unread"] == ["consents"]


def test_export_that_cannot_begin_says_so_and_records_none(
    sandbox: Sandbox, seconds: Client, second: User, record: SourceRecord
) -> None:
    visibility.reach_of(second)
    sandbox.faults["jhe"].add(Fault(kind=FaultKind.STATUS, status=503, path=r"/patients/\d+$"))
    assert sent_on(seconds.post(_export_of(record))) == leave_page(record)
    assert not Event.objects.filter(action="record.exported").exists()


def test_viewer_and_reader_neither_leave_nor_export(
    sandbox: Sandbox, reader: User, coordinator: User, record: SourceRecord
) -> None:
    viewer = signed_in(Client(), connected(coordinator, "viewer_victor@example.com", sandbox))
    for client, status in ((signed_in(Client(), reader), 403), (viewer, 404)):
        assert client.get(leave_page(record)).status_code == status
        assert client.post(_export_of(record)).status_code == status
    assert not Operation.objects.exists()
