"""The story of a write: who may read it, what of the person it shows to whom, and how it stands."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from patients.models import Attempt, Operation
from patients.services.operations import recording, settling
from patients.services.operations.whys import Why
from patients.services.operations.wishes import Archive
from portal import audit
from portal.accounts.models import User
from tests.conftest import signed_in
from tests.support import PART, parsed

from .asking import (
    PHONE,
    WANTED,
    State,
    asked_change,
    asked_new,
    page_of,
    phones,
    read,
    stand,
    story_url,
    way,
)

# --- for whom -------------------------------------------------------------------------------


def test_story_says_what_for_whom_by_whom_and_leaves_one_event(staff: Client, clinic_staff: User) -> None:
    record = read("jump", "p-1")
    operation = asked_change(record, by=clinic_staff, phone=WANTED, email="")

    response = staff.get(story_url(operation))

    page = parsed(response)
    assert "MBEKI, Grace" in page.text
    assert "18-Apr-1975" in page.text
    assert "Change e-mail and phone in Jump EHR" in page.text
    assert "Asked for by Clive Staff" in page.text
    assert "Waiting" in page.of_class("govuk-tag")[0].text
    assert "It is sent by itself" in page.text
    (event,) = audit.events_of_request(response["X-Request-Id"])
    assert event.action == "operation.viewed"
    assert event.subject_key == record.patient.public_id
    assert event.records == [("jump", "p-1")]


def test_values_are_what_was_shown_and_what_is_wanted(staff: Client, clinic_staff: User) -> None:
    operation = asked_change(read("jump", "p-1"), by=clinic_staff, phone=WANTED, email="")

    cells = [each.text for each in page_of(staff, operation).every(lambda node: node.tag == "td")]

    assert PHONE in cells
    assert WANTED in cells
    assert "nothing (to be cleared)" in cells


def test_person_out_of_reach_is_named_to_nobody_but_who_asked(
    staff: Client, admins: Client, clinic_staff: User
) -> None:
    """JHE reaches neither of them by now; who asked knows whom they asked for, an admin does not."""
    operation = asked_change(read("jhe", "40001"), by=clinic_staff)

    own = page_of(staff, operation)
    others = page_of(admins, operation)

    assert "MBEKI, Grace" in own.text
    assert WANTED not in own.text
    assert "Mbeki" not in others.text
    assert "MBEKI" not in others.text
    assert WANTED not in others.text
    assert "Somebody whom your role does not reach" in others.text
    assert "Change phone in JupyterHealth Exchange" in others.text
    assert "Phone. The values are shown to who may see the record." in others.text


def test_somebody_yet_to_be_registered_is_known_to_who_would_see_the_record(
    admins: Client, clinic_staff: User
) -> None:
    in_jump = asked_new("jump", by=clinic_staff)
    in_jhe = asked_new("jhe", by=clinic_staff, organization="20003", given_name="Ada", email="a@example.org")

    assert "QUARTERMAINE, Zoë" in page_of(admins, in_jump).text
    assert "QUARTERMAINE" not in page_of(admins, in_jhe).text.upper()


@pytest.mark.parametrize("person", ["coordinator", "reader"])
def test_story_of_somebody_else_is_not_there_for_who_is_no_admin(
    staff: Client, clinic_staff: User, request: pytest.FixtureRequest, person: str
) -> None:
    operation = asked_change(read("jump", "p-1"), by=clinic_staff)
    other = signed_in(Client(), request.getfixturevalue(person))

    for address in (story_url(operation), way(operation, "course")):
        response = other.get(address, headers=PART)
        assert response.status_code == 404
        (event,) = audit.events_of_request(response["X-Request-Id"])
        assert (event.action, event.outcome, event.records) == ("operation.viewed", "refused", [])
    assert staff.get("/writes/AAAAAAAAAAAAAAAAAAAAAA").status_code == 404


def test_reader_who_asked_before_their_role_changed_reads_on(reader: User, staff: Client) -> None:
    operation = asked_change(read("jump", "p-1"), by=User.objects.get(email="staff@example.org"))
    Operation.objects.filter(pk=operation.pk).update(asked_by=reader)

    page = page_of(signed_in(Client(), reader), operation)

    assert "Waiting" in page.text
    assert page.named("reason") == []


def test_what_cannot_be_deciphered_breaks_no_page(
    staff: Client, admins: Client, clinic_staff: User, settings: Settings
) -> None:
    operation = stand(asked_change(read("jump", "p-1"), by=clinic_staff), State.HELD, Why.UNREADABLE)
    new = asked_new("jump", by=clinic_staff)
    alien = Fernet(Fernet.generate_key()).encrypt(b"{}").decode()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE patients_operation SET wanted = %s, prepared = %s", [alien, alien])

    for client in (staff, admins):
        page = page_of(client, operation)
        assert "It cannot be deciphered with the keys that are set now." in page.text
        assert "Change details in Jump EHR" in page.text
        assert "Register in Jump EHR" in page_of(client, new).text
        assert client.get("/writes/").status_code == 200
    assert admins.get(way(operation, "give_up")).status_code == 200


# --- how it stands --------------------------------------------------------------------------


def test_tries_say_what_came_of_each(staff: Client, clinic_staff: User) -> None:
    operation = stand(asked_change(read("jump", "p-1"), by=clinic_staff), State.UNKNOWN, Why.LATE)
    now = timezone.now()
    for minutes, outcome, fault, sent in (
        (9, "waits", "Unavailable", False),
        (7, "", "", False),
        (6, "", "", True),
        (3, "not known", "ProtocolError", True),
    ):
        began = now - timedelta(minutes=minutes)
        ended = began + timedelta(seconds=2.3) if outcome else None
        Attempt.objects.create(
            operation=operation, began_at=began, ended_at=ended, outcome=outcome, fault=fault, sent=sent,
            request_id="c0ffee" if fault else "",
        )  # fmt: skip

    rows = [row.text for row in page_of(staff, operation).every(lambda node: node.tag == "tr")]
    tries = [row for row in rows if "-" in row and ":" in row]

    assert len(tries) == 4
    assert "It is not known whether it took effect. Request id c0ffee Sent" in tries[0]
    assert "took 2.3 s" in tries[0]
    assert "Cut off: the worker that made it ended. Not known" in tries[1]
    assert "took" not in tries[1]
    assert "Cut off: the worker that made it ended. Nothing sent" in tries[2]
    assert "Jump EHR did not answer. Put off until the next try." in tries[3]
    assert "Nothing sent" in tries[3]


def test_one_that_waits_behind_a_held_one_leads_to_it(staff: Client, clinic_staff: User) -> None:
    record = read("jump", "p-1")
    first = stand(asked_change(record, by=clinic_staff), State.HELD, Why.CONFLICT)
    second = asked_change(record, by=clinic_staff, email="new@example.org")

    page = page_of(staff, second)

    assert "Another write for the same person in Jump EHR goes before it. Decide about that one" in page.text
    assert page.of_id("behind-link").attributes["href"] == story_url(first)


def test_what_was_refused_says_which_detail_and_why(staff: Client, clinic_staff: User) -> None:
    operation = stand(
        asked_change(read("jump", "p-1"), by=clinic_staff), State.REFUSED, Why.INVALID,
        problem="Jump EHR did not accept one of the details.", next_step="Check the details and try again.",
        details={"fields": {"phone": "Enter a UK number."}},
    )  # fmt: skip

    page = page_of(staff, operation)

    assert "Jump EHR did not accept one of the details." in page.text
    assert "Phone: Enter a UK number." in page.text
    assert not page.of_class("portal-write__ways")


def test_moved_details_are_compared_for_who_may_see_the_record(staff: Client, clinic_staff: User) -> None:
    operation = asked_change(read("jump", "p-1"), by=clinic_staff)
    read("jump", "p-1", phones=phones("+44 7700 900999"))
    stand(operation, State.HELD, Why.MOVED, details={"fields": ["phone"]})

    (row,) = page_of(staff, operation).of_class("portal-compare__row--differs")

    assert [cell.text for cell in row.every(lambda node: node.tag == "td")] == [
        PHONE, "+44 7700 900999 Changed since", WANTED,
    ]  # fmt: skip


def test_records_found_are_named_within_reach_alone(admins: Client, clinic_staff: User) -> None:
    found = read("jump", "p-7", given_name="Zoë", family_name="Quartermaine")
    operation = stand(
        asked_new("jump", by=clinic_staff), State.HELD, Why.APPEARED,
        details={"records": ["jump:p-7", "jump:p-8"]},
    )  # fmt: skip

    response = admins.get(story_url(operation))

    (found_list,) = parsed(response).of_class("portal-write__found")
    items = [item.text for item in found_list.of_class("portal-desk__item")]
    assert "QUARTERMAINE, Zoë" in items[0]
    assert "Born 18-Apr-1975" in items[0]
    assert "Out of your reach" in items[1]
    (event,) = audit.events_of_request(response["X-Request-Id"])
    assert ("jump", found.remote_id) in event.records
    assert ("jump", "p-8") not in event.records


def test_given_up_says_where_it_is_not_known_whether_it_took_effect(
    staff: Client, clinic_staff: User, admin: User
) -> None:
    operation = stand(
        asked_change(read("jump", "p-1"), by=clinic_staff), State.UNKNOWN, left_at=timezone.now()
    )
    settling.give_up(operation, reason="Looked, cannot tell", by=admin)

    text = page_of(staff, operation).text

    assert "It was given up, and it is not known whether it took effect. Look at the record" in text


def test_archive_shows_its_reason_to_who_may_see_the_record(staff: Client, clinic_staff: User) -> None:
    operation = recording.ask(Archive(reason="Moved away"), record=read("jump", "p-1"), by=clinic_staff)

    page = page_of(staff, operation)

    assert "Archive the record in Jump EHR" in page.text
    assert "Moved away" in page.text


# --- the part that refreshes itself ---------------------------------------------------------


def test_course_answers_only_when_something_has_come_of_it(staff: Client, clinic_staff: User) -> None:
    operation = asked_change(read("jump", "p-1"), by=clinic_staff)
    page = page_of(staff, operation)
    (part,) = [node for node in page.of_id("course").children if not isinstance(node, str)]
    address = part.attributes["hx-get"]
    assert part.attributes["hx-trigger"].startswith("every")
    assert "data-portal-background" in part.attributes

    same = staff.get(address, headers=PART)
    stand(operation, State.DONE)
    changed = staff.get(address, headers=PART)

    assert same.status_code == 204
    assert audit.events_of_request(same["X-Request-Id"]) == []
    assert "Done" in parsed(changed).text
    assert b"hx-trigger" not in changed.content
    assert "Mbeki" not in changed.content.decode()
    assert staff.get(address)["Location"] == story_url(operation)


def test_course_of_one_that_is_held_now_leads_to_what_stands_against_it(
    staff: Client, clinic_staff: User
) -> None:
    operation = stand(asked_change(read("jump", "p-1"), by=clinic_staff), State.HELD, Why.MOVED)

    part = parsed(staff.get(way(operation, "course"), headers=PART))

    assert part.of_id("anew-link").attributes["href"] == story_url(operation)
