"""The page after an enrolment or invitation, beside a worker: it comes with what has come of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from integrations.registry import system_names
from integrations.sandbox.run import Sandbox
from patients.models import Operation, SourceRecord, Study
from patients.services.operations import clock, sending

from .pages import enrol_page, invite_page, link_on, opened, send, went_on

LONG = 60.0  # seconds: longer than anything here may take


@pytest.fixture
def worker(sandbox: Sandbox) -> Iterator[list[threading.Thread]]:
    """The threads in which a worker sends."""
    ended = threading.Event()
    threads = sending.work(ended)
    yield threads
    ended.set()
    for each in threads:
        each.join(LONG)
        assert not each.is_alive()


@pytest.fixture
def waiting_pages(settings: Settings) -> None:
    """Pages that wait as long as it takes."""
    settings.WRITES_AWAITED = LONG


@pytest.mark.usefixtures("worker", "waiting_pages")
def test_enrolled_by_then_is_invited_at_once(desk: Client, study: Study, newcomer: SourceRecord) -> None:
    then = went_on(send(desk, enrol_page(newcomer), study=study.public_id))
    assert opened(desk, then).named("channel")

    then = went_on(send(desk, then, channel="copy"))
    assert link_on(opened(desk, then)).startswith("https://carex.example.org/invitation/")
    states = Operation.objects.values_list("kind", "state").order_by("pk")
    assert list(states) == [("enrol", "done"), ("invite", "done")]


@pytest.mark.usefixtures("waiting_pages")
def test_write_that_was_asked_for_earlier_is_not_waited_for(
    desk: Client, study: Study, newcomer: SourceRecord
) -> None:
    went_on(send(desk, enrol_page(newcomer), study=study.public_id))
    Operation.objects.update(asked_at=clock.now() - timedelta(seconds=LONG))

    began = time.monotonic()
    assert "Being enrolled" in opened(desk, invite_page(newcomer, study)).text
    assert time.monotonic() - began < LONG / 2


def test_wait_ends_where_no_worker_runs(
    desk: Client, study: Study, newcomer: SourceRecord, settings: Settings
) -> None:
    settings.WRITES_AWAITED = 0.1
    then = went_on(send(desk, enrol_page(newcomer), study=study.public_id))
    assert "Being enrolled" in opened(desk, then).text


def test_each_thread_ends_and_what_is_due_is_sent_by_one(
    worker: list[threading.Thread], desk: Client, study: Study, newcomer: SourceRecord, settings: Settings
) -> None:
    settings.WRITES_AWAITED = LONG
    assert len(worker) == sending.THREADS * len(system_names())

    opened(desk, went_on(send(desk, enrol_page(newcomer), study=study.public_id)))
    assert Operation.objects.get().attempts.count() == 1
