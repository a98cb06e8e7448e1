"""What somebody answers to an edit, and what it comes to: what was asked for, or what is open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from integrations.writes import Part
from patients.entering.overwriting import Reason
from patients.entering.systems import Problem
from patients.models import Operation
from patients.services.seals import Broken

from .calling import Caller
from .copies import Copies
from .pages import Key, Page
from .weighing import Choice, Moved, Refused, Weighed


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What somebody has said besides. ``why`` is why it is still the same person, or ``other`` in their own
    words; ``caller`` who was checked on the phone; ``confirmed`` the contact details that are right."""

    choices: Mapping[Key, Choice] = field(default_factory=dict)
    why: Reason | None = None
    other: str = field(default="", repr=False)
    caller: Caller | None = None
    confirmed: tuple[Part, ...] = ()

    def explains(self, weighed: Sequence[Weighed]) -> bool:
        """Whether they say why it is still the same person, in all of these records."""
        if self.why is None:
            return bool(self.other.strip())
        return all(self.why in each.verdict.reasons for each in weighed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What was asked for. ``left_out`` are sentences on what a system has no place for, ``unread`` labels of
    systems that could not be asked just now: they are compared when it is sent. ``confirmed`` are the contact
    details that were noted as right."""

    operations: tuple[Operation, ...] = ()
    left_out: tuple[str, ...] = field(default=(), repr=False)
    unread: tuple[str, ...] = ()
    confirmed: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What has to be answered before anything is written. ``page`` is what the form carries on, ``nowhere``
    the touched parts that no chosen record takes; ``number_is_held``: somebody else holds the NHS number;
    ``refusal`` why the form itself was refused."""

    copies: Copies
    page: Page = field(repr=False)
    weighed: tuple[Weighed, ...] = ()
    nowhere: tuple[Problem, ...] = ()
    number_is_held: bool = False
    refusal: Broken | None = None

    @property
    def moved(self) -> tuple[Moved, ...]:
        """What somebody else changed meanwhile."""
        return tuple(each for weighed in self.weighed for each in weighed.moved)

    @property
    def refused(self) -> tuple[Refused, ...]:
        """What systems cannot hold."""
        return tuple(each for weighed in self.weighed for each in weighed.refused)

    @property
    def overwriting(self) -> tuple[Weighed, ...]:
        """The records that would be written over with another person."""
        return tuple(each for each in self.weighed if each.verdict.stops)

    @property
    def replaced(self) -> frozenset[str]:
        """The details that say so, over all records."""
        verdicts = [each.verdict for each in self.overwriting]
        return frozenset(part.value for each in verdicts for part in (*each.replaced, *each.touched))

    def is_stopped(self, answers: Answers) -> bool:
        """Whether it has to be said first why it is still the same person: on a page that has shown what is
        replaced, since a reason that is given beforehand is given by habit."""
        if not self.overwriting:
            return False
        return not (answers.explains(self.overwriting) and self.replaced <= set(self.page.stopped))
