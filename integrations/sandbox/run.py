"""The sandbox as one thing: the servers of all systems, their states, faults, switches and keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from flask import Flask

from integrations.types import Clock

from . import control, impilo, jhe, jump
from .faults import FaultBoard
from .server import Server
from .state import Store
from .switches import Switches

SYSTEMS = ("jump", "jhe", "impilo")
BASE_PATHS = {"jump": jump.BASE_PATH, "jhe": "", "impilo": impilo.BASE_PATH}


def utc_now() -> datetime:
    """The clock of a sandbox that is given none."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class _Parts:
    """What one system is made of, before it has a port."""

    store: Store
    app: Flask
    board: FaultBoard
    switches: Switches | None = None
    keep_alive: bool = True


class Sandbox:
    """Jump, JHE and Impilo on loopback; a context manager that starts and stops them.

    ``state_dir`` keeps the states from one start to the next; without it they end with the
    process. ``ports`` gives a system (or ``control``) a fixed port, the others take free ones. ``dialect`` is
    the generation of JHE (``current`` or ``2025-10``). ``systems`` leaves some out.
    ``redirect_uris`` are addresses beside the usual ones that JHE's sign-in may return to.

    ``stores``, ``faults`` (the fault boards) and ``servers`` are there for every system by
    name, ``switches`` for those that can take more than one shape; ``control`` is the control
    server.
    """

    def __init__(
        self,
        state_dir: Path | None = None,
        ports: Mapping[str, int] | None = None,
        dialect: str = "current",
        *,
        clock: Clock = utc_now,
        systems: tuple[str, ...] = SYSTEMS,
        redirect_uris: tuple[str, ...] = (),
    ) -> None:
        self.dialect = dialect
        self._redirect_uris = redirect_uris
        self._state_dir = state_dir
        self._clock = clock
        builders: dict[str, Callable[[], _Parts]] = {
            "jump": self._jump,
            "jhe": self._jhe,
            "impilo": self._impilo,
        }
        parts = {name: builders[name]() for name in systems}
        self.stores = {name: each.store for name, each in parts.items()}
        self.faults = {name: each.board for name, each in parts.items()}
        for each in parts.values():
            each.board.now = lambda: self._clock().timestamp()
        self.switches = {name: each.switches for name, each in parts.items() if each.switches is not None}
        self.servers = {
            name: Server(
                each.app, port=(ports or {}).get(name, 0), board=each.board, keep_alive=each.keep_alive
            )
            for name, each in parts.items()
        }
        self.control = Server(control.create_app(self), port=(ports or {}).get("control", 0))
        self._register_redirect_uris()

    @property
    def keys(self) -> dict[str, Mapping[str, str]]:
        """The published API keys of each system, by what they are good for.

        ``full`` may do everything there is; in JHE a key acts as its practitioner, and its
        older generation has none.
        """
        owners = {"full": "manager_mary@example.com", "three_roles": "three_org_tom@example.com"}
        has_keys = "jhe" in self.stores and self.dialect != jhe.OLDER
        of_jhe = {
            name: jhe.issue_api_key(self.stores["jhe"], each) for name, each in owners.items() if has_keys
        }
        return {"jump": jump.KEYS, "jhe": of_jhe, "impilo": impilo.KEYS}

    def url(self, system: str) -> str:
        """The base address of a system's API, as its adapter wants it."""
        return self.servers[system].url + BASE_PATHS[system]

    def console_url(self, system: str) -> str:
        """Where the record screens of a system are: a template in which ``{id}`` is the record's id."""
        return f"{self.control.url}/console/{system}/{{id}}"

    def start(self) -> None:
        """Start every server. Raises ``OSError`` naming a port that is taken; then none runs."""
        try:
            for name, server in self._all_servers():
                try:
                    server.start()
                except OSError as error:
                    message = f"port {server.port} for {name}: {error.strerror}"
                    raise OSError(error.errno, message) from error
        except OSError:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop every server and save every state."""
        for _, server in self._all_servers():
            server.stop()
        for store in self.stores.values():
            store.close()

    def reset(self) -> None:
        """States back to their seeds, switches to their first position, no fault, no request seen."""
        for name, store in self.stores.items():
            store.reset()
            self.faults[name].clear()
            self.faults[name].forget_requests()
            self.faults[name].reseed()
        for switches in self.switches.values():
            switches.reset()
        self._register_redirect_uris()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    def _register_redirect_uris(self) -> None:
        for uri in self._redirect_uris:
            jhe.add_redirect_uri(self.stores["jhe"], uri)

    def _all_servers(self) -> list[tuple[str, Server]]:
        return [*self.servers.items(), ("control", self.control)]

    def _path(self, name: str) -> Path | None:
        return None if self._state_dir is None else self._state_dir / f"{name}.json"

    def _jump(self) -> _Parts:
        store, switches = Store(jump.seed, self._path("jump")), jump.JumpSwitches()
        app = jump.create_app(store, self._clock, switches)
        return _Parts(store, app, FaultBoard(jump.fault_body), switches)

    def _impilo(self) -> _Parts:
        store, switches = Store(impilo.seed, self._path("impilo")), impilo.ImpiloSwitches()
        app = impilo.create_app(store, self._clock, switches)
        return _Parts(store, app, FaultBoard(impilo.fault_body), switches)

    def _jhe(self) -> _Parts:
        store = Store(lambda: jhe.seed(self.dialect), self._path(f"jhe-{self.dialect}"))
        app = jhe.create_app(store, self._clock, dialect=self.dialect)
        # A stock deployment closes the connection after each reply.
        return _Parts(store, app, FaultBoard(), keep_alive=False)
