"""Every form of the portal renders itself in the markup of the design system.

``FORM_RENDERER`` names :class:`PortalRenderer`, so that ``{{ form }}`` and
``{{ field.as_field_group }}`` are enough in templates, allauth's forms included. Django links
hint and error with ``aria-describedby`` and sets ``aria-invalid``; the markup itself is in
``templates/forms/``.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.forms import widgets
from django.forms.renderers import TemplatesSetting

from portal.templatetags.ui import born, day

__all__ = ["DateInput", "PortalBoundField", "PortalRenderer", "SmallRadios"]

# The first kind whose widget class fits. `own` is the class of the control itself.
_KINDS: tuple[tuple[type[widgets.Widget], str, str], ...] = (
    (widgets.CheckboxSelectMultiple, "checkboxes", "govuk-checkboxes__input"),
    (widgets.RadioSelect, "radios", "govuk-radios__input"),
    (widgets.CheckboxInput, "checkbox", "govuk-checkboxes__input"),
    (widgets.Select, "select", "govuk-select"),
    (widgets.Textarea, "textarea", "govuk-textarea"),
    (widgets.PasswordInput, "password", "govuk-input"),
    (widgets.Input, "input", "govuk-input"),
)


class PortalBoundField(forms.BoundField):
    """A field that gives its control the classes of the design system."""

    @property
    def kind(self) -> str:
        """Which markup the control needs: ``input``, ``password``, ``select``, ``radios`` …"""
        return self._kind()[0]

    @property
    def error_id(self) -> str:
        """Where the error summary's link leads: the first control of the field."""
        return self.id_for_label or self.auto_id

    @property
    def read_back(self) -> str:
        """A typed date as it was understood, with the age; empty for everything else."""
        value = getattr(self.form, "cleaned_data", {}).get(self.name) if self.form.is_bound else self.initial
        is_date = isinstance(self.field.widget, DateInput) and isinstance(value, date)
        return born(value) if is_date and not self.errors else ""

    @property
    def aria_describedby(self) -> str | None:
        """Hint and error, and what else the form says below the field (``described_by``)."""
        more = getattr(self.form, "described_by", lambda name: "")(self.name)
        return " ".join(filter(None, (super().aria_describedby, more))) or None

    def build_widget_attrs(
        self, attrs: dict[str, Any], widget: widgets.Widget | None = None
    ) -> dict[str, Any]:
        """Add our classes. Placeholders are left out: a hint stays when somebody types."""
        built: dict[str, Any] = super().build_widget_attrs(attrs, widget)
        own = self._kind()[1]
        classes = [own, (widget or self.field.widget).attrs.get("class", "")]
        if self.errors and own.startswith("govuk-") and not own.endswith("__input"):
            classes.append(f"{own}--error")
        return {**built, "class": " ".join(filter(None, classes)), "placeholder": False}

    def _kind(self) -> tuple[str, str]:
        """Kind and class of the control; hidden and unknown ones have neither."""
        if self.is_hidden:
            return "hidden", ""
        return next(
            ((kind, own) for known, kind, own in _KINDS if isinstance(self.field.widget, known)),
            ("other", ""),
        )


class PortalRenderer(TemplatesSetting):
    """Renders forms with the templates of the project."""

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"
    bound_field_class = PortalBoundField


class DateInput(widgets.TextInput):
    """One box for a date in any usual form; a date that is known shows as ``03-Apr-1980``."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"class": "govuk-input--width-10", "autocomplete": "off", **(attrs or {})})

    def format_value(self, value: Any) -> str | None:
        """Text stays as it was typed, so that a refused date can be corrected."""
        return day(value) if isinstance(value, date) else super().format_value(value)


class SmallRadios(widgets.RadioSelect):
    """Radio buttons for forms that ask the same of many things, or much at once."""

    is_small = True
