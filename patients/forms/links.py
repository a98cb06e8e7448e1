"""Forms that say who is whose. Each carries a seal (``services.seals``) beside what is typed."""

from __future__ import annotations

from typing import Any

from django import forms

from patients.matching.query import LONGEST_LINE
from patients.services.understanding import Asked, read

NOBODY = "Type a name, NHS number, birth date, e-mail or phone number."


class SomebodyElseForm(forms.Form):
    """Whom somebody may be the same person as."""

    text = forms.CharField(
        label="Look somebody else up in the index",
        help_text="Type a name, birth date, NHS number, e-mail or phone number.",
        max_length=LONGEST_LINE,
        strip=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}),
        error_messages={"required": NOBODY},
    )

    def clean(self) -> dict[str, Any]:
        """Hold that something in the line can be looked up."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors and not read(self.asked()).is_searchable:
            self.add_error("text", NOBODY)
        return cleaned

    def asked(self) -> Asked:
        """What was typed."""
        return Asked(text=self.cleaned_data.get("text", ""))


class SealedForm(forms.Form):
    """A reason, and the seal of the page on which it is given."""

    seal = forms.CharField(required=False, widget=forms.HiddenInput)
    reason = forms.CharField(
        label="Reason",
        help_text="It stays with the decision and in the trail. Leave names and numbers of patients out.",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Give the reason, so that others can judge the decision later."},
    )

    @property
    def sealed(self) -> str:
        """The seal as it came back; empty where there was none."""
        return str(self.data.get("seal", ""))


class LinkForm(SealedForm):
    """That two people are one. Where something speaks against it, a tick is asked for as well."""

    sure = forms.BooleanField(
        label="They are one person all the same",
        required=True,
        error_messages={"required": "Tick that they are one person in spite of what speaks against it."},
    )

    def __init__(self, *args: Any, is_doubted: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_doubted:
            del self.fields["sure"]
