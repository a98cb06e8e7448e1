"""The idle lock, what waits behind it, and the end of a session."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.db import OperationalError, connection
from django.test import Client

from portal import audit
from portal.accounts import locking
from portal.accounts.models import User
from portal.audit.models import Event
from tests.conftest import PASSWORD, signed_in

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PAGE = "/accounts/2fa/"
Clock = time_machine.Traveller
HTMX = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{PAGE}"}


@pytest.fixture
def clock() -> Iterator[Clock]:
    """Stands still until it is moved."""
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def staff(client: Client, clinic_staff: User, clock: Clock) -> Client:
    """Signed in at nine in the morning."""
    return signed_in(client, clinic_staff)


def wait(clock: Clock, **span: float) -> None:
    """Let time pass."""
    clock.shift(timedelta(**span))


def unlock(client: Client, password: str = PASSWORD, **extra: str) -> str:
    """Give the password; returns where it leads."""
    response = client.post("/unlock", {"password": password}, headers=extra)
    return str(response.get("Location", ""))


def test_screen_locks_after_ten_idle_minutes(staff: Client, clock: Clock) -> None:
    wait(clock, minutes=9, seconds=44)
    assert staff.get(PAGE).status_code == 200
    wait(clock, minutes=10, seconds=1)

    response = staff.get(PAGE)

    assert (response.status_code, response["Location"]) == (303, "/lock")


def test_locked_screen_shows_the_lock_and_nothing_else(staff: Client, clock: Clock) -> None:
    wait(clock, minutes=11)
    for address in (PAGE, "/second-step", "/lock/draft", "/accounts/sessions/", "/continue"):
        assert staff.get(address)["Location"] == "/lock"

    page = staff.get("/lock")

    assert page.status_code == 200
    assert "locked" in page.content.decode()


def test_password_returns_to_the_page_that_met_the_lock(staff: Client, clock: Clock) -> None:
    wait(clock, minutes=11)
    staff.get(f"{PAGE}?part=2")

    assert unlock(staff) == f"{PAGE}?part=2"
    assert staff.get(PAGE).status_code == 200


def test_wrong_password_leaves_it_locked(staff: Client, clock: Clock) -> None:
    wait(clock, minutes=11)

    response = staff.post("/unlock", {"password": "wrong"})

    assert response.status_code == 422
    assert staff.get(PAGE)["Location"] == "/lock"
    assert Event.objects.filter(action="session.unlock_failed", outcome="failed").count() == 1


def test_unlocking_is_rate_limited(staff: Client, clock: Clock) -> None:
    wait(clock, minutes=11)
    for _ in range(5):
        assert staff.post("/unlock", {"password": "wrong"}).status_code == 422

    response = staff.post("/unlock", {"password": PASSWORD})

    assert response.status_code == 429
    assert "Too many tries" in response.content.decode()


def test_background_request_is_no_sign_of_life(staff: Client, clock: Clock) -> None:
    for _ in range(5):
        wait(clock, minutes=2, seconds=5)
        response = staff.get(PAGE, headers={"X-Portal-Background": "1", **HTMX})

    assert response["HX-Redirect"] == "/lock"


def test_htmx_request_is_led_to_the_lock_as_a_whole_page(staff: Client, clock: Clock) -> None:
    wait(clock, minutes=11)

    response = staff.post("/accounts/sessions/", {}, headers=HTMX)

    assert response["HX-Redirect"] == "/lock"
    assert unlock(staff) == PAGE


def test_form_that_met_the_lock_is_handed_back(staff: Client, clock: Clock) -> None:
    wait(clock, minutes=11)
    staff.post("/continue", {"name": ["Trelawney", "<b>"], "csrfmiddlewaretoken": "x"})
    assert staff.get("/lock").context["form_is_waiting"]

    assert unlock(staff) == "/continue"
    response = staff.get("/continue")

    assert response.context["path"] == "/continue"
    assert response.context["fields"] == [("name", "Trelawney"), ("name", "<b>")]
    assert 'name="name" value="&lt;b&gt;"' in response.content.decode()


def test_typing_that_met_the_lock_is_handed_back_as_the_form_it_belongs_to(
    staff: Client, clock: Clock
) -> None:
    wait(clock, minutes=11)
    staff.post("/typed", {"text": "trelawney"}, headers=HTMX)

    assert unlock(staff) == "/continue"
    response = staff.get("/continue")

    assert response.context["path"] == "/"
    assert response.context["fields"] == [("text", "trelawney")]


def test_form_that_was_sent_again_does_not_wait_any_more(staff: Client, clock: Clock) -> None:
    wait(clock, minutes=11)
    staff.post("/lock/draft", {"name": "Trelawney"})
    assert unlock(staff) == "/continue"

    staff.post("/lock/draft", {"name": "Trelawney"})

    assert staff.get("/continue")["Location"] == "/"


def test_form_can_be_dropped(staff: Client, clock: Clock) -> None:
    wait(clock, minutes=11)
    staff.post("/lock/draft", {"name": "Trelawney"}, headers={"Referer": f"http://testserver{PAGE}"})
    unlock(staff)

    assert staff.post("/continue")["Location"] == PAGE
    assert staff.get("/continue")["Location"] == "/"


def test_password_forms_are_not_kept(staff: Client, clock: Clock) -> None:
    wait(clock, minutes=11)
    staff.post("/accounts/password/change/", {"oldpassword": PASSWORD})

    assert unlock(staff) == "/"


def test_what_waits_is_not_readable_in_the_session_row(staff: Client, clock: Clock) -> None:
    wait(clock, minutes=11)
    staff.post("/lock/draft", {"name": "Trelawney"})
    staff.post("/lock", {"page": PAGE, "draft": json.dumps([[0, "name", "Penhaligon"]])})

    assert "Penhaligon" in staff.session["lock_draft"]["fields"]
    for row in Session.objects.all():
        assert "Trelawney" not in row.session_data
        assert "Penhaligon" not in row.session_data
        assert "lock" not in row.session_data


def test_typing_that_was_not_sent_comes_back_once(staff: Client) -> None:
    fields = json.dumps([[0, "name", "Penhaligon"]])
    staff.post("/lock", {"page": PAGE, "draft": fields})
    assert staff.get(PAGE)["Location"] == "/lock"
    assert unlock(staff) == PAGE

    assert staff.get("/lock/draft").json() == {"page": PAGE, "fields": fields}
    assert staff.get("/lock/draft").json() == {}


def test_lock_button_locks_at_once(staff: Client) -> None:
    assert staff.post("/lock")["Location"] == "/lock"

    assert staff.get(PAGE)["Location"] == "/lock"
    assert Event.objects.get(action="session.locked").details == {"by": "person"}


def test_foreign_address_is_no_page_to_return_to(staff: Client) -> None:
    staff.post("/lock", {"page": "//evil.example/"})

    assert unlock(staff) == "/"


def test_script_unlocks_in_place(staff: Client) -> None:
    assert staff.post("/lock", {"page": PAGE}, headers=HTMX).status_code == 204

    refused = staff.post("/unlock", {"password": "wrong"}, headers=HTMX)
    assert refused.status_code == 422
    assert refused.content.decode() == "This is not the right password. Try again."
    assert staff.post("/unlock", {"password": PASSWORD}, headers=HTMX).status_code == 204


def test_locked_person_can_sign_out(staff: Client) -> None:
    staff.post("/lock")

    staff.post("/accounts/logout/")

    assert staff.get(PAGE)["Location"].startswith("/accounts/login/")


def test_slow_request_does_not_undo_a_lock(staff: Client, clock: Clock) -> None:
    session = staff.session
    wait(clock, minutes=1)
    locking.note_activity(session)
    staff.post("/lock")

    assert not session.modified  # so the slow request has nothing to write at its end
    assert staff.get(PAGE)["Location"] == "/lock"


def test_session_that_ended_elsewhere_is_not_written_again(staff: Client, clock: Clock) -> None:
    session = staff.session
    wait(clock, minutes=1)
    assert session.get("_auth_user_id")  # read, as by any request
    Session.objects.all().delete()

    with pytest.raises(UpdateError):
        locking.note_activity(session)
    assert not Session.objects.exists()


def test_busy_database_signs_nobody_out(staff: Client, clock: Clock) -> None:
    def is_locked(execute: Callable[..., object], sql: str, *rest: object) -> object:
        if sql.startswith("UPDATE") and Session._meta.db_table in sql:
            raise OperationalError("database is locked")
        return execute(sql, *rest)

    wait(clock, minutes=1)
    with connection.execute_wrapper(is_locked):
        assert staff.get(PAGE).status_code == 200
    assert staff.get(PAGE).status_code == 200
    assert locking.seconds_left(staff.session) == 600


def test_session_ends_after_twelve_hours_whatever_was_done(staff: Client, clock: Clock) -> None:
    for _ in range(80):
        wait(clock, minutes=9)
        assert staff.get(PAGE).status_code == 200
    wait(clock, minutes=1)

    assert staff.get(PAGE)["Location"] == f"/accounts/login/?next={PAGE}"
    assert not Session.objects.exists()


def test_lock_and_unlock_are_in_the_trail(staff: Client, clinic_staff: User, clock: Clock) -> None:
    wait(clock, minutes=11)
    request_id = staff.get(PAGE)["X-Request-Id"]
    unlocked = staff.post("/unlock", {"password": PASSWORD})["X-Request-Id"]

    (locked,) = audit.events_of_request(request_id)
    (opened,) = audit.events_of_request(unlocked)
    assert (locked.action, locked.actor, locked.details) == (
        "session.locked", str(clinic_staff.pk), {"by": "time"}
    )  # fmt: skip
    assert (opened.action, opened.details) == ("session.unlocked", {"with": "password"})
    assert locked.session == opened.session != ""


def test_page_tells_its_script_how_long_is_left(staff: Client, clock: Clock) -> None:
    wait(clock, minutes=4)

    assert staff.get(PAGE).context["session"]["idle_seconds"] == 600


def test_background_request_tells_what_is_left(staff: Client, clock: Clock) -> None:
    wait(clock, minutes=4)

    response = staff.get(PAGE, headers={"X-Portal-Background": "1"})

    assert response.context["session"]["idle_seconds"] == 360
