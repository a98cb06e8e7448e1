"""The demo's processes end together, and one that dies is named."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.demo.processes import Died, Processes
from tests.waiting import until

FOREVER = "import signal, sys; print('up', flush=True); signal.pause()"
FAMILY = f"""
import subprocess, sys
print(subprocess.Popen([sys.executable, "-c", {FOREVER!r}]).pid, flush=True)
{FOREVER}
"""


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    made = Processes({"PATH": os.environ["PATH"]}, lambda name: tmp_path / name)
    yield made
    made.stop()


def lives(pid: int) -> bool:
    """Whether a process runs; one that ended and that nobody asked after does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_stop_ends_processes_and_what_they_started(processes: Processes, tmp_path: Path) -> None:
    processes.start("parent", "-c", FAMILY)
    until(lambda: (tmp_path / "parent").read_text().count("up") == 2, what="both are up")
    child = int((tmp_path / "parent").read_text().replace("up", "").split()[0])
    assert lives(child)
    processes.stop()
    until(lambda: not lives(child), what="the child of the child ends")


def test_process_that_ends_by_itself_is_named_with_its_last_words(processes: Processes) -> None:
    processes.start("sandbox", "-c", FOREVER)
    processes.start("worker", "-c", "raise SystemExit('out of order')")
    with pytest.raises(Died, match=r"The worker ended by itself \(1\)[\s\S]*out of order"):
        processes.watch()


def test_process_that_does_not_get_ready_is_named(processes: Processes) -> None:
    processes.start("web server", "-c", FOREVER)
    with pytest.raises(Died, match="The web server was not ready"):
        processes.wait_until(lambda: False, name="web server", seconds=0.2)


def test_step_that_fails_is_named(processes: Processes) -> None:
    processes.start("preparation", "-c", "raise SystemExit('no such table')")
    with pytest.raises(Died, match=r"preparation failed[\s\S]*no such table"):
        processes.finish("preparation")
