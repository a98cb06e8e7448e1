"""Identifiers that other parties gave a record, row by row: those to be added, and those to be taken away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from integrations.types import Identifier
from integrations.wire import cleaned
from integrations.writes import IdentifierChange

from .custom_fields import RowFinding
from .findings import FindingLevel
from .typed import is_blank

LONGEST = 191  # of either half


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifierRow:
    """One row as it was typed: who gave the identifier, and what it is."""

    system: str = field(repr=False)
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifiersEntered:
    """What the rows come to."""

    change: IdentifierChange = field(default=IdentifierChange(), repr=False)
    findings: tuple[RowFinding, ...] = ()

    @property
    def stops(self) -> bool:
        """Whether anything has to be put right first."""
        return bool(self.findings)


def enter_identifiers(
    rows: Sequence[IdentifierRow], held: Sequence[Identifier], removed: Sequence[Identifier]
) -> IdentifiersEntered:
    """Read the rows of new identifiers. They are kept letter by letter: only space around them goes."""
    known = {(each.system, each.value) for each in held}
    add: dict[tuple[str, str], Identifier] = {}
    findings = []
    for place, row in enumerate(rows):
        system, value = cleaned(row.system), cleaned(row.value)
        if is_blank(system) and is_blank(value):
            continue
        problem = _problem(system, value, (system, value) in known or (system, value) in add)
        if problem:
            findings.append(
                RowFinding(place=place, about="value", level=FindingLevel.STOPS, sentence=problem)
            )
        else:
            add[system, value] = Identifier(system=system, value=value)
    change = IdentifierChange(add=tuple(add.values()), remove=tuple(removed))
    return IdentifiersEntered(change=change, findings=tuple(findings))


def _problem(system: str, value: str, is_known: bool) -> str:
    if is_blank(system):
        return "Say which system the identifier is from."
    if is_blank(value):
        return "Enter the identifier itself."
    if max(len(system), len(value)) > LONGEST:
        return f"This is longer than {LONGEST} characters."
    return "The record holds this identifier already." if is_known else ""
