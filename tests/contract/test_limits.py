"""One pace for all processes, Jump's hourly quota with its reserve, and what is left when they fail."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections
from django.utils import timezone
from pytest_django import Settings

from integrations import errors, limits
from integrations.models import Allowance
from integrations.types import Quota, SearchQuery

from .subjects import ON_DATABASE, Bench

pytestmark = ON_DATABASE

WORKER = """
import time
import django
django.setup()
from integrations import limits
print("ready", flush=True)
input()
for _ in range(5):
    limits.take_turn("jump", rate=25.0, burst=1, patience=30.0, sleep=time.sleep)
    print(time.time(), flush=True)
"""


def _slow_down(settings: Settings, **values: Any) -> None:
    settings.SYSTEMS = {**settings.SYSTEMS, "jump": {**settings.SYSTEMS["jump"], **values}}


@pytest.mark.slow
def test_pace_is_kept_by_several_processes_together() -> None:
    found = connection.settings_dict
    engine = "sqlite" if connection.vendor == "sqlite" else "postgres"
    host = (
        f"{found['USER']}:{found['PASSWORD']}@{found['HOST']}:{found['PORT']}" if engine == "postgres" else ""
    )
    address = f"{engine}://{host}/{found['NAME']}"
    environment = {**os.environ, "DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "portal.settings"}
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for _ in range(3)
    ]
    for worker in workers:  # each waits for its line, so that they start together
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("\n")
        worker.stdin.flush()
    outputs = [worker.communicate(timeout=60) for worker in workers]
    turns = sorted(float(line) for printed, _complaints in outputs for line in printed.split())
    assert len(turns) == 15, [complaints for _printed, complaints in outputs]
    assert not [complaints for _printed, complaints in outputs if "unavailable" in complaints]
    # What is printed comes a little after its turn; the whole span cannot be short.
    assert turns[-1] - turns[0] > 14 / 25 * 0.9


def test_pace_is_kept_by_threads_together() -> None:
    def work(number: int) -> None:
        try:
            for _ in range(5):
                limits.take_turn("jump", rate=50.0, burst=5, patience=30.0, sleep=time.sleep)
        finally:
            connections.close_all()

    started = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert time.monotonic() - started > (20 - 5) / 50 * 0.9


def test_turn_beyond_patience_is_refused_at_once() -> None:
    slept: list[float] = []

    def turn() -> None:
        limits.take_turn("jump", rate=0.01, burst=1, patience=1.0, sleep=slept.append)

    turn()
    with pytest.raises(limits.Exhausted) as caught:
        turn()
    assert slept == []
    assert caught.value.reason == "pace"
    assert caught.value.wait > 90


def test_full_pace_is_told_as_too_many_requests(jump: Bench, settings: Settings) -> None:
    _slow_down(settings, RATE=0.01, BURST=1)
    jump.adapter(seconds=1).get(jump.known_id)
    jump.faults.forget_requests()
    with pytest.raises(errors.RateLimited) as caught:
        jump.adapter(seconds=1).get(jump.known_id)
    assert caught.value.reason == "pace"
    assert jump.faults.requests() == []


def test_background_work_leaves_the_burst_to_staff(jump: Bench, settings: Settings) -> None:
    _slow_down(settings, RATE=0.1, BURST=4)
    jump.adapter(seconds=1, background=True).get(jump.known_id)
    with pytest.raises(errors.RateLimited):
        jump.adapter(seconds=1, background=True).get(jump.known_id)
    jump.adapter(seconds=1).get(jump.known_id)
    jump.adapter(seconds=1).get(jump.known_id)


def test_quota_reserve_stops_background_work_and_not_staff(jump: Bench) -> None:
    jump.sandbox.switches["jump"].set(rate_limit=10)
    background = jump.adapter(background=True)
    for _ in range(8):  # 20 % of ten are kept
        background.get(jump.known_id)
    with pytest.raises(errors.RateLimited) as caught:
        background.get(jump.known_id)
    assert caught.value.reason == "reserve"
    assert caught.value.retry_after is not None
    assert len(jump.faults.requests()) == 8
    jump.adapter().get(jump.known_id)
    jump.adapter().get(jump.known_id)
    assert len(jump.faults.requests()) == 10


def test_used_up_quota_tells_staff_when_and_asks_no_more(jump: Bench) -> None:
    jump.sandbox.switches["jump"].set(rate_limit=1)
    jump.adapter().get(jump.known_id)
    jump.faults.forget_requests()
    with pytest.raises(errors.RateLimited) as caught:
        jump.adapter().get(jump.known_id)
    assert caught.value.reason == "quota"
    assert 0 < (caught.value.retry_after or 0) <= 3600
    assert "minute" in caught.value.next_step
    assert jump.faults.requests() == []


def test_429_of_a_used_up_quota_is_not_retried(jump: Bench) -> None:
    """Back-off of 1, 2 and 4 s cannot outlast an hour (README, Quota)."""
    jump.sandbox.switches["jump"].set(rate_limit=0)
    with pytest.raises(errors.RateLimited) as caught:
        jump.adapter().get(jump.known_id)
    assert caught.value.reason == "quota"
    assert len(jump.faults.requests()) == 1


def test_quota_is_read_from_the_headers_and_shown(jump: Bench) -> None:
    jump.sandbox.switches["jump"].set(rate_limit=100)
    quota = jump.adapter().healthcheck().quota
    assert quota is not None
    assert quota.limit == 100
    assert quota.remaining == 100 - len(jump.faults.requests())
    assert quota.resets_at is not None
    assert (quota.resets_at.minute, quota.resets_at.second) == (0, 0)


def test_of_replies_that_crossed_the_one_that_leaves_less_stands(jump: Bench) -> None:
    jump.adapter().get(jump.known_id)
    now = timezone.now().replace(microsecond=0)
    told = partial(Quota, limit=1000, resets_at=now + timedelta(hours=2))
    limits.note_quota("jump", told(remaining=95, read_at=now))
    limits.note_quota("jump", told(remaining=98, read_at=now))
    assert _remaining() == 95

    limits.note_quota("jump", told(remaining=98, read_at=now + timedelta(minutes=2)))
    assert _remaining() == 98

    anew = Quota(limit=1000, remaining=999, resets_at=now + timedelta(hours=3), read_at=now)
    limits.note_quota("jump", anew)
    assert _remaining() == 999


def _remaining() -> int:
    quota = limits.quota_of("jump")
    assert quota is not None
    return quota.remaining


def test_quota_that_has_started_anew_stops_nobody(jump: Bench) -> None:
    jump.adapter().get(jump.known_id)
    gone = timezone.now() - timedelta(minutes=2)
    limits.note_quota("jump", Quota(limit=1000, remaining=0, resets_at=gone))
    assert jump.adapter(background=True).get(jump.known_id).id == jump.known_id


def test_search_spends_few_requests(jump: Bench) -> None:
    jump.adapter().search(SearchQuery(words=("a",)))
    assert len(jump.faults.requests()) <= 9


def test_without_the_database_reading_goes_on(jump: Bench) -> None:
    def refuse(execute: Any, sql: str, *rest: Any) -> Any:
        if "integrations_allowance" in sql:
            raise DatabaseError("gone")
        return execute(sql, *rest)

    adapter = jump.adapter()
    with connection.execute_wrapper(refuse):
        assert adapter.get(jump.known_id).id == jump.known_id
    assert not Allowance.objects.exists()


def test_impilo_is_asked_two_things_at_a_time(impilo: Bench, settings: Settings) -> None:
    """Six questions at 0.1 s each, two at a time (README, Limits)."""
    impilo.faults.latency = 0.1
    adapter = impilo.adapter()

    def ask(number: int) -> None:
        try:
            adapter.get(impilo.known_id)
        finally:
            connections.close_all()

    started = time.monotonic()
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(ask, range(6)))
    assert time.monotonic() - started > 0.3
