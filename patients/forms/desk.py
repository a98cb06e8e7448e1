"""Parking somebody: what was being done, and the seal of the page on which it is said."""

from __future__ import annotations

from django import forms

from patients.services.desk import LONGEST, PARKED_FOR


class ParkForm(forms.Form):
    """What was being done with somebody when the desk was interrupted; may be left empty."""

    seal = forms.CharField(required=False, widget=forms.HiddenInput)
    doing = forms.CharField(
        label="What were you doing?",
        help_text=f"Only you see it, on your home page, for {PARKED_FOR.days} days or until you take it off.",
        required=False,
        max_length=LONGEST,
        widget=forms.TextInput(attrs={"autocomplete": "off", "maxlength": LONGEST}),
    )

    @property
    def sealed(self) -> str:
        """The seal as it came back; empty where there was none."""
        return str(self.data.get("seal", ""))

    @property
    def typed(self) -> dict[str, str]:
        """What was written, for the next form."""
        return {"doing": str(self.data.get("doing", ""))}
