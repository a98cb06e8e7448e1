"""``manage.py sync`` as a process of its own: killed, interrupted, beside another, with exit codes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.utils import timezone

from integrations.models import Allowance
from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.run import Sandbox
from patients.models import RecordChange, SourceRecord, SyncRun
from patients.services import sync, sync_runs
from patients.services.sync import Outcome
from portal.audit.models import Event
from tests.waiting import until

pytestmark = pytest.mark.slow

Run = Callable[..., subprocess.Popen[str]]
ADDED = 400


@pytest.fixture
def run(sandbox: Sandbox, tmp_path: Path) -> Iterator[Run]:
    """Starts the command on the test's database and sandbox; kills what is left."""
    started: list[subprocess.Popen[str]] = []
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "DATABASE_URL": _database_url(),
        "VAR_DIR": str(tmp_path),
        "ENV_FILE": os.devnull,
        "SECRET_KEY": settings.SECRET_KEY,
        "ENCRYPTION_KEYS": settings.ENCRYPTION_KEYS[0],
        "JUMP_RATE": "1000",
        "IMPILO_RATE": "1000",
        **{f"{name.upper()}_URL": sandbox.url(name) for name in sandbox.stores},
        **{f"{name.upper()}_API_KEY": sandbox.keys[name]["full"] for name in sandbox.stores},
    }

    def start(*words: str, **more: str) -> subprocess.Popen[str]:
        command = [sys.executable, "manage.py", "sync", *words]
        started.append(
            subprocess.Popen(
                command,
                cwd=settings.BASE_DIR,
                env={**environment, **more},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return started[-1]

    yield start
    for each in started:
        each.kill()
        each.communicate()


def _database_url() -> str:
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


def crowd(sandbox: Sandbox) -> set[str]:
    """Enough people for several pages; the ids of all."""
    with sandbox.stores["jump"].writing() as state:
        like = next(iter(state["patients"].values()))
        for number in range(ADDED):
            stamp = (datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=number)).strftime(
                "%Y-%m-%dT%H:%M:%SZ"
            )
            row = {
                **like,
                "id": f"crowd-{number:04}",
                "first_name": f"Given{number}",
                "last_name": f"Family{number % 90}",
                "email": f"crowd{number}@example.org",
                "nhs_number": None,
                "created_at": stamp,
                "updated_at": stamp,
            }
            state["patients"][row["id"]] = row
        return {str(row["id"]) for row in state["patients"].values()}


def held() -> list[str]:
    return list(SourceRecord.objects.filter(system="jump").values_list("remote_id", flat=True))


def has_a_place() -> bool:
    """Whether a run has noted up to where it has read: a page is stored in several steps before that."""
    return SyncRun.objects.exclude(cursor="").exists()


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    said, complained = process.communicate(timeout=120)
    return process.returncode, said, complained


def test_everything_is_read_and_said(run: Run, sandbox: Sandbox) -> None:
    status, said, complained = ended(run("impilo", "jump"))

    assert (status, "Traceback" in complained) == (0, False)
    assert "Jump EHR, everybody, ended: 124 read, 124 new" in said
    assert "Jump EHR, whole records, ended: 124 read" in said
    assert "Impilo, everybody, ended" in said
    assert not SourceRecord.objects.filter(whole_at=None).exists()


@pytest.mark.parametrize("pages_before", [1, 2, 4])
def test_killed_reading_goes_on_without_loss_or_double(run: Run, sandbox: Sandbox, pages_before: int) -> None:
    everybody = crowd(sandbox)
    sandbox.faults["jump"].latency = 0.3
    process = run("jump", "--full")
    until(lambda: has_a_place() and len(held()) >= pages_before * 90, what="pages are stored", seconds=60)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    sandbox.faults["jump"].latency = 0.0
    killed = SyncRun.objects.get()
    assert killed.ended_at is None
    assert killed.cursor

    with time_machine.travel(datetime.now(UTC) + sync_runs.LEASE + timedelta(seconds=1), tick=True):
        assert sync.work(killed, "heir") is Outcome.ENDED

    assert sorted(held()) == sorted(everybody)
    assert (killed.read, killed.new, killed.changed) == (len(everybody), len(everybody), 0)
    assert not RecordChange.objects.exists()
    actions = Event.objects.filter(action__startswith="sync.").values_list("action", flat=True)
    assert sorted(actions) == ["sync.ended", "sync.started"]


def test_killed_whole_records_go_on(run: Run, sandbox: Sandbox) -> None:
    assert ended(run("jump", "--full", JUMP_RESERVE="0"))[0] == 0
    SourceRecord.objects.filter(system="jump").update(whole_at=None)
    sandbox.faults["jump"].latency = 0.02
    process = run("jump", "--whole")
    until(
        lambda: SourceRecord.objects.filter(whole_at__isnull=False).exists(),
        what="some are whole",
        seconds=60,
    )
    process.send_signal(signal.SIGKILL)
    process.communicate()
    sandbox.faults["jump"].latency = 0.0
    open_run = SyncRun.objects.get(ended_at=None)
    before = open_run.read
    assert before

    with time_machine.travel(datetime.now(UTC) + sync_runs.LEASE + timedelta(seconds=1), tick=True):
        assert sync.work(open_run, "heir") is Outcome.ENDED

    assert not SourceRecord.objects.filter(system="jump", whole_at=None).exists()
    assert open_run.read == SourceRecord.objects.filter(system="jump").count()


def test_interrupted_reading_ends_cleanly_and_leaves_its_place_free(run: Run, sandbox: Sandbox) -> None:
    crowd(sandbox)
    sandbox.faults["jump"].latency = 0.3
    process = run("jump", "--full")
    until(lambda: len(held()) >= 90, what="a page is stored", seconds=60)
    process.send_signal(signal.SIGINT)

    status, _said, complained = ended(process)

    assert status == 130, complained
    assert "goes on from here" in complained
    assert "Traceback" not in complained
    assert SyncRun.objects.get().lease_until is None


def test_second_signal_does_not_wait_for_the_step(run: Run, sandbox: Sandbox) -> None:
    sandbox.faults["jump"].latency = 30.0
    process = run("jump", "--full")
    until(lambda: bool(sandbox.faults["jump"].requests(path="/patients")), what="it waits", seconds=60)
    process.send_signal(signal.SIGTERM)
    complaints = process.stderr
    assert complaints is not None
    until(lambda: "once more" in complaints.readline(), what="it has heard", seconds=60)
    process.send_signal(signal.SIGTERM)

    status, _said, complained = ended(process)

    assert status == 130, complained
    assert not SyncRun.objects.get().ended_at


def test_two_processes_read_one_system_once(run: Run, sandbox: Sandbox) -> None:
    everybody = crowd(sandbox)
    sandbox.faults["jump"].latency = 0.1
    first, second = run("jump", "--full", "--rows"), run("jump", "--full", "--rows")

    assert (ended(first)[0], ended(second)[0]) == (0, 0)
    assert sorted(held()) == sorted(everybody)
    full = SyncRun.objects.filter(kind="full").order_by("pk")
    assert sum(each.new for each in full) == len(everybody)
    assert all(each.is_complete for each in full)


def test_used_up_quota_ends_with_its_own_status(run: Run, sandbox: Sandbox) -> None:
    Allowance.objects.create(
        system="jump",
        quota_limit=1000,
        quota_remaining=100,
        quota_resets_at=timezone.now() + timedelta(minutes=30),
        quota_read_at=timezone.now(),
    )

    status, _said, complained = ended(run("jump"))

    assert status == 3
    assert "too many requests" in complained
    assert SyncRun.objects.get().resume_at


def test_refused_key_ends_with_what_to_do(run: Run, sandbox: Sandbox) -> None:
    status, _said, complained = ended(run("jump", JUMP_API_KEY="sk_test_wrong"))

    assert status == 1
    assert "does not accept the portal's key" in complained


def test_system_that_is_down_ends_with_its_own_status_and_the_others_are_read(
    run: Run, sandbox: Sandbox
) -> None:
    sandbox.faults["jump"].add(Fault(kind=FaultKind.RESET))

    status, said, _complained = ended(run())

    assert status == 3
    assert "Impilo, everybody, ended" in said
    assert "JupyterHealth Exchange, everybody, ended" in said


@pytest.mark.parametrize(
    ("words", "environment", "told"),
    [
        (["nosuch"], {}, "No such system"),
        (["jhe"], {"JHE_API_KEY": "", "JHE_CLIENT_ID": "c"}, "off. No API key is set"),
        (["jump"], {"JUMP_URL": "", "JUMP_API_KEY": ""}, "not connected to this portal"),
    ],
)
def test_what_cannot_be_read_is_said(
    run: Run, sandbox: Sandbox, words: list[str], environment: dict[str, Any], told: str
) -> None:
    status, _said, complained = ended(run(*words, **environment))

    assert status == 1
    assert told in complained


def test_system_that_is_off_is_no_failure_unless_named(run: Run, sandbox: Sandbox) -> None:
    status, _said, complained = ended(run("--rows", JHE_API_KEY="", JHE_CLIENT_ID="c"))

    assert status == 0
    assert "off." in complained
