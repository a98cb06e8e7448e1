"""The connections page's words on reading each system into the index, and what live reading leaves there."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone
from pytest_django.fixtures import Settings

from integrations.registry import label_of
from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from patients.models import KeyMaking, SourceRecord, SyncRun
from patients.services import sync, sync_runs, sync_schedule
from portal.accounts.models import User
from portal.worker import ticker
from portal.worker.models import Due
from tests.support import PART, Desk, Node, change, parsed, settle

SYSTEMS = ("jump", "jhe", "impilo")


def card(user: User, system: str) -> Node:
    """What the page says of one system's index."""
    return Desk(user).open("/connections").of_id(f"sync-{system}")


def read_now(user: User, system: str) -> Node:
    """The part after the button."""
    response = Desk(user).client.post(f"/connections/{system}/sync", headers=PART)
    assert response.status_code == 200
    return parsed(response)


def done(system: str, kind: str = SyncRun.Kind.FULL, by: User | None = None) -> SyncRun:
    run = sync_runs.begin(system, kind, source="page" if by else "schedule", by=by)
    sync.work(run, "tests")
    return run


def test_system_that_was_never_read_says_when_it_will_be(sandbox: Sandbox, admin: User) -> None:
    words = card(admin, "jump").text
    assert "Not read yet" in words
    assert "within a minute" in words


def test_button_begins_a_reading_that_the_worker_does(sandbox: Sandbox, admin: User) -> None:
    Due.objects.create(task=sync_schedule.TASK, due_at=timezone.now() + timedelta(minutes=1))

    part = read_now(admin, "impilo")

    assert "Being read" in part.text
    assert "by Ada Admin" in part.text
    assert any(link == "/connections/impilo/sync" for link in part.links())
    run = SyncRun.objects.get()
    assert (run.system, run.kind, run.started_by) == ("impilo", "full", admin)
    assert sync_schedule.TASK in ticker.tick()


def test_button_without_htmx_leads_back(sandbox: Sandbox, admin: User) -> None:
    response = Desk(admin).client.post("/connections/jump/sync")
    assert (response.status_code, response["Location"]) == (303, "/connections")


def test_unknown_system_is_404(sandbox: Sandbox, admin: User) -> None:
    assert Desk(admin).client.post("/connections/nosuch/sync").status_code == 404


def test_finished_reading_is_told_with_counts(sandbox: Sandbox, admin: User) -> None:
    run = done("impilo", by=admin)

    words = card(admin, "impilo").text

    assert "Up to date" in words
    assert f"{run.read} records, {run.read} new" in words
    assert "by Ada Admin" in words
    assert f"The index holds {run.read} records, all of them whole." in words


def test_short_rows_are_told_apart_from_whole_records(sandbox: Sandbox, admin: User) -> None:
    run = done("jump")
    words = card(admin, "jump").text
    assert f"{run.read} of them by name and birth date only" in words
    assert "by schedule" in words


def test_reading_going_on_shows_its_progress(sandbox: Sandbox, admin: User) -> None:
    run = sync_runs.begin("jump", SyncRun.Kind.FULL, source="command")
    sync.work(run, "tests", seconds=0)

    words = card(admin, "jump").text

    assert f"{run.read} so far" in words
    assert "by command" in words


@pytest.mark.parametrize("system", SYSTEMS)
def test_fault_is_told_with_what_to_do(sandbox: Sandbox, admin: User, system: str) -> None:
    sandbox.faults[system].add(Fault(kind=FaultKind.STATUS, status=503, path="/patient|/Patient"))
    done(system)

    words = card(admin, system).text

    assert "Stopped" in words
    assert f"{label_of(system)} is not answering" in words
    assert "goes on by itself at" in words
    assert "Try again now" in words


def test_refused_key_is_told(sandbox: Sandbox, settings: Settings, admin: User) -> None:
    change(settings, "jump", API_KEY="sk_test_wrong")
    done("jump")
    assert "does not accept the portal's key" in card(admin, "jump").text


def test_button_lets_a_reading_that_waits_go_on(sandbox: Sandbox, admin: User) -> None:
    board = sandbox.faults["jump"]
    board.add(Fault(kind=FaultKind.STATUS, status=503))
    run = done("jump")
    board.clear()

    read_now(admin, "jump")

    run.refresh_from_db()
    assert run.resume_at is None
    assert SyncRun.objects.count() == 1


@pytest.mark.parametrize(
    ("system", "values", "told"),
    [
        ("jump", {"URL": ""}, "is not connected to this portal"),
        ("jhe", {"API_KEY": ""}, "No API key is set"),
    ],
)
def test_system_that_is_off_says_why_and_has_no_button(
    sandbox: Sandbox, settings: Settings, admin: User, system: str, values: dict[str, str], told: str
) -> None:
    change(settings, system, **values)

    part = card(admin, system)

    assert "Off: " in part.text
    assert told in part.text
    assert not list(part.every(lambda node: node.tag == "button"))
    read_now(admin, system)
    assert not SyncRun.objects.exists()


def test_staff_see_how_old_the_index_is_and_no_button(sandbox: Sandbox, reader: User) -> None:
    done("impilo")
    page = Desk(reader).open("/connections")
    assert "Its people were last read" in page.of_id("connection-impilo").text
    assert not any("/sync" in link for link in page.links())


def test_keys_of_another_secret_are_told(sandbox: Sandbox, admin: User) -> None:
    done("impilo")
    KeyMaking.objects.update(fingerprint="of another")
    assert "manage.py rekey" in card(admin, "impilo").text


# --- what live reading leaves in the index --------------------------------------------------


def test_who_is_looked_up_is_in_the_index_from_then_on(sandbox: Sandbox, reader: User) -> None:
    Desk(reader).look_up("Grace Mbeki 18/4/1975")
    settle()
    found = SourceRecord.objects.filter(family="mbeki")
    assert {each.system for each in found} >= {"jump", "impilo"}
    assert all(each.whole_at for each in found)


def test_who_is_opened_is_read_into_the_index_anew(sandbox: Sandbox, reader: User) -> None:
    desk = Desk(reader)
    address = desk.look_up("Grace Mbeki 18/4/1975").addresses[0]
    settle()
    SourceRecord.objects.update(read_at=timezone.now() - timedelta(days=2))
    with sandbox.stores["impilo"].writing() as state:
        row = next(row for row in state["patients"].values() if row["lastName"] == "Mbeki")
        row["phoneNumber"] = "07700 900888"

    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=True):
        desk.open(address)
        settle()

    assert "7700900888" in SourceRecord.objects.get(system="impilo", family="mbeki").phones


def test_page_does_not_wait_for_the_index(sandbox: Sandbox, reader: User) -> None:
    """A database that refuses the index costs the index, not the answer."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE patients_listentry RENAME TO patients_listentry_away")
        cursor.execute("ALTER TABLE patients_membership RENAME TO patients_membership_away")
    try:
        names = Desk(reader).look_up("Grace Mbeki 18/4/1975").names
        settle()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE patients_listentry_away RENAME TO patients_listentry")
            cursor.execute("ALTER TABLE patients_membership_away RENAME TO patients_membership")
    assert names
    assert not SourceRecord.objects.exists()
