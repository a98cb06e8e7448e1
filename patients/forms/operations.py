"""Writes: what the list is narrowed by, and the decisions about one. Each decision carries a seal."""

from __future__ import annotations

from typing import Any

from django import forms

from integrations.registry import label_of, system_names
from patients.models import Operation
from patients.services.operations.listing import Filters, Order
from patients.services.operations.wording import KINDS
from portal.accounts.models import User
from portal.accounts.roles import Role, has_role

from .links import SealedForm

_ORDERS = [(Order.NEWEST.value, "Newest first"), (Order.NEXT.value, "Next try first")]
_MOST_PAGES = 100_000


class ListForm(forms.Form):
    """The filters, all of them in the address: none is about who a patient is."""

    state = forms.ChoiceField(required=False, widget=forms.HiddenInput, choices=Operation.State.choices)
    system = forms.ChoiceField(label="System", required=False)
    kind = forms.ChoiceField(label="What", required=False, choices=[("", "Anything"), *KINDS.items()])
    asked_by = forms.ChoiceField(label="Asked for by", required=False)
    order = forms.ChoiceField(label="Order", required=False, choices=_ORDERS)
    person = forms.CharField(required=False, max_length=22, widget=forms.HiddenInput)
    bulk = forms.CharField(required=False, max_length=22, widget=forms.HiddenInput)
    page = forms.IntegerField(required=False, min_value=1, max_value=_MOST_PAGES, widget=forms.HiddenInput)

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        systems = [(name, label_of(name)) for name in system_names()]
        self._choose("system", [("", "Any system"), *systems])
        if has_role(by, Role.ADMIN):
            accounts = User.objects.order_by("last_name", "first_name", "email")
            self._choose("asked_by", [("", "Anybody"), *((str(each.pk), str(each)) for each in accounts)])
        else:
            del self.fields["asked_by"]

    def _choose(self, name: str, choices: list[Any]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def filters(self) -> Filters:
        """The filters; what is not understood narrows nothing."""
        self.is_valid()
        told = self.cleaned_data
        return Filters(
            **{name: told.get(name) or "" for name in ("state", "system", "kind", "person", "bulk")},
            asked_by=int(told.get("asked_by") or 0),
        )

    def order_and_page(self) -> tuple[Order, int]:
        """In which order, and which page."""
        self.is_valid()
        return Order(self.cleaned_data.get("order") or Order.NEWEST), self.cleaned_data.get("page") or 1


class DecisionForm(forms.Form):
    """A decision without words."""

    seal = forms.CharField(required=False, widget=forms.HiddenInput)

    @property
    def sealed(self) -> str:
        """The seal as it came back; empty where there was none."""
        return str(self.data.get("seal", ""))


class NumberForm(DecisionForm):
    """Which record somebody has made by hand."""

    number = forms.CharField(
        label="Number of the record in the system",
        help_text="As the system shows it. The record is read and shown to you before anything is marked.",
        max_length=64,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "class": "govuk-input--width-20"}
        ),
        error_messages={"required": "Enter the number of the record."},
    )


class DoneForm(SealedForm):
    """That this record is what was to be made."""

    number = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)
