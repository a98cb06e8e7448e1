"""Bringing records into agreement: for each detail that differs, which value is copied to the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from integrations.writes import Part
from patients.services.editing.agreement import Difference, Option
from patients.services.editing.outcomes import Answers

from .why import SaysWhy

LEAVE = "leave"


class AgreeForm(SaysWhy):
    """One question a detail, by its name; "leave it as it is" unless somebody chooses."""

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, differing: Sequence[Difference], **kwargs: Any
    ) -> None:
        super().__init__(data, **kwargs)
        self.differing = differing
        for each in differing:
            choices = [(str(option.place), _words(option)) for option in each.options]
            self.fields[each.part.value] = forms.ChoiceField(
                label=each.label,
                help_text=" ".join(_hints(each)),
                choices=[*choices, (LEAVE, "Leave it as it is")],
                initial=LEAVE,
                widget=forms.RadioSelect,
            )
        self.add_why("Why it is the same person")

    def chosen(self) -> dict[Part, int]:
        """Part → the place of the value that was chosen."""
        found = {each.part: str(self.cleaned_data.get(each.part.value, LEAVE)) for each in self.differing}
        return {part: int(place) for part, place in found.items() if place.isdecimal()}

    def answers(self) -> Answers:
        """What was said besides."""
        return Answers(why=self.why, other=self.other)

    def questions(self) -> list[forms.BoundField]:
        """The details, in order of display."""
        return [self[each.part.value] for each in self.differing]


def _words(option: Option) -> str:
    held, to = " and ".join(option.held_by), " and ".join(option.goes_to_labels)
    return f"{option.text}, as in {held}: copy it to {to}"


def _hints(difference: Difference) -> list[str]:
    hints = list(difference.notes)
    if difference.lacking:
        hints.append(f"Nothing is held in {' and '.join(difference.lacking)}.")
    if difference.is_hidden:
        hints.append("A former value is hidden and not offered.")
    return hints
