"""The portal beside the console of a real JHE: the same people, the same browser, the same run.

Sets up as many people as wanted in one organization of that JHE (through its API, as a practitioner
who may; who is there stays), reads them into a portal of its own with an index on SQLite, and opens in
Chromium, in turns: the table of people, and the first person in it. ``cold`` is with an empty cache,
``warm`` the second time. One JSON line a measure, medians of ``BENCH_ROUNDS`` rounds:

* ``table_ms``: from asking for the page until rows of people stand in it;
* ``person_ms``: from clicking until the last live part is there (the portal's answer from JHE; the
  console's last reply and its opened panel);
* ``requests``, ``bytes`` and ``script_bytes``: over the wire, as the browser counts them.

    make bench-console JHE_URL=… JHE_CLIENT_ID=… JHE_CLIENT_SECRET=… JHE_USER=… JHE_PASSWORD=… \\
        JHE_API_KEY=… JHE_ORGANIZATION=… [BENCH_PEOPLE=2000]
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from cryptography.fernet import Fernet
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, sync_playwright

from tests import chromium
from tests.verification.sign_in import sign_in
from tests.verification.subject import NEEDED, Subject, from_environment

from .support import ROOT, web_server

PEOPLE = 2_000
ROUNDS = 5
PATIENCE = 60_000  # milliseconds

#: When a condition first holds, as the page's own clock has it. No ``eval``: the portal's policy forbids it.
WATCH = """() => new Promise(done => {
  const look = () => (CONDITION)
    ? done(performance.timeOrigin + performance.now()) : requestAnimationFrame(look);
  look();
})"""
LAST_REPLY = """() => performance.timeOrigin + Math.max(0,
  ...performance.getEntriesByType("resource").map(each => each.responseEnd))"""
STARTED = "() => performance.timeOrigin"
NOTE_CLICK = """() => addEventListener("click",
  () => sessionStorage.setItem("bench", performance.timeOrigin + performance.now()), {capture: true})"""
CLICKED = "() => Number(sessionStorage.getItem('bench'))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two: where its table is, and how its parts are known (JavaScript)."""

    name: str
    table: str
    rows: str
    opens: str
    person: str
    person_url: str


@dataclass(slots=True)
class Counted:
    """What went over the wire."""

    requests: int = 0
    bytes: int = 0
    script_bytes: int = 0
    scripts: set[str] = field(default_factory=set)


class Wire:
    """Counts a page's requests and bytes by the browser's own protocol."""

    def __init__(self, page: Page) -> None:
        self._session: CDPSession = page.context.new_cdp_session(page)
        self._session.send("Network.enable")
        self._session.on("Network.requestWillBeSent", self._sent)
        self._session.on("Network.responseReceived", self._answered)
        self._session.on("Network.loadingFinished", self._finished)
        self.counted = Counted()

    def empty_cache(self) -> None:
        """As in a browser that was never here."""
        self._session.send("Network.clearBrowserCache")

    def _sent(self, event: dict[str, Any]) -> None:
        self.counted.requests += event["request"]["url"].startswith("http")

    def _answered(self, event: dict[str, Any]) -> None:
        if event["type"] == "Script":
            self.counted.scripts.add(event["requestId"])

    def _finished(self, event: dict[str, Any]) -> None:
        size = int(event["encodedDataLength"])
        self.counted.bytes += size
        self.counted.script_bytes += size if event["requestId"] in self.counted.scripts else 0


def main() -> None:
    """Set both up, measure in turns, print."""
    missing = [name for name in (*NEEDED, "JHE_API_KEY") if not os.environ.get(name)]
    if missing:
        raise SystemExit(f"bench-console needs {', '.join(missing)}")
    subject = from_environment()
    with tempfile.TemporaryDirectory() as folder:
        cookie, people = _set_up(subject, Path(folder))
        with web_server({}) as address, _browser() as browser:
            portal = _portal(address)
            console = _console(subject)
            pages = {
                portal: _portal_page(browser, address, cookie),
                console: _console_page(browser, subject),
            }
            _measure(pages, people)


def _measure(pages: dict[Side, Page], people: int) -> None:
    found: dict[tuple[str, str, str], list[float]] = {}
    wires = {side: Wire(page) for side, page in pages.items()}
    for _ in range(int(os.environ.get("BENCH_ROUNDS", ROUNDS))):
        for side, page in pages.items():
            for cache in ("cold", "warm"):
                if cache == "cold":
                    wires[side].empty_cache()
                for measure, value in _lap(side, page, wires[side]).items():
                    found.setdefault((measure, cache, side.name), []).append(value)
    for measure, cache in dict.fromkeys((measure, cache) for measure, cache, _ in found):
        line = {"benchmark": "console", "measure": measure, "cache": cache, "people": people}
        line |= {side.name: round(statistics.median(found[measure, cache, side.name])) for side in pages}
        print(json.dumps(line), flush=True)  # noqa: T201


def _lap(side: Side, page: Page, wire: Wire) -> dict[str, float]:
    """The table, then the first person in it."""
    wire.counted = Counted()
    page.goto(side.table, wait_until="commit", timeout=PATIENCE)
    shown = _when(side.rows, page)
    table = shown - page.evaluate(STARTED)
    page.wait_for_load_state("networkidle", timeout=PATIENCE)
    of_table = wire.counted
    page.evaluate(NOTE_CLICK)
    wire.counted = Counted()
    page.locator(side.opens).first.click()
    person = _opened(side, page)
    return {
        "table_ms": table, "table_requests": of_table.requests, "table_bytes": of_table.bytes,
        "table_script_bytes": of_table.script_bytes, "person_ms": person,
        "person_requests": wire.counted.requests, "person_bytes": wire.counted.bytes,
    }  # fmt: skip


def _when(condition: str, page: Page) -> float:
    moment: float = page.evaluate(WATCH.replace("CONDITION", condition))
    return moment


def _opened(side: Side, page: Page) -> float:
    page.wait_for_url(re.compile(side.person_url), wait_until="commit", timeout=PATIENCE)
    shown = _when(side.person, page)
    clicked: float = page.evaluate(CLICKED)
    page.wait_for_load_state("networkidle", timeout=PATIENCE)
    last: float = page.evaluate(LAST_REPLY)
    return max(shown, last) - clicked


# --- the two sides --------------------------------------------------------------------------


def _portal(address: str) -> Side:
    return Side(
        name="portal",
        table=f"{address}/people/",
        rows="document.querySelector('.portal-list__name a')",
        opens=".portal-list__name a",
        person="document.querySelector('#person-status') && !document.querySelector('[data-portal-asking]')",
        person_url=r"/people/[\w-]+$",
    )


def _console(subject: Subject) -> Side:
    return Side(
        name="console",
        table=f"{subject.url}/clients/jhe-admin/patients/",
        rows="document.querySelector('table tbody tr td')",
        opens="table tbody tr button",
        person="document.querySelector('#patients-crudModal.show')",
        person_url=".",
    )


def _context(browser: Browser) -> BrowserContext:
    return browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")


def _portal_page(browser: Browser, address: str, cookie: str) -> Page:
    context = _context(browser)
    context.add_cookies([{"name": "sessionid", "value": cookie, "url": address}])
    return context.new_page()


def _console_page(browser: Browser, subject: Subject) -> Page:
    """Signed in as a browser does it, through the console's own sign-in."""
    page = _context(browser).new_page()
    page.goto(f"{subject.url}/clients/jhe-admin/", timeout=PATIENCE)
    page.locator("input[type=password]").wait_for(timeout=PATIENCE)
    page.fill("input[name=username]", subject.practitioner.email)
    page.fill("input[type=password]", subject.practitioner.password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/clients/jhe-admin/**", timeout=PATIENCE)
    page.locator("button.nav-link").first.wait_for(timeout=PATIENCE)
    return page


@contextmanager
def _browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.installed(), args=chromium.FLAGS)
        yield browser
        browser.close()


# --- setting up -----------------------------------------------------------------------------


def _set_up(subject: Subject, folder: Path) -> tuple[str, int]:
    """People in JHE, and a portal that has read them; the session's cookie, and how many there are."""
    os.environ.update(
        {
            "DATABASE_URL": f"sqlite:///{folder / 'portal.sqlite3'}",
            "VAR_DIR": str(folder),
            "ENV_FILE": os.devnull,
            "SECRET_KEY": "benchmark",
            "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            "SECOND_FACTOR_ROLES": "",
            "JHE_RATE": "200",
            "DJANGO_SETTINGS_MODULE": "tests.benchmarks.console_settings",
        }
    )
    import django

    django.setup()
    from django.core.management import call_command

    from .jhe_people import People

    organization = int(os.environ.get("JHE_ORGANIZATION") or _organization(subject))
    people = People(subject, organization)
    there = people.make(int(os.environ.get("BENCH_PEOPLE", PEOPLE)))
    people.show_all()
    call_command("migrate", verbosity=0)
    call_command("createcachetable")
    call_command("collectstatic", interactive=False, verbosity=0)
    cookie = _account(subject)
    subprocess.run([sys.executable, "manage.py", "sync", "jhe", "--rows"], cwd=ROOT, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    return cookie, there


def _account(subject: Subject) -> str:
    """Somebody who works here and is signed in at JHE as the practitioner; their session's cookie."""
    from django.db import connections
    from django.test import Client

    from portal.accounts.models import PersonToken, User
    from portal.accounts.roles import Role, give_role

    tokens = sign_in(subject, subject.practitioner)
    user = User.objects.create_user("benchmark@example.org")
    give_role(user=user, role=Role.CLINIC_STAFF, by=None)
    PersonToken.objects.create(
        user=user,
        system="jhe",
        subject="benchmark",
        access=tokens["access_token"],
        refresh=tokens["refresh_token"],
    )
    client = Client()
    client.force_login(user)
    cookie = str(client.cookies["sessionid"].value)
    connections.close_all()
    return cookie


def _organization(subject: Subject) -> int:
    """The first organization in which the practitioner may add people."""
    token = sign_in(subject, subject.practitioner)["access_token"]
    reply = requests.get(
        f"{subject.url}/api/v1/users/organizations", headers={"Authorization": f"Bearer {token}"}, timeout=30
    )
    reply.raise_for_status()
    return int(reply.json()[0]["id"])


if __name__ == "__main__":
    main()
    sys.exit(0)
