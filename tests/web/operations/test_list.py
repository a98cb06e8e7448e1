"""Writes as a list, on home and on a person's page: whose they are, narrowed, in order, and how fast."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from patients.models import Operation
from patients.services.operations import listing, settling
from patients.services.operations.listing import Filters, Order
from patients.services.operations.whys import Why
from portal import audit
from portal.accounts.models import User
from tests.conftest import signed_in
from tests.support import Node, parsed

from .asking import State, asked_change, asked_new, read, stand, story_url

LIST = "/writes/"


def rows(page: Node) -> list[str]:
    """The addresses of the writes of a list, in order."""
    (table,) = page.of_class("portal-writes") or [Node("", {})]
    links = table.every(lambda node: node.attributes.get("href", "").startswith("/writes/"))
    return [node.attributes["href"] for node in links]


def counts(page: Node) -> dict[str, str]:
    """How many stand in each state."""
    words = [each.text.rpartition(" ") for each in page.of_class("portal-states__link")]
    return {label: count for label, _, count in words if label}


def test_staff_see_their_own_and_admins_all(
    staff: Client, admins: Client, clinic_staff: User, admin: User
) -> None:
    own = asked_change(read("jump", "p-1"), by=clinic_staff)
    other = asked_change(read("impilo", "7"), by=admin)

    assert rows(parsed(staff.get(LIST))) == [story_url(own)]
    response = admins.get(LIST)
    assert rows(parsed(response)) == [story_url(other), story_url(own)]
    assert parsed(response).text.count("MBEKI, Grace") == 2
    (event,) = audit.events_of_request(response["X-Request-Id"])
    assert (event.action, event.details["rows"]) == ("operations.listed", 2)


def test_list_is_narrowed_by_state_system_person_staff_kind(
    admins: Client, clinic_staff: User, admin: User
) -> None:
    record = read("jump", "p-1")
    change = stand(asked_change(record, by=clinic_staff), State.HELD, Why.CONFLICT)
    new = asked_new("impilo", by=admin)

    for query, expected in (
        ("state=held", change),
        ("state=waiting", new),
        ("system=jump", change),
        ("kind=create", new),
        (f"asked_by={admin.pk}", new),
        (f"person={record.patient.public_id}", change),
    ):
        assert rows(parsed(admins.get(f"{LIST}?{query}"))) == [story_url(expected)], query
    assert rows(parsed(admins.get(f"{LIST}?state=done"))) == []
    assert counts(parsed(admins.get(f"{LIST}?system=jump")))["Held"] == "1"
    assert len(rows(parsed(admins.get(f"{LIST}?state=nonsense&system=nowhere&page=-3&asked_by=x")))) == 2


def test_staff_cannot_ask_for_others_by_narrowing(staff: Client, admin: User) -> None:
    asked_change(read("jump", "p-1"), by=admin)

    assert rows(parsed(staff.get(f"{LIST}?asked_by={admin.pk}"))) == []


def test_next_try_comes_first_where_that_is_asked_for(admins: Client, clinic_staff: User) -> None:
    early, late = (asked_change(read("jump", f"p-{each}", nhs_number=""), by=clinic_staff) for each in (1, 2))
    ended = stand(asked_change(read("jump", "p-3", nhs_number=""), by=clinic_staff), State.DONE)
    Operation.objects.filter(pk=early.pk).update(due_at=timezone.now() + timedelta(minutes=9))

    assert rows(parsed(admins.get(f"{LIST}?order=next"))) == [
        story_url(each) for each in (late, early, ended)
    ]  # fmt: skip


def test_pages_hold_twenty_five_and_lead_on(admins: Client, clinic_staff: User) -> None:
    record = read("jump", "p-1")
    for _ in range(27):
        asked_change(record, by=clinic_staff)

    first = parsed(admins.get(f"{LIST}?state=waiting"))
    (older,) = [each.attributes["href"] for each in first.of_class("govuk-pagination__link")]
    second = parsed(admins.get(older))

    assert (len(rows(first)), len(rows(second))) == (25, 2)
    assert "state=waiting" in older
    assert not set(rows(first)) & set(rows(second))


def test_page_costs_as_many_queries_with_many_as_with_few(admin: User, clinic_staff: User) -> None:
    record = read("jump", "p-1")

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            lines = listing.lines_of(list(listing.rows_of(Filters(), Order.NEWEST, by=admin)[:25]), by=admin)
            listing.counts(Filters(), by=admin)
            assert lines
        return len(seen)

    asked_change(record, by=clinic_staff)
    few = queries()
    for number in range(24):
        asked_change(read("jump", f"q-{number}", nhs_number=""), by=clinic_staff)

    assert queries() <= few < 20


NUMBERS = {
    "postgresql": "generate_series(1, 100000) AS n(x)",
    "sqlite": "(WITH RECURSIVE n(x) AS (VALUES(1) UNION SELECT x + 1 FROM n LIMIT 100000) SELECT x FROM n)",
}


@pytest.mark.slow
def test_page_among_a_hundred_thousand_is_quick(admins: Client, clinic_staff: User) -> None:
    first = asked_change(read("jump", "p-1"), by=clinic_staff)
    columns = {str(each.column) for each in Operation._meta.concrete_fields}
    names = ", ".join(sorted(columns - {"id", "public_id", "state"}))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO patients_operation (public_id, state, {names}) "  # noqa: S608 (our own columns)
            f"SELECT 'many' || CAST(x AS varchar), 'done', {names} "
            f"FROM patients_operation, {NUMBERS[connection.vendor]} WHERE id = %s",
            [first.pk],
        )
    began = time.monotonic()

    page = parsed(admins.get(LIST))

    assert time.monotonic() - began < 2
    assert counts(page)["Done"] == "10,000+"
    assert len(rows(page)) == 25


# --- home, and a person's page --------------------------------------------------------------


def test_home_names_what_is_held_stuck_and_refused(
    staff: Client, admins: Client, clinic_staff: User, admin: User
) -> None:
    record = read("jump", "p-1")
    held = stand(asked_change(record, by=clinic_staff), State.HELD, Why.CONFLICT)
    refused = stand(asked_change(record, by=clinic_staff), State.REFUSED, Why.INVALID)
    settling.give_up(asked_change(record, by=clinic_staff), reason="Typed twice", by=clinic_staff)
    stuck = asked_change(record, by=admin)
    Operation.objects.filter(pk=stuck.pk).update(asked_at=timezone.now() - timedelta(minutes=16))
    asked_change(record, by=clinic_staff)  # on its way, and no trouble yet

    own, everybodys = parsed(staff.get("/")), parsed(admins.get("/"))

    assert "1 held for a decision" in own.text
    assert "1 refused in the last 7 days" in own.text
    assert {story_url(held), story_url(refused)} <= set(own.links())
    assert story_url(stuck) not in own.links()
    assert "1 on the way for more than 15 minutes" in everybodys.text
    assert "refused in the last" not in everybodys.text
    assert {story_url(held), story_url(stuck)} <= set(everybodys.links())
    Operation.objects.all().update(changed_at=timezone.now() - timedelta(days=8))
    assert "refused in the last" not in parsed(staff.get("/")).text


def test_home_tells_who_asked_that_somebody_else_gave_it_up(
    staff: Client, clinic_staff: User, admin: User
) -> None:
    operation = asked_change(read("jump", "p-1"), by=clinic_staff)

    settling.give_up(operation, reason="Not needed any more", by=admin)

    home = parsed(staff.get("/"))
    assert "1 refused in the last 7 days" in home.text
    assert story_url(operation) in home.links()


def test_home_says_nothing_where_nothing_needs_anybody(staff: Client, clinic_staff: User) -> None:
    asked_change(read("jump", "p-1"), by=clinic_staff)

    assert "Writes that need you" not in parsed(staff.get("/")).text


def test_persons_page_names_what_is_on_its_way(
    sandbox: None, staff: Client, clinic_staff: User, reader: User
) -> None:
    record = read("jump", "p-1")
    read("jhe", "40001")
    operation = asked_change(record, by=clinic_staff)
    hidden = asked_change(read("jhe", "40001"), by=clinic_staff)
    old = stand(asked_change(record, by=clinic_staff), State.DONE)
    Operation.objects.filter(pk=old.pk).update(ended_at=timezone.now() - timedelta(hours=25))
    address = reverse("patients:patient", args=[record.patient.public_id])

    own = parsed(staff.get(address)).of_id("writes")
    others = parsed(signed_in(Client(), reader).get(address)).of_id("writes")

    assert "Change details in Jump EHR" in own.text
    assert story_url(operation) in own.links()
    assert story_url(hidden) in own.links()
    assert "Change details in Jump EHR" in others.text
    assert "JupyterHealth" not in others.text
    assert others.links() == []
    assert story_url(old) not in own.links()


def test_admin_goes_from_a_person_to_all_their_writes(
    sandbox: None, admins: Client, clinic_staff: User
) -> None:
    record = read("jump", "p-1")
    old = stand(asked_change(record, by=clinic_staff), State.DONE)
    asked_change(read("jump", "p-2", nhs_number="", given_name="Ann"), by=clinic_staff)
    Operation.objects.update(ended_at=timezone.now() - timedelta(days=9))

    page = parsed(admins.get(reverse("patients:patient", args=[record.patient.public_id])))
    (address,) = [each for each in page.links() if each.startswith(f"{LIST}?person=")]

    assert rows(parsed(admins.get(address))) == [story_url(old)]
