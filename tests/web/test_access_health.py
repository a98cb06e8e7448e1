"""The two questions of a supervisor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import time_machine
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from portal.accounts.models import User
from portal.worker import beats
from portal.worker.models import Due
from tests.conftest import signed_in


@contextmanager
def no_database() -> Iterator[None]:
    """Every statement fails, as with a database that is gone."""

    def refuse(*_: object) -> None:
        raise OperationalError

    with connection.execute_wrapper(refuse):
        yield


@pytest.mark.django_db
def test_live_says_only_ok_and_asks_no_database(client: Client) -> None:
    with no_database():
        response = client.get("/health/live")

    assert (response.status_code, response.content) == (200, b"ok")


@pytest.mark.django_db
def test_ready_needs_the_database(client: Client) -> None:
    assert client.get("/health/ready").status_code == 200
    with no_database():
        assert client.get("/health/ready").status_code == 503


@pytest.mark.django_db
def test_worker_is_missed_by_supervisor_and_admin_once_it_is_silent(client: Client, admin: User) -> None:
    assert client.get("/health/worker").status_code == 503
    assert "worker is not running" not in home_of(admin)  # none was ever started: nothing is missed yet

    beats.beat("one")
    Due.objects.create(task="patients.tasks.tidy_desks", due_at=timezone.now())
    assert client.get("/health/worker").status_code == 200
    assert "worker is not running" not in home_of(admin)

    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        assert client.get("/health/worker").status_code == 503
        assert "worker is not running" in home_of(admin)
        with no_database():
            assert client.get("/health/worker").status_code == 503


def home_of(user: User) -> str:
    return signed_in(Client(), user).get("/").content.decode()
