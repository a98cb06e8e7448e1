"""Links, paging rules, quota headers and the other small pure parts of the integrations."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
import structlog

from integrations.impilo import replies as impilo
from integrations.jump import replies as jump
from integrations.jump.search import spellings
from integrations.links import console_link
from integrations.parallel import THREADS, side_by_side
from integrations.wire import as_moment, folded, surest_part


@pytest.mark.parametrize(
    ("template", "record_id", "link"),
    [
        ("https://x.example/p/{id}/view", "a/b", "https://x.example/p/a%2Fb/view"),
        ("https://x.example/", "7", "https://x.example/patients/7"),
        ("", "7", ""),
        ("https://x.example", "", ""),
    ],
)
def test_console_link(template: str, record_id: str, link: str) -> None:
    assert console_link(template, record_id) == link


@pytest.mark.parametrize(
    ("paging", "following"),
    [
        ({"meta": {"has_more": True, "next_offset": 3}}, 3),
        ({"meta": {"has_more": False, "next_offset": 3}}, None),
        ({"meta": {"has_more": True, "next_offset": None}}, None),
        ({"meta": {"has_more": True, "next_offset": 0}}, None),  # stands still
        ({"meta": {"has_more": True}}, 2),
        ({"meta": {"next_offset": 3}}, 3),
        ({"meta": {}}, None),
        ({"pagination": {"has_more": True, "total": 9}}, 2),
        ({"pagination": {"has_more": False, "total": 2}}, None),
        ({}, None),
    ],
    ids=str,
)
def test_jump_page_says_where_the_next_begins(paging: dict[str, object], following: int | None) -> None:
    page = jump.page({"data": [{}, {}], **paging}, offset=0)
    assert page is not None
    assert page.next_offset == following


def test_jump_empty_page_ends_the_walk() -> None:
    page = jump.page({"data": [], "meta": {"has_more": True, "next_offset": 5}}, offset=0)
    assert page is not None
    assert not page.more


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {"data": {}},
        {"data": [], "meta": {"has_more": "no"}},
        {"data": [], "meta": {"next_offset": "5"}},
    ],
    ids=str,
)
def test_jump_reply_that_is_no_list_is_none(body: object) -> None:
    assert jump.page(body, offset=0) is None


@pytest.mark.parametrize(
    ("values", "more", "pages"),
    [
        ({"last": False, "total": 30}, True, 2),
        ({"last": True, "total": 30}, False, 2),
        ({"total": 2}, False, 1),
        ({"last": False, "total": 30, "size": 10}, True, 3),  # a size above the maximum was cut
        ({}, False, 1),
    ],
    ids=str,
)
def test_impilo_page_says_whether_more_follow(values: dict[str, object], more: bool, pages: int) -> None:
    page = impilo.page({"content": [{}, {}], **values}, number=1, size=15)
    assert page is not None
    assert (page.more, page.pages) == (more, pages)


def test_jump_quota_starts_anew_on_the_hour_of_its_own_clock() -> None:
    headers = {
        "X-RateLimit-Limit": "1000",
        "X-RateLimit-Remaining": "0",
        "Date": "Sat, 21 Nov 2026 12:59:58 GMT",
    }
    quota = jump.quota(headers)
    assert quota is not None
    assert (quota.limit, quota.remaining) == (1000, 0)
    assert quota.resets_at == datetime(2026, 11, 21, 13, tzinfo=UTC)
    sooner = jump.quota({**headers, "Retry-After": "10"})
    assert sooner is not None
    assert sooner.resets_at == datetime(2026, 11, 21, 13, 0, 8, tzinfo=UTC)


@pytest.mark.parametrize("limit", ["", "many", "-1", "1e3", "٣", "9" * 20])
def test_jump_quota_that_cannot_be_read_is_none(limit: str) -> None:
    assert jump.quota({"X-RateLimit-Limit": limit, "X-RateLimit-Remaining": "1"}) is None


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": {"message": "a", "details": "b"}, "details": "c"}, "a"),
        ({"error": {"details": "b"}, "details": "c"}, "c"),
        ({"error": {"details": "b"}, "details": {}}, "b"),
        ({"error": "d"}, "d"),
        ({"error": "d", "details": "c"}, "c"),
        ("text", "HTTP 422"),
        (None, "HTTP 422"),
    ],
    ids=str,
)
def test_jump_error_text_in_its_reading_order(body: object, message: str) -> None:
    assert jump.error_message(body, 422) == message


@pytest.mark.parametrize(
    "error",
    [
        {"code": "VALIDATION_ERROR", "message": "date_of_birth: cannot be 1999-01-01"},
        {"message": "no", "fields": {"date_of_birth": "1999-01-01 is wrong"}},
        {"message": "no", "errors": [{"field": "date_of_birth", "message": "1999-01-01"}]},
        {"message": "no", "details": ["date_of_birth", "1999-01-01"]},
    ],
    ids=str,
)
def test_jump_field_errors_are_our_sentences(error: dict[str, object]) -> None:
    found = jump.field_errors({"error": error}, 422)
    assert found == {"birth_date": "Jump EHR did not accept this birth date."}


def test_spellings_of_a_number_in_the_order_asked() -> None:
    assert spellings("9434765919") == ("9434765919", "943-476-5919", "943 476 5919")


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["Siobhán", "O’Connor"], "Connor"),
        (["Ashton-Reeves"], "Ashton"),
        (["Núñez", "Zoë"], "nunez"),
        (["王", "小明"], "xiaoming"),
        (["-"], "-"),
        (["Ng"], "ng"),
    ],
)
def test_surest_part_of_a_name(words: list[str], part: str) -> None:
    assert surest_part(words) == part


def test_folding_leaves_what_spellings_share() -> None:
    assert folded("Siobhán  O’Connor") == "siobhan oconnor"
    assert folded("Ashton-Reeves") == folded("Ashton Reeves")
    assert folded("Łukasz") == "lukasz"


@pytest.mark.parametrize(
    "value", ["2024-01-01", "yesterday", "2024-13-01T00:00:00Z", 5, None, "0001-01-01T00:00:00+14:00"]
)
def test_unreadable_moment_is_none(value: object) -> None:
    assert as_moment(value) is None


def test_side_by_side_keeps_order_context_and_exceptions() -> None:
    barrier = threading.Barrier(3, timeout=5)
    structlog.contextvars.bind_contextvars(request_id="r1")

    def work(number: int) -> tuple[int, object]:
        barrier.wait()  # all three at once, or never
        if number == 1:
            raise ValueError("one")
        return number, structlog.contextvars.get_contextvars().get("request_id")

    first, second, third = side_by_side(work, [0, 1, 2], pool="test")
    structlog.contextvars.clear_contextvars()
    assert (first, third) == ((0, "r1"), (2, "r1"))
    assert isinstance(second, ValueError)
    assert side_by_side(work, [], pool="test") == []


def test_one_system_that_hangs_takes_no_thread_of_another() -> None:
    hanging = threading.Event()
    waiting = threading.Thread(
        target=lambda: side_by_side(lambda _: hanging.wait(20), range(THREADS), pool="hanging")
    )
    waiting.start()
    try:
        assert side_by_side(lambda number: number + 1, [1, 2], pool="well") == [2, 3]
    finally:
        hanging.set()
        waiting.join()
