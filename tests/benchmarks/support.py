"""What benchmarks share: the portal as a real web server over the sandbox, on loopback."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parents[2]
#: What all processes of a run encrypt with, the same at every run: what is filled stays readable.
KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
START_SECONDS = 60.0


def on_each_database(measure: Callable[[str, str], None]) -> None:
    """``measure`` with each of ``BENCH_DATABASES`` and an empty folder, each in a process of its own: Django
    is set up for one database."""
    for database in os.environ.get("BENCH_DATABASES", "sqlite").split(","):
        with tempfile.TemporaryDirectory() as folder:
            alone = get_context("spawn").Process(target=measure, args=(database, folder))
            alone.start()
            alone.join()
            if alone.exitcode:
                raise SystemExit(alone.exitcode)


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def web_server(environment: Mapping[str, str], *, workers: int = 2, threads: int = 8) -> Iterator[str]:
    """The portal under gunicorn; yields its address and ends it afterwards."""
    port = free_port()
    command = [
        *(sys.executable, "-m", "gunicorn", "portal.wsgi", "--bind", f"127.0.0.1:{port}"),
        *("--worker-class", "gthread", "--workers", str(workers), "--threads", str(threads)),
        *("--log-level", "error"),
    ]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment}, **quiet)  # type: ignore[call-overload]
    try:
        wait_until_ready(f"http://127.0.0.1:{port}/health/ready")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=20)


def wait_until_ready(address: str) -> None:
    """Ask until a server answers 200. Raises ``TimeoutError``."""
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up:
        try:
            if requests.get(address, timeout=2).ok:
                return
        except requests.RequestException:
            time.sleep(0.05)
    raise TimeoutError(address)


def signed_in(role: Any, organizations: Sequence[str]) -> str:
    """The session's cookie of somebody with a role here, whose roles at JHE were told a moment ago
    and stay so for a day. In this process's database."""
    from datetime import timedelta

    from django.test import Client
    from django.utils import timezone

    from patients.models import OwnRoles
    from portal.accounts.models import User
    from portal.accounts.roles import give_role

    user, _ = User.objects.get_or_create(email=f"{role.value.replace(' ', '.')}@example.org")
    give_role(user=user, role=role, by=None)
    OwnRoles.objects.update_or_create(
        user=user,
        system="jhe",
        defaults={"organizations": list(organizations), "read_at": timezone.now() + timedelta(days=1)},
    )
    client = Client()
    client.force_login(user)
    return str(client.cookies["sessionid"].value)


def token_in(page: str) -> str:
    """What a page's forms carry against forgery."""
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    if found is None:
        raise SystemExit("a page without a form: is somebody signed in?")
    return found[1]


class Browser:
    """Somebody who is signed in, sending forms as htmx does."""

    def __init__(self, address: str, cookie: str) -> None:
        self._address = address
        self._session = requests.Session()
        self._session.cookies.set("sessionid", cookie, domain="127.0.0.1")

    def token(self, path: str) -> str:
        """What a page's forms carry against forgery."""
        page = self._session.get(f"{self._address}{path}", timeout=60)
        page.raise_for_status()
        return token_in(page.text)

    def send(self, path: str, *, token: str, **values: str) -> float:
        """Milliseconds until a form's answer is here."""
        form = {"csrfmiddlewaretoken": token, **values}
        begun = time.perf_counter()
        reply = self._session.post(
            f"{self._address}{path}", data=form, headers={"HX-Request": "true"}, timeout=60
        )
        reply.raise_for_status()
        return (time.perf_counter() - begun) * 1000
