"""The contract suite's bench: every subject on a running sandbox, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from pytest_django import Settings

from integrations.sandbox.run import Sandbox

from . import subjects_jhe
from .subjects import QUICK, SUBJECTS, Bench, Subject

EVERY_SUBJECT = [*SUBJECTS, *subjects_jhe.SUBJECTS]
OpenBench = Callable[[Subject], Bench]


@pytest.fixture(scope="session")
def started_sandboxes() -> Iterator[Callable[[Subject], Sandbox]]:
    """Starts the sandbox of a subject when it is first asked for."""
    started: dict[tuple[str, str], Sandbox] = {}

    def sandbox_of(subject: Subject) -> Sandbox:
        key = (subject.system, subject.dialect)
        if key not in started:
            started[key] = Sandbox(dialect=subject.dialect, systems=(subject.system,))
            started[key].start()
        return started[key]

    yield sandbox_of
    for sandbox in started.values():
        sandbox.stop()


@pytest.fixture
def open_bench(
    transactional_db: None, settings: Settings, started_sandboxes: Callable[[Subject], Sandbox]
) -> Iterator[OpenBench]:
    """Makes a subject ready: fresh sandbox, settings pointed at it. Threads need a database
    without a transaction around the test."""
    used: list[Sandbox] = []

    def open_one(subject: Subject) -> Bench:
        sandbox = started_sandboxes(subject)
        used.append(sandbox)
        sandbox.reset()
        for switches in sandbox.switches.values():
            switches.reset()
        subject.forget()
        system = {**settings.SYSTEMS[subject.system], **QUICK, **subject.configure(sandbox)}
        settings.SYSTEMS = {**settings.SYSTEMS, subject.system: system}
        return Bench(subject=subject, sandbox=sandbox, known_id=subject.known_id(sandbox))

    yield open_one
    for sandbox in used:
        for board in sandbox.faults.values():
            board.clear()  # lets go what a fault still holds


@pytest.fixture(params=EVERY_SUBJECT, ids=str)
def bench(request: pytest.FixtureRequest, open_bench: OpenBench) -> Bench:
    """Each subject in turn."""
    return open_bench(request.param)


@pytest.fixture
def jump(open_bench: OpenBench) -> Bench:
    """Jump alone, for what only Jump does."""
    return open_bench(next(each for each in SUBJECTS if each.name == "jump"))


@pytest.fixture
def own_id_on(jump: Bench, settings: Settings) -> None:
    """The portal may write its own id into Jump."""
    system = {**settings.SYSTEMS["jump"], "WRITES_OWN_ID": True}
    settings.SYSTEMS = {**settings.SYSTEMS, "jump": system}


@pytest.fixture
def impilo(open_bench: OpenBench) -> Bench:
    """Impilo alone, for what only Impilo does."""
    return open_bench(next(each for each in SUBJECTS if each.name == "impilo"))


@pytest.fixture
def current(open_bench: OpenBench) -> Bench:
    """JHE's current generation."""
    return open_bench(subjects_jhe.CURRENT)


@pytest.fixture
def older(open_bench: OpenBench) -> Bench:
    """JHE's generation of October 2025."""
    return open_bench(subjects_jhe.OLDER)


@pytest.fixture(params=subjects_jhe.SUBJECTS, ids=str)
def either(request: pytest.FixtureRequest, open_bench: OpenBench) -> Bench:
    """Both of JHE's generations, one after the other."""
    return open_bench(request.param)
