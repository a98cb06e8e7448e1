"""What is written down of a call: never a path, a query string, a header or a body."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

import pytest

from integrations import errors
from integrations.sandbox.faults import Fault, FaultKind

from .subjects import FAMILY, GIVEN, ON_DATABASE, Bench

pytestmark = ON_DATABASE

LIBRARIES = ("urllib3.connectionpool", "urllib3.connection")


class Everything(logging.Handler):
    """Keeps every line of every logger, as a formatter would write it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.getMessage()} {record.args} {record.__dict__.get('event')}")


@pytest.fixture
def written(capfd: pytest.CaptureFixture[str]) -> Iterator[Everything]:
    """All logging at DEBUG, the libraries' too."""
    handler, root = Everything(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    levels = {name: logging.getLogger(name).level for name in ("urllib3", *LIBRARIES)}
    for name in levels:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield handler
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    root.setLevel(level)
    root.removeHandler(handler)


def _secrets(bench: Bench) -> list[str]:
    values = [GIVEN, FAMILY, bench.known_id, "1975-04-18", "search=", "Bearer"]
    values += [text for text in bench.subject.configure(bench.sandbox).values() if isinstance(text, str)]
    return [
        each for value in values for each in {value, quote(value), quote_plus(value), value.lower()} if each
    ]


def _do_everything(bench: Bench) -> None:
    adapter = bench.adapter()
    adapter.search(bench.subject.finding)
    adapter.get(bench.known_id)
    adapter.healthcheck()
    bench.faults.add(Fault(kind=FaultKind.RESET))
    with pytest.raises(errors.Unavailable):
        bench.adapter().search(bench.subject.finding)


def test_no_log_line_tells_who_was_looked_for(
    bench: Bench, written: Everything, capfd: pytest.CaptureFixture[str]
) -> None:
    _do_everything(bench)
    assert any("call" in line for line in written.lines)
    printed = capfd.readouterr()
    for secret in _secrets(bench):
        assert not [line for line in [*written.lines, printed.out, printed.err] if secret in line], secret


def test_that_watch_would_see_a_leak(jump: Bench, written: Everything) -> None:
    """Without our filter the library writes the query string, and the test above would find it."""
    loggers = [logging.getLogger(name) for name in LIBRARIES]
    kept = [list(logger.filters) for logger in loggers]
    for logger in loggers:
        logger.filters.clear()
    try:
        jump.adapter().search(jump.subject.finding)
    finally:
        for logger, filters in zip(loggers, kept, strict=True):
            logger.filters[:] = filters
    assert any(FAMILY in line for line in written.lines)
