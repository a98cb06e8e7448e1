"""The board of a study: who is where, counted, narrowed and in order; and who may see it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from patients.models import ChosenStudy, Participant, Study, StudyReading
from portal.accounts.models import User
from portal.audit.models import Event
from portal.worker.models import Beat, Due
from tests.conftest import make_user, signed_in
from tests.support import PART, parsed
from tests.web.people_list.listing import events_of

from .boards import board_of, days_ago, holds, list_of, people, shown, study, takes_part, texts


def test_board_counts_where_people_stand(desk: Client, five: Study) -> None:
    page = parsed(desk.get(board_of(five)))

    assert page.of_class("portal-funnel__title")[0].text == "5 participants"
    assert texts(page.of_class("portal-funnel__reached")) == [
        "5 100 %",
        "4 80 %",
        "3 60 %",
        "2 40 %",
        "1 20 %",
    ]
    bars = [each.attributes["width"] for each in page.of_class("portal-funnel__fill")]
    assert bars == ["100", "80", "60", "40", "20"]
    assert texts(page.of_class("portal-count"))[5:] == [
        "Declined something 1",
        "Still have to decide 1",
        "Invitation expired 1",
        "Not heard from for 14 days 1",
        "Without a number 3",
    ]


@pytest.mark.parametrize(
    ("only", "who"),
    [
        ("standing:1", ["ABBOTT"]),
        ("standing:3", ["CARTER"]),
        ("declined:on", ["CARTER"]),
        ("pending:on", ["DUNN"]),
        ("invitation:expired", ["BAKER"]),
        ("silent:14", ["DUNN"]),
        ("numbered:no", ["ABBOTT", "BAKER", "EVANS"]),
        ("tests:on", []),
    ],
)
def test_count_that_is_pressed_narrows_the_board(
    desk: Client, five: Study, only: str, who: list[str]
) -> None:
    assert shown(desk, five, only=only) == who
    pressed = [
        each.attributes["value"]
        for each in parsed(desk.get(board_of(five))).of_class("portal-count")
        if each.attributes["aria-pressed"] == "true"
    ]
    assert pressed == [only]
    assert shown(desk, five, clear="1") == ["ABBOTT", "BAKER", "CARTER", "DUNN", "EVANS"]


def test_filters_are_this_studys_own(desk: Client, five: Study) -> None:
    other = study(2)
    (foster,) = people("Foster", first=50)
    takes_part(other, foster)

    assert shown(desk, five, filter="1", standing="4") == ["DUNN"]
    assert shown(desk, other) == ["FOSTER"]


@pytest.mark.parametrize(
    ("typed", "who"), [("car", ["CARTER"]), ("ll 01", ["CARTER"]), ("LL", ["CARTER", "DUNN"]), ("zz", [])]
)
def test_name_or_number_narrows(desk: Client, five: Study, typed: str, who: list[str]) -> None:
    assert shown(desk, five, filter="1", name=typed) == who


@pytest.mark.parametrize(
    ("column", "up", "down"),
    [
        ("name", "ABCDE", "EDCBA"),
        ("standing", "ABCDE", "EDCBA"),
        ("number", "CDABE", "DCABE"),
        ("data", "EABCD", "EABCD"),
        ("invited", "BCADE", "CBADE"),
    ],
)
def test_board_in_every_order(desk: Client, five: Study, column: str, up: str, down: str) -> None:
    if column != "name":
        shown(desk, five, sort=column)
    assert "".join(each[0] for each in shown(desk, five)) == up
    assert "".join(each[0] for each in shown(desk, five, sort=column)) == down


def test_pages_hold_everybody_once(desk: Client) -> None:
    many = study(3)
    for each in people(*(f"Smith{place:03}" for place in range(60)), first=100):
        takes_part(many, each)
    address = board_of(many)

    pages = [parsed(desk.get(f"{address}?page={number}")) for number in (1, 2, 3)]
    found = [
        row.of_class("portal-name__family")[0].text
        for page in pages
        for row in page.of_class("portal-list__row")
    ]
    assert len(found) == len(set(found)) == 60
    assert "51 to 60 shown" in pages[2].of_id("people-status").text
    assert len(shown(desk, many, size="100")) == 60


def test_test_participants_are_marked_and_never_counted(desk: Client, five: Study) -> None:
    (zz,) = people("Zz-Test", first=70)
    takes_part(five, zz, is_test=True, agreed=1, data_at=days_ago(0))

    page = parsed(desk.get(board_of(five)))
    assert page.of_class("portal-funnel__title")[0].text == "5 participants"
    assert shown(desk, five, only="tests:on") == ["ZZ-TEST"]
    page = parsed(desk.get(board_of(five)))
    assert "Test participant" in page.of_class("portal-list__row")[0].text
    assert "1 test participant, as filtered" in page.of_id("people-status").text
    assert "5 participants" in parsed(desk.get(list_of())).text


def test_older_generation_says_what_is_not_known(desk: Client, five: Study) -> None:
    Study.objects.filter(pk=five.pk).update(tells_states=False)
    page = parsed(desk.get(board_of(five)))

    assert "does not say what becomes of an invitation" in page.text
    row = page.of_class("portal-list__row")[0].text
    assert "Not known" in row
    assert shown(desk, five, filter="1", invitation="none") == []


def test_board_of_many_takes_no_more_queries(desk: Client, five: Study) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert desk.get(board_of(five)).status_code == 200
        return len(captured)

    queries()  # the first one remembers what was opened, and asks for a reading
    few = queries()
    for each in people(*(f"Young{place:03}" for place in range(19)), first=200):
        takes_part(five, each)
    queries()
    assert queries() == few


def test_rows_alone_are_brought_after_reading(desk: Client, five: Study) -> None:
    response = desk.get(board_of(five), headers={**PART, "HX-Target": "rows"})
    page = parsed(response)

    assert page.of_id("funnel").attributes["hx-swap-oob"] == "innerHTML"
    assert len(page.of_class("portal-list__row")) == 5
    assert not list(page.every(lambda node: node.tag == "details"))


# --- reading --------------------------------------------------------------------------------


def test_board_asks_for_a_reading_and_says_how_old_it_is(
    desk: Client, five: Study, coordinator: User
) -> None:
    page = parsed(desk.get(board_of(five)))
    reading = StudyReading.objects.get(study=five)
    never_read = set(Participant.objects.filter(checked_at=None).values_list("pk", flat=True))

    assert (reading.is_open, reading.asked_by) == (True, coordinator)
    assert set(reading.wanted) == never_read  # the others were read a moment ago
    assert "Not read yet." in page.of_id("reading").text
    part = desk.get(f"{board_of(five)}reading", headers=PART)
    assert "HX-Trigger" not in part
    assert f"{board_of(five)}reading" in parsed(part).links()

    StudyReading.objects.update(is_open=False, fresh_at=days_ago(0))
    part = desk.get(f"{board_of(five)}reading", headers=PART)
    assert part["HX-Trigger"] == "study-read"
    assert "As of" in parsed(part).text
    desk.get(board_of(five))
    assert not StudyReading.objects.get(study=five).is_open


def test_trouble_is_told_and_the_board_is_there_all_the_same(desk: Client, five: Study) -> None:
    desk.get(board_of(five))
    StudyReading.objects.update(
        problem="JHE did not answer.", next_step="Try later.", resume_at=days_ago(-1), fresh_at=days_ago(1)
    )
    page = parsed(desk.get(board_of(five)))

    assert "JHE did not answer. Try later." in page.of_id("reading").text
    assert len(page.of_class("portal-list__row")) == 5
    assert desk.post(f"{board_of(five)}reading").status_code == 303
    assert StudyReading.objects.get(study=five).resume_at is None


def test_missing_worker_is_told_instead_of_waiting_for_it(desk: Client, five: Study) -> None:
    Due.objects.create(task="patients.tasks.sync_systems", due_at=days_ago(0))  # there was a worker once
    page = parsed(desk.get(board_of(five)))

    assert "does not run" in page.of_id("reading").text
    Beat.objects.create(worker_id="w", beat_at=days_ago(0))
    assert "does not run" not in parsed(desk.get(board_of(five))).text


# --- who sees it ----------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["", "reading", "export"])
def test_without_a_role_there_nothing_is_shown(client: Client, five: Study, admin: User, path: str) -> None:
    holds(make_user("elsewhere@example.org"), "7")
    signed_in(client, holds(admin, "8"))
    response = client.get(f"{board_of(five)}{path}")

    assert response.status_code == 404
    (event,) = Event.objects.filter(action="study.listed")
    assert (event.outcome, event.actor) == ("refused", str(admin.pk))


def test_study_of_another_organization_is_not_found_under_ones_own(
    desk: Client, five: Study, coordinator: User
) -> None:
    holds(coordinator, "7", "8")
    assert desk.get(f"{list_of('8')}{five.public_id}/").status_code == 404


def test_person_whose_record_is_out_of_reach_is_left_out(desk: Client, five: Study) -> None:
    (stranger,) = people("Stranger", organization="9", first=90)
    takes_part(five, stranger)

    assert "STRANGER" not in shown(desk, five)
    assert "5 participants" in parsed(desk.get(board_of(five))).text


def test_each_look_is_one_event(desk: Client, five: Study) -> None:
    response = desk.get(board_of(five))

    assert events_of(response) == ["study.listed"]
    (event,) = Event.objects.filter(action="study.listed")
    assert event.details == {
        "study": five.public_id, "count": 5, "total": 5, "page": 1, "sort": "name", "filters": [],
    }  # fmt: skip


# --- list and beginning ---------------------------------------------------------------------


def test_list_says_what_each_study_is_about(desk: Client, five: Study) -> None:
    Study.objects.filter(pk=five.pk).update(data_until=days_ago(1))
    page = parsed(desk.get(list_of()))
    (card,) = page.of_class("portal-study")

    assert "5 participants" in card.text
    assert "Collects blood pressure" in card.text
    assert "no participant has ever sent it: blood pressure" in card.text
    place = page.of_class("portal-place")[0].text
    assert "ROOT" in place
    assert "Clinic 7" in place
    assert "Your role: JupyterHealth Exchange manager" in place


def test_beginning_leads_to_what_was_open_last(desk: Client, five: Study, coordinator: User) -> None:
    holds(coordinator, "7", "8")
    assert "Choose the organization" in parsed(desk.get("/studies/")).text

    desk.get(board_of(five))
    assert desk.get("/studies/")["Location"] == board_of(five)
    desk.get(list_of("8"))
    assert desk.get("/studies/")["Location"] == list_of("8")
    assert len(parsed(desk.get("/studies/?choose=1")).of_class("portal-desk__item")) == 2

    holds(coordinator, "7")  # the role at 8 is gone
    assert desk.get("/studies/")["Location"] == list_of("7")
    assert ChosenStudy.objects.count() == 1


def test_without_any_organization_the_page_says_why(client: Client, clinic_staff: User) -> None:
    signed_in(client, holds(clinic_staff))
    assert "you hold a role in none" in parsed(client.get("/studies/")).text


def test_navigation_marks_studies_on_every_page_of_theirs(desk: Client, five: Study) -> None:
    for address in (list_of(), board_of(five)):
        entry = parsed(desk.get(address)).of_class("portal-nav__link")
        assert [each.text for each in entry if each.attributes.get("aria-current")] == ["Studies"]
