"""Linking by hand, parting and undoing: who may, what is shown, and what is asked for."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from integrations.types import Sex
from portal import audit
from tests.conftest import signed_in
from tests.support import parsed

from .linking import DLAMINI, GRACE, People, form_of, link_page, read, record


def row_of(response: Any, label: str) -> list[str]:
    """The cells of one field of a page that shows two sides, without where each value is from."""
    (row,) = [
        row
        for row in parsed(response).of_class("portal-compare__row")
        if row.of_class("portal-compare__field")[0].text == label
    ]
    cells = row.every(lambda node: node.tag == "td")
    return [cell.text.partition(" Jump")[0].partition(" Impilo")[0] for cell in cells]


# --- the way through ------------------------------------------------------------------------


def test_staff_link_two_people_and_an_admin_undoes_it(staff: Client, admins: Client, people: People) -> None:
    chosen = staff.get(reverse("patients:link", args=[people.grace.public_id]))
    (row,) = parsed(chosen).of_class("portal-person__link")
    address = row.attributes["href"]
    assert address == link_page(people.grace, people.gracie)
    reply = staff.post(address, form_of(staff, address))

    assert (reply.status_code, reply["Location"]) == (
        303,
        reverse("patients:patient", args=[people.grace.public_id]),
    )
    assert record("impilo", "7").patient == people.grace
    link = record("impilo", "7").links.get(undone_at=None)
    undo = reverse("patients:undo_link", args=[people.grace.public_id, link.pk])
    assert staff.get(undo).status_code == 403
    assert row_of(admins.get(undo), "Family name")[:2] == ["Stays Mbeki", "Leaves Dlamini"]
    assert admins.post(undo, form_of(admins, undo)).status_code == 303
    assert record("impilo", "7").patient == people.gracie


def test_somebody_else_is_looked_up_in_the_index(staff: Client, people: People) -> None:
    address = reverse("patients:link", args=[people.grace.public_id])

    reply = staff.post(address, {"text": "dlamini gracie"})

    (row,) = parsed(reply).of_class("portal-person__link")
    assert row.attributes["href"] == link_page(people.grace, people.gracie)
    events = audit.events_of_request(reply["X-Request-Id"])
    assert [each.action for each in events] == ["search", "person.link_opened"]
    nobody = staff.post(address, {"text": "   "})
    assert nobody.status_code == 422
    assert "Type a name" in parsed(nobody).text
    assert "Nobody else found" in parsed(staff.post(address, {"text": "xyzzyqq plugh"})).text


def test_both_people_are_shown_and_recorded_in_one_event(staff: Client, people: People) -> None:
    reply = staff.get(link_page(people.grace, people.gracie))

    page = parsed(reply)
    assert "MBEKI, Grace" in page.text
    assert "DLAMINI, Gracie" in page.text
    assert "Mbeki and Dlamini: a former surname?" in page.text
    (event,) = audit.events_of_request(reply["X-Request-Id"])
    assert event.action == "person.compared"
    assert event.details["records"] == ["jump:p-1", "impilo:7"]


def test_sex_that_contradicts_is_said(staff: Client, people: People) -> None:
    read("jump", "p-1", GRACE, sex=Sex.FEMALE, email="grace@example.org")
    read("impilo", "7", DLAMINI, sex=Sex.MALE)

    assert "The recorded sex differs." in parsed(staff.get(link_page(people.grace, people.gracie))).text


def test_unlike_people_are_linked_with_a_tick_only(staff: Client, people: People) -> None:
    address = link_page(people.grace, people.tom)
    page = parsed(staff.get(address))
    assert "What speaks against it" in page.text
    assert "The birth dates differ." in page.text
    form = form_of(staff, address)

    refused = staff.post(address, form)

    assert refused.status_code == 422
    assert "Tick that they are one person" in parsed(refused).text
    assert record("impilo", "8").patient == people.tom
    assert staff.post(address, {**form, "sure": "on"}).status_code == 303
    assert record("impilo", "8").patient == people.grace


def test_reason_is_asked_for(staff: Client, people: People) -> None:
    address = link_page(people.grace, people.gracie)

    reply = staff.post(address, {**form_of(staff, address), "reason": " "})

    assert reply.status_code == 422
    assert "Give the reason" in parsed(reply).text
    assert record("impilo", "7").patient == people.gracie


def test_record_that_is_somebody_elses_is_parted_and_kept_apart(admins: Client, people: People) -> None:
    link = link_page(people.grace, people.gracie)
    admins.post(link, form_of(admins, link))
    number = record("impilo", "7").pk
    unlink = reverse("patients:unlink", args=[people.grace.public_id, number])
    assert row_of(admins.get(unlink), "Family name")[:2] == ["Stays Mbeki", "Leaves Dlamini"]

    reply = admins.post(unlink, form_of(admins, unlink))

    assert reply.status_code == 303
    assert record("impilo", "7").patient != people.grace
    again = parsed(admins.get(link_page(people.grace, record("impilo", "7").patient)))
    assert "decided on" in again.text
    assert "Told at the desk" in again.text


# --- who is no page, and who may ------------------------------------------------------------


def test_record_of_another_person_or_the_only_one_is_no_page(admins: Client, people: People) -> None:
    for number in (record("impilo", "7").pk, record("jump", "p-1").pk, 999_999):
        address = reverse("patients:unlink", args=[people.grace.public_id, number])
        assert admins.get(address).status_code == 404


def test_page_of_people_linked_since_leads_on(staff: Client, people: People) -> None:
    address = link_page(people.grace, people.gracie)
    staff.post(address, form_of(staff, address))

    assert staff.get(address)["Location"] == reverse("patients:patient", args=[people.grace.public_id])
    third = link_page(people.gracie, people.tom)
    assert staff.get(third)["Location"] == link_page(people.grace, people.tom)
    chosen = reverse("patients:link", args=[people.gracie.public_id])
    assert staff.get(chosen)["Location"] == reverse("patients:link", args=[people.grace.public_id])


def test_somebody_out_of_reach_is_not_there(staff: Client, people: People) -> None:
    hidden = read("jhe", "40001", GRACE, birth_date=date(1990, 1, 1)).patient

    for address in (link_page(people.grace, hidden), link_page(hidden, people.grace)):
        reply = staff.get(address)
        assert reply.status_code == 404
        (event,) = audit.events_of_request(reply["X-Request-Id"])
        assert event.outcome == "refused"
        assert staff.post(address, {"reason": "x"}).status_code in {404, 409}
    assert record("jhe", "40001").patient == hidden


@pytest.mark.parametrize("person", ["reader", "coordinator"])
def test_who_only_looks_links_nobody(people: People, request: pytest.FixtureRequest, person: str) -> None:
    client = signed_in(Client(), request.getfixturevalue(person))
    address = link_page(people.grace, people.gracie)

    assert client.get(address).status_code == client.post(address, {"reason": "x"}).status_code == 403
