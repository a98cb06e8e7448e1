"""What the tests of JHE share: its adapter for somebody, and what was asked of the sandbox."""

from __future__ import annotations

from integrations.jhe.adapter import JheAdapter
from integrations.sandbox.faults import Fault, FaultKind
from integrations.types import Found

from .subjects import Bench
from .subjects_jhe import READER, caller_of

NOT_THERE = Fault(kind=FaultKind.STATUS, status=404, html=True)
"""The page for an address that does not exist."""


def adapter(bench: Bench, email: str = READER) -> JheAdapter:
    """The adapter for one person."""
    return JheAdapter(caller_of(bench.sandbox, email))


def ids(answer: object) -> list[str]:
    """The ids that a search found; fails where it could not search."""
    assert isinstance(answer, Found)
    return [record.id for record in answer.records]


def asked(bench: Bench, path: str) -> int:
    """How many requests for this address arrived."""
    return len(bench.faults.requests(path=path))
