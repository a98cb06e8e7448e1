"""Events: made once, with who and from where, never altered; the journal when the database refuses."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from pytest_django.fixtures import Settings

from portal import audit
from portal.accounts import access
from portal.accounts.models import User
from portal.audit import context, journal
from portal.audit.models import Event
from portal.urls import urlpatterns as portal_urls
from portal.web import crypto
from tests.conftest import signed_in


def person_page(request: HttpRequest) -> HttpResponse:
    """A page about a person: recorded before it is shown."""
    audit.look("person.viewed", system="jump", record_id="p-1")
    return HttpResponse("Penhaligon")


urlpatterns = [*portal_urls, path("tests/person", person_page, name="person_page")]


@pytest.fixture
def database_refuses(db: None) -> Iterator[None]:
    """A database that takes no event: a trigger refuses it as a full disk would."""
    if connection.vendor == "sqlite":
        refuse = (
            "CREATE TRIGGER tests_refuse BEFORE INSERT ON audit_event BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
        allow = "DROP TRIGGER tests_refuse"
    else:
        refuse = "ALTER TABLE audit_event ADD CONSTRAINT tests_refuse CHECK (action = '') NOT VALID"
        allow = "ALTER TABLE audit_event DROP CONSTRAINT tests_refuse"
    with connection.cursor() as cursor:
        cursor.execute(refuse)
    yield
    with connection.cursor() as cursor:
        cursor.execute(allow)


@pytest.fixture
def readers_client(client: Client, reader: User) -> Client:
    """Signed in before anything goes wrong."""
    return signed_in(client, reader)


def allow_again() -> None:
    """The database takes events again."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DROP TRIGGER tests_refuse")
            cursor.execute("CREATE TRIGGER tests_refuse AFTER INSERT ON audit_event BEGIN SELECT 1; END")
        else:
            cursor.execute("ALTER TABLE audit_event DROP CONSTRAINT tests_refuse")
            cursor.execute("ALTER TABLE audit_event ADD CONSTRAINT tests_refuse CHECK (action <> '')")


def test_look_takes_person_and_place_from_the_context(reader: User) -> None:
    ambient = context.Ambient(
        request_id="r1", ip="192.0.2.7", person=lambda: reader, session=lambda: "session-key"
    )
    with context.bound(ambient):
        event = audit.look("person.viewed", system="jump", record_id="p-1", details={"panels": 3})

    event.refresh_from_db()
    assert (event.actor, event.actor_label, event.ip) == (str(reader.pk), "Rita Reader", "192.0.2.7")
    assert (event.request_id, event.outcome, event.details) == ("r1", "done", {"panels": 3})
    assert event.session
    assert "session-key" not in event.session
    assert audit.events_of_request("r1") == [event]


def test_look_without_a_context_is_nobodys(db: None) -> None:
    event = audit.look("import.read")

    assert (event.actor, event.ip, event.session) == ("", None, "")


def test_values_are_cut_to_their_columns(db: None) -> None:
    event = audit.look("search", record_id="x" * 500, reason="a\x00b" * 400)

    event.refresh_from_db()
    assert (len(event.record_id), len(event.reason)) == (191, 500)
    assert "\x00" not in event.reason


@pytest.mark.django_db(transaction=True)
def test_change_and_event_are_kept_together_or_not_at_all() -> None:
    with transaction.atomic():
        audit.write("account.created")
        transaction.set_rollback(True)

    assert not Event.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_write_outside_a_transaction_is_a_mistake() -> None:
    with pytest.raises(RuntimeError):
        audit.write("account.created")


@pytest.mark.django_db(transaction=True)
def test_look_inside_a_transaction_is_a_mistake() -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        audit.look("person.viewed")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET action = 'x'",
        "DELETE FROM audit_event",
        "INSERT OR REPLACE INTO audit_event SELECT * FROM audit_event",
        "TRUNCATE audit_event",
    ],
)
def test_event_cannot_be_altered(db: None, statement: str) -> None:
    foreign = "TRUNCATE" if connection.vendor == "sqlite" else "INSERT OR REPLACE"
    if statement.startswith(foreign):
        pytest.skip("not a statement of this database")
    event = audit.look("person.viewed")

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert Event.objects.get().action == event.action


def test_orm_cannot_alter_an_event_either(db: None) -> None:
    event = audit.look("person.viewed")

    with pytest.raises(DatabaseError), transaction.atomic():
        event.save()
    with pytest.raises(DatabaseError), transaction.atomic():
        event.delete()


def test_look_goes_to_the_journal_where_the_database_refuses(database_refuses: None) -> None:
    event = audit.look("person.viewed", record_id="p-1")

    assert not Event.objects.exists()
    (file,) = journal.files()
    assert oct(file.stat().st_mode & 0o777) == "0o600"
    assert oct(file.parent.stat().st_mode & 0o777) == "0o700"
    content = file.read_text()
    assert "person.viewed" not in content
    assert json.loads(crypto.decrypt(content.strip()))["id"] == str(event.id)


def test_change_is_refused_where_the_database_refuses(database_refuses: None) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        audit.write("account.created")

    assert not journal.files()


def test_journal_is_merged_exactly_once(database_refuses: None) -> None:
    events = [audit.look("person.viewed", record_id=str(number)) for number in range(3)]
    (file,) = journal.files()
    copy = file.read_bytes()
    allow_again()

    assert audit.merge_journal() == 3
    assert not journal.files()
    file.write_bytes(copy)  # as after a crash between the commit and the removal
    assert audit.merge_journal() == 3

    merged = {event.pk: event for event in Event.objects.all()}
    assert merged.keys() == {event.pk for event in events}
    assert all(merged[event.pk].at == event.at for event in events)
    assert all(merged[event.pk].record_id == event.record_id for event in events)


def test_merging_while_the_database_refuses_loses_nothing(database_refuses: None) -> None:
    audit.look("person.viewed")

    with pytest.raises(DatabaseError), transaction.atomic():
        audit.merge_journal()

    assert len(journal.files()) == 1


def test_torn_line_is_set_aside_and_the_rest_merged(database_refuses: None) -> None:
    audit.look("person.viewed")
    (file,) = journal.files()
    with file.open("ab") as handle:
        handle.write(b"gAAAAAtorn")
    audit.look("person.viewed")
    allow_again()

    assert audit.merge_journal() == 2
    assert file.with_suffix(".unreadable").read_bytes() == b"gAAAAAtorn\n"


def test_command_merges(database_refuses: None, capsys: pytest.CaptureFixture[str]) -> None:
    audit.look("person.viewed")
    allow_again()

    call_command("merge_audit_journal")

    assert capsys.readouterr().out == "1 events merged.\n"


def test_journal_starts_a_new_file_after_a_merge_took_the_old_one(tmp_path: Path) -> None:
    journal.append({"id": "1"})
    (file,) = journal.files()
    kept = os.open(file, os.O_RDONLY)  # the old file lives on without its name
    taken: list[dict[str, str]] = []
    journal.drain(file, taken.extend)
    journal.append({"id": "2"})
    journal.drain(file, taken.extend)
    os.close(kept)

    assert taken == [{"id": "1"}, {"id": "2"}]


def test_look_is_refused_where_both_fail(database_refuses: None, settings: Settings) -> None:
    (settings.VAR_DIR / "audit-journal").write_text("in the way")

    with pytest.raises(audit.AuditUnavailable):
        audit.look("person.viewed")


def test_page_is_refused_where_both_fail_and_names_the_systems_screens(
    readers_client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch, database_refuses: None
) -> None:
    settings.ROOT_URLCONF = __name__
    settings.SYSTEMS = {"jump": {**settings.SYSTEMS["jump"], "CONSOLE_URL": "https://jump.example.org/app"}}
    monkeypatch.setitem(access.TABLE, "person_page", access.Rule(access.EVERY_ROLE))
    assert "Penhaligon" in readers_client.get("/tests/person").content.decode()
    for file in journal.files():
        file.unlink()
    journal.directory().rmdir()
    (settings.VAR_DIR / "audit-journal").write_text("in the way")

    response = readers_client.get("/tests/person")

    assert response.status_code == 503
    assert "Penhaligon" not in response.content.decode()
    assert "https://jump.example.org/app" in response.content.decode()


def test_page_about_a_person_makes_exactly_one_event(
    client: Client, reader: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ROOT_URLCONF = __name__
    monkeypatch.setitem(access.TABLE, "person_page", access.Rule(access.EVERY_ROLE))

    response = signed_in(client, reader).get("/tests/person")

    (event,) = audit.events_of_request(response["X-Request-Id"])
    assert (event.action, event.actor, event.ip) == ("person.viewed", str(reader.pk), "127.0.0.1")
