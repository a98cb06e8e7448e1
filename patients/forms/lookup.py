"""The look-up form: one box, and one field for each detail."""

from __future__ import annotations

from typing import Any

from django import forms
from django.urls import reverse

from integrations.registry import label_of, system_names
from patients.matching.query import LONGEST_LINE, Understood
from patients.matching.typed_fields import TypedFields
from patients.models.ids import opaque_id
from patients.services.understanding import DETAILS, Asked, read

NOTHING = "Type a name, NHS number, birth date, e-mail, phone number or record number."


def _detail(label: str, hint: str = "", **attrs: str) -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", **attrs})
    return forms.CharField(
        label=label, help_text=hint, required=False, strip=False, max_length=LONGEST_LINE, widget=widget
    )


class LookUpForm(forms.Form):
    """What to look for. Valid where something in it can be looked up; ``understood`` says what.

    Details that are given stand in place of what the line says of the same.
    """

    text = forms.CharField(
        label="Who is it?",
        help_text="Type what the person says, or paste a line.",
        required=False,
        strip=False,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "off",
                "spellcheck": "false",
                "data-portal-lookup": "",
                "aria-keyshortcuts": "/",
                "hx-trigger": "input changed delay:150ms",
                "hx-target": "#typed",
                "hx-sync": "this:replace",
            }
        ),
    )
    words = _detail("Name", "In any order, if you do not know which is the surname")
    family_name = _detail("Surname")
    given_name = _detail("Given name")
    birth_date = _detail("Birth date", "Like 31 3 1980")
    nhs_number = _detail("NHS number", inputmode="numeric")
    email = _detail("E-mail", inputmode="email")
    phone = _detail("Phone", inputmode="tel")
    postcode = _detail("Postcode")
    record_id = _detail("Record number", "A system's own id")
    record_system = forms.ChoiceField(label="Record number of", required=False)
    study_number = _detail("Number in a study", "Like LL-014")
    without = forms.CharField(required=False, widget=forms.HiddenInput)
    run = forms.CharField(required=False, max_length=22, initial=opaque_id, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        systems = [(name, label_of(name)) for name in system_names()]
        self.fields["record_system"].choices = [("", "Any system"), *systems]  # type: ignore[attr-defined]
        self.fields["text"].widget.attrs["hx-post"] = reverse("patients:typed")
        self.understood = Understood()

    def clean(self) -> dict[str, Any]:
        """Understand what was typed, and say at each field what is wrong with it."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        self.understood = read(self.asked())
        for name, sentence in self.understood.field_errors.items():
            self.add_error(name, sentence)
        if not self.errors and not self.understood.is_searchable:
            self.add_error("text", self._why_not())
        return cleaned

    def asked(self) -> Asked:
        """What was typed, without the detail that was crossed out."""
        details = TypedFields(**{name: self.cleaned_data.get(name) or "" for name in DETAILS})
        asked = Asked(text=self.cleaned_data.get("text") or "", details=details)
        dropped = self.cleaned_data.get("without") or ""
        return asked.without(dropped) if dropped in DETAILS else asked

    def _why_not(self) -> str:
        warnings = [tag.warning for tag in self.understood.tags if tag.warning]
        reasons = [leftover.reason for leftover in self.understood.leftovers]
        said = " ".join(dict.fromkeys([*warnings, *reasons]))
        return f"{said} {NOTHING}" if said else NOTHING
