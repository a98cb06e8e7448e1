"""The people list as a file: what is in it, who may take one, and what for."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from html import unescape
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from portal.accounts.models import User
from portal.audit.models import Event, EventRecord
from tests.conftest import signed_in
from tests.support import parsed

from .listing import EXPORT, FORMULA, LIST, events_of, key_of, reaches, send


@pytest.fixture
def office(client: Client, admin: User, people: None) -> Client:
    """An admin without a role in JHE."""
    return signed_in(client, reaches(admin))


def exported(
    client: Client, *, scope: str = "list", format: str = "csv", reason: str = "audit of May"
) -> Any:
    """The answer to the export form."""
    return client.post(EXPORT, {"scope": scope, "format": format, "reason": reason})


def cells(response: Any) -> list[list[str]]:
    """The lines of a CSV file."""
    content = b"".join(response.streaming_content)
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def test_csv_holds_whom_one_sees_and_no_test_record(office: Client) -> None:
    lines = cells(exported(office))

    assert lines[0][:3] == ["Person", "Family name", "Given name"]
    assert [line[1] for line in lines[1:]] == [
        "Abbott", "Baker", "Carter", "Dunn", "Evans", "Hall", f"'{FORMULA}",
    ]  # fmt: skip
    assert lines[1][4] == "1980-04-03"
    assert lines[2][9] == "Jump EHR: archived"


def test_xlsx_holds_formulas_as_text(office: Client) -> None:
    content = b"".join(exported(office, format="xlsx").streaming_content)
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()

    assert "<f>" not in sheet
    assert sheet.count("<row ") == 8
    assert FORMULA in unescape(sheet)
    assert not re.search(r"<c [^>]*(?<!t=\"inlineStr\")><v>", sheet)


def test_export_is_one_event_before_it_leaves(office: Client) -> None:
    send(office, filter="1", statuses=["archived"])
    response = exported(office)

    event = Event.objects.get(request_id=response["X-Request-Id"])  # the file was not read yet
    assert (event.action, event.reason) == ("people.exported", "audit of May")
    assert event.details == {
        "count": 1,
        "format": "csv",
        "filters": ["statuses"],
        "exported": ["jump:2"],
    }
    assert (event.records, event.every_record) == ([], [("jump", "2")])
    (found,) = EventRecord.objects.filter(system="jump", record_id="2", event=event)
    assert found.at == event.at  # "who looked at this person" finds it
    assert re.fullmatch(r'attachment; filename="people-[\d-]+\.csv"', response["Content-Disposition"])
    assert len(cells(response)) == 2


def test_only_the_selected_can_be_exported(office: Client) -> None:
    send(office, shown=key_of("dunn"), tick=key_of("dunn"), keep="1")

    assert [line[1] for line in cells(exported(office, scope="selection"))[1:]] == ["Dunn"]


@pytest.mark.parametrize("reason", ["", "   "])
def test_export_without_a_reason_is_refused(office: Client, reason: str) -> None:
    response = exported(office, reason=reason)

    assert response.status_code == 422
    assert "Say what the file is for" in parsed(response).text
    assert "people.exported" not in events_of(response)


def test_export_of_more_than_the_cap_is_refused(office: Client, settings: Settings) -> None:
    settings.EXPORT_CAP = 6
    response = exported(office)

    assert response.status_code == 422
    assert "at most 6 people" in parsed(response).text
    settings.EXPORT_CAP = 7
    assert len(cells(exported(office))) == 8


def test_export_of_test_records_or_nobody_is_refused(office: Client) -> None:
    send(office, filter="1", tests="on")
    assert "never exported" in parsed(exported(office)).text
    send(office, filter="1", name="nobody")
    assert "nobody to export" in parsed(exported(office)).text


def test_coordinators_export_their_participants_only(client: Client, coordinator: User, people: None) -> None:
    signed_in(client, reaches(coordinator, "7"))

    assert [line[1] for line in cells(exported(client))[1:]] == ["Foster", "Hall"]


@pytest.mark.parametrize("role", ["reader", "clinic_staff"])
def test_others_may_not_export_and_see_no_link(
    request: pytest.FixtureRequest, client: Client, people: None, role: str
) -> None:
    signed_in(client, request.getfixturevalue(role))

    assert EXPORT not in parsed(client.get(LIST)).links()
    assert client.get(EXPORT).status_code == exported(client).status_code == 403
