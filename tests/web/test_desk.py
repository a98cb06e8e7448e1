"""Home as a worklist: people seen and parked, one's own alone and within reach; what waits; the systems."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import Settings

from integrations.types import Demographics, Health, Organization, RemotePatient
from patients.models import ConnectionLook, Parked, Patient, Seen, SourceRecord, SyncRun
from patients.services import desk, index, linking
from patients.tasks import tidy_desks
from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.audit.models import Event
from tests.conftest import make_user, signed_in
from tests.support import Node, parsed, settle

pytestmark = pytest.mark.django_db(transaction=True)

GRACE = Demographics(given_name="Grace", family_name="Mbeki", birth_date=date(1975, 4, 18))


@pytest.fixture(autouse=True)
def _no_systems(settings: Settings) -> None:
    settings.SYSTEMS = {name: {**each, "URL": ""} for name, each in settings.SYSTEMS.items()}


@pytest.fixture
def staff() -> User:
    return make_user("staff@example.org", Role.CLINIC_STAFF, name="Sam Staff")


@pytest.fixture
def browser(client: Client, staff: User) -> Client:
    return signed_in(client, staff)


def person(
    number: int | str = 1, *, system: str = "jump", organization: str = "", **details: object
) -> Patient:
    """Somebody in the index; each number has a name of its own."""
    about = replace(GRACE, **{"family_name": f"Mbeki{number}", **details})  # type: ignore[arg-type]
    organizations = (Organization(id=organization),) if organization else ()
    index.store(
        [RemotePatient(system=system, id=f"id-{number}", demographics=about, organizations=organizations)]
    )
    return SourceRecord.objects.get(system=system, remote_id=f"id-{number}").patient


def opened(browser: Client, *patients: Patient) -> None:
    for each in patients:
        assert browser.get(f"/people/{each.public_id}").status_code == 200
    settle()


def home(browser: Client) -> Node:
    response = browser.get("/")
    assert response.status_code == 200
    return parsed(response)


def park(browser: Client, patient: Patient, doing: str = "") -> None:
    page = parsed(browser.get(f"/people/{patient.public_id}/park"))
    (seal,) = page.named("seal")
    sent = {"seal": seal.attributes["value"], "doing": doing}
    assert browser.post(f"/people/{patient.public_id}/park", sent).status_code == 303


def section(page: Node, title_id: str) -> str:
    """The words of one part of home."""
    (found,) = page.every(lambda node: node.attributes.get("aria-labelledby") == title_id)
    return found.text


# --- seen -----------------------------------------------------------------------------------


def test_people_opened_are_on_home_the_latest_first(browser: Client) -> None:
    one, two = person(1), person(2)
    opened(browser, one, two, one)

    seen = section(home(browser), "seen-title")

    assert seen.index("MBEKI1") < seen.index("MBEKI2")
    assert seen.count("MBEKI1") == 1
    assert "18-Apr-1975" in seen


def test_seen_people_are_ones_own_and_forgotten_after_a_week(browser: Client, reader: User) -> None:
    opened(browser, person())
    assert "Mbeki" not in section(home(signed_in(Client(), reader)), "seen-title").capitalize()

    with time_machine.travel(datetime.now(UTC) + desk.SEEN_FOR + timedelta(minutes=1)):
        browser = signed_in(browser, User.objects.get(email="staff@example.org"))
        assert "Nobody in the last 7 days" in section(home(browser), "seen-title")
        tidy_desks.call()
    assert not Seen.objects.exists()


def test_only_the_last_twenty_are_remembered(staff: User) -> None:
    everybody = [person(number) for number in range(desk.MOST_SEEN + 3)]
    for each in everybody:
        desk.note_seen(each, by=staff)

    kept = set(Seen.objects.values_list("patient", flat=True))
    assert kept == {each.pk for each in everybody[3:]}


def test_somebody_out_of_reach_is_not_named(browser: Client, staff: User) -> None:
    hidden = person(1, system="jhe", organization="20003")
    Seen.objects.create(user=staff, patient=hidden, seen_at=timezone.now())
    Parked.objects.create(user=staff, patient=hidden, doing="ring Grace back", parked_at=timezone.now())

    page = home(browser)

    assert "MBEKI" not in page.text
    assert "ring" not in page.text
    assert "Somebody you cannot see now" in section(page, "waiting-title")
    assert browser.post(f"/people/{hidden.public_id}/unpark").status_code == 303
    assert not Parked.objects.exists()


def test_somebody_linked_since_is_shown_once_as_who_they_are_now(browser: Client, admin: User) -> None:
    one, two = person(1), person(2)
    opened(browser, one, two)
    linking.link_people(keep=one, other=two, reason="same", by=admin)

    page = home(browser)

    links = [each for each in page.links() if each.startswith("/people/") and each != "/people/"]
    assert links == [f"/people/{one.public_id}"]


def test_home_names_people_with_one_event_and_without_names_none(browser: Client) -> None:
    home(browser)
    assert not Event.objects.filter(action="people.desk_opened").exists()
    opened(browser, person())
    home(browser)

    (event,) = Event.objects.filter(action="people.desk_opened")
    assert event.details == {"rows": 1}


def test_queries_of_home_do_not_grow_with_people(browser: Client, staff: User) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as sent:
            home(browser)
        return len(sent)

    desk.note_seen(person(1), by=staff)
    home(browser)
    few = queries()
    for number in range(2, 12):
        desk.note_seen(person(number), by=staff)
    assert queries() == few


# --- parked ---------------------------------------------------------------------------------


def test_parked_person_waits_with_what_was_being_done(browser: Client, staff: User) -> None:
    patient = person()
    park(browser, patient, "waiting for the interpreter")

    page = home(browser)

    waiting = section(page, "waiting-title")
    assert "MBEKI1" in waiting
    assert "waiting for the interpreter" in waiting
    assert "MBEKI1" not in section(page, "seen-title")
    with connection.cursor() as cursor:
        cursor.execute("SELECT doing FROM patients_parked")
        assert "interpreter" not in cursor.fetchone()[0]
    assert "interpreter" not in str(Event.objects.get(action="person.parked").details)


def test_parked_note_is_nobody_elses(browser: Client, reader: User) -> None:
    patient = person()
    park(browser, patient, "my own words")

    other = signed_in(Client(), reader)
    assert "my own words" not in home(other).text
    assert "my own words" not in parsed(other.get(f"/people/{patient.public_id}")).text
    other.post(f"/people/{patient.public_id}/unpark")
    settle()

    assert Parked.objects.count() == 1


def test_person_is_taken_off_from_home_and_from_their_page(browser: Client) -> None:
    patient = person()
    for stay, back in (({}, "/"), ({"stay": "1"}, f"/people/{patient.public_id}")):
        park(browser, patient)
        response = browser.post(f"/people/{patient.public_id}/unpark", stay)
        assert (response.status_code, response["Location"]) == (303, back)
        assert not Parked.objects.exists()


def test_page_that_has_corrected_itself_parks_all_the_same(browser: Client) -> None:
    patient = person()
    page = parsed(browser.get(f"/people/{patient.public_id}"))
    (seal,) = page.named("seal")
    changed = replace(GRACE, family_name="Mbeki1", email="another@example.org")
    index.store([RemotePatient(system="jump", id="id-1", demographics=changed)])
    assert Patient.objects.get(pk=patient.pk).version > patient.version

    sent = {"seal": seal.attributes["value"], "doing": "half done"}
    assert browser.post(f"/people/{patient.public_id}/park", sent).status_code == 303
    assert Parked.objects.get().patient == patient


def test_form_of_a_page_gone_stale_is_refused_with_the_name_and_what_was_typed(browser: Client) -> None:
    patient = person()
    page = parsed(browser.get(f"/people/{patient.public_id}/park"))
    (seal,) = page.named("seal")
    changed = replace(GRACE, family_name="Mbeki1", given_name="Gracie")
    index.store([RemotePatient(system="jump", id="id-1", demographics=changed)])

    sent = {"seal": seal.attributes["value"], "doing": "half done"}
    response = browser.post(f"/people/{patient.public_id}/park", sent)

    assert response.status_code == 409
    answered = parsed(response)
    assert "MBEKI1, Grace," in answered.text
    assert "MBEKI1, Gracie," in answered.text
    assert answered.named("doing")[0].attributes["value"] == "half done"
    assert not Parked.objects.exists()


def test_form_about_somebody_else_is_refused(browser: Client) -> None:
    one, two = person(1), person(2)
    (seal,) = parsed(browser.get(f"/people/{one.public_id}/park")).named("seal")

    response = browser.post(f"/people/{two.public_id}/park", {"seal": seal.attributes["value"]})

    assert response.status_code == 409
    text = parsed(response).text
    assert "MBEKI1" in text
    assert "MBEKI2" in text


def test_too_long_a_note_and_too_many_people_are_said(browser: Client, staff: User) -> None:
    patient = person("one")
    (seal,) = parsed(browser.get(f"/people/{patient.public_id}/park")).named("seal")
    sent = {"seal": seal.attributes["value"], "doing": "x" * (desk.LONGEST + 1)}
    assert browser.post(f"/people/{patient.public_id}/park", sent).status_code == 422
    for number in range(desk.MOST_PARKED):
        Parked.objects.create(user=staff, patient=person(number), parked_at=timezone.now())
    response = browser.post(f"/people/{patient.public_id}/park", sent | {"doing": ""})

    assert response.status_code == 422
    assert "Take somebody off your list first" in parsed(response).text


def test_person_who_is_out_of_reach_cannot_be_parked(browser: Client) -> None:
    hidden = person(1, system="jhe", organization="20003")
    assert browser.get(f"/people/{hidden.public_id}/park").status_code == 404
    assert browser.post(f"/people/{hidden.public_id}/park", {"doing": "x"}).status_code == 404
    assert not Parked.objects.exists()


# --- what waits, and the systems ------------------------------------------------------------


def test_empty_home_says_what_to_do(browser: Client) -> None:
    page = home(browser)
    assert "press Park" in section(page, "waiting-title")
    assert "Look somebody up" in section(page, "seen-title")
    assert section(page, "systems-title").count("Not connected") == 3


def test_admins_are_told_of_reviews_and_of_systems_that_were_not_read(
    client: Client, admin: User, browser: Client, settings: Settings
) -> None:
    settings.SYSTEMS = {
        name: {**each, "URL": "http://127.0.0.1:9"} for name, each in settings.SYSTEMS.items()
    }
    settings.SYSTEMS["jump"]["API_KEY"] = "key"
    last_month = timezone.now().replace(day=1) - timedelta(days=3)
    with time_machine.travel(last_month):
        home(browser)
        opened(browser, person())
    now = timezone.now()
    SyncRun.objects.create(
        system="jump", kind=SyncRun.Kind.FULL, source=SyncRun.Source.SCHEDULE, started_at=now, ended_at=now,
        problem="Jump EHR stopped answering.", next_step="Read it again.",
    )  # fmt: skip

    waiting = section(home(signed_in(Client(), admin)), "waiting-title")

    assert f"Review who looked in {last_month:%B %Y}" in waiting
    assert "Jump EHR was not read to the end" in waiting
    assert "Read it again." in waiting
    assert "Review" not in section(
        home(signed_in(Client(), User.objects.get(email="staff@example.org"))), "waiting-title"
    )


@pytest.mark.parametrize(
    ("health", "said"),
    [
        ({"reachable": True, "authorised": True}, "Answering"),
        ({"reachable": False, "authorised": None, "problem": "Down."}, "Not answering"),
        ({"reachable": True, "authorised": False, "problem": "Key refused."}, "Needs a look"),
    ],
)
def test_state_of_a_system_is_said_without_asking_it(
    browser: Client, settings: Settings, health: dict[str, object], said: str
) -> None:
    address = "http://127.0.0.1:9"
    settings.SYSTEMS = {**settings.SYSTEMS, "jump": {**settings.SYSTEMS["jump"], "URL": address}}
    found = Health(system="jump", address=address, **health)  # type: ignore[arg-type]
    kept = {
        name: getattr(found, name) for name in ("system", "address", "reachable", "authorised", "problem")
    }
    ConnectionLook.objects.create(system="jump", health=kept, checked_at=timezone.now())

    assert said in section(home(browser), "systems-title")
