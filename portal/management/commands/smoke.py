"""``manage.py smoke``: does a demo on free ports work, from signing in to a person's page?"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import requests
from django.conf import settings
from django.core.management.base import BaseCommand

from integrations.sandbox import people
from portal.demo.accounts import PASSWORD, SAMPLES
from portal.demo.examples import EXAMPLES
from portal.demo.place import Place
from portal.demo.visit import Visitor, Wrong

START_SECONDS = 120.0
STOP_SECONDS = 30.0
POLL_SECONDS = 0.1
CASE = "in_all_three"  # whom the first example finds


class Command(BaseCommand):
    """Prints one line of JSON; ends with status 1 and the reason in it where something is wrong."""

    help = "Starts the demo on free ports, walks through it, compares, stops it; one line of JSON."
    requires_system_checks = ()

    def handle(self, **options: Any) -> None:
        """Start, walk, stop, say."""
        started = time.monotonic()
        try:
            with tempfile.TemporaryDirectory(prefix="crosswalk-smoke-") as folder:
                found = _demo(Place(Path(folder)))
            result: dict[str, Any] = {"ok": True, **found}
        except (Wrong, requests.RequestException) as problem:
            result = {"ok": False, "reason": str(problem) or type(problem).__name__}
        result["seconds"] = round(time.monotonic() - started, 1)
        self.stdout.write(json.dumps(result))
        if not result["ok"]:
            sys.exit(1)


def _demo(place: Place) -> dict[str, int]:
    """Run the demo for as long as the walk takes."""
    log = place.folder / "demo.log"
    with log.open("wb") as output:
        command = [sys.executable, "manage.py", "demo", "--port=0", f"--folder={place.folder}"]
        demo = subprocess.Popen(command, cwd=settings.BASE_DIR, stdout=output, stderr=subprocess.STDOUT)
    try:
        addresses = _addresses(place, demo, log)
        found = _walk(Visitor(**addresses))
    finally:
        with suppress(ProcessLookupError):
            demo.send_signal(signal.SIGINT)
        status = demo.wait(STOP_SECONDS)
    if status:
        raise Wrong(f"the demo ended with status {status}")
    _ensure_silence(addresses)
    return found


def _addresses(place: Place, demo: subprocess.Popen[bytes], log: Path) -> dict[str, str]:
    """Where the demo is, once it says so. Raises :class:`Wrong`."""
    ends = time.monotonic() + START_SECONDS
    while not place.running_file.exists():
        if demo.poll() is not None or time.monotonic() > ends:
            raise Wrong(f"the demo did not start: {log.read_text(errors='replace')}")
        time.sleep(POLL_SECONDS)
    addresses: dict[str, str] = json.loads(place.running_file.read_text())
    return addresses


def _walk(visitor: Visitor) -> dict[str, int]:
    """Sign in, look every example up, open the first one's person and compare each record."""
    visitor.sign_in(SAMPLES[0].email, PASSWORD)
    found = [visitor.look_up(each.typed) for each in EXAMPLES]
    for example, addresses in zip(EXAMPLES, found, strict=True):
        if not addresses:
            raise Wrong(f"the example {example.typed!r} finds nobody")
    records = visitor.open(found[0][0])
    expected = {record_id: system for system, record_id in people.CAST[CASE]}
    if records.keys() != expected.keys():
        raise Wrong(f"the page shows records {sorted(records)}, not {sorted(expected)}")
    for record_id, shown in records.items():
        visitor.compare(expected[record_id], record_id, shown)
    return {"people": sum(map(len, found)), "records": len(records)}


def _ensure_silence(addresses: dict[str, str]) -> None:
    """Nothing listens any more. Raises :class:`Wrong`."""
    for address in addresses.values():
        with suppress(requests.ConnectionError):
            requests.get(address, timeout=5)
            raise Wrong(f"something still answers at {address}")
