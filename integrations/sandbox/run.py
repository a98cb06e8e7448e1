"""The sandbox as one thing: the servers of all systems, their states, faults, switches and keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from flask import Flask

from integrations.types import Clock

from . import impilo, jump
from .faults import FaultBoard
from .server import Server
from .state import Store

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
    switches: Any = None
    keep_alive: bool = True


class Sandbox:
    """Jump, JHE and Impilo on loopback; a context manager that starts and stops them.

    ``state_dir`` keeps the states from one start to the next; without it they end with the
    process. ``ports`` gives a system a fixed port, the others take free ones. ``dialect`` is
    the generation of JHE (``current`` or ``2025-10``). ``systems`` leaves some out.

    ``stores``, ``faults`` (the fault boards) and ``servers`` are there for every system by
    name, ``switches`` for those that can take more than one shape.
    """

    def __init__(
        self,
        state_dir: Path | None = None,
        ports: Mapping[str, int] | None = None,
        dialect: str = "current",
        *,
        clock: Clock = utc_now,
        systems: tuple[str, ...] = SYSTEMS,
    ) -> None:
        self.dialect = dialect
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
        self.switches = {name: each.switches for name, each in parts.items() if each.switches is not None}
        self.servers = {
            name: Server(
                each.app, port=(ports or {}).get(name, 0), board=each.board, keep_alive=each.keep_alive
            )
            for name, each in parts.items()
        }

    @property
    def keys(self) -> dict[str, Mapping[str, str]]:
        """The published API keys of each system by what they may do; ``full`` may do everything."""
        return {"jump": jump.KEYS, "impilo": impilo.KEYS}

    def url(self, system: str) -> str:
        """The base address of a system's API, as its adapter wants it."""
        return self.servers[system].url + BASE_PATHS[system]

    def start(self) -> None:
        """Start every server. Raises ``OSError`` where a port is taken; then none runs."""
        try:
            for server in self.servers.values():
                server.start()
        except OSError:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop every server and save every state."""
        for server in self.servers.values():
            server.stop()
        for store in self.stores.values():
            store.close()

    def reset(self) -> None:
        """All states back to their seeds, all faults lifted, no request seen."""
        for name, store in self.stores.items():
            store.reset()
            self.faults[name].clear()
            self.faults[name].forget_requests()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

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
        from . import jhe

        store = Store(lambda: jhe.seed(self.dialect), self._path(f"jhe-{self.dialect}"))
        app = jhe.create_app(store, self._clock, dialect=self.dialect)
        # A stock deployment closes the connection after each reply.
        return _Parts(store, app, FaultBoard(), keep_alive=False)
