"""Who looked: the question, the answer, the sheet, the file, and what each leaves in the trail."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.types import Demographics, RecordStatus, RemotePatient
from patients.models import Inquiry, SourceRecord
from patients.services import index, inquiries, linking
from patients.services.csv_files import safe_cell
from patients.tasks import throw_away_ended_inquiries
from portal import audit
from portal.accounts.models import User
from portal.audit.models import Event, EventRecord
from tests.conftest import signed_in
from tests.support import Node, parsed


@pytest.fixture
def admins_client(client: Client, admin: User) -> Client:
    """An admin at work."""
    return signed_in(client, admin)


def record_of(system: str, number: str, given: str = "Grace", family: str = "Mbeki") -> SourceRecord:
    """A record of the index, as it would be after reading it."""
    details = Demographics(given_name=given, family_name=family, birth_date=date(1975, 4, 18))
    index.store([RemotePatient(system=system, id=number, demographics=details)])
    return SourceRecord.objects.get(system=system, remote_id=number)


def opened(by: User, *records: SourceRecord, days_ago: float = 1, action: str = "person.viewed") -> Event:
    """Somebody opened a person's page some time ago."""
    with time_machine.travel(timezone.now() - timedelta(days=days_ago), tick=False):
        return audit.look(
            action,
            by=by,
            system=records[0].system,
            record_id=records[0].remote_id,
            details={"records": [str(each) for each in records]},
        )


def ask(client: Client, **asked: str) -> str:
    """Put a question; the opaque address of its answer."""
    response = client.post("/audit", asked)
    assert response.status_code == 303, parsed(response).text
    return str(response["Location"])


def rows_of(page: Node) -> list[str]:
    """The lines of the list of events; none where the page says that there are none."""
    tables = page.of_class("portal-trail")
    return [row.text for table in tables for row in table.every(lambda node: node.tag == "tr")][1:]


def answer(client: Client, **asked: str) -> list[str]:
    """The lines that answer a question."""
    return rows_of(parsed(client.get(ask(client, **asked))))


def traces(response: Any) -> list[tuple[str, str]]:
    """Action and outcome of the events that a request left."""
    return [(each.action, each.outcome) for each in audit.events_of_request(response["X-Request-Id"])]


# --- by person ------------------------------------------------------------------------------


def test_who_looked_at_a_person_from_any_of_their_records(
    admins_client: Client, reader: User, clinic_staff: User
) -> None:
    jump, impilo, other = record_of("jump", "p-1"), record_of("impilo", "7"), record_of("jump", "p-2", "Ann")
    assert impilo.patient == jump.patient
    opened(reader, jump, impilo)
    opened(clinic_staff, impilo, days_ago=2)
    opened(reader, other)

    for system, number in (("jump", "p-1"), ("impilo", "7")):
        rows = answer(admins_client, system=system, record_id=number)
        looks = [row for row in rows if "Opened a person's page" in row]
        assert [("Rita Reader" in row, "Clive Staff" in row) for row in looks] == [
            (True, False),
            (False, True),
        ]
    assert any("Linked a record with a person" in row for row in rows)


def test_name_of_the_person_stands_on_the_page_and_not_in_its_address(
    admins_client: Client, reader: User
) -> None:
    opened(reader, record_of("jump", "p-1"))

    address = ask(admins_client, system="jump", record_id="p-1")
    page = parsed(admins_client.get(address))

    assert re.fullmatch(r"/audit/asked/[\w-]{22}", address)
    assert "MBEKI" in page.of_class("portal-identity")[0].text


def test_what_is_asked_is_encrypted_at_rest(admins_client: Client) -> None:
    ask(admins_client, system="jump", record_id="p-secret")

    with connection.cursor() as cursor:
        cursor.execute("SELECT asked FROM patients_inquiry")
        (row,) = cursor.fetchall()
    assert "p-secret" not in row[0]


def test_persons_own_address_is_asked_about_and_follows_a_link(
    admins_client: Client, admin: User, reader: User
) -> None:
    first, second = record_of("jump", "p-1"), record_of("impilo", "7", "Ann", "Lee")
    opened(reader, second)
    linking.link_people(keep=first.patient, other=second.patient, reason="same", by=admin)
    gone = second.patient.public_id

    assert any("Rita Reader" in row for row in answer(admins_client, person=gone))


def test_looks_at_a_record_that_left_the_index_are_found(admins_client: Client, reader: User) -> None:
    audit.look("person.viewed", by=reader, system="jump", record_id="unknown", details={})

    page = parsed(admins_client.get(ask(admins_client, system="jump", record_id="unknown")))

    assert "Rita Reader" in rows_of(page)[0]
    assert "The name is not shown" in page.text


def test_record_outside_the_admins_own_roles_is_counted_and_not_named(
    admins_client: Client, reader: User
) -> None:
    opened(reader, record_of("jhe", "10001", family="Okafor"))

    page = parsed(admins_client.get(ask(admins_client, system="jhe", record_id="10001")))
    by_staff = answer(admins_client, actor=str(reader.pk))

    assert "Rita Reader" in rows_of(page)[0]
    assert "OKAFOR" not in page.text.upper()
    assert "name not shown" in by_staff[0]
    assert "OKAFOR" not in by_staff[0].upper()


def test_unknown_person_is_not_found_and_never_everybody(admins_client: Client, reader: User) -> None:
    opened(reader, record_of("jump", "p-1"))

    assert admins_client.get(ask(admins_client, person="A" * 22)).status_code == 404


def test_reading_the_answer_is_one_event_about_the_person(admins_client: Client) -> None:
    record = record_of("jump", "p-1")
    address = ask(admins_client, system="jump", record_id="p-1")

    response = admins_client.get(address)

    assert traces(response) == [("audit.person_viewed", "done")]
    (event,) = audit.events_of_request(response["X-Request-Id"])
    assert (event.records, event.subject_key) == ([("jump", "p-1")], record.patient.public_id)
    # The next question shows that this one was read; this one stands still.
    assert "Opened the list of who looked" not in str(rows_of(parsed(admins_client.get(address))))
    assert "Opened the list of who looked" in answer(admins_client, system="jump", record_id="p-1")[0]


def test_sheet_to_hand_over_is_one_event_and_holds_who_when_and_what(
    admins_client: Client, reader: User
) -> None:
    opened(reader, record_of("jump", "p-1"))
    address = ask(admins_client, system="jump", record_id="p-1")

    response = admins_client.get(f"{address}/sheet")
    page = parsed(response)

    assert traces(response) == [("audit.sheet_opened", "done")]
    assert "MBEKI" in page.of_class("portal-identity")[0].text
    (row,) = rows_of(page)
    assert "Rita Reader" in row
    assert "Opened a person's page" in row
    assert "Jump" in row


def test_sheet_names_the_person_as_their_page_does(admins_client: Client, reader: User) -> None:
    """By a record in use, not by an archived one in the first system, of the name she had once."""
    current = record_of("impilo", "7")
    once = Demographics(given_name="Grace", family_name="Osei", birth_date=date(1975, 4, 18))
    index.store([RemotePatient(system="jump", id="1", demographics=once, status=RecordStatus.ARCHIVED)])
    archived = SourceRecord.objects.select_related("patient").get(system="jump")
    linking.link_people(keep=archived.patient, other=current.patient, reason="Married", by=reader)

    page = admins_client.get(ask(admins_client, system="impilo", record_id="7")).content.decode()

    assert "MBEKI" in page
    assert "OSEI" not in page


def test_sheet_without_a_person_is_not_there(admins_client: Client, reader: User) -> None:
    assert admins_client.get(f"{ask(admins_client, actor=str(reader.pk))}/sheet").status_code == 404


# --- by staff, by time, narrowed ------------------------------------------------------------


def test_what_somebody_did_names_people_in_reach_in_plain_words(
    admins_client: Client, reader: User, clinic_staff: User
) -> None:
    opened(reader, record_of("jump", "p-1"))
    opened(clinic_staff, record_of("jump", "p-2", "Ann", "Lee"))

    (row,) = answer(admins_client, actor=str(reader.pk))

    assert "Rita Reader" in row
    assert "Opened a person's page" in row
    assert "MBEKI, Grace" in row
    assert "person.viewed" not in row


def test_days_hold_their_first_and_last_moment(admins_client: Client, reader: User) -> None:
    record = record_of("jump", "p-1")
    today = timezone.localdate()
    for days in (3, 2, 1):
        opened(reader, record, days_ago=days)

    asked = {
        "since": f"{today - timedelta(days=2):%d/%m/%Y}",
        "until": f"{today - timedelta(days=2):%Y-%m-%d}",
    }

    assert len(answer(admins_client, actor=str(reader.pk), **asked)) == 1


def test_every_filter_narrows(admins_client: Client, reader: User) -> None:
    opened(reader, record_of("jump", "p-1"), record_of("impilo", "7"))
    opened(reader, record_of("jump", "p-2"), action="person.print_opened")
    audit.look("person.viewed", by=reader, subject_key="x", outcome="refused")
    own = {"actor": str(reader.pk)}

    assert len(answer(admins_client, **own)) == 3
    assert len(answer(admins_client, **own, action="person.print_opened")) == 1
    assert len(answer(admins_client, **own, outcome="refused")) == 1
    assert len(answer(admins_client, **own, in_system="impilo")) == 1
    assert len(answer(admins_client, **own, in_system="jhe")) == 0


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({}, "Say what you want to know"),
        ({"record_id": "p-1"}, "Choose the system"),
        ({"system": "jump"}, "Enter the record number"),
        ({"since": "31/31/2026"}, "Enter the first day like 1 3 2026"),
        ({"since": "2/1/2026", "until": "1/1/2026"}, "The last day is before the first"),
        ({"actor": "999999"}, "Select a valid choice"),
        ({"in_system": "jhe"}, "Enter the first day"),
    ],
)
def test_question_that_cannot_be_answered_says_why(
    admins_client: Client, asked: dict[str, str], sentence: str
) -> None:
    response = admins_client.post("/audit", asked)

    assert response.status_code == 422
    assert sentence in parsed(response).text
    assert not Inquiry.objects.exists()


def test_pages_hold_every_event_once_in_one_order(admins_client: Client, reader: User) -> None:
    record, moment = record_of("jump", "p-1"), timezone.now() - timedelta(hours=1)
    with time_machine.travel(moment, tick=False):  # all in one moment: the order is the ids'
        made = [audit.look("person.viewed", by=reader, system="jump", record_id="p-1") for _ in range(120)]
    address = ask(admins_client, person=record.patient.public_id)

    pages: list[list[Any]] = []
    listing = inquiries.page(inquiry := Inquiry.objects.get(), by=inquiry.user)
    pages.append([line.id for line in listing.lines])
    while listing.older:
        listing = inquiries.page(inquiry, by=inquiry.user, older=str(listing.older))
        pages.append([line.id for line in listing.lines])
    back = inquiries.page(inquiry, by=inquiry.user, newer=str(listing.newer))

    assert [len(page) for page in pages] == [50, 50, 20]
    assert [each for page in pages for each in page] == sorted((event.pk for event in made), reverse=True)
    assert [line.id for line in back.lines] == pages[1]
    for wrong in ("?older=x", "?newer=00000000-0000-4000-8000-000000000000"):
        assert admins_client.get(address + wrong).status_code == 404


def test_queries_of_a_page_do_not_grow_with_its_lines(admins_client: Client, reader: User) -> None:
    def queries() -> int:
        address = ask(admins_client, actor=str(reader.pk))
        with CaptureQueriesContext(connection) as seen:
            admins_client.get(address)
        return len(seen)

    opened(reader, record_of("jump", "p-0"))
    few = queries()
    for number in range(1, 30):
        opened(reader, record_of("jump", f"p-{number}", f"Ann{number}"))

    assert queries() == few


def test_question_of_somebody_else_is_refused_with_one_event(admins_client: Client, reader: User) -> None:
    address = ask(admins_client, actor=str(reader.pk))
    other = User.objects.create_user("other@example.org")
    Inquiry.objects.update(user=other)

    for tail in ("", "/sheet", "/export"):
        response = admins_client.get(address + tail)
        assert response.status_code == 404
        assert traces(response) == [("audit.reopened", "refused")]


def test_question_ends_after_its_time(admins_client: Client, reader: User) -> None:
    address = ask(admins_client, actor=str(reader.pk))
    Inquiry.objects.update(ends_at=timezone.now())

    assert admins_client.get(address).status_code == 404
    assert throw_away_ended_inquiries.call() == 1
    assert not Inquiry.objects.exists()


# --- the file -------------------------------------------------------------------------------


def lines_of(response: Any) -> Sequence[Sequence[str]]:
    """The cells of a file, without its header."""
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))[1:]


def test_export_asks_for_a_reason_and_is_an_event_with_it(admins_client: Client, reader: User) -> None:
    opened(reader, record_of("jump", "p-1"), record_of("impilo", "7"))
    address = f"{ask(admins_client, actor=str(reader.pk))}/export"

    refused = admins_client.post(address, {"reason": " "})
    response = admins_client.post(address, {"reason": "asked by the data protection officer"})

    assert (refused.status_code, traces(refused)) == (422, [])
    assert traces(response) == [("audit.exported", "done")]
    (event,) = audit.events_of_request(response["X-Request-Id"])
    assert (event.reason, event.details["events"]) == ("asked by the data protection officer", 1)
    ((_, who, account, what, outcome, records, *_rest),) = lines_of(response)
    assert (who, account, what) == ("Rita Reader", str(reader.pk), "Opened a person's page")
    assert (outcome, records) == ("Done", "jump:p-1 impilo:7")
    assert "MBEKI" not in response.content.decode().upper()
    assert response["Content-Disposition"].startswith("attachment")


def test_export_holds_no_formula(admins_client: Client, reader: User) -> None:
    reader.first_name, reader.last_name = "=HYPERLINK(1)", ""
    opened(reader, record_of("jump", "@p-1"))

    response = admins_client.post(f"{ask(admins_client, action='person.viewed')}/export", {"reason": "x"})

    ((_, who, *_rest),) = lines_of(response)
    assert who == "'=HYPERLINK(1)"


@pytest.mark.parametrize("beginning", ["=", "+", "-", "@", "\t=", "\r=", " =", "＝"])
def test_cell_that_a_spreadsheet_would_calculate_becomes_text(beginning: str) -> None:
    assert safe_cell(f"{beginning}1+1").startswith("'")


def test_export_beyond_the_cap_is_refused_and_recorded(
    admins_client: Client, reader: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inquiries, "MOST_EXPORTED", 1)
    for _ in range(2):
        opened(reader, record_of("jump", "p-1"))

    response = admins_client.post(f"{ask(admins_client, actor=str(reader.pk))}/export", {"reason": "x"})

    assert (response.status_code, traces(response)) == (422, [("audit.exported", "refused")])
    assert "Ask for a shorter time" in parsed(response).text


# --- the trail itself -----------------------------------------------------------------------


def test_event_knows_its_records_after_the_journal_too(reader: User) -> None:
    event = audit.look("person.viewed", by=reader, details={"records": ["jump:a:b", "impilo:7"]})

    rows = EventRecord.objects.filter(event=event).values_list("system", "record_id")
    assert sorted(rows) == [("impilo", "7"), ("jump", "a:b")]
