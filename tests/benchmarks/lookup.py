"""How long a look-up takes beside what the slowest system takes by itself.

Every system answers every request in 300 ms. Measured is the time from the POST, through the
web server, to the last system's panel, records fetched in full included, as a browser does it:
the form is posted, the page opened, its three panels fetched side by side.

``slowest_ms`` is the least that any client needs for the same: the longest chain of dependent
requests that one system saw, times what one bare request to the sandbox took in the same run.
``ratio_to_slowest`` is the median of the one over the other. One JSON line for each kind of
look-up, and one with a system that hangs: the others' panels must not wait for it.

    make bench-lookup
"""

from __future__ import annotations

import json
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import requests
from cryptography.fernet import Fernet

from integrations.sandbox import jhe
from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox, utc_now

from .support import token_in, web_server

LATENCY = 0.3
ROUNDS = 9
HANGING = "impilo"
DEADLINE = 3.0

#: Kind of look-up and what is typed: people of the sandbox (integrations/sandbox/people).
KINDS = {
    "name": "smith",
    "name and birth date": "john smith 3/4/80",
    "NHS number": "999 166 2995",
    "e-mail": "john.smith@example.org",
    "nobody": "zzyzx",
}


@dataclass(frozen=True, slots=True)
class Lap:
    """One look-up: seconds until the last panel, and each panel's own."""

    total: float
    panels: dict[str, float]


LookUp = Callable[[str], Lap]


class Browser:
    """Does what a browser does with the look-up page, without drawing it."""

    def __init__(self, address: str, cookie: str) -> None:
        self.address = address
        self.session = requests.Session()
        self.session.cookies.set("sessionid", cookie, domain="127.0.0.1")
        self._pool = ThreadPoolExecutor(max_workers=8)

    def look_up(self, text: str) -> Lap:
        """Post, follow, fetch the panels side by side."""
        token = self._token()
        begun = time.monotonic()
        form = {"text": text, "csrfmiddlewaretoken": token}
        page = self.session.post(f"{self.address}/", data=form, timeout=30)
        page.raise_for_status()
        panels = re.findall(r'hx-get="([^"]+/systems/(\w+))" hx-trigger="load"', page.text)
        # A system that answered before the page was made needs no panel of its own any more.
        took = dict.fromkeys(re.findall(r'id="system-(\w+)"', page.text), time.monotonic() - begun)
        if len(took) != 3:
            raise SystemExit(f"the page names {len(took)} systems, not 3")
        took |= dict(self._pool.map(lambda found: (found[1], self._panel(found[0], begun)), panels))
        return Lap(total=max(took.values()), panels=took)

    def _panel(self, path: str, begun: float) -> float:
        reply = self.session.get(f"{self.address}{path}", headers={"HX-Request": "true"}, timeout=30)
        reply.raise_for_status()
        return time.monotonic() - begun

    def _token(self) -> str:
        return token_in(self.session.get(self.address).text)


def main() -> None:
    """Print one JSON line for each kind."""
    with tempfile.TemporaryDirectory() as folder, Sandbox() as sandbox:
        environment = _environment(sandbox, Path(folder))
        cookie = _prepare(environment, sandbox)
        with (
            web_server(environment) as address,
            _latency(sandbox),
            # A browser is a machine of its own: in the sandbox's process it would slow the systems down.
            ProcessPoolExecutor(1, get_context("spawn"), _open_browser, (address, cookie)) as apart,
        ):

            def look_up(text: str) -> Lap:
                return apart.submit(_look_up, text).result()

            for text in KINDS.values():
                look_up(text)  # first uses: probing, imports, connections
            for kind, text in KINDS.items():
                print(json.dumps(_measure(look_up, sandbox, kind, text)), flush=True)  # noqa: T201
            print(json.dumps(_measure_hanging(look_up, sandbox)), flush=True)  # noqa: T201


_browser: Browser


def _open_browser(address: str, cookie: str) -> None:
    global _browser
    _browser = Browser(address, cookie)


def _look_up(text: str) -> Lap:
    return _browser.look_up(text)


def _measure(look_up: LookUp, sandbox: Sandbox, kind: str, text: str) -> dict[str, object]:
    laps, chains, ratios = [], [], []
    for _ in range(ROUNDS):
        for board in sandbox.faults.values():
            board.forget_requests()
        bare = _bare_request(sandbox)
        for board in sandbox.faults.values():
            board.forget_requests()
        lap = look_up(text)
        chain = max(_chain(sandbox, name) for name in sandbox.faults)
        laps.append(lap.total)
        chains.append(chain)
        ratios.append(lap.total / (chain * bare))
    return {
        "benchmark": "lookup",
        "kind": kind,
        "latency_ms": round(LATENCY * 1000),
        "longest_chain": max(chains),
        "p50_ms": round(statistics.median(laps) * 1000),
        "max_ms": round(max(laps) * 1000),
        "slowest_ms": round(statistics.median(chains) * LATENCY * 1000),
        "ratio_to_slowest": round(statistics.median(ratios), 3),
        "worst_ratio": round(max(ratios), 3),
        "rounds": ROUNDS,
    }


def _measure_hanging(look_up: LookUp, sandbox: Sandbox) -> dict[str, object]:
    text = KINDS["name"]
    usual = statistics.median(_others(look_up(text)) for _ in range(3))
    sandbox.faults[HANGING].add(Fault(kind=FaultKind.HANG))
    laps = [look_up(text) for _ in range(3)]
    sandbox.faults[HANGING].clear()
    return {
        "benchmark": "lookup",
        "kind": f"{HANGING} hangs",
        "others_ms": round(statistics.median(map(_others, laps)) * 1000),
        "others_without_fault_ms": round(usual * 1000),
        "ratio_to_slowest": round(statistics.median(map(_others, laps)) / usual, 3),
        "hanging_panel_ms": round(statistics.median(lap.panels[HANGING] for lap in laps) * 1000),
        "deadline_ms": round(DEADLINE * 1000),
    }


def _others(lap: Lap) -> float:
    return max(seconds for name, seconds in lap.panels.items() if name != HANGING)


def _chain(sandbox: Sandbox, system: str) -> int:
    """How many requests of one system can only have been sent one after the other."""
    length, free_at = 0, 0.0
    for seen in sorted(sandbox.faults[system].requests(), key=lambda each: each.at):
        if seen.at >= free_at:
            length, free_at = length + 1, seen.at + LATENCY
    return length


def _bare_request(sandbox: Sandbox) -> float:
    """Seconds that one request to the sandbox takes, without the portal."""
    address = f"{sandbox.url('jump')}/patients?limit=1"
    headers = {"Authorization": f"Bearer {sandbox.keys['jump']['full']}"}
    begun = time.monotonic()
    requests.get(address, headers=headers, timeout=10).raise_for_status()
    return time.monotonic() - begun


@contextmanager
def _latency(sandbox: Sandbox) -> Iterator[None]:
    for board in sandbox.faults.values():
        board.latency = LATENCY
    yield
    for board in sandbox.faults.values():
        board.latency = 0.0


def _environment(sandbox: Sandbox, folder: Path) -> dict[str, str]:
    """The portal's settings; paces beyond what the benchmark asks, so that none of it is waiting."""
    fast: dict[str, str] = {}
    for name in sandbox.servers:
        fast |= {f"{name.upper()}_RATE": "200", f"{name.upper()}_DEADLINE": str(DEADLINE)}
    return fast | {
        "DATABASE_URL": os.environ.get("DATABASE_URL", f"sqlite:///{folder / 'portal.sqlite3'}"),
        "VAR_DIR": str(folder),
        "SECRET_KEY": "benchmark",
        "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "SECOND_FACTOR_ROLES": "",
        "JUMP_URL": sandbox.url("jump"),
        "JUMP_API_KEY": sandbox.keys["jump"]["full"],
        "JHE_URL": sandbox.url("jhe"),
        "JHE_CLIENT_ID": "portal-integration",
        "JHE_CLIENT_SECRET": "portal-secret",
        "IMPILO_URL": sandbox.url("impilo"),
        "IMPILO_API_KEY": sandbox.keys["impilo"]["full"],
    }


def _prepare(environment: dict[str, str], sandbox: Sandbox) -> str:
    """A migrated database with one member of staff who is signed in; returns the session's cookie."""
    os.environ.update(environment, DJANGO_SETTINGS_MODULE="portal.settings")
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections
    from django.test import Client

    from portal.accounts.models import PersonToken, User
    from portal.accounts.roles import Role, give_role

    call_command("migrate", verbosity=0)
    call_command("createcachetable")
    user = User.objects.create_user("benchmark@example.org")
    give_role(user=user, role=Role.CLINIC_STAFF, by=None)
    access, refresh = jhe.issue_token(sandbox.stores["jhe"], utc_now, "manager_mary@example.com")
    PersonToken.objects.create(user=user, system="jhe", subject="benchmark", access=access, refresh=refresh)
    client = Client()
    client.force_login(user)
    cookie: str = client.cookies["sessionid"].value
    connections.close_all()
    return cookie


if __name__ == "__main__":
    main()
    sys.exit(0)
