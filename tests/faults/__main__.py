"""``python -m tests.faults``: see the package."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

from cryptography.fernet import Fernet

from integrations.sandbox.run import Sandbox

from . import FULL
from .databases import Database, made_anew
from .real import RealJhe
from .systems import Sandboxed, Systems, SystemsClock


def main() -> int:
    """Run what is asked for; 0 where nothing was lost, doubled, wrong or stuck and enough was tried."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)  # so that what was started ends, too
    options = _options()
    if options.database is None:
        return _each_database(options)
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        return _run(options, Path(options.folder or folder))


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--each", type=int, default=FULL, help="writes for each kind and fault, at least")
    parser.add_argument("--database", help="one only: an address, or empty for SQLite")
    parser.add_argument("--workers", type=int, default=0, help="default: 2 on SQLite, 4 on PostgreSQL")
    parser.add_argument(
        "--pace", type=float, default=0.06, help="what all waits of the queue are multiplied by"
    )
    parser.add_argument("--dialect", default="current", choices=("current", "2025-10"), help="JHE's")
    parser.add_argument("--jhe", action="store_true", help="against the real JHE that JHE_URL… name")
    parser.add_argument("--faults", nargs="*", help="only faults whose names contain one of these")
    parser.add_argument("--kinds", nargs="*", help="only kinds whose names contain one of these")
    parser.add_argument("--prove", action="store_true", help="a short run, to prove the judge")
    parser.add_argument("--twenty", action="store_true", help="only twenty registrations at once")
    parser.add_argument("--seed", type=int, help="of the made-up people, who are others at every run")
    parser.add_argument("--folder", help="keep logs and the SQLite file here")
    options = parser.parse_args()
    options.seed = secrets.randbelow(10**9) if options.seed is None else options.seed
    return options


def _each_database(options: argparse.Namespace) -> int:
    """SQLite, and what ``FAULTS_DATABASES`` or ``DATABASE_URL`` name; each in a process of its own."""
    named = os.environ.get("FAULTS_DATABASES") or os.environ.get("DATABASE_URL", "")
    urls = ["", *(url for url in named.split() if not url.startswith("sqlite"))]
    status = 0
    for url in urls:
        command = [sys.executable, "-m", "tests.faults", *sys.argv[1:], f"--database={url}"]
        status |= subprocess.run(command, check=False).returncode
    return status


def _run(options: argparse.Namespace, folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    clock = SystemsClock()
    database = made_anew(options.database, folder)
    if options.jhe:
        with RealJhe() as real:
            return _against(real, options, clock=clock, database=database, folder=folder)
    with Sandbox(dialect=options.dialect, clock=clock) as sandbox:
        return _against(Sandboxed(sandbox, clock), options, clock=clock, database=database, folder=folder)


def _against(
    systems: Systems, options: argparse.Namespace, *, clock: SystemsClock, database: Database, folder: Path
) -> int:
    os.environ |= systems.environment() | _environment(options, database, folder)
    import django

    django.setup()
    from .running import Run

    return Run(options, systems=systems, clock=clock, database=database, folder=folder).run()


def _environment(options: argparse.Namespace, database: Database, folder: Path) -> dict[str, str]:
    """What this process, the web server and the workers have in common."""
    return {
        "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
        "ENV_FILE": os.devnull,
        "DATABASE_URL": database.url,
        "VAR_DIR": str(folder),
        "SECRET_KEY": Fernet.generate_key().decode(),
        "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "OPERATIONS_PACE": json.dumps(options.pace),
        "LOG_LEVEL": "WARNING",
    }


if __name__ == "__main__":
    sys.exit(main())
