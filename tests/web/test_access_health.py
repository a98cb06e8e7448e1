"""The two questions of a supervisor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import OperationalError, connection
from django.test import Client


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
