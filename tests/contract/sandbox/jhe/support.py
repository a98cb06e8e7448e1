"""A JHE sandbox server for tests: real HTTP on loopback, a clock that tests move, tokens by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from integrations.sandbox import jhe
from integrations.sandbox.server import Server
from integrations.sandbox.state import Store

CALLBACK = "https://portal.example.org/jhe/callback"
"""A redirect address that the server knows and nothing answers."""

START = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)


class World:
    """One server with a fresh state; a context manager that starts and stops it."""

    def __init__(
        self,
        dialect: str = jhe.CURRENT,
        people: Iterable[Mapping[str, Any]] = (),
        path: Path | None = None,
    ) -> None:
        self.dialect = dialect
        self.now = START
        rows = list(people)
        self.store = Store(lambda: jhe.seed(dialect, rows), path)
        jhe.add_redirect_uri(self.store, CALLBACK)
        self.server = Server(jhe.create_app(self.store, self.clock, dialect=dialect), keep_alive=False)
        self._tokens: dict[str, str] = {}

    def __enter__(self) -> Self:
        self.server.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.server.stop()
        self.store.close()

    def reset(self) -> Self:
        """Back to the seed and the first moment, on the same server."""
        self.now = START
        self._tokens.clear()
        self.store.reset()
        jhe.add_redirect_uri(self.store, CALLBACK)
        return self

    def clock(self) -> datetime:
        """The time that the server believes."""
        return self.now

    def passes(self, **span: float) -> None:
        """Let time pass, in the words of ``timedelta``."""
        self.now += timedelta(**span)

    @property
    def url(self) -> str:
        """Where the server answers."""
        return self.server.url

    def token(self, who: str) -> str:
        """A live access token of ``who@example.com``, the same one each time."""
        if who not in self._tokens:
            self._tokens[who] = jhe.issue_token(self.store, self.clock, f"{who}@example.com")[0]
        return self._tokens[who]

    def call(self, method: str, path: str, who: str | None = None, **kwargs: Any) -> requests.Response:
        """One request, signed in as ``who@example.com`` unless nobody is named; redirects stay."""
        headers = dict(kwargs.pop("headers", {}))
        if who is not None:
            headers["Authorization"] = f"Bearer {self.token(who)}"
        return requests.request(
            method, self.url + path, headers=headers, timeout=10, allow_redirects=False, **kwargs
        )

    def get(self, path: str, who: str | None = "manager_mary", **query: Any) -> requests.Response:
        """A GET as the manager of the first three organizations, unless somebody else is named."""
        return self.call("GET", path, who, params=query)


def person(given: str, family: str, email: str = "", **more: Any) -> dict[str, Any]:
    """A row for the seed: somebody of organization 20003, unless ``organizations`` says otherwise."""
    row = {
        "given": given,
        "family": family,
        "email": email or f"{given}.{family}@example.com".lower(),
        "birth_date": "1980-01-01",
        "phone": "",
        "identifiers": [],
        "organizations": [20003],
    }
    return row | more


def is_page(response: requests.Response, status: int, title: str) -> bool:
    """Whether an answer is one of the HTML pages."""
    return (
        response.status_code == status
        and response.headers["Content-Type"] == "text/html; charset=utf-8"
        and f"<title>{title}</title>" in response.text
    )


def failed(response: requests.Response) -> bool:
    """Whether the real server fails here."""
    return is_page(response, 500, "Server Error (500)")


def ids(response: requests.Response) -> list[int]:
    """The ids of a paged list."""
    assert response.status_code == 200
    return [row["id"] for row in response.json()["results"]]
