"""How fast the systems are read into the index, in how much memory, and what a kill costs.

The sandbox's three servers hold ``BENCH_RECORDS`` (10,000) made-up people each; ``manage.py sync
--rows`` reads them as a process of its own. One JSON line a database and kind of run:

* ``new``: an empty index is filled; ``unchanged``: everybody is read again.
* ``killed``: SIGKILL at about half, then another process goes on. ``lost`` and ``doubled`` have to be
  0; ``requests_again`` and ``records_again`` are how many more than without the kill.

``memory_mb`` is the most that the process held, ``memory_at_a_fifth_mb`` what it held when a fifth was
read: a reading that kept what it read would be far apart. ``requests`` are those of each system;
Jump's quota is 1,000 an hour, and the portal leaves a fifth of it to staff.

    make bench-sync                                      on SQLite
    BENCH_DATABASES=sqlite,postgres://… make bench-sync
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography.fernet import Fernet

from integrations.sandbox.faults import ActiveFault, FaultBoard, SeenRequest
from integrations.sandbox.run import Sandbox

from .support import ROOT, on_each_database
from .sync_crowd import crowd

RECORDS = 10_000
LOOK_EVERY = 0.1  # seconds between looks at a process
NO_QUOTA = 10_000_000


@dataclass
class Ended:
    """How one run of the command went."""

    seconds: float = 0.0
    reading: float = 0.0  # of these, without starting Python
    status: int = 0
    memory: int = 0  # kB, the most
    at_a_fifth: int = 0
    requests: Counter[str] = field(default_factory=Counter)


def measure(database: str, folder: str) -> None:
    """All kinds of run on one database."""
    records = int(os.environ.get("BENCH_RECORDS", RECORDS))
    with Sandbox() as sandbox:
        bench = _Bench(database, Path(folder), sandbox, crowd(sandbox, each_system=records))
        bench.start_empty()
        new = bench.run()
        bench.print("new", new)
        bench.print("unchanged", bench.run("--full"))
        bench.start_empty()
        killed = bench.run(until=lambda held: held >= bench.total // 2)
        held = bench.held()
        resumed = bench.run()
        again = sum((killed.requests + resumed.requests).values()) - sum(new.requests.values())
        print(json.dumps(bench.head("killed") | {  # noqa: T201
            "held_at_kill": len(held), **bench.compared(), "requests_again": again,
            "records_again": bench.read_in_all() - bench.total, "status": resumed.status,
        }), flush=True)  # fmt: skip


class _Bench:
    """One database, the sandbox, and the command between them."""

    def __init__(self, database: str, folder: Path, sandbox: Sandbox, people: Mapping[str, set[str]]) -> None:
        self._people = people
        self.total = sum(map(len, people.values()))
        self._sandbox = sandbox
        self._requests = _count_requests(sandbox)
        sandbox.switches["jump"].set(rate_limit=NO_QUOTA)
        address = f"sqlite:///{folder / 'portal.sqlite3'}" if database == "sqlite" else database
        self._environment = _environment(sandbox, address, folder)
        os.environ.update(self._environment)
        import django

        django.setup()

    def start_empty(self) -> None:
        """An index without anybody."""
        from django.core.management import call_command
        from django.db import connection

        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        else:
            connection.close()
            for suffix in ("", "-wal", "-shm"):
                Path(f"{connection.settings_dict['NAME']}{suffix}").unlink(missing_ok=True)
        call_command("migrate", verbosity=0)
        call_command("createcachetable")

    def run(self, *words: str, until: Callable[[int], bool] | None = None) -> Ended:
        """Run the command to its end, or kill it when so many are held."""
        ended, before, begun, since = Ended(), Counter(self._requests), time.monotonic(), datetime.now(UTC)
        command = [sys.executable, "manage.py", "sync", "--rows", *words]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen(command, cwd=ROOT, env=self._environment, **quiet)  # type: ignore[call-overload]
        while process.poll() is None:
            ended.memory = max(ended.memory, _memory(process.pid))
            if not ended.at_a_fifth and self._rows_asked(before) >= 0.2:
                ended.at_a_fifth = ended.memory
            if until is not None and until(self._count()):
                process.kill()
            time.sleep(LOOK_EVERY)
        ended.seconds, ended.status = time.monotonic() - begun, process.returncode
        ended.reading = self._reading(since)
        ended.requests = Counter(self._requests) - before
        return ended

    def held(self) -> list[tuple[str, str]]:
        """The records in the index."""
        from patients.models import SourceRecord

        return list(SourceRecord.objects.values_list("system", "remote_id"))

    def compared(self) -> dict[str, int]:
        """What the index lacks of the systems, and what it has twice."""
        held = self.held()
        wanted = {(system, each) for system, ids in self._people.items() for each in ids}
        return {"held": len(held), "lost": len(wanted - set(held)), "doubled": len(held) - len(set(held))}

    def head(self, kind: str) -> dict[str, object]:
        """What every line begins with."""
        from django.db import connection

        return {"benchmark": "sync", "database": connection.vendor, "records": self.total, "kind": kind}

    def print(self, kind: str, ended: Ended) -> None:
        """One run as a line."""
        line = self.head(kind) | {
            "seconds": round(ended.seconds, 1),
            "reading_seconds": round(ended.reading, 1),
            "records_a_second": round(self.total / ended.reading),
            "memory_mb": round(ended.memory / 1024),
            "memory_at_a_fifth_mb": round(ended.at_a_fifth / 1024),
            "requests": dict(ended.requests),
            "status": ended.status,
            **self.compared(),
        }
        print(json.dumps(line), flush=True)  # noqa: T201

    def _reading(self, since: datetime) -> float:
        """Seconds from the beginning of each run to its end."""
        from patients.models import SyncRun

        runs = SyncRun.objects.filter(started_at__gte=since, ended_at__isnull=False)
        return sum((run.ended_at - run.started_at).total_seconds() for run in runs if run.ended_at)

    def read_in_all(self) -> int:
        """Records that all runs together have counted, each once a run."""
        from patients.models import SyncRun

        return sum(SyncRun.objects.values_list("read", flat=True))

    def _count(self) -> int:
        from patients.models import SourceRecord

        return SourceRecord.objects.count()

    def _rows_asked(self, before: Counter[str]) -> float:
        """About which share of everybody has been asked for, by Jump's pages of 100."""
        asked = (self._requests - before).get("jump", 0) * 100
        return asked / len(self._people["jump"])


def _count_requests(sandbox: Sandbox) -> Counter[str]:
    """Counts on while the sandbox runs: its own list keeps the latest only."""
    counted: Counter[str] = Counter()
    lock = threading.Lock()

    def counting(name: str, board: FaultBoard) -> None:
        arrived = board.arrived

        def counted_arrival(method: str, path: str) -> tuple[SeenRequest, ActiveFault | None]:
            with lock:
                counted[name] += 1
            return arrived(method, path)

        board.arrived = counted_arrival  # type: ignore[method-assign]

    for name, board in sandbox.faults.items():
        counting(name, board)
    return counted


def _memory(pid: int) -> int:
    """The most memory that a process has held so far, in kB; 0 once it has ended."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith("VmHWM")), 0)


def _environment(sandbox: Sandbox, database: str, folder: Path) -> dict[str, str]:
    """The portal's settings; paces beyond what one process reaches, so that none of it is waiting."""
    return {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "DATABASE_URL": database,
        "VAR_DIR": str(folder),
        "ENV_FILE": os.devnull,
        "SECRET_KEY": "benchmark",
        "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        **{f"{name.upper()}_RATE": "1000" for name in sandbox.stores},
        **{f"{name.upper()}_URL": sandbox.url(name) for name in sandbox.stores},
        **{f"{name.upper()}_API_KEY": sandbox.keys[name]["full"] for name in sandbox.stores},
    }


if __name__ == "__main__":
    on_each_database(measure)
    sys.exit(0)
