"""The page of a person of the index: there at once as last read, corrected as each system answers."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from patients.models import Patient, RecordChange, SourceRecord
from patients.services import installations, linking, rereading, taking_in
from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.audit.models import Event
from tests.conftest import make_user, signed_in
from tests.support import PART, Node, change, connected, fill_index, parsed, settle
from tests.waiting import until

MEGAN = "member_megan@example.com"
READING = re.compile(r"(?i)patients?/").pattern
THREE_DAYS = timedelta(days=3)


@pytest.fixture
def staff(sandbox: Sandbox) -> User:
    """Clinic staff with a role in one JHE organization; the index was filled three days ago."""
    user = connected(make_user("staff@example.org", Role.CLINIC_STAFF, name="Sam Staff"), MEGAN, sandbox)
    fill_index(user, "Mbeki", "Wardle")
    grow_old()
    for board in sandbox.faults.values():
        board.forget_requests()
    return user


@pytest.fixture
def client(staff: User) -> Client:
    """Their browser."""
    return signed_in(Client(), staff)


def grow_old() -> None:
    """All that the index holds was read three days ago."""
    then = timezone.now() - THREE_DAYS
    SourceRecord.objects.update(whole_at=then, read_at=then)


def grace() -> Patient:
    patient: Patient = SourceRecord.objects.get(system="impilo", given="grace", family="mbeki").patient
    return patient


def address() -> str:
    return f"/people/{grace().public_id}"


def opened(client: Client, where: str = "") -> Node:
    """The page, as the browser first gets it."""
    response = client.get(where or address())
    assert response.status_code == 200
    return parsed(response)


def live_url(page: Node) -> str:
    """Where the page goes on; empty where it has nothing to wait for."""
    found = [
        node.attributes["hx-get"] for node in page.every(lambda node: node.attributes.get("id") == "asking")
    ]
    return found[0] if found else ""


def gone_on(client: Client, page: Node) -> Node:
    """The next answer, as htmx asks for it."""
    response = client.get(live_url(page), headers=PART)
    assert response.status_code == 200
    return parsed(response)


def gone_on_to_the_end(client: Client, page: Node) -> Node:
    """Every answer, one after the other; the last part."""
    while live_url(page):
        page = gone_on(client, page)
    return page


def field_of(page: Node, key: str) -> str:
    """One field of the table in words."""
    return page.of_id(f"field-{key}").text


def ages(page: Node) -> set[str]:
    """How old the values on the page are."""
    return {
        "".join(each for each in node.children if isinstance(each, str)).strip()
        for node in page.of_class("portal-source")
    }


def views() -> list[Event]:
    return list(Event.objects.filter(action="person.viewed"))


def change_at(sandbox: Sandbox, system: str, **values: Any) -> None:
    """Somebody changes Grace Mbeki's record in the system itself."""
    family = {"jump": "last_name", "impilo": "lastName"}[system]
    with sandbox.stores[system].writing() as state:
        row = next(each for each in state["patients"].values() if each[family] == "Mbeki")
        row |= values


def hang(sandbox: Sandbox, *systems: str) -> None:
    for system in systems:
        sandbox.faults[system].add(Fault(kind=FaultKind.HANG, path=READING))


# --- at once, and corrected -----------------------------------------------------------------


def test_page_is_there_before_any_system_has_answered_and_says_how_old_it_is(
    client: Client, sandbox: Sandbox
) -> None:
    hang(sandbox, "jump", "jhe", "impilo")
    page = opened(client)

    assert live_url(page), "a page that had waited for the systems would have nothing to wait for"
    assert ages(page) == {"as of 3 days ago"}
    assert "Being checked now" in page.text
    assert "MBEKI, Grace" in page.of_id("identity").text
    assert len(views()) == 1


def test_stale_value_is_replaced_by_what_the_system_says_now(client: Client, sandbox: Sandbox) -> None:
    change_at(sandbox, "jump", occupation="Lighthouse keeper")
    hang(sandbox, "jump")
    page = opened(client)
    assert "Teacher Jump EHR as of 3 days ago" in field_of(page, "occupation")
    sandbox.faults["jump"].clear()
    page = gone_on_to_the_end(client, page)

    assert "Lighthouse keeper Jump EHR read now" in field_of(page, "occupation")
    assert "Teacher" not in page.text
    assert ages(page) == {"read now"}


def test_death_recorded_since_stands_in_the_strip_and_among_the_alerts(
    client: Client, sandbox: Sandbox
) -> None:
    change_at(sandbox, "jump", is_deceased=True, date_of_death="2026-11-20")
    page = gone_on_to_the_end(client, opened(client))

    assert "Deceased: died 20-Nov-2026" in page.of_id("identity").text
    assert "Yes, 20-Nov-2026" in page.of_id("alerts").text
    assert page.of_id("identity").attributes["hx-swap-oob"] == "innerHTML"


def test_what_answers_first_is_shown_while_another_system_hangs(client: Client, sandbox: Sandbox) -> None:
    hang(sandbox, "impilo")
    page = opened(client)
    while len(seen_in(page)) < 2:
        page = gone_on(client, page)

    assert seen_in(page) == {"jump", "jhe"}
    assert "2 of 3" in page.of_id("person-status").text
    assert "Impilo is being asked" in page.of_id("alerts").text
    assert ages(page) == {"read now", "as of 3 days ago"}


def seen_in(page: Node) -> set[str]:
    """The systems that the page knows to have answered."""
    query = parse_qs(urlsplit(live_url(page)).query)
    return set(filter(None, query.get("seen", [""])[0].split(",")))


def test_system_that_hangs_is_said_after_its_time_with_a_way_to_ask_again(
    client: Client, sandbox: Sandbox
) -> None:
    hang(sandbox, "impilo")
    begun = time.monotonic()
    page = gone_on_to_the_end(client, opened(client))

    assert time.monotonic() - begun < rereading.SECONDS + 5
    assert "Impilo could not be read now." in page.of_id("person-status").text
    assert "Impilo could not be read now: none were recorded as of 3 days ago" in page.of_id("alerts").text
    assert "as of 3 days ago" in field_of(page, "enrolled")
    (again,) = [each for each in page.links() if each.endswith("again=impilo")]

    sandbox.faults["impilo"].clear()
    page = parsed(client.get(again, headers=PART))
    assert ages(page) == {"read now"}
    assert len(views()) == 1


def test_record_read_a_moment_ago_is_not_asked_for_again(client: Client, sandbox: Sandbox) -> None:
    SourceRecord.objects.filter(system="jump").update(whole_at=timezone.now(), read_at=timezone.now())
    page = gone_on_to_the_end(client, opened(client))

    assert ages(page) == {"read now"}
    assert not sandbox.faults["jump"].requests(path=READING)
    assert sandbox.faults["impilo"].requests(path=READING)


def test_page_whose_records_are_fresh_waits_for_nothing(client: Client) -> None:
    gone_on_to_the_end(client, opened(client))
    until(taking_in.is_idle, what="records being taken in")
    page = opened(client)
    assert live_url(page) == ""
    assert ages(page) == {"read now"}


def test_next_request_in_another_process_reads_there(client: Client, sandbox: Sandbox) -> None:
    page = opened(client)
    until(rereading.is_idle, what="records being read")
    until(taking_in.is_idle, what="records being taken in")
    rereading._rounds.clear()  # another process has asked nobody
    change_at(sandbox, "impilo", enrolled=True)
    SourceRecord.objects.filter(system="impilo").update(whole_at=timezone.now() - THREE_DAYS)
    sandbox.faults["jump"].forget_requests()
    page = gone_on_to_the_end(client, page)

    assert "Yes Impilo read now" in field_of(page, "enrolled")
    assert not sandbox.faults["jump"].requests(path=READING), "what the first process has read is fresh"


def test_without_javascript_every_system_is_asked_and_it_is_one_view(
    client: Client, sandbox: Sandbox
) -> None:
    change_at(sandbox, "jump", occupation="Lighthouse keeper")
    hang(sandbox, "jump")
    page = opened(client)
    (meta,) = page.every(lambda node: node.attributes.get("http-equiv") == "refresh")
    sandbox.faults["jump"].clear()
    whole = opened(client, meta.attributes["content"].partition("url=")[2])

    assert "Lighthouse keeper Jump EHR read now" in field_of(whole, "occupation")
    assert live_url(whole) == ""
    assert len(views()) == 1


def test_page_read_whole_without_a_view_is_a_view(client: Client) -> None:
    page = opened(client, f"{address()}?read=all")
    assert ages(page) == {"read now"}
    assert len(views()) == 1


# --- a view and its seal --------------------------------------------------------------------


def test_view_is_one_event_however_often_the_page_goes_on(client: Client) -> None:
    page = opened(client)
    gone_on_to_the_end(client, page)
    gone_on_to_the_end(client, page)
    (event,) = views()
    assert len(event.details["records"]) == 3


@pytest.mark.parametrize("broken", ["none", "changed", "another account", "another person", "old"])
def test_part_without_a_view_of_this_page_shows_nothing(
    client: Client, staff: User, settings: Settings, broken: str
) -> None:
    settings.IDLE_LOCK_SECONDS = 3600
    url = live_url(opened(client))
    other = SourceRecord.objects.filter(family="wardle").first()
    assert other is not None
    bent: dict[str, Callable[[], str]] = {
        "none": lambda: f"{address()}/live",
        "changed": lambda: url.replace("view=", "view=x"),
        "another account": lambda: url,
        "another person": lambda: url.replace(grace().public_id, other.patient.public_id),
        "old": lambda: url,
    }
    somebody = make_user("reader@example.org", Role.READER) if broken == "another account" else staff
    asking = signed_in(Client(), somebody)
    with time_machine.travel(timezone.now() + timedelta(minutes=16 if broken == "old" else 0)):
        response = asking.get(bent[broken](), headers=PART)

    assert response.content == b""
    assert response["HX-Redirect"].startswith("/people/")
    assert len(views()) == 1


def test_history_without_a_view_is_an_event_of_its_own_and_with_one_it_is_not(client: Client) -> None:
    page = opened(client)
    (url,) = {each for each in page.links() if "/history" in each}
    assert client.get(url, headers=PART).status_code == 200
    assert not Event.objects.filter(action="person.history_viewed").exists()

    assert client.get(f"{address()}/history").status_code == 200
    assert Event.objects.get(action="person.history_viewed").details["records"]


def test_record_joined_since_the_view_is_not_shown_by_it(client: Client) -> None:
    page = opened(client)
    other = SourceRecord.objects.filter(family="wardle", system="jump").first()
    assert other is not None
    SourceRecord.objects.filter(pk=other.pk).update(patient=grace())
    page = gone_on_to_the_end(client, page)
    assert other.remote_id not in page.text


# --- refused --------------------------------------------------------------------------------


def refuse_from_now_on(sandbox: Sandbox, *systems: str) -> None:
    """What was asked has been answered and is old again; asked once more, these systems refuse."""
    for board in sandbox.faults.values():
        board.clear()
    until(rereading.is_idle, what="records being read")
    until(taking_in.is_idle, what="records being taken in")
    grow_old()
    rereading._rounds.clear()
    for system in systems:
        sandbox.faults[system].add(Fault(kind=FaultKind.STATUS, status=403, path=READING))


def test_record_that_its_system_refuses_disappears_with_its_values(client: Client, sandbox: Sandbox) -> None:
    hang(sandbox, "jump", "jhe", "impilo")
    page = opened(client)
    assert "Teacher" in page.text
    refuse_from_now_on(sandbox, "jump")
    page = gone_on_to_the_end(client, page)

    assert "Teacher" not in page.text
    assert "2 source records" in page.text
    assert "Jump EHR does not show this record to you." in page.text
    assert page.of_id("links").text == ""


def test_person_whom_every_system_refuses_is_not_shown_any_more(client: Client, sandbox: Sandbox) -> None:
    hang(sandbox, "jump", "jhe", "impilo")
    page = opened(client)
    refuse_from_now_on(sandbox, "jump", "jhe", "impilo")
    while url := live_url(page):
        response = client.get(url, headers=PART)
        page = parsed(response)

    assert "You may not see this person’s records" in page.text
    assert response["HX-Retarget"] == "#main"
    assert "mbeki" not in response.content.decode().lower()


def test_role_taken_away_meanwhile_ends_the_page(client: Client, staff: User, sandbox: Sandbox) -> None:
    page = opened(client)
    url = live_url(page)
    staff.groups.clear()
    staff.groups.add(*make_user("c@example.org", Role.COORDINATOR).groups.all())
    with sandbox.stores["jhe"].writing() as state:
        state["roles"] = []
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        response = client.get(url, headers=PART)
    assert response.status_code == 404
    assert "mbeki" not in response.content.decode().lower()


# --- whole ----------------------------------------------------------------------------------


def test_another_installation_is_not_asked_about_a_record_of_the_first(
    client: Client, sandbox: Sandbox, settings: Settings
) -> None:
    installations.note_first("jump")
    change(settings, "jump", URL=sandbox.url("jump").replace("127.0.0.1", "localhost"))
    page = gone_on_to_the_end(client, opened(client))
    assert "address of Jump EHR was changed" in page.text
    assert not sandbox.faults["jump"].requests()
    found = client.post(reverse("patients:search"), {"text": "mbeki"}, follow=True)
    settle()
    found = client.get(f"{found.redirect_chain[-1][0]}?all=1")
    assert "address of Jump EHR was changed" in parsed(found).text
    assert not sandbox.faults["jump"].requests()


def test_alerts_stand_first_under_the_identity_and_on_paper(client: Client, sandbox: Sandbox) -> None:
    change_at(sandbox, "jump", accessibility_needs=["BSL interpreter"], accessibility_notes="Left ear")
    page = gone_on_to_the_end(client, opened(client))
    assert "BSL interpreter Jump EHR read now" in page.of_id("alerts").text
    for where in (f"{address()}?read=all", f"{address()}/print"):
        text = opened(client, where).of_id("main").text
        places = [text.index(each) for each in ("MBEKI, Grace", "BSL interpreter", "3 source records")]
        assert places == sorted(places)
        assert "No needs or alerts recorded in Impilo." in text


def test_paper_carries_what_the_page_carries(client: Client) -> None:
    page, paper = opened(client, f"{address()}?read=all"), opened(client, f"{address()}/print")
    rows = [[row.text for row in each.of_class("portal-compare__row")] for each in (page, paper)]
    assert rows[0] == rows[1]
    assert len(rows[0]) > 15
    assert page.of_class("portal-checklist")[0].text == paper.of_class("portal-checklist")[0].text


def test_list_of_systems_and_organizations_tells_absent_from_unknown(
    client: Client, sandbox: Sandbox
) -> None:
    where = opened(client, f"{address()}?read=all").of_class("portal-checklist")[0].text
    assert "In Jump EHR 1 record" in where
    assert "In Lifespan Lab JupyterHealth Exchange" in where

    SourceRecord.objects.filter(system="impilo").delete()
    patient = SourceRecord.objects.get(system="jump", family="mbeki", given="grace").patient
    where = opened(client, f"/people/{patient.public_id}").of_class("portal-checklist")[0].text
    assert "No record in Impilo is known" in where, "nobody has read all of Impilo: it may hold one"
    assert "Not in Impilo" not in where


# --- history --------------------------------------------------------------------------------


def test_history_tells_what_changed_from_what_to_what_and_who_linked(
    client: Client, staff: User, sandbox: Sandbox
) -> None:
    change_at(sandbox, "jump", occupation="Lighthouse keeper", last_name="Dube", consent_sms=False)
    gone_on_to_the_end(client, opened(client))
    until(taking_in.is_idle, what="records being taken in")
    record = SourceRecord.objects.get(system="impilo", given="grace", family="mbeki")
    linking.unlink_record(record=record, reason="Two sisters", by=staff)
    patient = SourceRecord.objects.get(system="jump", given="grace").patient
    text = opened(client, f"/people/{patient.public_id}/history").of_id("history").text

    assert "Changed in Jump EHR" in text
    assert "Occupation from Teacher to Lighthouse keeper" in text
    assert "Family name from Mbeki to Dube" in text
    assert "Text messages from Yes to No permission recorded" in text
    assert "was linked with this person by the portal, by rule" in text
    assert "birth date the same" in text
    assert f"The link of Impilo record {record.remote_id} was undone by Sam Staff" in text
    assert "Reason: Two sisters" in text
    assert text.index("was undone") < text.index("Changed in Jump EHR") < text.index("was linked")
    assert "Mbeki (family name)" in field_of(
        opened(client, f"/people/{patient.public_id}?read=all"), "former-names"
    )


def test_history_hides_records_out_of_reach(client: Client, sandbox: Sandbox) -> None:
    row = SourceRecord.objects.get(system="jhe", family="mbeki", given="grace")
    RecordChange.objects.create(
        record=row, seen_at=timezone.now(), changes={"email": ["hidden@example.org", "x@example.org"]}
    )
    assert "hidden@example.org" in opened(client, f"{address()}/history").text
    outsider = signed_in(Client(), make_user("reader@example.org", Role.READER))
    text = outsider.get(f"{address()}/history").content.decode()
    assert "hidden@example.org" not in text
    assert row.remote_id not in text


def test_history_is_paged_newest_first(client: Client) -> None:
    row = SourceRecord.objects.get(system="jump", family="mbeki", given="grace")
    now = timezone.now()
    for number in range(45):
        RecordChange.objects.create(
            record=row, seen_at=now + timedelta(minutes=number), changes={"notes": ["", f"Note {number}."]}
        )
    first = opened(client, f"{address()}/history")
    assert [f"Note {number}." in first.text for number in (44, 25, 24)] == [True, True, False]
    (older,) = [each for each in first.links() if each.endswith("page=2")][:1]
    second = opened(client, older)
    assert [f"Note {number}." in second.text for number in (25, 24, 5, 4)] == [False, True, True, False]
    assert Event.objects.filter(action="person.history_viewed").count() == 1
