"""Forms that link and part people are sealed: what one is refused for, and what comes back with it."""

from __future__ import annotations

from datetime import timedelta

import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from patients.models import SourceRecord
from portal.accounts.models import User
from portal.audit.models import Event
from tests.conftest import signed_in
from tests.support import Node, parsed, side_by_side

from .linking import GRACE, People, form_of, link_page, read, record


def written(page: Node) -> str:
    """What stands in the box for the reason."""
    return page.named("reason")[0].text


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
