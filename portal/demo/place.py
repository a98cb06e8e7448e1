"""Where the demo keeps what it keeps, on which ports it is, and the environment of its processes."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet

from integrations.sandbox import jhe
from integrations.sandbox.run import SYSTEMS, Sandbox

HOST = "127.0.0.1"
SERVERS = (*SYSTEMS, "control")
#: Of the environment it was started in, the demo keeps these: no key for a real system gets in.
KEPT_VARIABLES = ("HOME", "LANG", "LC_ALL", "PATH", "TMPDIR", "USER", "LOG_LEVEL", "TIME_ZONE")


class CannotStart(Exception):
    """Why the demo cannot start, and what to do, in a sentence or two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The web server's port, and those of the sandbox's servers by name."""

    web: int
    sandbox: dict[str, int]

    @property
    def address(self) -> str:
        """Where the portal is."""
        return f"http://{HOST}:{self.web}"


def choose_ports(first: int) -> Ports:
    """``first`` for the portal, the next ones for the sandbox; 0 takes free ones.

    Raises :class:`CannotStart` naming a port that is taken.
    """
    wanted = [first + place if first else 0 for place in range(1 + len(SERVERS))]
    with ExitStack() as held:
        web, *others = [_free_port(port, held) for port in wanted]
    return Ports(web=web, sandbox=dict(zip(SERVERS, others, strict=True)))


def _free_port(port: int, held: ExitStack) -> int:
    others = "Choose others: make run PORT=8010 takes 8010 and the four after it."
    if not 0 <= port < 2**16:
        raise CannotStart(f"There is no port {port}. {others}")
    try:
        server = held.enter_context(socket.create_server((HOST, port)))
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        what = "is taken" if taken else "cannot be used"
        raise CannotStart(f"Port {port} {what}. {others}") from error
    return int(server.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Place:
    """The demo's folder: database, mails, logs, the sandbox's state, secrets made once."""

    folder: Path

    @property
    def sandbox(self) -> Path:
        """The states of the three systems."""
        return self.folder / "sandbox"

    @property
    def environment_file(self) -> Path:
        """Every setting of the demo's processes; readable by its owner alone."""
        return self.folder / "env"

    @property
    def running_file(self) -> Path:
        """While the demo runs: its addresses, as JSON (``portal``, ``control``)."""
        return self.folder / "running.json"

    def log(self, process: str) -> Path:
        """What a process wrote since the demo was started."""
        return self.folder / "logs" / f"{process}.log"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep a second demo out of this folder. Raises :class:`CannotStart`."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.log("any").parent.mkdir(exist_ok=True)
        with (self.folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise CannotStart(
                    f"The demo is running already{self._where()}. End that one first (Ctrl-C)."
                ) from None
            self.running_file.unlink(missing_ok=True)
            try:
                yield
            finally:
                self.running_file.unlink(missing_ok=True)

    def write_environment(self, ports: Ports) -> dict[str, str]:
        """Write the settings of this start; returns the environment that leads to them."""
        values = self._settings(ports)
        _write_private(
            self.environment_file, "".join(f"{name}='{value}'\n" for name, value in values.items())
        )
        kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
        return {**kept, "ENV_FILE": str(self.environment_file), "DJANGO_SETTINGS_MODULE": "portal.settings"}

    def say_running(self, ports: Ports) -> None:
        """Leave the addresses for whoever started this demo, or starts another."""
        addresses = {"portal": ports.address, "control": f"http://{HOST}:{ports.sandbox['control']}"}
        _write_private(self.running_file, json.dumps(addresses))

    def _where(self) -> str:
        try:
            return f" at {json.loads(self.running_file.read_text())['portal']}"
        except (OSError, ValueError):
            return ""

    def _settings(self, ports: Ports) -> dict[str, str]:
        sandbox = Sandbox(self.sandbox, ports.sandbox)
        keys = sandbox.keys
        systems = {
            name: value
            for system in SYSTEMS
            for name, value in {
                f"{system.upper()}_URL": sandbox.url(system),
                f"{system.upper()}_CONSOLE_URL": sandbox.console_url(system),
                f"{system.upper()}_API_KEY": keys[system]["full"],
            }.items()
        }
        sandbox.stop()
        return {
            "DEMO": "true",
            "VAR_DIR": str(self.folder),
            "SECOND_FACTOR_ROLES": "",
            "JHE_CLIENT_ID": jhe.CLIENT_ID,
            "JHE_CLIENT_SECRET": jhe.CLIENT_SECRET,
            **systems,
            **self._secrets(),
        }

    def _secrets(self) -> dict[str, str]:
        """Made at the first start: what was encrypted and who is signed in outlive a restart."""
        path = self.folder / "secrets.json"
        if not path.exists():
            made = {"SECRET_KEY": secrets.token_hex(32), "ENCRYPTION_KEYS": Fernet.generate_key().decode()}
            _write_private(path, json.dumps(made))
        kept: dict[str, str] = json.loads(path.read_text())
        return kept


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    draft = path.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(path)
