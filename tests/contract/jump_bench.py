"""What tests of Jump share: its stored rows, its switches, the adapter by its own type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from integrations.jump.adapter import JumpAdapter

from .subjects import Bench


def adapter(bench: Bench, seconds: float | None = 20.0) -> JumpAdapter:
    found = bench.adapter(seconds=seconds)
    assert isinstance(found, JumpAdapter)
    return found


def sent(bench: Bench) -> list[str]:
    """The methods of all requests since the test began."""
    return [each.method for each in bench.faults.requests()]


def rows(bench: Bench) -> Iterator[dict[str, Any]]:
    with bench.sandbox.stores["jump"].reading() as state:
        yield from [dict(row) for row in state["patients"].values()]


def row_of(bench: Bench, **fields: str) -> dict[str, Any]:
    return next(row for row in rows(bench) if all(row[key] == value for key, value in fields.items()))


def change(bench: Bench, patient_id: str, **fields: Any) -> None:
    with bench.sandbox.stores["jump"].writing() as state:
        state["patients"][patient_id].update(fields)


def switch(bench: Bench, **positions: Any) -> None:
    bench.sandbox.switches["jump"].set(**positions)
