"""The people of a study as a file: what is in it, who may take one, and what for."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from patients.models import Study
from portal.audit.models import Event
from tests.conftest import signed_in
from tests.support import parsed
from tests.web.people_list.listing import FORMULA, events_of

from .boards import board_of, holds, people, shown, takes_part


def exported(client: Client, which: Study, reason: str = "recruitment report of May") -> Any:
    return client.post(f"{board_of(which)}export", {"reason": reason})


def cells(response: Any) -> list[list[str]]:
    content = b"".join(response.streaming_content)
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def test_file_holds_what_the_board_shows(desk: Client, five: Study) -> None:
    (formula,) = people(FORMULA, first=40)
    takes_part(five, formula)
    (zz,) = people("Zz-Test", first=41)
    takes_part(five, zz, is_test=True)
    header, *lines = cells(exported(desk, five))

    assert header[:4] == ["Person", "Number in the study", "Family name", "Given name"]
    assert [line[2] for line in lines] == ["Abbott", "Baker", "Carter", "Dunn", "Evans", f"'{FORMULA}"]
    carter = dict(zip(header, lines[2], strict=True))
    assert (carter["Number in the study"], carter["Stands at"]) == ("LL-014", "Connected")
    assert (carter["Invitation"], carter["Agreed to"], carter["Declined"]) == ("redeemed", "0", "1")
    abbott = dict(zip(header, lines[0], strict=True))
    assert (abbott["Agreed to"], abbott["Last data"]) == ("", "")


def test_file_is_narrowed_like_the_board(desk: Client, five: Study) -> None:
    shown(desk, five, only="declined:on")
    response = exported(desk, five)

    (event,) = Event.objects.filter(request_id=response["X-Request-Id"])
    assert (event.action, event.reason) == ("study.exported", "recruitment report of May")
    assert (event.details["count"], event.details["filters"]) == (1, ["declined"])
    assert event.every_record == [("jhe", "3")]
    assert [line[2] for line in cells(response)[1:]] == ["Carter"]


def test_without_a_reason_nothing_leaves(desk: Client, five: Study) -> None:
    response = exported(desk, five, reason=" ")
    assert response.status_code == 422
    assert "study.exported" not in events_of(response)


def test_more_than_the_cap_nobody_and_tests_are_refused(
    desk: Client, five: Study, settings: Settings
) -> None:
    settings.EXPORT_CAP = 4
    assert "at most 4 people" in parsed(exported(desk, five)).text
    shown(desk, five, only="tests:on")
    assert "never exported" in parsed(exported(desk, five)).text
    shown(desk, five, filter="1", name="zzz")
    assert "nobody to export" in parsed(exported(desk, five)).text


@pytest.mark.parametrize("role", ["reader", "clinic_staff"])
def test_others_may_not_export_and_see_no_link(
    request: pytest.FixtureRequest, client: Client, five: Study, role: str
) -> None:
    signed_in(client, holds(request.getfixturevalue(role), "7"))
    address = f"{board_of(five)}export"

    assert address not in parsed(client.get(board_of(five))).links()
    assert client.get(address).status_code == client.post(address, {"reason": "x"}).status_code == 403
