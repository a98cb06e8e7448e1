"""Bringing records into agreement: for each detail that differs, which value is copied to the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from integrations.writes import Part
from patients.services.editing.agreement import Difference, Option
from patients.services.editing.outcomes import Answers
from patients.services.operations.wording import field_label

from .why import SaysWhy

LEAVE = "leave"
_GONE = "What you chose is not offered any more. Look at what is there now, and choose once more."


class AgreeForm(SaysWhy):
    """One question a detail, by its name; "leave it as it is" unless somebody chooses."""

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, differing: Sequence[Difference], **kwargs: Any
    ) -> None:
        super().__init__(data, **kwargs)
        self.differing = differing
        for each in differing:
            choices = [(str(option.number), _words(option)) for option in each.options]
            self.fields[each.part.value] = forms.ChoiceField(
                label=each.label,
                help_text=" ".join(_hints(each)),
                choices=[*choices, (LEAVE, "Leave it as it is")],
                initial=LEAVE,
                widget=forms.RadioSelect,
                error_messages={"invalid_choice": _GONE},
            )
        self.add_why("Why it is the same person")

    def clean(self) -> dict[str, Any]:
        """What was chosen and is not asked any more is said."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for part in Part:
            if part.value not in self.fields and self.data.get(part.value, LEAVE) != LEAVE:
                self.add_error(None, f"{field_label(part)}: {_GONE}")
        return cleaned

    def chosen(self) -> dict[Part, int]:
        """Part → our id of the record whose value was chosen."""
        found = {each.part: str(self.cleaned_data.get(each.part.value, LEAVE)) for each in self.differing}
        return {part: int(number) for part, number in found.items() if number != LEAVE}

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
