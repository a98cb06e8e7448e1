"""The table of writes by faults, and the one line of numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .columns import Column
from .driver import Counted
from .judging import Finding
from .kinds import Kind

Cells = Mapping[tuple[str, str], Counted]


def table(
    cells: Cells,
    findings: Sequence[Finding],
    *,
    kinds: Sequence[Kind],
    columns: Sequence[Column],
    database: str,
    dialect: str,
) -> str:
    """Markdown: a row a fault, a column a kind; "writes (requests that met the fault)"."""
    reasons: list[str] = []
    lines = [
        f"| fault \\ write | {' | '.join(each.name for each in kinds)} |",
        f"| --- |{' ---: |' * len(kinds)}",
    ]
    for column in columns:
        row = []
        for kind in kinds:
            reason = column.reason(kind, database, dialect)
            if reason and reason not in reasons:
                reasons.append(reason)
            row.append(
                f"– {_note(reasons.index(reason))}" if reason else _cell(cells, findings, kind, column)
            )
        lines.append(f"| {column.name} | {' | '.join(row)} |")
    notes = [f"{_note(place)} cannot occur: {reason}" for place, reason in enumerate(reasons)]
    return "\n".join([*lines, "", *notes])


def too_few(
    cells: Cells, *, kinds: Sequence[Kind], columns: Sequence[Column], database: str, dialect: str, each: int
) -> list[str]:
    """The cells that can occur and hold fewer writes than they were to, or of which too few
    met the fault."""
    short = []
    for column in columns:
        for kind in kinds:
            if column.reason(kind, database, dialect):
                continue
            counted = cells.get((kind.name, column.name), Counted())
            if counted.writes < each or (column.fault is not None and counted.met < each / 4):
                short.append(f"{kind.name} × {column.name}: {counted.writes} ({counted.met})")
    return short


def _cell(cells: Cells, findings: Sequence[Finding], kind: Kind, column: Column) -> str:
    counted = cells.get((kind.name, column.name), Counted())
    text = f"{counted.writes} ({counted.met})" if column.fault is not None else str(counted.writes)
    wrong = [str(each.kind) for each in findings if each.intent.cell == (kind.name, column.name)]
    return f"{text} **{len(wrong)} {', '.join(sorted(set(wrong)))}**" if wrong else text


def _note(place: int) -> str:
    return "*" * (place + 1)
