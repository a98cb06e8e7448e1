"""How long the people list takes at a million source records: first page, deep pages, every filter.

Through the web server, from the request to the whole page, as clinic staff with a role in three of
the JHE organizations and as a coordinator there. One JSON line for each role, order and filter.
With ``DATABASE_URL`` on that database, which has to be empty or filled by an earlier run.

    make bench-people-list
    make bench-people-list ARGS=100000
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests

from .people_fill import OWN, fill
from .support import KEY, signed_in, token_in, web_server

RECORDS = 1_000_000
ROUNDS = 20
ADDRESS = "/people/"

#: Kind → what the filter form sends and which page is opened then.
KINDS: dict[str, tuple[dict[str, Any], int]] = {
    "first page": ({}, 1),
    "page of 100": ({"size": "100"}, 1),
    "deep page": ({}, 2_000),
    "page 20,000": ({}, 20_000),
    "page beyond the end": ({}, 1_000_000),
    "status": ({"statuses": ["archived"]}, 1),
    "several statuses": ({"statuses": ["archived", "inactive", "merged"]}, 1),
    "registration": ({"registrations": ["temporary"]}, 1),
    "status and registration": ({"statuses": ["archived"], "registrations": ["temporary"]}, 1),
    "created in a week": ({"created_from": "1 1 2024", "created_to": "7 1 2024"}, 1),
    "created since": ({"created_from": "1 1 2024"}, 1),
    "organization": ({"organization": OWN[0]}, 1),
    "system": ({"system": "impilo"}, 1),
    "needs review": ({"review": "on"}, 1),
    "in one system only": ({"alone": "on"}, 1),
    "test records": ({"tests": "on"}, 1),
    "name": ({"name": "sm"}, 1),
    "nobody": ({"name": "qqqq"}, 1),
    "everything at once": (
        {
            "statuses": ["archived"],
            "system": "jump",
            "review": "on",
            "alone": "on",
            "created_from": "1 1 2020",
        },
        1,
    ),
}


def main() -> None:
    """Fill where there is nobody yet, and print one JSON line for each kind."""
    records = int(sys.argv[1]) if len(sys.argv) > 1 else RECORDS
    with tempfile.TemporaryDirectory() as folder:
        environment = _environment(Path(folder))
        cookies, facts, places = _prepare(environment, records)
        with web_server(environment, workers=1) as address:
            for role, cookie in cookies.items():
                browser = _Browser(address, cookie)
                for line in _measured(browser, places):
                    print(json.dumps({**facts, "role": role, **line}), flush=True)  # noqa: T201


def _measured(browser: _Browser, places: dict[str, int]) -> Iterator[dict[str, object]]:
    for order in ("name", "birth", "created"):
        browser.sort(order)
        for kind, (sent, page) in KINDS.items():
            if order != "name" and kind in {"page of 100", "nobody"}:
                continue
            filters = {
                name: places[value] if name == "organization" else value for name, value in sent.items()
            }
            browser.send(**{"size": "25", **filters} if "size" in filters else {"filter": "1", **filters})
            took = sorted(browser.open(page) for _ in range(ROUNDS))
            browser.send(size="25")
            yield {
                "order": order,
                "kind": kind,
                "p50_ms": round(statistics.median(took), 1),
                "p95_ms": round(took[int(len(took) * 0.95) - 1], 1),
                "queries": len(took),
            }


class _Browser:
    """Somebody who is signed in, at the list."""

    def __init__(self, address: str, cookie: str) -> None:
        self._address = f"{address}{ADDRESS}"
        self._session = requests.Session()
        self._session.cookies.set("sessionid", cookie, domain="127.0.0.1")
        page = self._session.get(self._address, timeout=60)
        page.raise_for_status()
        self._token = token_in(page.text)

    def send(self, **values: Any) -> None:
        """Press a button of the page."""
        form = {"csrfmiddlewaretoken": self._token, **values}
        self._session.post(self._address, data=form, timeout=60, allow_redirects=False).raise_for_status()

    def sort(self, column: str) -> None:
        """In order of a column; the list begins in order of names."""
        if column != "name":
            self.send(sort=column)

    def open(self, page: int) -> float:
        """Milliseconds until a page is here."""
        begun = time.perf_counter()
        reply = self._session.get(self._address, params={"page": page}, timeout=60)
        reply.raise_for_status()
        assert "portal-list" in reply.text or "Nobody" in reply.text
        return (time.perf_counter() - begun) * 1000


def _environment(folder: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": os.environ.get("DATABASE_URL", f"sqlite:///{folder / 'portal.sqlite3'}"),
        "VAR_DIR": str(folder),
        "SECRET_KEY": "benchmark",
        "ENCRYPTION_KEYS": KEY,
        "SECOND_FACTOR_ROLES": "",
        "JUMP_URL": "",
        "JHE_URL": "",
        "IMPILO_URL": "",
    }


def _prepare(
    environment: dict[str, str], records: int
) -> tuple[dict[str, str], dict[str, object], dict[str, int]]:
    """A filled database and, for each role, the session's cookie of somebody who has it; then what is
    measured, and the ids of the organizations by number."""
    os.environ.update(environment, DJANGO_SETTINGS_MODULE="portal.settings")
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection, connections

    from patients.models import Patient, Place, SourceRecord
    from portal.accounts.roles import Role

    call_command("migrate", verbosity=0)
    call_command("createcachetable")
    if not Patient.objects.exists():
        fill(records)
    facts: dict[str, object] = {
        "records": SourceRecord.objects.count(),
        "people": Patient.objects.count(),
        "database": connection.vendor,
    }
    places = dict(Place.objects.exclude(organization="").values_list("organization", "pk"))
    cookies = {str(role): signed_in(role, OWN) for role in (Role.CLINIC_STAFF, Role.COORDINATOR)}
    connections.close_all()
    return cookies, facts, places


if __name__ == "__main__":
    main()
