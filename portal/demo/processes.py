"""The demo's processes: started apart from the terminal, ended together, whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from django.conf import settings

STOP_SECONDS = 10.0  # between asking a process to end and ending it
POLL_SECONDS = 0.1
LAST_LINES = 12


class Died(Exception):
    """A process ended by itself, or did not get ready; the text says which, with its last lines."""


class Processes:
    """Child processes, each the head of a session of its own, so that Ctrl-C reaches only us."""

    def __init__(self, environment: dict[str, str], log: Callable[[str], Path]) -> None:
        self._environment = environment
        self._log = log
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *arguments: str) -> None:
        """Start Python with arguments; what it says goes to its log."""
        with self._log(name).open("wb") as log:
            self._running[name] = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=settings.BASE_DIR,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def finish(self, name: str) -> None:
        """Wait for a process that ends by itself. Raises :class:`Died` where it fails."""
        if self._running[name].wait():
            raise self._death(name, "failed")
        del self._running[name]

    def wait_until(self, ready: Callable[[], bool], *, name: str, seconds: float = 60.0) -> None:
        """Return when ``ready()``. Raises :class:`Died` for any dead process, or after ``seconds``."""
        ends = time.monotonic() + seconds
        while not ready():
            self.check()
            if time.monotonic() > ends:
                raise self._death(name, f"was not ready after {seconds:.0f} s")
            time.sleep(POLL_SECONDS)

    def watch(self) -> None:
        """Return never. Raises :class:`Died` when a process ends."""
        while True:
            self.check()
            time.sleep(POLL_SECONDS)

    def check(self) -> None:
        """Raise :class:`Died` if a process has ended."""
        for name, process in self._running.items():
            if process.poll() is not None:
                raise self._death(name, f"ended by itself ({process.returncode})")

    def stop(self) -> None:
        """End every process, the last started first; whoever does not end when asked is killed."""
        for process in reversed(self._running.values()):
            _send(process, signal.SIGTERM)
        ends = time.monotonic() + STOP_SECONDS
        for process in reversed(self._running.values()):
            try:
                process.wait(max(0.0, ends - time.monotonic()))
            except subprocess.TimeoutExpired:
                _send(process, signal.SIGKILL)
                process.wait()
        self._running.clear()

    def _death(self, name: str, what: str) -> Died:
        path = self._log(name)
        last = "\n".join(
            f"    {line}" for line in path.read_text(errors="replace").splitlines()[-LAST_LINES:]
        )
        return Died(f"The {name} {what}. Its log is {path}; the last lines:\n{last}")


def _send(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to a process and everything it has started."""
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return  # all gone
