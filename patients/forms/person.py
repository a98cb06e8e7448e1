"""The form about a person: every field of ``patients.entering.typed.Typed``, read and checked as one."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone

from integrations.registry import label_of
from integrations.writes import Details, Part
from patients.entering.births import born_and_age
from patients.entering.findings import Finding
from patients.entering.reading import NOTHING, PHONES, Entered, enter
from patients.entering.systems import Problem
from patients.entering.typed import Typed, part_of, taking, typed_of
from patients.matching.tags import Conventions
from portal.web.numbers import whole_number

from .layout import LINES, SECTIONS, Section

TURN = "turn"
_MOST = 1_000_000_000  # that is counted, or read of a number


def conventions() -> Conventions:
    """How people here write, by the site's settings."""
    return Conventions(
        date_order=settings.DATE_ORDER, country=settings.DEFAULT_COUNTRY, today=timezone.localdate()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One thing said below a field. ``values_json`` are the fields and texts that one click on ``button``
    puts into the form, and ``place`` which suggestion that is, for browsers without JavaScript.
    ``stands_above``: where the whole form is shown, the field's own error says it."""

    kind: str
    sentence: str = field(repr=False)
    stands_above: bool = False
    button: str = field(default="", repr=False)
    values_json: str = field(default="", repr=False)
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldThere:
    """What one system holds in a field, in words."""

    label: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownField:
    """One field with all that is said of it. ``needed`` are the labels of the systems that need it, ``held``
    what each system holds where that is worth showing."""

    bound: forms.BoundField
    needed: str = ""
    read_as: str = field(default="", repr=False)
    said: tuple[Said, ...] = ()
    held: tuple[HeldThere, ...] = ()

    @property
    def is_missing(self) -> bool:
        """Whether it is needed, and nothing stands in it."""
        return bool(self.needed) and not str(self.bound.value() or "").strip()

    @property
    def is_said_below(self) -> bool:
        """While it is typed: whether an error that stands above the field has no more to say."""
        return not self.bound.errors or any(each.stands_above for each in self.said)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSection:
    """A section with the fields of this form; open too where something in it is filled in or wrong."""

    section: Section
    fields: tuple[ShownField, ...]
    is_open: bool


class PersonForm(forms.Form):
    """A form about a person. Once it is valid, ``entered`` holds the details that can be written.

    ``held``: what an edit began with (:func:`patients.entering.reading.enter`). ``hides`` are fields that
    this form does not have. What is wrong stands at its field; what is doubtful is only said there.
    """

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, held: Details = NOTHING, hides: Collection[str] = (),
        initial: Mapping[str, Any] | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(data, initial=asdict(typed_of(held)) | dict(initial or {}), **kwargs)
        self.held = held
        for name, line in LINES.items():
            if name not in hides:
                self.fields[name] = line.field(str(self.initial.get(name, "")))
        self.fields[TURN] = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)
        self.problems: tuple[Problem, ...] = ()
        self._entered: Entered | None = None

    # --- what was typed -----------------------------------------------------------------------

    def typed(self) -> Typed:
        """Every field as it was typed; a field that the form does not have as it is held. What one click on
        a suggestion takes (``take``) is in it."""
        shown = typed_of(self.held)
        values = {each.name: self._text(each.name, getattr(shown, each.name)) for each in fields(Typed)}
        typed = Typed(**values)
        for finding in self._taken(typed):
            typed = taking(typed, finding)
        return typed

    @property
    def turn(self) -> int:
        """How often something was typed into the form, as the page counts it: what is kept while somebody
        types may come in another order than it was sent."""
        text = self._text(TURN, "")
        return whole_number(text, most=_MOST) or 0

    @property
    def entered(self) -> Entered:
        """What was typed, read and checked."""
        if self._entered is None:
            self._entered = enter(self.meant(), conventions(), held=self.held)
        return self._entered

    def meant(self) -> Typed:
        """What was typed, with what goes without saying."""
        return self.typed()

    @property
    def details(self) -> Details:
        """What can be written."""
        return self.entered.details

    def clean(self) -> dict[str, Any]:
        """Say at each field what has to be put right."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for finding in self.entered.findings:
            if finding.stops and not self.has_error(finding.field):
                self._say(finding.field, finding.sentence)
        return cleaned

    def add_problems(self, problems: Sequence[Problem]) -> None:
        """Say at each field what a chosen system needs, or cannot take as it is."""
        self.problems = tuple(problems)
        for problem in problems:
            if problem.stops and not self.has_error(_place_of(problem.field)):
                self._say(_place_of(problem.field), problem.sentence)

    def described_by(self, name: str) -> str:
        """The id of what stands below a field, for its ``aria-describedby``."""
        return f"said-{name}" if name in LINES else ""

    def _say(self, name: str, sentence: str) -> None:
        self.add_error(name if name in self.fields else None, sentence)

    def _text(self, name: str, otherwise: str) -> str:
        if name not in self.fields:
            return otherwise
        return str(self.data.get(name, "") if self.is_bound else self.initial.get(name, ""))

    def _taken(self, typed: Typed) -> Iterator[Finding]:
        """The suggestion that somebody without JavaScript pressed: "email.0"."""
        name, _, text = str(self.data.get("take", "")).partition(".")
        place = whole_number(text, most=_MOST)
        if name in LINES and place is not None:
            found = enter(typed, conventions(), held=self.held).of(name)
            yield from [each for each in found if self._offered(each)][place:][:1]

    def _offered(self, finding: Finding) -> dict[str, str]:
        """What a finding suggests, where this form has every field that it would go into."""
        values = dict(finding.suggestion)
        return values if values.keys() <= self.fields.keys() else {}

    # --- what is shown ------------------------------------------------------------------------

    def sections(self, needed: Mapping[str, Sequence[str]] | None = None) -> list[ShownSection]:
        """The fields with what is said of each; ``needed`` are fields → the systems that need them."""
        return [section for each in SECTIONS if (section := self._section(each, needed or {})).fields]

    def _section(self, section: Section, needed: Mapping[str, Sequence[str]]) -> ShownSection:
        shown = tuple(self.shown(line.name, needed) for line in section.lines if line.name in self.fields)
        filled = any(str(self._text(line.name, "")).strip() for line in section.lines)
        wrong = any(each.bound.errors or each.needed for each in shown)
        return ShownSection(section=section, fields=shown, is_open=section.is_open or filled or wrong)

    def shown(self, name: str, needed: Mapping[str, Sequence[str]]) -> ShownField:
        """One field with what is said of it."""
        systems = needed.get(str(part_of(name)), needed.get(name, ()))
        return ShownField(
            bound=self[name],
            needed=" and ".join(map(label_of, systems)),
            read_as=self._read_as(name),
            said=tuple(self._said(name)),
        )

    def _said(self, name: str) -> Iterator[Said]:
        place = 0
        for finding in self.entered.of(name):
            values = self._offered(finding)
            button = f"Use {values[name]}" if values.get(name) else "Do that" if values else ""
            yield Said(
                kind=str(finding.level),
                sentence=finding.sentence,
                stands_above=finding.stops and self.has_error(name),
                button=button,
                values_json=json.dumps(values) if values else "",
                place=f"{name}.{place}" if values else "",
            )
            place += bool(values)

    def _read_as(self, name: str) -> str:
        """How a date or a number was understood, where that is not just what stands there."""
        details = self.entered.details
        if name == "birth_date" and details.birth_date:
            return born_and_age(details.birth_date, timezone.localdate())
        if name not in LINES or part_of(name) not in (*PHONES, Part.NHS_NUMBER, Part.DATE_OF_DEATH):
            return ""
        shown = getattr(typed_of(replace(details)), name)
        return shown if shown.strip() != self._text(name, "").strip() else ""


def _place_of(of: str) -> str:
    """The field of the form at which something about a part is said."""
    return "address_lines" if of == Part.ADDRESS else of
