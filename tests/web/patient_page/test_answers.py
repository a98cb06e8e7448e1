"""The page of a person: there at once as last read, corrected as each system answers."""

from __future__ import annotations

import time
from urllib.parse import parse_qs, urlsplit

from django.test import Client
from django.utils import timezone

from integrations.sandbox.run import Sandbox
from patients.models import SourceRecord
from patients.services import rereading, taking_in
from tests.support import PART, Node, parsed
from tests.waiting import until

from .opening import (
    READING,
    THREE_DAYS,
    address,
    ages,
    change_at,
    field_of,
    gone_on,
    gone_on_to_the_end,
    hang,
    live_url,
    opened,
    views,
)


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
