"""Why it is still the same person: the two fields of every form that may be asked for it."""

from __future__ import annotations

from typing import Any

from django import forms

from patients.entering.overwriting import Reason

WHY, OTHER, ANOTHER = "why", "other", "another"


class SaysWhy(forms.Form):
    """A form in which one of the reasons can be given, or one's own in words."""

    def add_why(self, label: str, *, hint: str = "") -> None:
        """Add both fields."""
        reasons = [(each.value, each.sentence) for each in Reason]
        self.fields[WHY] = forms.ChoiceField(
            label=label,
            help_text=hint,
            required=False,
            choices=[("", ""), *reasons, (ANOTHER, "Another reason")],
        )
        self.fields[OTHER] = forms.CharField(
            label="The other reason",
            help_text="It stays in the trail. Leave names and numbers of patients out.",
            required=False,
            max_length=300,
            widget=forms.TextInput(attrs={"autocomplete": "off"}),
        )

    def clean(self) -> dict[str, Any]:
        """A reason of one's own takes words."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self._reason_in(WHY) == ANOTHER and not self._reason_in(OTHER).strip():
            self.add_error(OTHER, "Say in a few words why it is the same person.")
        return cleaned

    @property
    def why(self) -> Reason | None:
        """The reason that was chosen."""
        value = self._reason_in(WHY)
        return Reason(value) if value in set(Reason) else None

    @property
    def other(self) -> str:
        """The reason in one's own words."""
        return self._reason_in(OTHER) if self._reason_in(WHY) == ANOTHER else ""

    def _reason_in(self, name: str) -> str:
        return str(self[name].value() or "")
