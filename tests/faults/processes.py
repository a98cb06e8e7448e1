"""The portal's processes under a supervisor: killed at random moments, started anew at once."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.benchmarks.support import free_port

from .web import UP

ROOT = Path(__file__).resolve().parents[2]
WATCH_SECONDS = 0.1
START_SECONDS = 60.0
STOP_SECONDS = 15.0
WEB_PROCESSES = 2
UP_SECONDS = 3.0  # that a worker takes to come up and begin to work


@dataclass(slots=True)
class _Running:
    process: subprocess.Popen[bytes]
    command: list[str]
    environment: dict[str, str]
    since: float


class Portal:
    """The web server (gunicorn with several processes) and workers, on loopback.

    ``kills`` counts who was killed. Whatever ends is started anew, as a supervisor of a clinic's server
    would; gunicorn does so for its own processes.
    """

    def __init__(self, environment: Mapping[str, str], folder: Path, *, workers: int) -> None:
        self.kills = {"web": 0, "worker": 0}
        self.port = free_port()
        self._folder = folder
        self._up = folder / "up"
        self._environment = {**os.environ, **environment, UP: str(self._up)}
        self._running: dict[str, _Running] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._watching = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        self._workers = [f"worker {number}" for number in range(1, workers + 1)]

    @property
    def address(self) -> str:
        """Where the web server listens."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start everything, and wait until the web server answers. Raises ``TimeoutError``."""
        shutil.rmtree(self._up, ignore_errors=True)
        self._up.mkdir()
        self._start("web", self._web_command())
        for name in self._workers:
            self._start(name, ["manage.py", "worker"])
        self._watching.start()
        self._wait_for_web()

    def stop(self) -> None:
        """End everything."""
        self._ended.set()
        self._watching.join()
        for running in self._running.values():
            running.process.terminate()
        ends = time.monotonic() + STOP_SECONDS
        for running in self._running.values():
            try:
                running.process.wait(max(ends - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                running.process.kill()
                running.process.wait()

    def set_clock_ahead(self, seconds: float) -> None:
        """Start the first worker anew with a clock of its own; 0 brings it back."""
        with self._lock:
            running = self._running[self._workers[0]]
            running.environment["FAULTS_CLOCK_AHEAD"] = str(seconds)
        running.process.terminate()

    # --- killing ------------------------------------------------------------------------

    def kill_worker(self, chance: random.Random) -> bool:
        """End one worker as a power cut would; whether there was one that had begun to work."""
        with self._lock:
            ready = [self._running[name] for name in self._workers if self._is_up(self._running[name])]
            if not ready:
                return False
            chance.choice(ready).process.kill()
        self.kills["worker"] += 1
        return True

    def kill_web(self, chance: random.Random) -> bool:
        """End one of the web server's processes as a power cut would; whether all of them had come up, so
        that another goes on beside it."""
        up = [pid for pid in _children(self._running["web"].process.pid) if (self._up / str(pid)).exists()]
        if len(up) < WEB_PROCESSES:
            return False
        os.kill(chance.choice(up), signal.SIGKILL)
        self.kills["web"] += 1
        return True

    def _is_up(self, running: _Running) -> bool:
        """Whether a worker has had the time to come up and work a while."""
        return running.process.poll() is None and time.monotonic() - running.since > UP_SECONDS

    # --- watching -----------------------------------------------------------------------

    def _watch(self) -> None:
        while not self._ended.wait(WATCH_SECONDS):
            with self._lock:
                gone = [name for name, each in self._running.items() if each.process.poll() is not None]
                for name in gone:
                    self._start_again(name)

    def _start_again(self, name: str) -> None:
        before = self._running[name]
        self._running[name] = self._begin(name, before.command, before.environment)

    def _start(self, name: str, command: list[str]) -> None:
        self._running[name] = self._begin(name, command, dict(self._environment))

    def _begin(self, name: str, command: list[str], environment: dict[str, str]) -> _Running:
        with (self._folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return _Running(process, command, environment, time.monotonic())

    def _web_command(self) -> list[str]:
        return [
            *("-m", "gunicorn", "--config=python:tests.faults.web", "portal.wsgi"),
            *(f"--bind=127.0.0.1:{self.port}", "--no-control-socket"),
            *("--worker-class=gthread", f"--workers={WEB_PROCESSES}", "--threads=8", "--log-level=warning"),
        ]

    def _wait_for_web(self) -> None:
        ends = time.monotonic() + START_SECONDS
        while time.monotonic() < ends:
            try:
                if requests.get(f"{self.address}/health/ready", timeout=2).ok:
                    return
            except requests.RequestException:
                self._ended.wait(WATCH_SECONDS)
        raise TimeoutError(f"the web server did not start: {self._folder}/web.log")


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    try:
        return [int(each) for each in listed.read_text().split()]
    except OSError:
        return []
