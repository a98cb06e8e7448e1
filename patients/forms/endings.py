"""Forms that end what is kept of a person in a system. Each carries the seal of its page."""

from __future__ import annotations

from typing import Any

from django import forms

from .links import SealedForm

OTHER = "Something else"
REASONS = (
    "Moved away",
    "Registered elsewhere",
    "Died",
    "Registered twice",
    "Registered by mistake",
    "Does not want to be contacted any more",
    OTHER,
)
SAY_WHAT = "Say in a few words why."


class ArchiveForm(SealedForm):
    """Why a record is put away: one of the usual reasons, and what else there is to say."""

    why = forms.ChoiceField(
        label="Why is it archived?",
        choices=[(each, each) for each in REASONS],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose why the record is archived."},
    )
    reason = forms.CharField(
        label="What else there is to say",
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    field_order = ("seal", "why", "reason")

    def __init__(self, *args: Any, keeper: str = "", **kwargs: Any) -> None:
        """``keeper``: the system that keeps reason and notes with the record, if it does."""
        super().__init__(*args, **kwargs)
        where = f"{keeper} keeps it with the record" if keeper else "It stays in the portal's trail"
        self.fields["reason"].help_text = f"{where}. Leave names and numbers of patients out."

    def clean(self) -> dict[str, Any]:
        """Hold that something else is said in words."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("why") == OTHER and not cleaned.get("reason"):
            self.add_error("reason", SAY_WHAT)
        return cleaned

    @property
    def told(self) -> tuple[str, str]:
        """The reason in short, and the notes: what somebody wrote is the reason where none was chosen."""
        why, words = self.cleaned_data["why"], self.cleaned_data["reason"]
        return (words, "") if why == OTHER else (why, words)


class LeaveForm(SealedForm):
    """That a record leaves an organization; ``numbers`` is what its page has counted, sealed."""

    numbers = forms.CharField(required=False, widget=forms.HiddenInput)


class DeleteForm(LeaveForm):
    """That a record is to be deleted: its number is typed."""

    typed = forms.CharField(
        label="Id of the record",
        help_text="Type the id of the record as this page shows it, so that it is certain which is meant.",
        max_length=64,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "class": "govuk-input--width-20"}
        ),
        error_messages={"required": "Type the id of the record."},
    )
    field_order = ("seal", "numbers", "typed", "reason")


class ConfirmForm(forms.Form):
    """A second person's yes; ``numbers`` is what their page has counted, sealed."""

    seal = forms.CharField(required=False, widget=forms.HiddenInput)
    numbers = forms.CharField(required=False, widget=forms.HiddenInput)
    sure = forms.BooleanField(
        label="I have checked who it is and what will be lost",
        error_messages={"required": "Tick that you have checked who it is and what will be lost."},
    )

    @property
    def sealed(self) -> str:
        """The seal as it came back; empty where there was none."""
        return str(self.data.get("seal", ""))
