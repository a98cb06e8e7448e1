"""The faults: what is done to requests, processes, clocks and the database while writes are asked for."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from integrations.sandbox.faults import Fault, FaultKind, Variant

from .kinds import Kind

if TYPE_CHECKING:
    from .driver import Driver

LATE_SECONDS = 2.0  # after which a delayed request takes effect: nobody waits for the answer any more
LOCKS, LOCK_APART = 4, 1.0  # how often the database is held up, and after how many seconds again
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One fault. ``fault`` is what requests meet (method and path are filled in for each kind);
    ``around`` is done while all of them are asked for and worked off.

    ``never`` are the kinds that cannot meet it, each with the reason.
    """

    name: str
    fault: Fault | None = None
    around: Callable[[Driver], AbstractContextManager[None]] | None = None
    never: Mapping[str, str] = field(default_factory=dict)
    by_clock: bool = False  # which only a sandbox has
    databases: frozenset[str] = frozenset({"sqlite", "postgresql"})
    why_not: str = ""  # where the database is none of those

    def reason(self, kind: Kind, database: str, dialect: str) -> str:
        """Why a cell of this column cannot occur; empty where it can."""
        if database not in self.databases:
            return self.why_not
        if dialect != "current" and kind.system == "jhe":
            return kind.not_before_2026
        return self.never.get(kind.name, "")


@contextmanager
def _kept_up(work: Callable[[threading.Event], None]) -> Iterator[None]:
    """Something that goes on in a thread of its own until the block ends."""
    ended = threading.Event()
    thread = threading.Thread(target=work, args=(ended,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _killing(which: str, apart: tuple[float, float]) -> Callable[[Driver], AbstractContextManager[None]]:
    """Kill one process after the other, until enough were and all that was asked for is over."""

    @contextmanager
    def around(driver: Driver) -> Iterator[None]:
        chance = random.Random(which)
        kill = driver.portal.kill_web if which == "web" else driver.portal.kill_worker
        wanted = driver.portal.kills[which] + driver.kills_wanted

        def work(ended: threading.Event) -> None:
            while not ended.wait(chance.uniform(*apart)):
                kill(chance)

        driver.go_on = lambda: driver.portal.kills[which] < wanted
        try:
            with _kept_up(work):
                yield
        finally:
            driver.go_on = None

    return around


@contextmanager
def _locking(driver: Driver) -> Iterator[None]:
    """Hold the database again and again for longer than anybody waits for it, and have writes asked for
    until it was held often enough."""
    wanted = driver.database.locks + LOCKS

    def work(ended: threading.Event) -> None:
        while driver.database.locks < wanted and not ended.wait(LOCK_APART):
            driver.database.hold_up(ended)

    driver.go_on = lambda: driver.database.locks < wanted
    try:
        with _kept_up(work):
            yield
    finally:
        driver.go_on = None


@contextmanager
def _systems_ahead(driver: Driver) -> Iterator[None]:
    driver.clock.off = HOUR
    try:
        yield
    finally:
        driver.clock.off = timedelta(0)


@contextmanager
def _worker_ahead(driver: Driver) -> Iterator[None]:
    driver.portal.set_clock_ahead(HOUR.total_seconds())
    try:
        yield
    finally:
        driver.portal.set_clock_ahead(0)


def _fault(kind: FaultKind, **values: Any) -> Fault:
    return Fault(kind=kind, **values)


NO_BODY = dict.fromkeys(("jhe leave", "jhe remove altogether", "jhe unenrol"), "its answer has no body")
COLUMNS = (
    Column(name="none"),
    Column(name="late, effect after the time-out", fault=_fault(FaultKind.DELAY, seconds=LATE_SECONDS)),
    Column(name="no answer, no effect", fault=_fault(FaultKind.HANG)),
    Column(name="reset before", fault=_fault(FaultKind.RESET)),
    Column(name="reset after", fault=_fault(FaultKind.RESET, after_effect=True)),
    Column(name="429 with Retry-After", fault=_fault(FaultKind.STATUS, status=429, retry_after="1")),
    Column(name="429 without", fault=_fault(FaultKind.STATUS, status=429)),
    Column(name="500 JSON", fault=_fault(FaultKind.STATUS, status=500)),
    Column(name="500 HTML, half done", fault=_fault(FaultKind.HALF_DONE)),
    Column(name="502 before", fault=_fault(FaultKind.STATUS, status=502, html=True)),
    Column(name="502 after", fault=_fault(FaultKind.STATUS, status=502, html=True, after_effect=True)),
    Column(name="truncated JSON", fault=_fault(FaultKind.TRUNCATED), never=NO_BODY),
    Column(name="wrong types", fault=_fault(FaultKind.WRONG_TYPES, variant=Variant.SCALARS), never=NO_BODY),
    Column(
        name="systems' clock ahead, 429",
        fault=_fault(FaultKind.STATUS, status=429, retry_after="+1"),
        around=_systems_ahead,
        by_clock=True,
    ),
    Column(
        name="worker's clock ahead",
        around=_worker_ahead,
        databases=frozenset({"postgresql"}),
        why_not="all processes are on the database's machine",
    ),
    Column(name="web killed", around=_killing("web", (0.2, 1.2))),
    Column(name="worker killed", around=_killing("worker", (0.3, 1.8))),
    Column(name="database locked", around=_locking),
)
