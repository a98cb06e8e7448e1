"""What recording a write costs the request that asks for it, and how fast a worker sends.

* ``ask``: milliseconds that recording adds, 50th and 95th percentile, for a change of one record and for
  the registration of a new person, each in its own transaction with its audit event, beside
  ``BENCH_RECORDS`` (20,000) operations that have ended.
* ``pace``: ``manage.py worker`` as a process of its own works off a queue that does not become empty, at
  the paces that the settings have by default. ``requests_a_second`` are those that reached each system's
  sandbox, ``limit`` is what the portal allows itself there, ``share`` the one of the other.

    make bench-operations                                      on SQLite
    BENCH_DATABASES=sqlite,postgres://… make bench-operations  each database has to be empty
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from integrations.sandbox import jhe
from integrations.sandbox.run import Sandbox, utc_now

from .support import KEY, ROOT, on_each_database

if TYPE_CHECKING:
    from integrations.writes import NewRecord
    from patients.models import SourceRecord
    from portal.accounts.models import User

RECORDS = 20_000
SAMPLES = 300
WARM_UP = 20  # statements are prepared, pages are in memory
QUEUED = 400  # writes of each system; more than are sent in the time
SECONDS = 20.0
MEMBER = "member_megan@example.com"
ORGANIZATION = "20003"
NO_QUOTA = 10_000_000


def measure(database: str, folder: str) -> None:
    """Both measurements on one database."""
    with Sandbox() as sandbox:
        sandbox.switches["jump"].set(rate_limit=NO_QUOTA)
        address = f"sqlite:///{Path(folder) / 'portal.sqlite3'}" if database == "sqlite" else database
        environment = _environment(sandbox, address, folder)
        os.environ.update(environment)
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        call_command("createcachetable")
        user = _asker(sandbox)
        records = _known(user)
        _fill(user)
        _ask(user, records)
        _pace(sandbox, user, environment)


# --- asking ---------------------------------------------------------------------------------


def _ask(user: User, records: dict[str, SourceRecord]) -> None:
    from integrations.writes import Changes, shown_of
    from patients.services.held import whole_of
    from patients.services.operations import recording
    from patients.services.operations.wishes import Change
    from tests.writing import register

    shown = shown_of(whole_of(records["jump"]))

    def change(number: int) -> None:
        wish = Change(changes=Changes.to(phone=f"+44 7700 9{number:05}"), shown=shown)
        recording.ask(wish, record=records["jump"], by=user)

    def create(number: int) -> None:
        register({"jump": _new(number)}, by=user)

    _print("ask", write="change", **_percentiles(change))
    _print("ask", write="create", **_percentiles(create))


def _percentiles(work: Callable[[int], None]) -> dict[str, float]:
    from patients.models import Operation

    times = []
    for number in range(WARM_UP + SAMPLES):
        begun = time.perf_counter()
        work(number)
        times.append((time.perf_counter() - begun) * 1000)
        Operation.objects.exclude(state="done").update(state="done")
    times = sorted(times[WARM_UP:])
    return {"p50_ms": round(times[SAMPLES // 2], 1), "p95_ms": round(times[SAMPLES * 95 // 100], 1)}


# --- sending --------------------------------------------------------------------------------


def _pace(sandbox: Sandbox, user: User, environment: dict[str, str]) -> None:
    from django.conf import settings

    from patients.models import Operation
    from tests.writing import register

    Operation.objects.filter(kind="create").delete()
    for number in range(QUEUED):
        for system in sandbox.stores:
            organization = ORGANIZATION if system == "jhe" else ""
            new = replace(_new(1000 + number, of=system), organization_id=organization)
            register({system: new}, by=user)
    for board in sandbox.faults.values():
        board.forget_requests()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    worker = subprocess.Popen(
        [sys.executable, "manage.py", "worker"], cwd=ROOT, env={**os.environ, **environment}, **quiet
    )  # type: ignore[call-overload]
    try:
        first = _requests(sandbox, more_than=Counter())
        begun = time.monotonic()
        while time.monotonic() - begun < SECONDS:
            time.sleep(0.1)
        sent, took = _count(sandbox) - first, time.monotonic() - begun
    finally:
        worker.terminate()
        worker.wait(timeout=90)
    for system in sandbox.stores:
        limit = settings.SYSTEMS[system]["RATE"]
        done = Operation.objects.filter(system=system, state="done", kind="create").count()
        _print(
            "pace", system=system, done=done, limit=limit, requests_a_second=round(sent[system] / took, 2),
            share=round(sent[system] / took / limit, 2),
        )  # fmt: skip


def _requests(sandbox: Sandbox, *, more_than: Counter[str]) -> Counter[str]:
    """The counts once every system has been asked by the worker."""
    while True:
        counts = _count(sandbox)
        if all(counts[name] > more_than[name] for name in sandbox.stores):
            return counts
        time.sleep(0.05)


def _count(sandbox: Sandbox) -> Counter[str]:
    return Counter({name: len(board.requests()) for name, board in sandbox.faults.items()})


# --- the installation -----------------------------------------------------------------------


def _new(number: int, of: str = "jump") -> NewRecord:
    """Somebody whom nobody else is like: a name of letters that say the number."""
    from integrations.writes import Details, NewRecord

    name = "".join(chr(97 + int(digit)) for digit in f"{number:05}").capitalize()
    given = f"{name}{of}"
    return NewRecord(
        details=Details(
            given_name=given,
            family_name=f"Quill{name}",
            birth_date=date(1950, 1, 2) + timedelta(days=number * 7),
            email=f"{given}@example.org".lower(),
        )
    )


def _asker(sandbox: Sandbox) -> User:
    from portal.accounts.models import PersonToken, User
    from portal.accounts.roles import Role, create_groups, give_role

    create_groups()
    user = User.objects.create_user("bench@example.org")
    give_role(user=user, role=Role.CLINIC_STAFF, by=None)
    access, refresh = jhe.issue_token(sandbox.stores["jhe"], utc_now, MEMBER)
    PersonToken.objects.create(user=user, system="jhe", subject="10003", access=access, refresh=refresh)
    return user


def _known(user: User) -> dict[str, SourceRecord]:
    """One record that the index holds, to be changed."""
    from patients.models import SourceRecord
    from patients.services import index
    from patients.services.connections import open_system

    row = next(open_system("jump", by=user, seconds=30).iterate())
    index.store([open_system("jump", by=user, seconds=30).get(row.id)])
    return {"jump": SourceRecord.objects.get(system="jump", remote_id=row.id)}


def _fill(user: User) -> None:
    """Operations that have ended, as after months: ten of each person."""
    from django.utils import timezone

    from patients.models import Operation, Patient

    count = int(os.environ.get("BENCH_RECORDS", RECORDS))
    people = Patient.objects.bulk_create(Patient() for _ in range(count // 10 + 1))
    now = timezone.now()
    Operation.objects.bulk_create(
        (
            Operation(
                kind="change",
                system="jump",
                patient=people[number // 10],
                asked_for=people[number // 10],
                wanted={},
                own_id="x",
                key="x",
                asked_by=user,
                acts_for=user,
                asked_at=now,
                changed_at=now,
                ended_at=now,
                state="done",
            )
            for number in range(count)
        ),
        batch_size=1000,
    )


def _environment(sandbox: Sandbox, database: str, folder: str) -> dict[str, str]:
    """The portal's settings as they are by default, paces too."""
    return {
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "DATABASE_URL": database,
        "VAR_DIR": folder,
        "ENV_FILE": os.devnull,
        "SECRET_KEY": "benchmark",
        "ENCRYPTION_KEYS": KEY,
        "LOG_LEVEL": "ERROR",
        **{f"{name.upper()}_URL": sandbox.url(name) for name in sandbox.stores},
        **{f"{name.upper()}_API_KEY": sandbox.keys[name].get("full", "") for name in sandbox.stores},
        "JHE_CLIENT_ID": jhe.CLIENT_ID,
        "JHE_CLIENT_SECRET": jhe.CLIENT_SECRET,
    }


def _print(measured: str, **values: object) -> None:
    from django.db import connection

    head = {"benchmark": "operations", "database": connection.vendor, "measured": measured}
    print(json.dumps(head | values), flush=True)  # noqa: T201


if __name__ == "__main__":
    on_each_database(measure)
    sys.exit(0)
