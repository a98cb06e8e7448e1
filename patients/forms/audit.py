"""Questions to the trail, the reason for an export, and the notes of a review."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings

from integrations.registry import label_of, system_names
from patients.models import ReviewNote
from patients.services.event_words import KINDS, OUTCOMES
from patients.services.questions import Asked
from portal.accounts.models import User

_DAY_FIRST = ("%d-%b-%Y", "%d/%m/%Y", "%d/%m/%y", "%d %m %Y", "%d.%m.%Y", "%d %b %Y", "%d %B %Y", "%Y-%m-%d")
_MONTH_FIRST = (
    "%d-%b-%Y",
    "%m/%d/%Y",
    "%m/%d/%y",
    "%m %d %Y",
    "%b %d %Y",
    "%B %d %Y",
    "%d %b %Y",
    "%Y-%m-%d",
)
#: One of these stands beside a system, or the whole trail is read for a page.
_NARROW = ("person", "record_id", "actor", "since")
NOTHING = "Say what you want to know: a person, a member of staff, a day or a kind of event."


class _Day(forms.DateField):
    """A day in any usual form, in this site's order of day and month."""

    def __init__(self, label: str, sentence: str) -> None:
        super().__init__(
            label=label,
            required=False,
            # Not portal.web.forms.DateInput, which reads a birth date back with the age.
            widget=forms.DateInput(format="%d-%b-%Y", attrs={"autocomplete": "off"}),
            input_formats=_MONTH_FIRST if settings.DATE_ORDER == "MDY" else _DAY_FIRST,
            error_messages={"invalid": sentence},
        )


class AskForm(forms.Form):
    """Whom or what the trail is asked about. At least one thing has to be said."""

    person = forms.CharField(required=False, max_length=22, widget=forms.HiddenInput)
    system = forms.ChoiceField(label="System", required=False)
    record_id = forms.CharField(
        label="Record number there",
        required=False,
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    actor = forms.ChoiceField(label="Member of staff", required=False)
    since = _Day("From", "Enter the first day like 1 3 2026")
    until = _Day("To", "Enter the last day like 31 3 2026")
    action = forms.ChoiceField(label="What", required=False)
    outcome = forms.ChoiceField(
        label="How it ended", required=False, choices=[("", "In any way"), *OUTCOMES.items()]
    )
    in_system = forms.ChoiceField(label="About a record of", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        systems = [(name, label_of(name)) for name in system_names()]
        kinds = [(group, list(words.items())) for group, words in KINDS.items()]
        accounts = [
            (str(user.pk), f"{user}{'' if user.is_active else ' (switched off)'}")
            for user in User.objects.order_by("last_name", "first_name", "email")
        ]
        self._choose("system", [("", "Choose a system"), *systems])
        self._choose("in_system", [("", "Any system"), *systems])
        self._choose("action", [("", "Anything"), *kinds])
        self._choose("actor", [("", "Anybody"), *accounts])

    def _choose(self, name: str, choices: list[Any]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Hold that the question makes sense."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("record_id") and not cleaned.get("system"):
            self.add_error("system", "Choose the system that the record number is of.")
        if cleaned.get("system") and not cleaned.get("record_id") and "record_id" not in self.errors:
            self.add_error("record_id", "Enter the record number.")
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and since > until:
            self.add_error("until", "The last day is before the first. Change one of them.")
        if cleaned.get("in_system") and not any(cleaned.get(name) for name in _NARROW):
            self.add_error(
                "since", "Enter the first day: the records of a system are too many to ask for all."
            )
        if not self.errors and not any(cleaned.values()):
            self.add_error(None, NOTHING)
        return cleaned

    def asked(self) -> Asked:
        """What is asked; after validation."""
        return Asked(**self.cleaned_data)


class ReasonForm(forms.Form):
    """Why something leaves the portal."""

    reason = forms.CharField(
        label="What is the file for?",
        help_text="Your reason stays in the trail.",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say what the file is for."},
    )


class NoteForm(forms.Form):
    """What a finding comes to."""

    verdict = forms.ChoiceField(
        label="What does it come to?",
        required=False,
        choices=ReviewNote.Verdict.choices,
        widget=forms.RadioSelect(attrs={"form": "notes"}),
    )
    text = forms.CharField(
        label="Note",
        help_text="Without patients' names",
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2, "form": "notes"}),
    )

    def clean(self) -> dict[str, Any]:
        """Hold that a note says what to do, and what is to be followed up."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("text") and not cleaned.get("verdict"):
            self.add_error("verdict", "Say what it comes to, beside the note.")
        if cleaned.get("verdict") == ReviewNote.Verdict.FOLLOW_UP and not cleaned.get("text"):
            self.add_error("text", "Say what is to be followed up.")
        return cleaned


class SignForm(forms.Form):
    """The last words on a month."""

    text = forms.CharField(
        label="Summary",
        help_text="What the review came to. Without patients' names. It cannot be changed afterwards.",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say in a sentence what the review came to."},
    )
