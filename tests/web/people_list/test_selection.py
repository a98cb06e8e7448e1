"""The people whom somebody has selected in the list: kept, capped, and never out of sight."""

from __future__ import annotations

import pytest
from django.test import Client

from patients.models import Patient
from patients.services import linking
from portal.accounts.models import User
from tests.support import parsed

from .listing import LIST, events_of, filtered, key_of, listed, send

TICK = {"HX-Request": "true", "HX-Target": "selection"}


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
