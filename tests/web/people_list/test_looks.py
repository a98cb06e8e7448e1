"""A look at the people list, as page, part or paper, and what the audit holds of it."""

from __future__ import annotations

from django.test import Client

from portal.audit.models import Event
from tests.support import parsed

from .listing import LIST, PRINT, events_of, listed, names, send

PART = {"HX-Request": "true", "HX-Target": "list"}


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
