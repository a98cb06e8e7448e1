"""Linking by hand, parting and undoing: who may, what is shown, and what a form is refused for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.sandbox.run import Sandbox
from integrations.types import Demographics, RemotePatient, Sex
from patients.models import Patient, SourceRecord
from patients.services import index
from portal import audit
from portal.accounts.models import User
from portal.audit.models import Event
from tests.conftest import signed_in
from tests.support import PART, Node, parsed, side_by_side

GRACE = {"given_name": "Grace", "family_name": "Mbeki", "birth_date": date(1975, 4, 18)}
DLAMINI = {"given_name": "Gracie", "family_name": "Dlamini", "birth_date": date(1975, 4, 18)}
TOM = {
    "given_name": "Tom",
    "family_name": "Okafor",
    "birth_date": date(1950, 2, 3),
    "email": "grace@example.org",
}


def read(system: str, number: str, details: dict[str, Any], **more: Any) -> SourceRecord:
    """A record as a system gives it, taken into the index."""
    demographics = Demographics(**{**details, **more})
    index.store([RemotePatient(system=system, id=number, demographics=demographics)])
    return record(system, number)


def record(system: str, number: str) -> SourceRecord:
    """The record as it stands now."""
    return SourceRecord.objects.select_related("patient").get(system=system, remote_id=number)


@dataclass
class People:
    """Three people of the index; Grace and Gracie are one, as somebody knows."""

    grace: Patient
    gracie: Patient
    tom: Patient


@pytest.fixture
def people(sandbox: Sandbox) -> People:
    """The index with three people in it."""
    grace = read("jump", "p-1", GRACE, email="grace@example.org").patient
    return People(grace, read("impilo", "7", DLAMINI).patient, read("impilo", "8", TOM).patient)


@pytest.fixture
def staff(people: People, clinic_staff: User) -> Client:
    """Clinic staff at work."""
    return signed_in(Client(), clinic_staff)


@pytest.fixture
def admins(people: People, admin: User) -> Client:
    """An admin at work."""
    return signed_in(Client(), admin)


def link_page(one: Patient, other: Patient) -> str:
    return reverse("patients:link_with", args=[one.public_id, other.public_id])


def form_of(client: Client, address: str) -> dict[str, str]:
    """The form of a page as a browser would send it, with a reason written in."""
    response = client.get(address)
    assert response.status_code == 200
    (seal,) = parsed(response).named("seal")
    return {"seal": seal.attributes["value"], "reason": "Told at the desk"}


def written(page: Node) -> str:
    """What stands in the box for the reason."""
    return page.named("reason")[0].text


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


def test_persons_page_says_who_linked_and_leads_to_what_each_may_do(
    staff: Client, admins: Client, people: People
) -> None:
    address = link_page(people.grace, people.gracie)
    staff.post(address, form_of(staff, address))
    page = reverse("patients:patient", args=[people.grace.public_id])

    for client, may_undo in ((staff, False), (admins, True)):
        links = parsed(client.get(page)).of_class("portal-links")[0]
        assert "Impilo 7 linked by Clive Staff" in links.text
        assert "Reason: Told at the desk" in links.text
        assert ("Undo" in links.text, "Not this person" in links.text) == (may_undo, may_undo)
        assert "This is the same person as somebody else" in links.text


def test_who_is_kept_apart_is_said_on_both_pages(admins: Client, people: People) -> None:
    link = link_page(people.grace, people.gracie)
    admins.post(link, form_of(admins, link))
    unlink = reverse("patients:unlink", args=[people.grace.public_id, record("impilo", "7").pk])
    admins.post(unlink, form_of(admins, unlink))

    for each, other in ((people.grace, "DLAMINI, Gracie"), (record("impilo", "7").patient, "MBEKI, Grace")):
        page = parsed(admins.get(reverse("patients:patient", args=[each.public_id])))
        assert (
            f"Kept apart from {other}, born 18-Apr-1975 by Ada Admin" in page.of_class("portal-links")[0].text
        )


def test_reader_is_offered_nothing_to_change(people: People, reader: User) -> None:
    page = parsed(signed_in(Client(), reader).get(reverse("patients:patient", args=[people.grace.public_id])))

    assert page.of_class("portal-links") == []


def test_namesake_is_named_on_the_page_in_rows_and_in_the_list(staff: Client, people: People) -> None:
    other = read("impilo", "9", GRACE, given_name="Grayce", birth_date=date(1976, 4, 18)).patient
    url = reverse("patients:patient", args=[other.public_id])
    page = parsed(staff.get(reverse("patients:patient", args=[people.grace.public_id])))
    (banner,) = page.of_class("portal-namesakes")
    said = "MBEKI, Grayce, born 18-Apr-1976: given name like it, other year of birth"
    assert said in banner.text

    typing = {"text": "mbeki grace", "run": "r" * 22}
    typed = parsed(staff.post(reverse("patients:typed"), typing, headers=PART))
    listed = parsed(staff.get(reverse("patients:people")))

    for rows in (typed.of_class("portal-person"), listed.of_class("portal-list__row")):
        grace = next(row for row in rows if row.text.startswith(("MBEKI, Grace", "Select MBEKI, Grace")))
        (caution,) = grace.of_class("portal-caution")
        assert "Not to be confused with" in caution.text
        assert "other year of birth" in caution.text
        assert url in caution.links()
    assert page.of_class("portal-links")[0].text.count("Perhaps the same person") == 0


def test_who_may_be_the_same_person_is_no_namesake_and_said_with_the_links(
    staff: Client, people: People
) -> None:
    read("impilo", "9", GRACE, birth_date=date(1975, 4, 13), email="grace@example.org")

    page = parsed(staff.get(reverse("patients:patient", args=[people.grace.public_id])))

    assert page.of_class("portal-namesakes") == []
    assert (
        "Perhaps the same person as MBEKI, Grace, born 13-Apr-1975" in page.of_class("portal-links")[0].text
    )


# --- sealed ---------------------------------------------------------------------------------


def refused(client: Client, address: str, form: dict[str, str]) -> Node:
    """The page that a refused form is answered with; what was written is in it, and one event."""
    before = Event.objects.filter(action="form.refused").count()
    links = list(SourceRecord.objects.order_by("pk").values_list("pk", "patient"))
    reply = client.post(address, form)
    assert reply.status_code == 409
    assert Event.objects.filter(action="form.refused", outcome="refused").count() == before + 1
    assert list(SourceRecord.objects.order_by("pk").values_list("pk", "patient")) == links
    page = parsed(reply)
    assert "Nothing was changed" in page.text
    assert "Told at the desk" in page.text
    return page


def test_page_gone_stale_is_refused_and_can_be_sent_anew(staff: Client, people: People) -> None:
    address = link_page(people.grace, people.gracie)
    form = form_of(staff, address)
    read("jump", "p-1", GRACE, family_name="Mbeki-Smith", email="grace@example.org")

    page = refused(staff, address, form)

    assert "The form was about MBEKI, Grace, born 18-Apr-1975; and DLAMINI, Gracie" in page.text
    assert "This page is about MBEKI-SMITH, Grace, born 18-Apr-1975; and DLAMINI, Gracie" in page.text
    assert written(page) == "Told at the desk"
    anew = {**form, "seal": page.named("seal")[0].attributes["value"]}
    assert staff.post(address, anew).status_code == 303


def test_form_of_somebody_linked_meanwhile_is_refused(staff: Client, people: People, admin: User) -> None:
    address = link_page(people.gracie, people.tom)
    form = {**form_of(staff, address), "sure": "on"}
    other = link_page(people.grace, people.gracie)
    admins = signed_in(Client(), admin)
    admins.post(other, form_of(admins, other))

    page = refused(staff, address, form)

    assert "The form was about DLAMINI, Gracie, born 18-Apr-1975; and OKAFOR, Tom" in page.text
    assert "This page is about MBEKI, Grace" in page.text


def test_form_sent_to_another_persons_address_is_refused_with_both_names(
    staff: Client, people: People
) -> None:
    form = form_of(staff, link_page(people.grace, people.gracie))

    page = refused(staff, link_page(people.tom, people.gracie), {**form, "sure": "on"})

    assert "The form was about MBEKI, Grace, born 18-Apr-1975; and DLAMINI, Gracie" in page.text
    assert "This page is about OKAFOR, Tom, born 03-Feb-1950; and DLAMINI, Gracie" in page.text


def test_parting_form_sent_to_another_person_is_refused_with_both_names(
    admins: Client, people: People
) -> None:
    third = read("impilo", "9", {"given_name": "Ola", "family_name": "Quist"}).patient
    for link in (link_page(people.grace, people.gracie), link_page(people.tom, third)):
        admins.post(link, {**form_of(admins, link), "sure": "on"})
    form = form_of(
        admins, reverse("patients:unlink", args=[people.grace.public_id, record("impilo", "7").pk])
    )

    page = refused(
        admins, reverse("patients:unlink", args=[people.tom.public_id, record("impilo", "8").pk]), form
    )

    assert "The form was about MBEKI, Grace" in page.text
    assert "This page is about OKAFOR, Tom" in page.text


def test_form_for_another_record_of_the_same_person_is_refused(admins: Client, people: People) -> None:
    link = link_page(people.grace, people.gracie)
    admins.post(link, form_of(admins, link))
    addresses = [
        reverse("patients:unlink", args=[people.grace.public_id, each.pk])
        for each in (record("impilo", "7"), record("jump", "p-1"))
    ]

    refused(admins, addresses[1], form_of(admins, addresses[0]))


def test_form_of_another_account_is_refused(staff: Client, admins: Client, people: People) -> None:
    address = link_page(people.grace, people.gracie)

    page = refused(staff, address, form_of(admins, address))

    assert "opened under another account" in page.text
    assert "The form was about" not in page.text


def test_form_that_was_changed_or_lost_its_seal_is_refused(staff: Client, people: People) -> None:
    address = link_page(people.grace, people.gracie)
    form = form_of(staff, address)

    for seal in (form["seal"][:-3], "", form["seal"].replace(":", ";")):
        refused(staff, address, {**form, "seal": seal})
    refused(staff, address, {"reason": form["reason"]})


def test_form_of_another_kind_is_refused(admins: Client, people: People) -> None:
    link = link_page(people.grace, people.gracie)
    admins.post(link, form_of(admins, link))
    unlink = reverse("patients:unlink", args=[people.grace.public_id, record("impilo", "7").pk])

    refused(admins, link_page(people.grace, people.tom), {**form_of(admins, unlink), "sure": "on"})


def test_form_is_refused_after_its_time(staff: Client, people: People, clinic_staff: User) -> None:
    address = link_page(people.grace, people.gracie)
    form = form_of(staff, address)

    with time_machine.travel(timezone.now() + timedelta(hours=13)):
        later = signed_in(Client(), clinic_staff)
        page = refused(later, address, form)

    assert "more than 12 hours ago" in page.text


def test_refused_reason_does_not_come_back_with_another_seal_before_it_is_right(
    staff: Client, people: People
) -> None:
    """A page that says what is missing keeps the seal: it never makes a stale form fresh in silence."""
    address = link_page(people.grace, people.gracie)
    form = form_of(staff, address)
    read("jump", "p-1", GRACE, family_name="Mbeki-Smith", email="grace@example.org")

    page = parsed(staff.post(address, {**form, "reason": ""}))

    assert page.named("seal")[0].attributes["value"] == form["seal"]


def test_of_two_sessions_that_send_at_once_exactly_one_wins(people: People, admin: User) -> None:
    clients = [signed_in(Client(), admin) for _ in range(2)]
    address = link_page(people.grace, people.gracie)
    forms = [form_of(client, address) for client in clients]

    def send(client: Client, form: dict[str, str]) -> int:
        return client.post(address, form).status_code

    works = [lambda pair=pair: send(*pair) for pair in zip(clients, forms, strict=True)]
    answers = side_by_side(works)

    assert sorted(answers) == [303, 409]
    assert Event.objects.filter(action="link.made").count() == 1


# --- who may --------------------------------------------------------------------------------


@pytest.mark.parametrize("person", ["reader", "coordinator"])
def test_who_only_looks_links_nobody(people: People, request: pytest.FixtureRequest, person: str) -> None:
    client = signed_in(Client(), request.getfixturevalue(person))
    address = link_page(people.grace, people.gracie)

    assert client.get(address).status_code == client.post(address, {"reason": "x"}).status_code == 403


def test_sex_that_contradicts_is_said(staff: Client, people: People) -> None:
    read("jump", "p-1", GRACE, sex=Sex.FEMALE, email="grace@example.org")
    read("impilo", "7", DLAMINI, sex=Sex.MALE)

    assert "The recorded sex differs." in parsed(staff.get(link_page(people.grace, people.gracie))).text
