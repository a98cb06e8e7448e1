"""No personal data in a log, an address, a task, a session, a cache or a table in clear."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import structlog
from django.conf import settings as portal_settings
from django.contrib.sessions.backends.signed_cookies import SessionStore as ReadableSessions
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.http import HttpResponse
from django.utils import timezone
from django_tasks import task
from django_tasks_db.models import DBTaskResult
from pytest_django.fixtures import Settings

from integrations.sandbox import jhe
from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from integrations.writes import Details, NewRecord
from patients.models import Operation, SourceRecord
from portal import audit
from portal.accounts.models import User
from portal.web.logs import OUR_PACKAGES
from tests import writing
from tests.conftest import PASSWORD
from tests.support import PART, change, connected, fill_index, parsed, settle
from tests.writing import register, work_off

from .leaks import Watch, WatchedClient, watching

MEGAN = "member_megan@example.com"
GIVEN, FAMILY, TYPED = "Zquintilla", "Xylophrastes", "Typedmarkwort"
BORN, NHS, EMAIL, PHONE = "1907-03-09", "9990000417", "zq.mark@markmail.example", "07700 900991"
# Everything by which somebody could be known, in the spellings that the portal or a system may use.
MARKS = (
    GIVEN, FAMILY, TYPED, EMAIL, "markmail", BORN, "09-Mar-1907", "9/3/1907", "9 mar 1907", "09/03/1907",
    NHS, "999 000 0417", "999-000-0417", PHONE, "7700900991", "7700 900991", "900991",
    "Markwort Street", "ZE7 9QX", "ZE79QX", "middlemark", "preferredmark", "occupationmark", "notemark",
    "reviewmark", "needmark", "reasonmark", "fieldmark", "townmark",
)  # fmt: skip
JUMP = {
    "id": "pat_leaktest", "first_name": GIVEN, "last_name": FAMILY, "middle_name": "middlemark",
    "preferred_name": "preferredmark", "date_of_birth": BORN, "nhs_number": NHS, "email": EMAIL,
    "phone": PHONE, "mobile_phone": PHONE, "address_line_1": "7 Markwort Street", "town_city": "townmark",
    "postcode": "ZE7 9QX", "occupation": "occupationmark", "patient_notes": "notemark",
    "requires_review": True, "review_reason": "reviewmark", "accessibility_needs": "needmark",
    "accessibility_notes": "needmark", "archive_reason": "reasonmark",
    "custom_fields": {"external": "fieldmark"},
}  # fmt: skip
IMPILO = {
    "id": 990001, "firstName": GIVEN, "lastName": FAMILY, "dateOfBirth": BORN, "email": EMAIL,
    "phoneNumber": PHONE, "externalIdentifier": "fieldmark",
}  # fmt: skip
JHE = {
    "email": EMAIL, "given": GIVEN, "family": FAMILY, "birth_date": BORN, "phone": PHONE,
    "identifiers": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": NHS}], "organizations": [20003],
}  # fmt: skip
NEW = Details(
    given_name=GIVEN, family_name=FAMILY, birth_date=date(1907, 3, 9), email=EMAIL, phone="+447700900991"
)  # fmt: skip
SEARCHES = (
    f"{GIVEN} {FAMILY}", f"{FAMILY}, {GIVEN} 9/3/1907", "999 000 0417", EMAIL, PHONE, "9 Mar 1907",
    f"{TYPED} ZE7 9QX", f"Re: Mrs {GIVEN} {FAMILY} DOB 09/03/1907 NHS 999-000-0417 thank you {TYPED}",
)  # fmt: skip


@pytest.fixture
def marked(sandbox: Sandbox) -> Sandbox:
    """The sandbox with a person who is unmistakable in every field."""
    for system, row in (("jump", JUMP), ("impilo", IMPILO)):
        with sandbox.stores[system].writing() as state:
            like = next(iter(state["patients"].values()))
            state["patients"][str(row["id"])] = {**like, **row}
    with sandbox.stores["jhe"].writing() as state:
        jhe.add_person(state, JHE)
    return sandbox


@pytest.fixture
def watch() -> Iterator[Watch]:
    """The detector, watching."""
    cache.clear()  # in the database, and no model's: it outlives a test
    with watching(MARKS) as running:
        yield running
        settle()
    cache.clear()


@pytest.fixture
def client_of(watch: Watch) -> Callable[[User], WatchedClient]:
    """A watched browser, signed in."""

    def sign_in(user: User) -> WatchedClient:
        client = WatchedClient(watch)
        client.force_login(user)
        return client

    return sign_in


def see_everything(client: WatchedClient, url: str) -> int:
    """The list, its parts, and all that there is of every person; how many persons there were."""
    client.get(url)
    for system in ("jump", "jhe", "impilo"):
        client.get(f"{url}/systems/{system}", headers=PART)
    client.get(f"{url}?all=1")
    page = parsed(client.get(url))
    people = [node.attributes["href"] for node in page.of_class("portal-person__link")]
    for address in people:
        see_person(client, client.get(address)["Location"].partition("?")[0])
    return len(people)


def see_person(client: WatchedClient, address: str) -> None:
    """A person's page while the systems are asked, what it asks for then, history and print view."""
    SourceRecord.objects.update(whole_at=None)
    page = client.get(address)
    assert page.status_code == 200
    for part in {link for link in parsed(page).links() if "view=" in link and not link.startswith("0;")}:
        assert client.get(part, headers=PART).status_code == 200
    for tail in ("?read=all", "/history", "/print"):
        assert client.get(address + tail).status_code == 200


@pytest.mark.slow
def test_searching_listing_and_opening_leave_no_trace(
    marked: Sandbox, watch: Watch, client_of: Callable[[User], WatchedClient], clinic_staff: User
) -> None:
    client = client_of(connected(clinic_staff, MEGAN, marked))
    found = 0
    for text in SEARCHES:
        for headers in ({}, PART):
            response = client.post("/", {"text": text}, headers=headers)
            found += see_everything(client, response.headers.get("Location") or response["HX-Redirect"])
    client.post("/", {"family_name": FAMILY, "given_name": GIVEN, "birth_date": "9/3/1907"})
    client.post("/", {"text": f"{TYPED} {FAMILY}", "birth_date": f"99/99/{TYPED}"})
    client.post("/", {"family_name": FAMILY, "birth_date": "9/3/1907", "without": "birth_date"})

    assert found >= len(SEARCHES)  # the journeys did meet the marked person
    assert any(place == "log" for place, _ in watch.seen)
    assert watch.leaks() == set()


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind",
    [FaultKind.STATUS, FaultKind.RESET, FaultKind.TRUNCATED, FaultKind.MALFORMED, FaultKind.WRONG_TYPES,
     FaultKind.REDIRECT],
)  # fmt: skip
def test_failing_systems_leave_no_trace(
    marked: Sandbox,
    watch: Watch,
    client_of: Callable[[User], WatchedClient],
    clinic_staff: User,
    kind: FaultKind,
) -> None:
    client = client_of(connected(clinic_staff, MEGAN, marked))
    for board in marked.faults.values():
        board.add(Fault(kind=kind, status=500))

    for text in SEARCHES[:4]:
        see_everything(client, client.post("/", {"text": text})["Location"])

    assert watch.leaks() == set()


@pytest.mark.slow
def test_parking_and_home_leave_no_trace(
    marked: Sandbox, watch: Watch, client_of: Callable[[User], WatchedClient], clinic_staff: User
) -> None:
    client = client_of(connected(clinic_staff, MEGAN, marked))
    url = client.post("/", {"text": SEARCHES[1]})["Location"]
    (found, *_) = parsed(client.get(f"{url}?all=1")).of_class("portal-person__link")
    page = parsed(client.get(found.attributes["href"], follow=True))
    settle()
    (form,) = page.every(lambda node: node.attributes.get("action", "").endswith("/park"))
    typed = {"doing": TYPED}
    client.post(form.attributes["action"], typed)  # without its seal
    parking = parsed(client.get(form.attributes["action"]))
    sent = client.post(
        form.attributes["action"], typed | {"seal": parking.named("seal")[0].attributes["value"]}
    )
    home = parsed(client.get("/"))

    assert sent.status_code == 303
    assert TYPED in home.text
    assert FAMILY.upper() in home.text
    assert watch.leaks() == set()


@pytest.mark.slow
def test_pages_of_writes_leave_no_trace(
    marked: Sandbox, watch: Watch, client_of: Callable[[User], WatchedClient], clinic_staff: User, admin: User
) -> None:
    staff, boss = client_of(connected(clinic_staff, MEGAN, marked)), client_of(admin)
    fill_index(clinic_staff, FAMILY)
    record = SourceRecord.objects.get(system="jump", family=FAMILY.lower())
    writes = [
        writing.change(record, by=clinic_staff, phone="07700 900992", occupation="occupationmark2"),
        *register({"impilo": NewRecord(details=NEW)}, by=clinic_staff),
    ]
    with marked.stores["jump"].writing() as state:
        state["patients"][record.remote_id]["phone"] = "07700 900990"  # somebody else's change
    for each in writes:
        assert work_off(each).state == Operation.State.HELD
    ways = ("", "/course", "/overrule", "/give-up", "/take-over", "/by-hand")
    answers = [
        client.get(f"/writes/{each.public_id}{way}", headers=headers)
        for client in (staff, boss) for each in writes for way in ways for headers in ({}, PART)
    ]  # fmt: skip
    for client in (staff, boss):
        client.get(f"/writes/?person={record.patient.public_id}")
        client.post(f"/writes/{writes[0].public_id}/give-up", {"seal": "x", "reason": "Not needed"})
        client.get("/")
    hand = f"/writes/{writes[1].public_id}/by-hand"
    seal = parsed(boss.get(hand)).named("seal")[-1].attributes["value"]
    read = boss.post(hand, {"seal": seal, "number": str(IMPILO["id"])})
    call_command("operations", "list", "--by", admin.email)

    assert sum(FAMILY.upper() in answer.content.decode() for answer in answers) >= 8
    assert FAMILY.upper() in read.content.decode()
    assert watch.leaks() == set()


def test_system_that_is_not_there_leaves_no_trace(
    marked: Sandbox,
    watch: Watch,
    client_of: Callable[[User], WatchedClient],
    clinic_staff: User,
    settings: Settings,
) -> None:
    client = client_of(connected(clinic_staff, MEGAN, marked))
    for system in ("jump", "jhe", "impilo"):
        change(settings, system, URL="http://127.0.0.1:9")

    see_everything(client, client.post("/", {"text": SEARCHES[1]})["Location"])

    assert watch.leaks() == set()


def test_error_pages_leave_no_trace(
    marked: Sandbox,
    watch: Watch,
    client_of: Callable[[User], WatchedClient],
    clinic_staff: User,
    nobody: User,
) -> None:
    client = client_of(clinic_staff)
    client.post("/no/such/page", {"text": TYPED})
    client.post("/connections/jump/check", {"text": TYPED})
    client_of(nobody).post("/", {"text": TYPED})
    client.generic("PUT", "/", TYPED)
    url = client.post("/", {"text": FAMILY})["Location"]
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE patients_lookup RENAME TO patients_lookup_away")
    try:
        broken = client.post("/", {"text": f"{GIVEN} {TYPED}"})
        also_broken = client.get(url)
    finally:
        settle()
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE patients_lookup_away RENAME TO patients_lookup")

    assert broken.status_code == also_broken.status_code == 500
    assert watch.leaks() == set()


def test_lock_with_typing_and_connections_leave_no_trace(
    marked: Sandbox, watch: Watch, client_of: Callable[[User], WatchedClient], admin: User
) -> None:
    client = client_of(admin)
    client.get("/connections")
    client.post("/connections/jump/check")
    client.post("/lock", {"draft": f'{{"fields": "{TYPED}"}}', "page": "/"})
    locked = client.post("/", {"text": f"{GIVEN} {FAMILY}"})
    client.get(locked["Location"])
    client.post("/unlock", {"password": PASSWORD})
    client.get("/continue")

    assert locked.status_code == 303
    assert watch.leaks() == set()


def test_refused_audit_leaves_no_trace_in_the_journal(
    marked: Sandbox, watch: Watch, client_of: Callable[[User], WatchedClient], clinic_staff: User
) -> None:
    client = client_of(clinic_staff)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_event RENAME TO audit_event_away")
    try:
        see_everything(client, client.post("/", {"text": SEARCHES[0]})["Location"])
        leaks = watch.leaks()
    finally:
        settle()
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE audit_event_away RENAME TO audit_event")

    assert leaks == set()


# --- the detector is proven by a leak in each place -----------------------------------------


@task()
def remember(name: str) -> None:
    """A task that is given a name, as none may be."""


def _log_allowed_key(watch: Watch, client: WatchedClient) -> None:
    structlog.get_logger(f"{OUR_PACKAGES[0]}.planted").info("planted", reason=FAMILY)


def _log_dropped_key(watch: Watch, client: WatchedClient) -> None:
    structlog.get_logger(f"{OUR_PACKAGES[0]}.planted").debug("planted", name=FAMILY)


def _log_message(watch: Watch, client: WatchedClient) -> None:
    import logging

    logging.getLogger("patients.planted").debug("looked for %s", FAMILY)


def _address(watch: Watch, client: WatchedClient) -> None:
    client.get("/", {"q": FAMILY})


def _answer(**kind: Any) -> Callable[[Watch, WatchedClient], None]:
    def plant(watch: Watch, client: WatchedClient) -> None:
        watch.note_response(HttpResponse(**kind))

    return plant


def _cookie(watch: Watch, client: WatchedClient) -> None:
    response = HttpResponse()
    response.set_cookie("last", FAMILY)
    watch.note_response(response)


def _task(watch: Watch, client: WatchedClient) -> None:
    remember.enqueue(FAMILY)


def _session(watch: Watch, client: WatchedClient) -> None:
    session = client.session
    session["last_search"] = FAMILY
    session.save()


def _readable_session(watch: Watch, client: WatchedClient) -> None:
    data = ReadableSessions().encode({"last_search": FAMILY * 20})
    Session.objects.create(session_key="planted", session_data=data, expire_date=timezone.now())


def _cache(watch: Watch, client: WatchedClient) -> None:
    cache.set("planted", {"name": FAMILY})


def _kept(watch: Watch, client: WatchedClient) -> None:
    client.post("/", {"text": "somebody"})
    settle()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE patients_lookup SET asked = %s", [f'{{"text": "{FAMILY}"}}'])


def _trail(watch: Watch, client: WatchedClient) -> None:
    audit.look("planted", details={"name": FAMILY})


def _file(watch: Watch, client: WatchedClient) -> None:
    Path(portal_settings.VAR_DIR, f"{time.time()}.txt").write_text(f"x {FAMILY}")


@pytest.mark.parametrize(
    ("plant", "place"),
    [
        (_log_allowed_key, "log"),
        (_log_dropped_key, "event"),
        (_log_message, "event"),
        (_address, "address"),
        (_answer(headers={"Location": f"/search/{FAMILY}"}), "header Location"),
        (_answer(headers={"HX-Push-Url": f"/?q={FAMILY.lower()}"}), "header HX-Push-Url"),
        (_answer(content=f'<a href="/people/{FAMILY}">x</a>'), "link"),
        (_answer(content='<p hx-get="/?born=09%2F03%2F1907">x</p>'), "link"),
        (_answer(content=f"<p>{FAMILY} broke it</p>", status=500), "error page"),
        (_cookie, "cookie"),
        (_task, f"table {DBTaskResult._meta.db_table}"),
        (_session, "session"),
        (_readable_session, "table django_session"),
        (_cache, "table portal_cache"),
        (_kept, "table patients_lookup"),
        (_trail, "table audit_event"),
        (_file, "file"),
    ],
)
def test_planted_leak_is_found(
    sandbox: Sandbox,
    watch: Watch,
    client_of: Callable[[User], WatchedClient],
    clinic_staff: User,
    plant: Callable[[Watch, WatchedClient], None],
    place: str,
) -> None:
    client = client_of(clinic_staff)
    assert watch.leaks() == set()

    plant(watch, client)

    assert place in watch.leaks()
