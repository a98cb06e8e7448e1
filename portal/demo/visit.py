"""A visitor of a running demo: signs in, looks people up, and compares pages with the sandbox's state."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import requests

SECONDS = 30.0  # what one page may take
#: How each system's state names what every one of them holds: given name, family name, birth date.
STATE_FIELDS = {
    "jump": ("first_name", "last_name", "date_of_birth"),
    "jhe": ("name_given", "name_family", "birth_date"),
    "impilo": ("firstName", "lastName", "dateOfBirth"),
}


class Wrong(Exception):
    """What is not as it should be."""


class Visitor:
    """Somebody with a browser. ``portal`` and ``control`` are addresses of a running demo."""

    def __init__(self, portal: str, control: str) -> None:
        self._portal = portal
        self._control = control
        self._web = requests.Session()
        self._web.trust_env = False  # loopback only, never through a proxy

    def sign_in(self, email: str, password: str) -> None:
        """By password. Raises :class:`Wrong`."""
        page = self._send("/accounts/login/", login=email, password=password)
        if "/accounts/logout/" not in page.text:
            raise Wrong("signing in did not work")
        for sheet in re.findall(r'<link rel="stylesheet" href="([^"]+)"', page.text):
            self._ask("GET", sheet)

    def look_up(self, text: str) -> list[str]:
        """Addresses of the people found, every system having answered. Raises :class:`Wrong`."""
        address = self._send("/", text=text).url.removeprefix(self._portal)
        page = self._ask("GET", f"{address}?all=1").text
        return list(dict.fromkeys(re.findall(rf'href="({re.escape(address)}/\d+)"', page)))

    def open(self, address: str) -> dict[str, list[str]]:
        """A person's page: the texts of each record's column, by the record's id."""
        rows = [list(_cells(row)) for row in _rows(self._ask("GET", address).text)]
        width = max(map(len, rows), default=0)
        columns = [[row[place] for row in rows if place < len(row)] for place in range(1, width)]
        ids = [re.search(r"\bId (\S+)", " ".join(column)) for column in columns]
        return {found[1]: column for found, column in zip(ids, columns, strict=True) if found}

    def compare(self, system: str, record_id: str, column: list[str]) -> None:
        """Compare a record's column with what the system holds. Raises :class:`Wrong`."""
        reply = self._web.get(f"{self._control}/state/{system}", timeout=SECONDS)
        record: dict[str, Any] = reply.json()["patients"][record_id]
        given, family, born = (record[name] for name in STATE_FIELDS[system])
        for value in (given, family, f"{date.fromisoformat(born):%d-%b-%Y}"):
            if not any(value in text for text in column):
                raise Wrong(f"the page of record {record_id} does not show what {system} holds")

    def _send(self, path: str, **fields: str) -> requests.Response:
        """Fill in the form of a page."""
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self._ask("GET", path).text)
        if found is None:
            raise Wrong(f"there is no form at {path}")
        return self._ask("POST", path, {**fields, "csrfmiddlewaretoken": found[1]})

    def _ask(self, method: str, path: str, fields: dict[str, str] | None = None) -> requests.Response:
        headers = {"Referer": self._portal}
        reply = self._web.request(method, self._portal + path, data=fields, headers=headers, timeout=SECONDS)
        if reply.status_code != requests.codes.ok:
            raise Wrong(f"{method} {path.partition('?')[0]} answers {reply.status_code}")
        return reply


def _rows(page: str) -> list[str]:
    return re.findall(r"<tr\b.*?</tr>", page, flags=re.DOTALL)


def _cells(row: str) -> Iterator[str]:
    """The text of each cell of a table row."""
    for cell in re.findall(r"<t[dh]\b.*?</t[dh]>", row, flags=re.DOTALL):
        yield " ".join(html.unescape(re.sub(r"<[^>]+>", " ", cell)).split())
