"""A running sandbox for all tests of this folder, and somebody who asks it questions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from integrations.sandbox.run import Sandbox

START = datetime(2026, 11, 21, 10, 20, tzinfo=UTC)


@dataclass
class Watch:
    """A clock that the tests turn."""

    now: datetime = START

    def __call__(self) -> datetime:
        """The time it shows."""
        return self.now

    def turn(self, **by: float) -> None:
        """Let time pass."""
        self.now += timedelta(**by)


@dataclass
class Asker:
    """A client of one system, with a key."""

    sandbox: Sandbox
    system: str
    header: str
    prefix: str = ""
    session: requests.Session = field(default_factory=requests.Session)

    def get(self, path: str, key: str = "full", **query: Any) -> requests.Response:
        """GET with one of the published keys."""
        return self.ask("GET", path, headers=self.signed(key), params=query)

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        """Any request, followed nowhere."""
        options = {"timeout": 10, "allow_redirects": False, **more}
        return self.session.request(method, self.sandbox.url(self.system) + path, **options)

    def signed(self, key: str = "full") -> dict[str, str]:
        """The header that carries a key."""
        return {self.header: self.prefix + self.sandbox.keys[self.system][key]}


@pytest.fixture(scope="package")
def shared() -> Iterator[tuple[Sandbox, Watch]]:
    """Jump and Impilo, started once."""
    watch = Watch()
    with Sandbox(systems=("jump", "impilo"), clock=watch) as sandbox:
        yield sandbox, watch


@pytest.fixture
def watch(shared: tuple[Sandbox, Watch]) -> Watch:
    """The clock of the sandbox, at 10:20."""
    shared[1].now = START
    return shared[1]


@pytest.fixture
def sandbox(shared: tuple[Sandbox, Watch], watch: Watch) -> Sandbox:
    """The sandbox as at its first start."""
    shared[0].reset()
    return shared[0]


@pytest.fixture
def jump(sandbox: Sandbox) -> Iterator[Asker]:
    """A client of Jump."""
    with requests.Session() as session:
        session.trust_env = False
        yield Asker(sandbox, "jump", "Authorization", "Bearer ", session)


@pytest.fixture
def impilo(sandbox: Sandbox) -> Iterator[Asker]:
    """A client of Impilo."""
    with requests.Session() as session:
        session.trust_env = False
        yield Asker(sandbox, "impilo", "Impilo-API-Key", session=session)
