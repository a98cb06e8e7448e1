"""What narrows the board of a study, what an export of it asks for, and a participant's number."""

from __future__ import annotations

from typing import Any

from django import forms

from patients.matching.study_numbers import folded
from patients.models import Participant
from patients.services.studies.board import NUMBERED, SILENT_DAYS, STATES, UNNUMBERED, Filters
from patients.services.studies.numbers import LONGEST
from patients.services.studies.within import NONE
from portal.templatetags.ui import label

from .people_list import REASON_LENGTH


class BoardFilterForm(forms.Form):
    """The filters of a study's board."""

    name = forms.CharField(
        label="Name or number",
        help_text="How it begins: Smith Jo, LL-0",
        required=False,
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    standing = forms.TypedChoiceField(
        label="Stands at",
        choices=[("", "Anywhere"), *((str(each.value), each.label) for each in Participant.Standing)],
        coerce=int,
        empty_value=None,
        required=False,
    )
    invitation = forms.ChoiceField(
        label="Latest invitation",
        choices=[("", "Any or none"), (NONE, "None"), *((str(each), label(each)) for each in STATES)],
        required=False,
    )
    silent = forms.TypedChoiceField(
        label="Agreed, not heard from for",
        choices=[("", "However long"), *((str(days), f"{days} days") for days in SILENT_DAYS)],
        coerce=int,
        empty_value=None,
        required=False,
    )
    numbered = forms.ChoiceField(
        label="Number in the study",
        choices=[("", "With or without"), (NUMBERED, "With a number"), (UNNUMBERED, "Without one")],
        required=False,
    )
    declined = forms.BooleanField(label="Declined something", required=False)
    pending = forms.BooleanField(label="Have something still to decide", required=False)
    tests = forms.BooleanField(label="Test participants instead of people", required=False)

    def filters(self) -> Filters:
        """What was chosen."""
        return Filters(**{name: value for name, value in self.cleaned_data.items() if value})


class StudyExportForm(forms.Form):
    """Why the people of a study are exported."""

    reason = forms.CharField(
        label="Reason",
        help_text="What the file is for and who gets it. It is kept with your name.",
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say what the file is for and who gets it."},
    )


class NumberForm(forms.Form):
    """A participant's number in the study, and the seal of the page on which it is given."""

    seal = forms.CharField(required=False, widget=forms.HiddenInput)
    number = forms.CharField(
        label="Number in the study",
        help_text="Like LL-014. Empty takes it away.",
        required=False,
        max_length=LONGEST,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "size": 12}),
    )

    @property
    def sealed(self) -> str:
        """The seal as it came back; empty where there was none."""
        return str(self.data.get("seal", ""))

    def clean_number(self) -> str:
        """Hold that a number can be told from others."""
        number: Any = self.cleaned_data["number"]
        if number and not folded(number):
            raise forms.ValidationError("Enter letters or digits, like LL-014.")
        return str(number)
