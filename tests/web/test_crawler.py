"""Reading changes nothing: every address, as everybody, over the three systems and every table."""

from __future__ import annotations

import time
from collections.abc import Mapping

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from integrations.sandbox.run import Sandbox
from patients.models import Operation, SourceRecord
from patients.services.operations import bulks, recording, rights
from patients.services.operations.bulks import Part
from patients.services.operations.whys import Why
from patients.services.operations.wishes import Join
from portal.accounts import access
from portal.accounts.models import User
from tests.support import Desk, connected, settle

from . import planted_urls
from .crawler import Crawler, state_of

PEOPLE = ["reader", "clinic_staff", "coordinator", "admin", "nobody"]
MARY = "manager_mary@example.com"


def signed_in_lately(user: User) -> Client:
    """A browser whose owner has just given the password: pages that ask for it again are open."""
    client = Client(raise_request_exception=False)
    client.force_login(user)
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
    session.save()
    return client


def crawl(client: Client, known: Mapping[str, list[str]]) -> Crawler:
    """Everything that can be reached, visited."""
    crawler = Crawler(client=client, known=known)
    crawler.crawl()
    settle()
    return crawler


def look_ups(user: User) -> dict[str, list[str]]:
    """Addresses of look-ups of one's own: one that found people, one that is yet to be answered."""
    desk = Desk(user)
    found = desk.look_up("smith")
    new = desk.type("grace mbeki")
    settle()
    write_something(user)
    return {
        "patients:found": [found.url, f"{new}?all=1"],
        "patients:person": [*found.addresses, f"{found.url}/99"],
        "patients:answer": [f"{url}/systems/{name}" for url in (found.url, new) for name in ("jump", "jhe")],
    }


def write_something(user: User) -> None:
    """Writes of one's own, one of many and one that is held, which their list leads to."""
    record = SourceRecord.objects.filter(system="jhe").earliest("pk")
    if not rights.may_write(user, record.system):
        return
    bulks.ask([Part(Join(organization_id="20009"), record)], system="jhe", label="Many", by=user)
    held = recording.ask(Join(organization_id="20009"), record=record, by=user)
    Operation.objects.filter(pk=held.pk).update(state=Operation.State.HELD, why=Why.MOVED)


@pytest.mark.slow
@pytest.mark.parametrize("person", PEOPLE)
def test_reading_every_address_changes_nothing(
    request: pytest.FixtureRequest, sandbox: Sandbox, person: str
) -> None:
    user: User = request.getfixturevalue(person)
    connected(user, MARY, sandbox)
    known = look_ups(user) if person != "nobody" else {}
    client = signed_in_lately(user)
    before = state_of(sandbox)

    crawler = crawl(client, known)

    assert before.changes(state_of(sandbox)) == []
    assert crawler.broken == []
    assert len(crawler.visited) > 40
    if person in {"clinic_staff", "coordinator", "admin"}:
        assert any(address.endswith("/overrule") for address in crawler.visited)
        assert any(address.startswith("/writes/bulks/") for address in crawler.visited)
    if person in {"reader", "clinic_staff", "admin"}:
        assert any(address.endswith("/print") for address in crawler.visited)


@pytest.mark.slow
def test_reading_every_address_changes_nothing_for_a_stranger(sandbox: Sandbox) -> None:
    before = state_of(sandbox)

    crawler = crawl(Client(raise_request_exception=False), {})

    assert before.changes(state_of(sandbox)) == []
    assert crawler.broken == []


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("planted_row", "table accounts_user"),
        ("planted_added", "table accounts_user"),
        ("planted_system", "impilo patients"),
        ("planted_link", "table accounts_user"),
    ],
)
def test_planted_write_is_found(
    sandbox: Sandbox,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    reader: User,
    name: str,
    place: str,
) -> None:
    settings.ROOT_URLCONF = "tests.web.planted_urls"
    monkeypatch.setattr(planted_urls, "stores", [sandbox.stores["impilo"]])
    for each in {name, "planted_linked"}:
        monkeypatch.setitem(access.TABLE, each, access.Rule(access.ANYONE))
    client = signed_in_lately(reader)
    before = state_of(sandbox)

    crawl(client, {})

    assert before.changes(state_of(sandbox)) == [place]
