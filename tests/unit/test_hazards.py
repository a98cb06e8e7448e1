"""The hazard log (docs/hazards.md): every hazard is controlled, and every control is proved by a test."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
FIELDS = ("Causes", "Effect", "Initial risk", "Residual risk")
#: What the log must not lose, by a word of each title.
NEEDED = (
    "Wrong person", "joined", "split", "empty", "Stale", "Alert", "held up", "not recorded", "left open",
    "outlives",
)  # fmt: skip
SEVERITIES = ("Minor", "Significant", "Considerable", "Major", "Catastrophic")
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
RISK = re.compile(r"(\w+) × ([\w ]+) = (\d)")


@dataclass(frozen=True, kw_only=True)
class Hazard:
    """One section of the log."""

    number: int
    title: str
    fields: dict[str, str]
    controls: list[tuple[str, str]]

    def __str__(self) -> str:
        return f"H{self.number:02}"


def hazards_in(text: str) -> list[Hazard]:
    """The hazards of a log."""
    sections = re.split(r"^## H(\d+) (.+)$", text, flags=re.MULTILINE)[1:]
    return [
        Hazard(
            number=int(number),
            title=title,
            fields=dict(re.findall(r"^- \*\*([^:]+):\*\* (.+)$", body, flags=re.MULTILINE)),
            controls=[row for row in rows_of(body) if row[0] not in {"Control", "---"}],
        )
        for number, title, body in zip(sections[::3], sections[1::3], sections[2::3], strict=True)
    ]


def rows_of(text: str) -> Iterator[tuple[str, str]]:
    """First cell and the rest of every row of a table."""
    for line in text.splitlines():
        if line.startswith("|"):
            first, _, rest = line.strip("|").partition("|")
            yield first.strip(), rest.strip()


def matrix_of(text: str) -> dict[tuple[str, str], int]:
    """Severity and likelihood → risk, from the table at the top of the log."""
    rows = [row for row in rows_of(text.split("## H01")[0]) if row[0] not in {"Likelihood", "---"}]
    return {
        (severity, likelihood): int(risk)
        for likelihood, risks in rows
        for severity, risk in zip(SEVERITIES, risks.split("|"), strict=True)
    }


@cache
def names_of_tests(path: Path) -> frozenset[str]:
    """The tests that a file defines, found by reading it: nothing is run."""
    if not path.is_file():
        return frozenset()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


def faults_in(hazard: Hazard, matrix: dict[tuple[str, str], int]) -> Iterator[str]:
    """What is missing or wrong in a hazard."""
    for field in FIELDS:
        if not hazard.fields.get(field, "").strip():
            yield f"{hazard} lacks: {field}"
    for field in FIELDS[2:]:
        found = RISK.fullmatch(hazard.fields.get(field, ""))
        if found is None or matrix.get((found[1], found[2])) != int(found[3]):
            yield f"{hazard} has a risk that the table does not give: {field}"
    if not hazard.controls:
        yield f"{hazard} has no control"
    for control, cell in hazard.controls:
        named = TEST.findall(cell)
        if not named or TEST.sub("", cell).strip():
            yield f"{hazard} has a control without a test: {control}"
        for path, name in named:
            if name not in names_of_tests(ROOT / path):
                yield f"{hazard} names a test that does not exist: {path}::{name}"


LOG = (ROOT / "docs" / "hazards.md").read_text(encoding="utf-8")
HAZARDS = hazards_in(LOG)


@pytest.mark.parametrize("hazard", HAZARDS, ids=str)
def test_hazard_is_controlled_and_every_control_is_proved(hazard: Hazard) -> None:
    assert list(faults_in(hazard, matrix_of(LOG))) == []


def test_log_holds_every_hazard_that_it_must_in_order() -> None:
    assert [hazard.number for hazard in HAZARDS] == list(range(1, len(HAZARDS) + 1))
    for word in NEEDED:
        assert any(word in hazard.title for hazard in HAZARDS), word


def test_nothing_unacceptable_is_left() -> None:
    for hazard in HAZARDS:
        assert int(hazard.fields["Residual risk"][-1]) <= 3, str(hazard)


GOOD = """
## H01 Something
- **Causes:** A cause.
- **Effect:** An effect.
- **Initial risk:** Major × Low = 3
- **Residual risk:** Minor × Low = 1

| Control | Test |
|---|---|
| It is held | `tests/unit/test_hazards.py::test_fault_in_the_log_is_found` |
"""


@pytest.mark.parametrize(
    ("there", "instead", "fault"),
    [
        ("- **Effect:** An effect.\n", "", "lacks: Effect"),
        ("Major × Low = 3", "Major × Low = 1", "a risk that the table does not give"),
        ("Minor × Low = 1", "small", "a risk that the table does not give"),
        ("| It is held | `tests/unit/test_hazards.py::test_fault_in_the_log_is_found` |\n", "", "no control"),
        (
            "`tests/unit/test_hazards.py::test_fault_in_the_log_is_found`",
            "by care",
            "a control without a test",
        ),
        ("test_fault_in_the_log_is_found", "test_nothing", "a test that does not exist"),
        ("unit/test_hazards.py", "unit/nowhere.py", "a test that does not exist"),
    ],
)
def test_fault_in_the_log_is_found(there: str, instead: str, fault: str) -> None:
    (good,) = hazards_in(GOOD)
    assert list(faults_in(good, matrix_of(LOG))) == []

    assert there in GOOD
    (bad,) = hazards_in(GOOD.replace(there, instead, 1))

    assert any(fault in each for each in faults_in(bad, matrix_of(LOG)))
