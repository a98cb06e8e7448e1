"""Visits every address that can be read, and says what changed because of it."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.db import connection
from django.test import Client
from django.urls import get_resolver

from integrations.sandbox.run import Sandbox
from tests.support import PART, parsed
from tests.web.test_access import addresses

# What reading may change: who is signed in and since when, counters and limits, the look-ups of a
# quarter of an hour, how systems were found to be, roles there and names of organizations, refreshed tokens,
# whom one has seen, which study one has open and that it is to be read, and the index, which takes in what
# is read live.
MAY_CHANGE = frozenset(
    {
        "django_session",
        "usersessions_usersession",
        "integrations_allowance",
        "portal_cache",
        "patients_lookup",
        "patients_answer",
        "patients_connectionlook",
        "patients_tokenlease",
        "patients_ownroles",
        "patients_identifier",
        "patients_key",
        "patients_link",
        "patients_listentry",
        "patients_membership",
        "patients_participant",
        "patients_patient",
        "patients_recordchange",
        "patients_seen",
        "patients_chosenstudy",
        "patients_place",
        "patients_studyreading",
        "patients_sourcerecord",
        "patients_study",
    }
)
MAY_GROW = frozenset({"audit_event", "audit_eventrecord", "patients_decision"})
# Of a token these columns stay as they are when it is refreshed.
OF_A_TOKEN = ("id", "user_id", "system", "subject")
# JHE gives out tokens when one is refreshed and when an API key is used.
TOKENS = frozenset({"access_tokens", "refresh_tokens"})


@dataclass(kw_only=True)
class Crawler:
    """Follows links from every address of the URL configuration.

    ``known`` fills the parameters of addresses: for a URL name the addresses to begin with.
    ``visited`` counts the answers by address; ``broken`` holds addresses that answered 500.
    ``watch`` is shown every answer.
    """

    client: Client
    known: Mapping[str, list[str]]
    most: int = 400
    watch: Callable[[Any], None] = lambda _: None
    visited: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)

    def crawl(self) -> None:
        """Visit everything once as a page and once as a part."""
        waiting = deque(self._first())
        while waiting and len(self.visited) < self.most:
            address = waiting.popleft()
            if address in self.visited:
                continue
            for headers in ({}, PART):
                response = self.client.get(address, headers=headers)
                self.visited[address] += 1
                self.watch(response)
                if response.status_code >= 500 and response.status_code != 503:
                    self.broken.append(address)
                waiting.extend(self._links_of(response))

    def _first(self) -> Iterator[str]:
        for name, address in addresses(get_resolver().url_patterns):
            yield from self.known.get(name, [address])

    def _links_of(self, response: Any) -> Iterator[str]:
        if "Location" in response.headers:
            yield from _ours(response["Location"])
        if "html" in response.headers.get("Content-Type", "") and not response.streaming:
            for node in parsed(response).every(lambda node: node.tag not in {"form", "link", "script"}):
                for kind in ("href", "hx-get"):
                    yield from _ours(node.attributes.get(kind, ""))


def _ours(address: str) -> Iterator[str]:
    """The address without fragment, if it leads to a page of this portal."""
    parts = urlsplit(address)
    if parts.netloc in {"", "testserver"} and parts.path.startswith("/"):
        yield f"{parts.path}?{parts.query}".rstrip("?")


@dataclass(frozen=True)
class State:
    """Everything that reading must not change: the systems, and the portal's tables."""

    systems: Mapping[str, Any]
    tables: Mapping[str, Counter[tuple[str, ...]]]

    def changes(self, later: State) -> list[str]:
        """The places that differ and may not."""
        changed = [name for name, rows in self.systems.items() if rows != later.systems[name]]
        for table, rows in self.tables.items():
            gone, come = rows - later.tables[table], later.tables[table] - rows
            if gone or (come and table not in MAY_GROW):
                changed.append(f"table {table}")
        return changed


def state_of(sandbox: Sandbox) -> State:
    """The state now."""
    systems: dict[str, Any] = {}
    for name, store in sandbox.stores.items():
        for part, rows in store.snapshot().items():
            if not (name == "jhe" and part in TOKENS):
                systems[f"{name} {part}"] = rows
    return State(systems=systems, tables=dict(_tables()))


def _tables() -> Iterator[tuple[str, Counter[tuple[str, ...]]]]:
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table in MAY_CHANGE or re.match(r"sqlite_", table):
                continue
            columns = ", ".join(OF_A_TOKEN) if table == "accounts_persontoken" else "*"
            cursor.execute(f'SELECT {columns} FROM "{table}"')  # noqa: S608 (our own tables' names)
            yield table, Counter(tuple(map(str, row)) for row in cursor.fetchall())
