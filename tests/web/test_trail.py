"""The audit trail of looking: one event for each search, person, print view and refusal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from integrations.sandbox.people import CAST
from integrations.sandbox.run import Sandbox
from portal import audit
from portal.accounts.models import User
from portal.audit import journal
from portal.audit.models import Event
from tests.support import PART, Desk, connected, settle

MEGAN = "member_megan@example.com"


@pytest.fixture
def desk(sandbox: Sandbox, clinic_staff: User) -> Desk:
    """Clinic staff who are members of the Lifespan Lab in JHE."""
    desk = Desk(connected(clinic_staff, MEGAN, sandbox))
    desk.client.get("/")
    return desk


@contextmanager
def database_refuses_events() -> Iterator[None]:
    """The table takes no event, as on a full disk; everything else works."""
    if connection.vendor == "sqlite":
        refuse = "CREATE TRIGGER refused BEFORE INSERT ON audit_event BEGIN SELECT RAISE(ABORT, 'full'); END"
        allow = "DROP TRIGGER refused"
    else:
        refuse = "ALTER TABLE audit_event ADD CONSTRAINT refused CHECK (action = '') NOT VALID"
        allow = "ALTER TABLE audit_event DROP CONSTRAINT refused"
    with connection.cursor() as cursor:
        cursor.execute(refuse)
    try:
        yield
    finally:
        settle()
        with connection.cursor() as cursor:
            cursor.execute(allow)


def events_of(response: Any) -> list[tuple[str, str]]:
    """Action and outcome of the events that a request left."""
    request_id = response["X-Request-Id"]
    return [(each.action, each.outcome) for each in audit.events_of_request(request_id)]


def test_search_is_one_event_with_the_kinds_of_detail_and_no_value(desk: Desk) -> None:
    response = desk.client.post("/", {"text": "Grace Mbeki 18/4/1975 999 134 6236"})

    assert events_of(response) == [("search", "done")]
    event = Event.objects.get(action="search")
    assert event.details == {"terms": ["name", "birth_date", "nhs_number"]}
    assert response["Location"].endswith(event.subject_key)
    assert event.actor == str(desk.user.pk)
    assert (event.system, event.record_id) == ("", "")


def test_search_that_cannot_be_understood_is_no_event(desk: Desk) -> None:
    assert events_of(desk.client.post("/", {"text": "?"})) == []


def test_list_parts_and_correcting_leave_no_event(desk: Desk) -> None:
    url = desk.type("grace mbeki")

    for address in (url, f"{url}?all=1", url):
        assert events_of(desk.client.get(address)) == []
    for system in ("jump", "jhe", "impilo"):
        for tail in ("", "?again=1"):
            answer = desk.client.get(f"{url}/systems/{system}{tail}", headers=PART)
            assert events_of(answer) == []


def test_every_view_of_a_person_is_one_event_with_every_record(desk: Desk) -> None:
    found = desk.look_up("grace mbeki")
    records = [f"{system}:{record_id}" for system, record_id in sorted(CAST["in_all_three"])]

    way = desk.client.get(found.addresses[0])
    assert events_of(way) == []
    page = way["Location"]

    for address, action in (
        (page, "person.viewed"),
        (page, "person.viewed"),
        (f"{page.partition('?')[0]}/print", "person.print_opened"),
    ):
        response = desk.client.get(address)
        assert events_of(response) == [(action, "done")]
        (event,) = audit.events_of_request(response["X-Request-Id"])
        assert sorted(event.details["records"]) == records
        assert f"{event.system}:{event.record_id}" in records
        assert f"/people/{event.subject_key}" in page


def test_refused_person_and_refused_look_up_are_one_event_each(desk: Desk, admin: User) -> None:
    url = desk.look_up("grace mbeki").url
    other = Desk(admin)

    assert events_of(desk.client.get(f"{url}/77")) == [("person.viewed", "refused")]
    for tail in ("", "/1", "/systems/jump"):
        response = other.client.get(url + tail, headers=PART)
        assert events_of(response) == [("search.reopened", "refused")]


def test_refused_url_is_one_event(desk: Desk) -> None:
    assert events_of(desk.client.post("/connections/jump/check")) == [("access.refused", "refused")]


def test_look_up_that_is_not_there_is_no_event(desk: Desk) -> None:
    assert events_of(desk.client.get("/search/AAAAAAAAAAAAAAAAAAAAAA")) == []


def test_reading_goes_on_through_the_journal(desk: Desk) -> None:
    with database_refuses_events():
        found = desk.look_up("grace mbeki")
        page = desk.open(found.addresses[0])

    assert "MBEKI" in page.of_class("portal-identity")[0].text
    content = b"".join(path.read_bytes() for path in journal.files())
    assert b"mbeki" not in content.lower()
    assert b"person.viewed" not in content


def test_journalled_events_come_back_once(desk: Desk) -> None:
    with database_refuses_events():
        desk.open(desk.look_up("grace mbeki").addresses[0])
    assert not Event.objects.filter(action__in=["search", "person.viewed"]).exists()

    audit.merge_journal()
    audit.merge_journal()

    actions = Event.objects.filter(action__in=["search", "person.viewed"]).values_list("action", flat=True)
    assert sorted(actions) == ["person.viewed", "search"]


def test_person_is_not_shown_where_nobody_can_record_it(
    desk: Desk, settings: Settings, tmp_path: Path
) -> None:
    found = desk.look_up("grace mbeki")
    (tmp_path / "blocked").write_text("")
    settings.VAR_DIR = tmp_path / "blocked"

    with database_refuses_events():
        response = desk.client.get(found.addresses[0], follow=True)

    assert response.status_code == 503
    assert "MBEKI" not in response.content.decode()
