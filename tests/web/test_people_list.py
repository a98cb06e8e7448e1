"""The people list: whom each role sees, every filter and order, pages, the selection, paper and files."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable
from datetime import UTC, date, datetime
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import Settings

from integrations.types import (
    Administrative,
    Demographics,
    Organization,
    RecordStatus,
    Registration,
    RemotePatient,
    Sex,
)
from patients.models import OwnRoles, Patient, SourceRecord
from patients.services import index, linking
from portal import audit
from portal.accounts.models import User
from portal.audit.models import Event
from tests.conftest import signed_in
from tests.support import Node, parsed

LIST, PRINT, EXPORT = "/people/", "/people/print", "/people/export"
PART = {"HX-Request": "true", "HX-Target": "list"}
TICK = {"HX-Request": "true", "HX-Target": "selection"}
FORMULA = "=HYPERLINK(A1)"


def record(
    number: int,
    family: str,
    given: str = "Ann",
    *,
    system: str = "jump",
    born: date | None = date(1980, 4, 3),
    created: date | None = date(2024, 5, 1),
    organizations: Iterable[str] = (),
    review: bool = False,
    **more: Any,
) -> RemotePatient:
    """A record of a made-up person."""
    moment = datetime(created.year, created.month, created.day, 12, tzinfo=UTC) if created else None
    return RemotePatient(
        system=system,
        id=str(number),
        demographics=Demographics(family_name=family, given_name=given, birth_date=born, sex=Sex.FEMALE),
        administrative=Administrative(requires_review=review, created_at=moment),
        organizations=tuple(Organization(id=each, name=f"Clinic {each}") for each in organizations),
        **more,
    )


@pytest.fixture
def people(db: None) -> None:
    """Nine people whom the filters tell apart, one of them in JHE only, and a test record."""
    index.store(
        [
            record(1, "Abbott"),
            record(2, "Baker", status=RecordStatus.ARCHIVED, born=date(1950, 1, 2)),
            record(3, "Carter", status=RecordStatus.INACTIVE, registration=Registration.TEMPORARY),
            record(4, "Dunn", system="impilo", created=date(2023, 1, 31), review=True),
            record(5, "Evans", system="impilo", born=None, created=date(2025, 2, 1)),
            record(6, "Foster", system="jhe", created=None, organizations=["7"]),
            record(7, "Grant", system="jhe", created=None, organizations=["8"]),
            record(8, FORMULA, born=date(1990, 9, 9)),
            record(9, "Zz-Test", registration=Registration.DUMMY),
            record(10, "Hall"),
            record(11, "Hall", system="jhe", created=None, organizations=["7"]),
        ]
    )


def reaches(user: User, *organizations: str) -> User:
    """The user, who has told this minute that they hold a role in these JHE organizations."""
    OwnRoles.objects.create(
        user=user, system="jhe", organizations=list(organizations), read_at=timezone.now()
    )
    return user


@pytest.fixture
def desk(client: Client, clinic_staff: User, people: None) -> Client:
    """Clinic staff with a role in organization 7."""
    return signed_in(client, reaches(clinic_staff, "7"))


def names(page: Node) -> list[str]:
    """The family names in the list, in order."""
    return [row.of_class("portal-name__family")[0].text for row in page.of_class("portal-list__row")]


def listed(client: Client, url: str = LIST) -> list[str]:
    """... as a page shows them."""
    return names(parsed(client.get(url)))


def send(client: Client, **data: Any) -> Any:
    """A POST to the list, as a button without JavaScript sends it."""
    response = client.post(LIST, data)
    assert response.status_code == 303
    return response


def filtered(client: Client, **filters: Any) -> list[str]:
    """Names in the list after filtering it anew."""
    send(client, filter="1", **filters)
    return listed(client)


def key_of(family: str) -> str:
    """A person's address, by the folded family name."""
    return str(SourceRecord.objects.filter(family=family).first().patient.public_id)  # type: ignore[union-attr]


def events_of(response: Any) -> list[str]:
    """What a request left in the audit."""
    return [each.action for each in audit.events_of_request(response["X-Request-Id"])]


EVERYBODY = {FORMULA, "ABBOTT", "BAKER", "CARTER", "DUNN", "EVANS", "FOSTER", "GRANT", "HALL"}
#: Folded, as the list orders it, the formula begins with an h.
IN_ORDER = ["ABBOTT", "BAKER", "CARTER", "DUNN", "EVANS", "FOSTER", "HALL", FORMULA]


# --- who sees whom --------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["reader", "clinic_staff", "admin"])
@pytest.mark.parametrize(
    ("own", "seen"), [((), set()), (("7",), {"FOSTER"}), (("7", "8"), {"FOSTER", "GRANT"})]
)
def test_staff_see_open_systems_and_their_own_organizations(
    request: pytest.FixtureRequest,
    client: Client,
    people: None,
    role: str,
    own: tuple[str, ...],
    seen: set[str],
) -> None:
    signed_in(client, reaches(request.getfixturevalue(role), *own))

    assert set(listed(client)) == EVERYBODY - {"FOSTER", "GRANT"} | seen


@pytest.mark.parametrize(("own", "seen"), [((), []), (("7",), ["FOSTER", "HALL"]), (("8",), ["GRANT"])])
def test_coordinators_see_their_participants_only(
    client: Client, coordinator: User, people: None, own: tuple[str, ...], seen: list[str]
) -> None:
    assert listed(signed_in(client, reaches(coordinator, *own))) == seen


def test_records_out_of_reach_are_neither_shown_nor_filtered_by(
    client: Client, reader: User, people: None
) -> None:
    signed_in(client, reaches(reader, "8"))

    assert filtered(client, system="jhe") == ["GRANT"]
    assert "HALL" in filtered(client, alone="on")
    (hall,) = [row for row in parsed(client.get(LIST)).of_class("portal-list__row") if "HALL" in row.text]
    assert [each.text for each in hall.of_class("portal-system-tag")] == ["Jump EHR"]


def test_person_whom_nobody_reaches_any_more_has_gone(desk: Client) -> None:
    assert "FOSTER" in listed(desk)
    OwnRoles.objects.update(organizations=[])

    assert "FOSTER" not in listed(desk)


# --- filters --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"statuses": ["archived"]}, ["BAKER"]),
        ({"statuses": ["archived", "inactive"]}, ["BAKER", "CARTER"]),
        ({"registrations": ["temporary"]}, ["CARTER"]),
        ({"statuses": ["active"], "registrations": ["temporary"]}, []),
        ({"created_from": "1 2 2025"}, ["EVANS"]),
        ({"created_to": "31-Jan-2023"}, ["DUNN"]),
        ({"created_from": "31/1/2023", "created_to": "31/1/2023"}, ["DUNN"]),
        ({"system": "impilo"}, ["DUNN", "EVANS"]),
        ({"system": "jhe"}, ["FOSTER", "HALL"]),
        ({"review": "on"}, ["DUNN"]),
        ({"alone": "on", "system": "jhe"}, ["FOSTER"]),
        ({"alone": "on"}, [each for each in IN_ORDER if each != "HALL"]),
        ({"tests": "on"}, ["ZZ-TEST"]),
        ({"name": "ha"}, ["HALL"]),
        ({"name": "HALL, A"}, ["HALL"]),
        ({"name": "all"}, []),
    ],
)
def test_filter_leaves_whom_it_should(desk: Client, filters: dict[str, Any], expected: list[str]) -> None:
    assert filtered(desk, **filters) == expected


def test_organization_offers_own_ones_only(desk: Client) -> None:
    form = parsed(desk.get(LIST)).named("organization")[0]
    offered = {each.text: each.attributes["value"] for each in form.every(lambda node: node.tag == "option")}

    assert offered.keys() == {"Any", "Clinic 7"}
    assert filtered(desk, organization=offered["Clinic 7"]) == ["FOSTER", "HALL"]


def test_organization_that_was_lost_shows_nobody(desk: Client) -> None:
    form = parsed(desk.get(LIST)).named("organization")[0]
    value = list(form.every(lambda node: node.tag == "option"))[-1].attributes["value"]
    send(desk, filter="1", organization=value)
    OwnRoles.objects.update(organizations=["8"])

    assert listed(desk) == []


def test_filters_stay_until_they_are_taken_out_one_by_one(desk: Client) -> None:
    send(desk, filter="1", statuses=["archived", "inactive"], system="jump")

    page = parsed(desk.get(LIST))
    buttons = {each.attributes["value"] for each in page.named("drop")}
    assert buttons == {"system", "statuses:archived", "statuses:inactive"}
    send(desk, drop="statuses:archived")
    assert listed(desk) == ["CARTER"]
    send(desk, drop="statuses:inactive")
    assert listed(desk) == ["ABBOTT", "BAKER", "CARTER", "HALL", FORMULA]
    send(desk, clear="1")
    assert listed(desk) == IN_ORDER


def test_filter_that_cannot_be_read_is_said_at_its_field(desk: Client) -> None:
    response = desk.post(LIST, {"filter": "1", "created_from": "31 31 2024"})

    assert response.status_code == 422
    assert parsed(response).of_id("id_created_from_error").text.startswith("Error:")


def test_period_that_ends_before_it_begins_is_refused(desk: Client) -> None:
    response = desk.post(LIST, {"filter": "1", "created_from": "2 2 2024", "created_to": "1 2 2024"})

    assert "Enter a day after 02-Feb-2024" in parsed(response).text


def test_nothing_about_anybody_is_in_an_address(desk: Client) -> None:
    response = send(desk, filter="1", name="Abbott")

    assert response["Location"] == LIST
    assert not any("abbott" in each.casefold() for each in parsed(desk.get(LIST)).links())


# --- order and pages ------------------------------------------------------------------------


def test_every_order_runs_both_ways(desk: Client) -> None:
    orders = {}
    for column in ("birth", "created", "name"):
        send(desk, sort=column)
        there = listed(desk)
        send(desk, sort=column)
        back = listed(desk)
        assert there == back[::-1]
        orders[column] = there

    assert orders["name"] == IN_ORDER
    assert orders["birth"][:2] == ["EVANS", "BAKER"]  # not recorded comes first
    assert orders["birth"][-1] == FORMULA
    assert orders["created"][0] == "FOSTER"
    assert orders["created"][-1] == "EVANS"


@pytest.mark.parametrize("column", ["name", "birth", "created"])
def test_pages_hold_everybody_once_whatever_is_equal(client: Client, reader: User, column: str) -> None:
    index.store(record(100 + each, "Same", given="Same", born=None) for each in range(60))
    signed_in(client, reader)
    send(client, sort=column)
    pages = [parsed(client.get(f"{LIST}?page={number}")) for number in (1, 2, 3)]
    keys = [[each.attributes["value"] for each in page.named("tick")] for page in pages]

    assert [len(each) for each in keys] == [25, 25, 10]
    assert len({key for some in keys for key in some}) == 60
    again = [each.attributes["value"] for each in parsed(client.get(f"{LIST}?page=2")).named("tick")]
    assert again == keys[1]


@pytest.mark.slow
def test_page_beyond_the_end_is_the_last_one(client: Client, reader: User) -> None:
    index.store(record(100 + each, f"Name{each:03}") for each in range(60))
    signed_in(client, reader)

    assert listed(client, f"{LIST}?page=999999") == listed(client, f"{LIST}?page=3")
    assert listed(client, f"{LIST}?page=x") == listed(client)
    assert send(client, here="1", jump="3")["Location"] == f"{LIST}?page=3"


@pytest.mark.slow
@pytest.mark.parametrize("size", [25, 50, 100])
def test_page_size_is_kept(client: Client, reader: User, size: int) -> None:
    index.store(record(100 + each, f"Name{each:03}") for each in range(110))
    signed_in(client, reader)
    send(client, size=size)

    assert len(listed(client)) == size
    send(client, size=10_000)
    assert len(listed(client)) == size


@pytest.mark.slow
def test_more_than_are_counted_is_said_and_can_be_paged(
    client: Client, reader: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("patients.services.people_list.COUNTED", 50)
    monkeypatch.setattr("patients.views.people_list.COUNTED", 50)
    index.store(record(100 + each, f"Name{each:03}") for each in range(110))
    signed_in(client, reader)

    assert "More than 50 people: 1 to 25 shown." in parsed(client.get(LIST)).text
    every = [name for page in range(1, 6) for name in listed(client, f"{LIST}?page={page}")]
    assert every == [f"NAME{each:03}" for each in range(110)]
    assert listed(client, f"{LIST}?page=77") == every[100:]


def statements(client: Client, people: int) -> int:
    """How many statements a page of so many sends; one more where what a process remembers for a while
    is asked for again."""
    with CaptureQueriesContext(connection) as asked:
        assert len(listed(client)) == people
    return len(asked)


@pytest.mark.slow
def test_queries_are_as_many_for_a_hundred_people_as_for_a_few(client: Client, reader: User) -> None:
    signed_in(client, reaches(reader, "7"))
    counts = []
    for last in (3, 100):  # among whom there are namesakes
        index.store(record(each, f"Name{each:03}", system="jhe", organizations=["7"]) for each in range(last))
        send(client, size=100)
        counts.append(min(statements(client, last) for _ in range(3)))

    assert counts[0] == counts[1]


# --- the selection --------------------------------------------------------------------------


def chosen(client: Client) -> str:
    """What the page says of the selection."""
    return parsed(client.get(LIST)).of_class("portal-selection__count")[0].text


def test_selection_survives_pages_orders_and_filters(desk: Client) -> None:
    shown = " ".join(key_of(each) for each in ("abbott", "baker"))
    send(desk, shown=shown, tick=[key_of("baker")], sort="birth")
    send(desk, sort="name")
    send(desk, filter="1", name="carter")
    send(desk, shown=key_of("carter"), tick=[key_of("carter")], keep="1")
    send(desk, clear="1")

    assert chosen(desk) == "2 selected"
    assert filtered(desk, chosen="on") == ["BAKER", "CARTER"]
    send(desk, shown=key_of("baker"), page="1")  # unticked
    assert listed(desk) == ["CARTER"]
    send(desk, none="1")
    assert chosen(desk) == "None selected"
    assert len(listed(desk)) == 8


def test_tick_by_htmx_answers_the_count_alone_and_is_no_look(desk: Client) -> None:
    response = desk.post(LIST, {"shown": key_of("baker"), "tick": key_of("baker")}, headers=TICK)

    assert "1 selected" in response.content.decode()
    assert "Baker" not in response.content.decode()
    assert events_of(response) == []


def test_all_on_the_page_can_be_selected_up_to_the_cap(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = " ".join(each.attributes["value"] for each in parsed(desk.get(LIST)).named("tick"))
    send(desk, shown=shown, all="1")
    assert chosen(desk) == "8 selected"
    send(desk, none="1")
    monkeypatch.setattr("patients.services.selection.MOST", 5)
    send(desk, shown=shown, all="1")

    page = parsed(desk.get(LIST))
    assert "Nobody was added" in page.text
    assert "None selected" in page.text


def test_nobody_out_of_sight_can_be_selected(desk: Client) -> None:
    hidden = f"{key_of('grant')} {key_of('zz test')}"
    send(desk, shown=hidden, all="1")

    assert chosen(desk) == "None selected"


def test_selected_person_who_is_joined_to_another_stays_selected_as_who_they_are_now(
    desk: Client, clinic_staff: User
) -> None:
    send(desk, shown=key_of("baker"), tick=key_of("baker"), keep="1")
    baker, abbott = (
        Patient.objects.get(public_id=key_of("baker")),
        Patient.objects.get(public_id=key_of("abbott")),
    )
    linking.link_people(keep=abbott, other=baker, reason="the same", by=clinic_staff)

    assert chosen(desk) == "1 selected"
    assert filtered(desk, chosen="on") == ["ABBOTT"]


# --- parts, paper, audit --------------------------------------------------------------------


def test_page_and_part_come_from_one_address(desk: Client) -> None:
    whole = desk.post(LIST, {"sort": "birth"}, headers=PART)

    assert whole.status_code == 200
    assert "<html" not in whole.content.decode()
    assert whole["HX-Push-Url"] == LIST
    assert names(parsed(whole)) == listed(desk)


def test_looking_is_one_event_with_counts_and_names_of_filters(desk: Client) -> None:
    send(desk, filter="1", name="Abbott", statuses=["active"])
    response = desk.get(LIST)

    assert events_of(response) == ["people.listed"]
    event = Event.objects.get(request_id=response["X-Request-Id"])
    assert event.details == {
        "count": 1, "total": 1, "more": False, "page": 1, "sort": "name", "filters": ["name", "statuses"],
    }  # fmt: skip
    assert events_of(desk.post(LIST, {"sort": "birth"}, headers=PART)) == ["people.listed"]
    assert events_of(send(desk, sort="birth")) == []


def test_print_view_is_an_event_and_says_who_what_and_when(desk: Client) -> None:
    send(desk, filter="1", statuses=["archived"])
    response = desk.get(PRINT)
    page = parsed(response)

    assert events_of(response) == ["people.print_opened"]
    assert names(page) == ["BAKER"]
    assert "Printed by Clive Staff at" in page.text
    assert "Status Archived" in page.text
    assert "Sorted by name, A to Z." in page.text


# --- files ----------------------------------------------------------------------------------


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
    assert event.details == {"count": 1, "format": "csv", "filters": ["statuses"]}
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
