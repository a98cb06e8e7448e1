"""The filters of the people list: whom each leaves, how they are taken out, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from patients.models import OwnRoles
from tests.support import parsed

from .listing import FORMULA, IN_ORDER, LIST, filtered, listed, send


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
