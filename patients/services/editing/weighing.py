"""What an edit does to one record: what is set, what has moved meanwhile, what cannot be held there.

Pure: from what a form showed, what is wanted and what the record holds now.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from integrations.abilities import Capability
from integrations.wire import cleaned
from integrations.writes import Changes, Details, IdentifierChange, Part, left_to_do
from patients.entering.editing import same
from patients.entering.overwriting import Verdict, is_still_the_same_person
from patients.entering.systems import Problem, Trouble, problems_with
from patients.services.contents import custom_words
from patients.services.operations.wishes import custom_field
from patients.services.operations.wording import field_label, value_of

from .copies import Copy
from .pages import Key, Page

NO_IDENTIFIERS = IdentifierChange()


class Choice(StrEnum):
    """What is to be in a record that holds something else by now, or cannot hold what is wanted."""

    MINE = "mine"
    THEIRS = "theirs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be set in one record, by our id of it."""

    number: int
    changes: Changes = field(default=Changes(), repr=False)
    identifiers: IdentifierChange = field(default=NO_IDENTIFIERS, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A detail that somebody else has changed since the form was opened, in words."""

    key: Key
    system_label: str
    label: str
    shown: str = field(repr=False)
    now: str = field(repr=False)
    wanted: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A detail that a system cannot hold as it is wanted."""

    key: Key
    system_label: str
    label: str
    sentence: str = field(repr=False)
    wanted: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """One record: ``changes`` are those that are to be asked for, ``left_out`` what its system has no place
    for, ``verdict`` whether it is still the same person's."""

    copy: Copy
    changes: Changes = field(repr=False)
    identifiers: IdentifierChange = field(repr=False)
    moved: tuple[Moved, ...] = ()
    refused: tuple[Refused, ...] = ()
    left_out: tuple[Problem, ...] = ()
    held: frozenset[Part] = frozenset()
    verdict: Verdict = field(default_factory=lambda: Verdict(stops=False))

    @property
    def is_nothing(self) -> bool:
        """Whether nothing is to be asked for."""
        change = self.identifiers
        return not (self.changes.parts or self.changes.custom_fields or change.add or change.remove)

    @property
    def before(self) -> Details:
        """What the record holds now."""
        return self.copy.shown.details

    @property
    def after(self) -> Details:
        """What it will hold."""
        return self.copy.shown.after(self.changes).details


def weigh(copy: Copy, wanted: Wanted, page: Page, choices: Mapping[Key, Choice], *, country: str) -> Weighed:
    """What becomes of an edit in one record. ``choices`` are the answers to what ``page`` has asked."""
    record = _Record(copy, wanted, page, choices, country)
    left = record.without(record.left(), record.theirs())
    moved, refused = tuple(record.moved(left)), tuple(record.refused(left))
    open_questions = {each.key for each in moved} | {each.key for each in refused}
    changes = record.without(left, open_questions)
    before = copy.shown
    verdict = is_still_the_same_person(before.details, before.after(changes).details)
    return Weighed(
        copy=copy,
        changes=changes,
        identifiers=record.identifiers(),
        moved=moved,
        refused=refused,
        left_out=tuple(record.left_out()),
        held=frozenset(wanted.changes.parts & copy.system.changes - record.left().parts),
        verdict=verdict,
    )


class _Record:
    """One record while it is weighed."""

    def __init__(
        self, copy: Copy, wanted: Wanted, page: Page, choices: Mapping[Key, Choice], country: str
    ) -> None:
        self.copy, self.wanted, self.page, self.choices, self.country = copy, wanted, page, choices, country
        shown = page.of(copy.number)
        self.shown = shown.shown if shown is not None else copy.shown
        self.now = copy.shown
        self.custom_now, self.custom_shown = dict(self.now.custom_fields), dict(self.shown.custom_fields)

    def left(self) -> Changes:
        """What the record does not hold yet, in meaning, of what its system takes."""
        possible = self.wanted.changes.parts & self.copy.system.changes
        asked = replace(self.wanted.changes, parts=possible)
        # Empty beside empty is left where what is there could not be read.
        unread = left_to_do(self.copy.record, asked, self.copy.system.as_held).parts
        empty = {part for part in unread if not getattr(self.now.details, part)}
        return replace(
            asked,
            parts=frozenset(part for part in possible if part in empty or not self._is_held(part)),
            custom_fields=tuple(
                (name, value)
                for name, value in asked.custom_fields
                if self.custom_now.get(name, "") != cleaned(value or "")
            ),
        )

    def _is_held(self, part: Part) -> bool:
        held, wanted = getattr(self.now.details, part), self.wanted.changes.details
        forms = (wanted, self.copy.system.as_held(wanted))
        return any(same(part, held, getattr(each, part), country=self.country) for each in forms)

    def moved(self, left: Changes) -> Iterator[Moved]:
        """What is neither what was shown nor what is wanted, unless somebody has chosen."""
        for part in Part:
            if part in left.parts and self._has_to_choose(part, is_moved=self._is_moved(part)):
                yield Moved(
                    key=(self.copy.number, part.value),
                    system_label=self.copy.label,
                    label=field_label(part),
                    shown=value_of(self.shown.details, part),
                    now=value_of(self.now.details, part),
                    wanted=value_of(left.details, part),
                )
        for name, value in left.custom_fields:
            is_moved = self.custom_now.get(name) != self.custom_shown.get(name)
            if self._has_to_choose(custom_field(name), is_moved=is_moved):
                yield Moved(
                    key=(self.copy.number, custom_field(name)),
                    system_label=self.copy.label,
                    label=field_label(custom_field(name)),
                    shown=custom_words(name, self.custom_shown.get(name, "")),
                    now=custom_words(name, self.custom_now.get(name, "")),
                    wanted=custom_words(name, value or ""),
                )

    def _is_moved(self, part: Part) -> bool:
        shown, now = getattr(self.shown.details, part), getattr(self.now.details, part)
        return not same(part, shown, now, country=self.country)

    def _has_to_choose(self, name: str, *, is_moved: bool) -> bool:
        """Whether somebody has to say what is to be there: it moved, or they were asked and did not say."""
        key = (self.copy.number, name)
        return is_moved or (self.page.has_moved(key) and key not in self.choices)

    def theirs(self) -> set[Key]:
        """What is to stay as it is there: what cannot be held only for as long as it cannot."""
        chosen = {key for key, choice in self.choices.items() if choice is Choice.THEIRS}
        refused = {each.key for each in self.refused(self.left())}
        return {key for key in chosen if key in refused or not self.page.was_refused(key)}

    def refused(self, left: Changes) -> Iterator[Refused]:
        """What the system cannot hold as it is."""
        for problem in problems_with(self.copy.system, replace(left, custom_fields=())):
            if problem.trouble is not Trouble.LEFT_OUT:
                yield Refused(
                    key=(self.copy.number, problem.field),
                    system_label=self.copy.label,
                    label=field_label(problem.field),
                    sentence=problem.sentence,
                    wanted=value_of(left.details, problem.field),
                )

    def left_out(self) -> Iterator[Problem]:
        """What is wanted and the system has no place for, as far as it makes a difference there."""
        changes, nothing = self.wanted.changes, Details()
        for problem in problems_with(self.copy.system, replace(changes, custom_fields=())):
            part = Part(problem.field)
            held = self.now.details if part in self.copy.holds else nothing
            values = (getattr(held, part), getattr(changes.details, part))
            if problem.trouble is Trouble.LEFT_OUT and not same(part, *values, country=self.country):
                yield problem

    def without(self, changes: Changes, keys: set[Key]) -> Changes:
        """The changes but for these details."""
        names = {name for number, name in keys if number == self.copy.number}
        return replace(
            changes,
            parts=frozenset(part for part in changes.parts if part.value not in names),
            custom_fields=tuple(each for each in changes.custom_fields if custom_field(each[0]) not in names),
        )

    def identifiers(self) -> IdentifierChange:
        """Identifiers that are not there yet, and those to be taken away that are."""
        if Capability.IDENTIFIERS not in self.copy.system.capabilities:
            return NO_IDENTIFIERS
        held = {(each.system, each.value) for each in self.copy.record.identifiers}
        change = self.wanted.identifiers
        return IdentifierChange(
            add=tuple(each for each in change.add if (each.system, each.value) not in held),
            remove=tuple(each for each in change.remove if (each.system, each.value) in held),
        )
