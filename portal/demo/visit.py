"""A visitor of a running demo: signs in, looks people up, and compares pages with the sandbox's state."""

from __future__ import annotations

import html
import re
from datetime import date
from typing import Any
from urllib.parse import urlsplit

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
        """A person's page, every system asked: for each record, by its id, what its system says now."""
        person = urlsplit(self._ask("GET", address).url)
        page = self._ask("GET", f"{person.path}?{person.query}&read=all").text
        values = [(_text(value), _READ_NOW.findall(value)) for value in _VALUE.findall(page)]
        return {
            record_id: [text for text, labels in values if label in labels]
            for label, record_id in _RECORD.findall(page)
        }

    def compare(self, system: str, record_id: str, shown: list[str]) -> None:
        """Compare what is shown of a record with what the system holds. Raises :class:`Wrong`."""
        reply = self._web.get(f"{self._control}/state/{system}", timeout=SECONDS)
        record: dict[str, Any] = reply.json()["patients"][record_id]
        given, family, born = (record[name] for name in STATE_FIELDS[system])
        for value in (given, family, f"{date.fromisoformat(born):%d-%b-%Y}"):
            if not any(value in text for text in shown):
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


_RECORD = re.compile(r'id="record-\w+-\d+">.*?<h3[^>]*>(.*?)</h3>.*?"portal-code">([^<]+)<', re.DOTALL)
_VALUE = re.compile(r'<div class="portal-value">(.*?)</div>', re.DOTALL)
_READ_NOW = re.compile(r"<b>([^<]*)</b> read now")


def _text(part: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", part)).split())
