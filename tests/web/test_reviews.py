"""The monthly review: what is found by which rule, notes, and the sign-off that nothing changes."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from patients.models import Review, ReviewNote, SourceRecord
from patients.services import findings, reviews
from patients.services.findings import Finding
from portal import audit
from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.audit.models import Event
from tests.conftest import make_user, signed_in
from tests.support import parsed

from .test_inquiries import record_of, traces

MONTH = (timezone.localdate().replace(day=1) - timedelta(days=1)).replace(day=1)  # the last whole one
MONDAY = next(day for day in (MONTH + timedelta(days=n) for n in range(7, 14)) if day.weekday() == 0)
ADDRESS = f"/audit/reviews/{MONTH:%Y-%m}"


@pytest.fixture
def admins_client(client: Client, admin: User) -> Client:
    """An admin at work."""
    return signed_in(client, admin)


def at(day: date, clock: str) -> datetime:
    """A moment in local time."""
    clock_time = time.fromisoformat(clock)
    return datetime.combine(day, clock_time, tzinfo=timezone.get_current_timezone())


def look(
    by: User, moment: datetime, *records: SourceRecord, action: str = "person.viewed", outcome: str = "done"
) -> None:
    """An event of the past."""
    with time_machine.travel(moment, tick=False):
        audit.look(action, by=by, outcome=outcome, details={"records": [str(each) for each in records]})


def found(reason: str) -> list[Finding]:
    """The month's findings for one reason."""
    return [each for each in findings.find(MONTH) if each.reason == reason]


def send(client: Client, **notes: tuple[str, str]) -> Any:
    """Save notes: verdict and text by finding, its colon written as a line."""
    data = {f"{key}-verdict": verdict for key, (verdict, _) in notes.items()}
    data |= {f"{key}-text": text for key, (_, text) in notes.items()}
    return client.post(ADDRESS, data)


# --- the rules ------------------------------------------------------------------------------


def test_own_record_is_found_by_name_and_by_email(reader: User, clinic_staff: User) -> None:
    look(reader, at(MONDAY, "10:00"), record_of("jump", "p-1", "RITA", "Réader"))
    other = record_of("impilo", "7", "Somebody", "Else")
    SourceRecord.objects.filter(pk=other.pk).update(email="staff@example.org")
    look(clinic_staff, at(MONDAY, "10:00"), other)

    assert [(each.who, each.count) for each in found("own_record")] == [
        ("Clive Staff", 1),
        ("Rita Reader", 1),
    ]
    assert found("same_surname") == []


def test_same_surname_is_found_and_another_one_is_not(reader: User) -> None:
    look(reader, at(MONDAY, "10:00"), record_of("jump", "p-1", "Tom", "Reader"))
    look(reader, at(MONDAY, "10:05"), record_of("jump", "p-2", "Tom", "Readers"))

    (finding,) = found("same_surname")
    assert (finding.actor, finding.count) == (str(reader.pk), 1)


def test_account_without_a_name_has_nobody_of_its_name(nobody: User) -> None:
    nobody.first_name = nobody.last_name = ""
    nobody.save()
    look(nobody, at(MONDAY, "10:00"), record_of("jump", "p-1", "", ""))

    assert found("own_record") == found("same_surname") == []


@pytest.mark.parametrize(
    ("minutes", "between", "expected"),
    [
        ([0, 5, 10, 15], False, 1),
        ([0, 5, 10, 15], True, 0),  # somebody else was opened in between
        ([0, 5, 10], False, 0),  # too few
        ([0, 30, 60, 90], False, 0),  # too slow
    ],
)
def test_namesakes_in_a_row(reader: User, minutes: list[int], between: bool, expected: int) -> None:
    begin = at(MONDAY, "10:00")
    for number, after in enumerate(minutes):
        record = record_of("jump", f"p-{number}", f"Given{number}x", "Wardle")
        look(reader, begin + timedelta(minutes=after), record)
    if between:
        look(reader, begin + timedelta(minutes=7), record_of("jump", "p-x", "Ann", "Lee"))

    assert sum(each.count for each in found("namesakes")) == expected


def test_one_person_opened_again_and_again_is_no_row_of_namesakes(reader: User) -> None:
    record = record_of("jump", "p-1")
    for minute in range(10):
        look(reader, at(MONDAY, f"10:{minute:02}"), record)

    assert found("namesakes") == []


@pytest.mark.parametrize(
    ("day", "clock", "expected"),
    [
        (MONDAY, "07:00", 0),
        (MONDAY, "19:59", 0),
        (MONDAY, "06:59", 1),
        (MONDAY, "20:00", 1),
        (MONDAY + timedelta(days=5), "10:00", 1),
    ],
)
def test_outside_working_hours(reader: User, day: date, clock: str, expected: int) -> None:
    look(reader, at(day, clock), record_of("jump", "p-1"))

    assert len(found("out_of_hours")) == expected


def test_working_hours_are_settings_and_may_go_over_midnight(reader: User, settings: Settings) -> None:
    settings.WORKING_HOURS = "20:00-08:00"
    settings.WORKING_DAYS = ["mon", "tue"]
    for clock in ("23:00", "07:30", "12:00"):
        look(reader, at(MONDAY, clock), record_of("jump", "p-1"))

    (finding,) = found("out_of_hours")
    assert [timezone.localtime(each.at).hour for each in finding.first] == [12]
    rule = next(each.rule for each in findings.reasons() if each.key == "out_of_hours")
    assert "20:00 to 08:00 on Mon, Tue" in rule


def test_often_refused_counts_days(reader: User, clinic_staff: User) -> None:
    for minute in range(5):
        look(reader, at(MONDAY, f"10:{minute:02}"), action="access.refused", outcome="refused")
        look(clinic_staff, at(MONDAY + timedelta(days=minute), "10:00"), outcome="refused")

    (finding,) = found("refused")
    assert (finding.actor, finding.count) == (str(reader.pk), 5)


def test_exports_are_found_whatever_they_are_of(admin: User) -> None:
    look(admin, at(MONDAY, "10:00"), action="audit.exported")
    look(admin, at(MONDAY, "11:00"), action="people.exported")

    assert [each.count for each in found("exports")] == [2]


def test_other_months_do_not_count(reader: User) -> None:
    record = record_of("jump", "p-1", "Tom", "Reader")
    look(reader, at(MONTH, "00:00") - timedelta(seconds=1), record)
    look(reader, at(findings.month_after(MONTH), "00:00"), record)

    assert findings.find(MONTH) == []


# --- notes and the sign-off -----------------------------------------------------------------


@pytest.fixture
def late(reader: User) -> str:
    """A finding: somebody looked late. Its key as fields are called."""
    look(reader, at(MONDAY, "22:00"), record_of("jump", "p-1"))
    return f"out_of_hours-{reader.pk}"


def test_page_says_what_was_found_and_by_which_rule(admins_client: Client, late: str) -> None:
    response = admins_client.get(ADDRESS)

    page = parsed(response)
    assert "Rita Reader: 1 time" in page.text
    assert "MBEKI, Grace" in page.text
    assert "Looked somebody up or opened a person outside 07:00 to 20:00" in page.text
    assert traces(response) == [("review.viewed", "done")]


def test_note_is_kept_with_who_made_it(admins_client: Client, admin: User, late: str) -> None:
    response = send(admins_client, **{late: ("explained", "On call that week")})

    assert (response.status_code, response["Location"]) == (303, ADDRESS)
    assert traces(response) == [("review.noted", "done")]
    note = ReviewNote.objects.get()
    assert (note.finding, note.text, note.made_by) == (late.replace("-", ":"), "On call that week", admin)
    send(admins_client, **{late: ("explained", "On call that week")})
    assert ReviewNote.objects.count() == 1


@pytest.mark.parametrize(
    ("note", "sentence"),
    [(("follow_up", ""), "Say what is to be followed up"), (("", "hm"), "Say what it comes to")],
)
def test_note_that_says_too_little_is_refused(
    admins_client: Client, late: str, note: tuple[str, str], sentence: str
) -> None:
    response = send(admins_client, **{late: note})

    assert response.status_code == 422
    assert sentence in parsed(response).text
    assert not ReviewNote.objects.exists()


def test_note_about_a_finding_that_is_not_there_is_refused(admins_client: Client) -> None:
    send(admins_client, **{"out_of_hours-999": ("explained", "x")})

    assert not ReviewNote.objects.exists()


def test_finding_that_grew_waits_for_a_new_note(admins_client: Client, reader: User, late: str) -> None:
    send(admins_client, **{late: ("explained", "Once")})
    look(reader, at(MONDAY, "23:00"), record_of("jump", "p-1"))

    response = admins_client.post(f"{ADDRESS}/sign", {"text": "Done"}, follow=True)

    assert "Some findings have no note yet" in parsed(response).text
    assert "Noted before, when it had happened less often" in parsed(response).text


def test_finding_about_oneself_is_noted_by_another_admin(admins_client: Client, admin: User) -> None:
    look(admin, at(MONDAY, "22:00"), record_of("jump", "p-1"))
    key = f"out_of_hours-{admin.pk}"
    other = make_user("second.admin@example.org", Role.ADMIN, name="Otto Other")

    send(admins_client, **{key: ("explained", "It was me")})
    assert not ReviewNote.objects.exists()
    assert "another admin notes it" in parsed(admins_client.get(ADDRESS)).text

    send(signed_in(Client(), other), **{key: ("explained", "She was on call")})
    assert ReviewNote.objects.get().made_by == other


def test_only_admin_notes_their_own(admins_client: Client, admin: User) -> None:
    look(admin, at(MONDAY, "22:00"), record_of("jump", "p-1"))

    send(admins_client, **{f"out_of_hours-{admin.pk}": ("explained", "On call")})

    assert ReviewNote.objects.count() == 1


def test_month_is_signed_off_once_and_stands_as_it_was_signed(
    admins_client: Client, admin: User, reader: User, late: str
) -> None:
    early = admins_client.post(f"{ADDRESS}/sign", {"text": "Done"})
    send(admins_client, **{late: ("follow_up", "Ask on Monday")})
    response = admins_client.post(f"{ADDRESS}/sign", {"text": "One to follow up"})
    look(reader, at(MONDAY, "23:00"), record_of("jump", "p-1"))  # came in from the journal late
    again = admins_client.post(f"{ADDRESS}/sign", {"text": "Again"})
    note = send(admins_client, **{late: ("explained", "Never mind")})

    assert traces(early) == []
    assert traces(response) == [("review.signed", "done")]
    assert traces(again) == traces(note) == []
    review = Review.objects.get()
    assert (review.month, review.signed_by, review.text, review.events) == (
        MONTH,
        admin,
        "One to follow up",
        1,
    )
    page = parsed(admins_client.get(ADDRESS)).text
    for words in (
        "Signed off by Ada Admin",
        "One to follow up",
        "Ask on Monday",
        "brought in from the journal",
    ):
        assert words in page
    assert ReviewNote.objects.count() == 1


@pytest.mark.parametrize("table", ["patients_review", "patients_reviewnote"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET text = 'x'", "DELETE FROM {}"])
def test_neither_note_nor_sign_off_can_be_altered(
    admins_client: Client, late: str, table: str, statement: str
) -> None:
    send(admins_client, **{late: ("explained", "On call")})
    admins_client.post(f"{ADDRESS}/sign", {"text": "Done"})

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table))


def test_month_that_is_not_over_cannot_be_signed(admins_client: Client) -> None:
    month = f"{timezone.localdate():%Y-%m}"

    admins_client.post(f"/audit/reviews/{month}/sign", {"text": "Done"})

    assert not Review.objects.exists()
    assert "Sign the month off" not in parsed(admins_client.get(f"/audit/reviews/{month}")).text


def test_sign_off_needs_words(admins_client: Client) -> None:
    response = admins_client.post(f"{ADDRESS}/sign", {"text": ""})

    assert response.status_code == 422
    assert "Say in a sentence what the review came to" in parsed(response).text


@pytest.mark.parametrize("month", ["2026", "2026-13", "2026-1", "2026-11-01", "9999-01", "a"])
def test_what_is_no_month_yet_is_not_found(admins_client: Client, month: str) -> None:
    assert admins_client.get(f"/audit/reviews/{month}").status_code == 404


def test_months_are_listed_from_the_first_event_on(admins_client: Client, admin: User, late: str) -> None:
    send(admins_client, **{late: ("explained", "On call")})
    reviews.sign_off(month=MONTH, text="Done", by=admin)

    rows = parsed(admins_client.get("/audit/reviews")).of_class("portal-trail")[0].text

    assert f"{MONTH:%B %Y} Signed off Ada Admin" in rows
    assert f"{timezone.localdate():%B %Y} Month not over" in rows
    assert Event.objects.filter(action="review.signed").count() == 1
