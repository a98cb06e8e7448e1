"""What narrows the people list, and what an export asks for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone

from integrations.registry import label_of, system_names
from integrations.studies import InvitationState
from patients.matching.typed_dates import read_date
from patients.models import Participant
from patients.services.exporting import Format
from patients.services.people_list import REGISTRATIONS, STATUSES, Filters
from patients.services.studies.within import NONE
from portal.templatetags.ui import day, label
from portal.web.forms import DateInput

REASON_LENGTH = 500


class DayField(forms.CharField):
    """A day in any usual form. Cleaned to a date, or ``None`` where nothing was typed."""

    widget = DateInput

    def clean(self, value: Any) -> date | None:
        """Read it. The message says what is wrong and how a date looks."""
        text = super().clean(value)
        if not text:
            return None
        reading = read_date(text, date_order=settings.DATE_ORDER, today=timezone.localdate())
        if not reading.dates:
            raise forms.ValidationError(reading.problem)
        return reading.dates[0]


class FilterForm(forms.Form):
    """The filters of the people list, whoever looks."""

    name = forms.CharField(
        label="Name begins with",
        help_text="Surname first, like Smith or Smith Jo",
        required=False,
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    system = forms.ChoiceField(label="Held in", required=False)
    organization = forms.ChoiceField(label="Organization", required=False)
    study = forms.ChoiceField(label="Study", required=False)
    standing = forms.TypedChoiceField(
        label="Stands there at",
        choices=[("", "Anywhere"), *((str(each.value), each.label) for each in Participant.Standing)],
        coerce=int,
        empty_value=None,
        required=False,
    )
    invitation = forms.ChoiceField(
        label="Latest invitation",
        choices=[
            ("", "Any or none"),
            (NONE, "None"),
            *((str(each), label(each)) for each in InvitationState),
        ],
        required=False,
    )
    created_from = DayField(label="First recorded from", help_text="Like 31 3 2024", required=False)
    created_to = DayField(label="First recorded to", help_text="That day included", required=False)
    statuses = forms.MultipleChoiceField(
        label="Status of a record",
        choices=[(str(each), label(each)) for each in STATUSES],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    registrations = forms.MultipleChoiceField(
        label="Kind of registration",
        choices=[(str(each), label(each)) for each in REGISTRATIONS],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    review = forms.BooleanField(label="Needs review", required=False)
    alone = forms.BooleanField(label="In one system only", required=False)
    chosen = forms.BooleanField(label="Only the selected people", required=False)
    tests = forms.BooleanField(label="Test records instead of people", required=False)

    def __init__(
        self,
        *args: Any,
        organizations: Iterable[tuple[int, str]] = (),
        studies: Iterable[tuple[str, str]] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        own_studies = list(studies)
        self.fields["study"].choices = [("", "Any or none"), *own_studies]  # type: ignore[attr-defined]
        if not own_studies:
            for name in ("study", "standing", "invitation"):
                del self.fields[name]
        systems = [(name, label_of(name)) for name in system_names()]
        places = list(organizations)
        self.fields["system"].choices = [("", "Any system"), *systems]  # type: ignore[attr-defined]
        self.fields["organization"].choices = [("", "Any"), *places]  # type: ignore[attr-defined]
        if not places:
            del self.fields["organization"]

    def clean(self) -> dict[str, Any]:
        """A period has to begin before it ends."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        begin, end = cleaned.get("created_from"), cleaned.get("created_to")
        if begin and end and begin > end:
            self.add_error("created_to", f"Enter a day after {day(begin)}, or leave it empty.")
        return cleaned

    def filters(self) -> Filters:
        """What was chosen."""
        values = {name: value for name, value in self.cleaned_data.items() if value}
        values["organization"] = int(values.get("organization", 0))
        for name in ("statuses", "registrations"):
            values[name] = tuple(values.get(name, ()))
        return Filters(**values)


class ExportForm(forms.Form):
    """What to export, how, and why."""

    scope = forms.ChoiceField(label="Who", widget=forms.RadioSelect)
    format = forms.ChoiceField(
        label="File",
        choices=[(Format.XLSX, "Excel workbook (XLSX)"), (Format.CSV, "Text with commas (CSV)")],
        initial=Format.XLSX,
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label="Reason",
        help_text="What the file is for and who gets it. It is kept with your name.",
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say what the file is for and who gets it."},
    )

    def __init__(self, *args: Any, scopes: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = list(scopes)
        self.fields["scope"].choices = choices  # type: ignore[attr-defined]
        self.fields["scope"].initial = choices[0][0] if choices else None
