"""The orders and pages of the people list: everybody once, at one cost, however many there are."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from patients.services import index
from portal.accounts.models import User
from tests.conftest import signed_in
from tests.support import parsed

from .listing import FORMULA, IN_ORDER, LIST, listed, reaches, record, send


def test_every_order_runs_both_ways(desk: Client) -> None:
    orders = {}
    for column in ("birth", "created", "name"):
        send(desk, sort=column)
        there = listed(desk)
        send(desk, sort=column)
        back = listed(desk)
        assert there == back[::-1]
        orders[column] = there

    assert orders["name"] == IN_ORDER
    assert orders["birth"][:2] == ["EVANS", "BAKER"]  # not recorded comes first
    assert orders["birth"][-1] == FORMULA
    assert orders["created"][0] == "FOSTER"
    assert orders["created"][-1] == "EVANS"


@pytest.mark.parametrize("column", ["name", "birth", "created"])
def test_pages_hold_everybody_once_whatever_is_equal(client: Client, reader: User, column: str) -> None:
    index.store(record(100 + each, "Same", given="Same", born=None) for each in range(60))
    signed_in(client, reader)
    send(client, sort=column)
    pages = [parsed(client.get(f"{LIST}?page={number}")) for number in (1, 2, 3)]
    keys = [[each.attributes["value"] for each in page.named("tick")] for page in pages]

    assert [len(each) for each in keys] == [25, 25, 10]
    assert len({key for some in keys for key in some}) == 60
    again = [each.attributes["value"] for each in parsed(client.get(f"{LIST}?page=2")).named("tick")]
    assert again == keys[1]


@pytest.mark.slow
def test_page_beyond_the_end_is_the_last_one(client: Client, reader: User) -> None:
    index.store(record(100 + each, f"Name{each:03}") for each in range(60))
    signed_in(client, reader)

    assert listed(client, f"{LIST}?page=999999") == listed(client, f"{LIST}?page=3")
    assert listed(client, f"{LIST}?page=x") == listed(client)
    assert listed(client, f"{LIST}?page={'9' * 5000}") == listed(client)
    assert send(client, here="1", jump="3")["Location"] == f"{LIST}?page=3"


@pytest.mark.slow
@pytest.mark.parametrize("size", [25, 50, 100])
def test_page_size_is_kept(client: Client, reader: User, size: int) -> None:
    index.store(record(100 + each, f"Name{each:03}") for each in range(110))
    signed_in(client, reader)
    send(client, size=size)

    assert len(listed(client)) == size
    send(client, size=10_000)
    assert len(listed(client)) == size


@pytest.mark.slow
def test_more_than_are_counted_is_said_and_can_be_paged(
    client: Client, reader: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("patients.services.people_list.COUNTED", 50)
    monkeypatch.setattr("patients.views.people_list.COUNTED", 50)
    index.store(record(100 + each, f"Name{each:03}") for each in range(110))
    signed_in(client, reader)

    assert "More than 50 people: 1 to 25 shown." in parsed(client.get(LIST)).text
    every = [name for page in range(1, 6) for name in listed(client, f"{LIST}?page={page}")]
    assert every == [f"NAME{each:03}" for each in range(110)]
    assert listed(client, f"{LIST}?page=77") == every[100:]


def statements(client: Client, people: int) -> int:
    """How many statements a page of so many sends; one more where what a process remembers for a while
    is asked for again."""
    with CaptureQueriesContext(connection) as asked:
        assert len(listed(client)) == people
    return len(asked)


@pytest.mark.slow
def test_queries_are_as_many_for_a_hundred_people_as_for_a_few(client: Client, reader: User) -> None:
    signed_in(client, reaches(reader, "7"))
    counts = []
    for last in (3, 100):  # among whom there are namesakes
        index.store(record(each, f"Name{each:03}", system="jhe", organizations=["7"]) for each in range(last))
        send(client, size=100)
        counts.append(min(statements(client, last) for _ in range(3)))

    assert counts[0] == counts[1]
