"""What the driver asked for: its own list, kept apart from everything that the portal keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

OPEN_TO_PEOPLE = ("refused", "held", "behind")  # "behind": waits behind one that is held, of the same person
OVER = ("done", *OPEN_TO_PEOPLE)


class Verb(StrEnum):
    """What an effect does to one field of a record."""

    SET = "set"
    ADD = "add"  # to a list, in which each value stands once
    REMOVE = "remove"
    DELETE = "delete"  # the whole record


@dataclass(frozen=True, slots=True)
class Effect:
    """What one write makes of one field, in the form in which ``systems`` reads states."""

    verb: Verb
    field: str
    value: Any

    def on(self, held: Any) -> Any:
        """What the field holds afterwards."""
        if self.verb is Verb.SET:
            return self.value
        others = [each for each in held or [] if each != self.value]
        return sorted([*others, self.value]) if self.verb is Verb.ADD else others


@dataclass(slots=True, kw_only=True)
class Intent:
    """One write that was asked for. ``number`` counts them in the order of asking.

    ``record`` is the number of the record in its system, empty for a creation; ``person`` the family name,
    which nobody else has. ``answered`` says that the portal has said that it is recorded; ``state`` and
    ``why`` are what the portal said of it last.
    """

    number: int
    kind: str
    fault: str
    system: str
    person: str = field(repr=False)
    record: str = ""
    effects: tuple[Effect, ...] = field(repr=False)
    ask: Mapping[str, Any] = field(default_factory=dict, repr=False)
    answered: bool = False
    operation: str = ""
    state: str = ""
    why: str = ""

    @property
    def creates(self) -> bool:
        """Whether it is a creation."""
        return not self.record

    @property
    def deletes(self) -> bool:
        """Whether its record is to be gone afterwards."""
        return any(each.verb is Verb.DELETE for each in self.effects)

    @property
    def cell(self) -> tuple[str, str]:
        """Where it counts in the table: kind and fault."""
        return self.kind, self.fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A record as a system holds it, in plain fields; ``family`` says whose it is."""

    system: str
    id: str
    family: str = field(repr=False)
    fields: Mapping[str, Any] = field(repr=False)
