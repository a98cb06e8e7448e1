"""Which fields a form about a person has, in which order, and how each is entered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from django import forms

from integrations.types import Gender, RecordStatus, Registration, Sex
from patients.services.contents import words


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One field: its label, what it looks like, and how a keyboard of a telephone helps."""

    name: str
    label: str
    hint: str = ""
    size: str = ""
    inputmode: str = ""
    rows: int = 0
    choices: tuple[tuple[str, str], ...] = ()

    def field(self, held: str = "") -> forms.Field:
        """The field as it is shown; what was typed is never stripped, nothing is required here. An answer
        that is ``held`` can be kept, though nobody would choose it."""
        if self.choices:
            known = {"", *(value for value, _ in self.choices)}
            kept = [] if held in known else [(held, words(held))]
            return forms.ChoiceField(
                label=self.label,
                help_text=self.hint,
                required=False,
                choices=[("", ""), *self.choices, *kept],
                error_messages={"invalid_choice": "Choose one of the answers."},
            )
        attrs = {"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false", "class": self.size}
        if self.inputmode:
            attrs["inputmode"] = self.inputmode
        widget = (
            forms.Textarea(attrs=attrs | {"rows": str(self.rows)}) if self.rows else forms.TextInput(attrs)
        )
        return forms.CharField(
            label=self.label,
            help_text=self.hint,
            required=False,
            strip=False,
            widget=widget,
        )


def _of(*answers: StrEnum) -> tuple[tuple[str, str], ...]:
    return tuple((each.value, words(each.value)) for each in answers)


_YES_NO = (("yes", "Yes"), ("no", "No"))
_SHORT, _MIDDLE = "govuk-input--width-10", "govuk-input--width-20"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Fields that belong together. ``is_open``: shown at once, not behind its heading."""

    key: str
    title: str
    lines: tuple[Line, ...]
    is_open: bool = True


SECTIONS = (
    Section(
        key="who",
        title="Who it is",
        lines=(
            Line(name="given_name", label="Given name"),
            Line(name="family_name", label="Family name"),
            Line(name="birth_date", label="Birth date", hint="like 31 3 1980", size=_SHORT),
            Line(name="sex", label="Sex", hint="As recorded", choices=_of(*Sex)),
            Line(name="nhs_number", label="NHS number", size=_SHORT, inputmode="numeric"),
        ),
    ),
    Section(
        key="contact",
        title="How to reach them",
        lines=(
            Line(name="phone", label="Phone", size=_MIDDLE, inputmode="tel"),
            Line(name="email", label="E-mail", inputmode="email"),
            Line(name="address_lines", label="Address", hint="House and street, a line each", rows=2),
            Line(name="town", label="Town or city"),
            Line(name="postcode", label="Postcode", size=_SHORT),
        ),
    ),
    Section(
        key="names",
        title="More names, gender, more ways to reach them",
        is_open=False,
        lines=(
            Line(name="title", label="Title", size=_SHORT),
            Line(name="middle_name", label="Middle name"),
            Line(name="preferred_name", label="Preferred name", hint="What they want to be called"),
            Line(name="gender", label="Gender", hint="As the person says it", choices=_of(*Gender)),
            Line(name="mobile_phone", label="Mobile phone", size=_MIDDLE, inputmode="tel"),
            Line(name="home_phone", label="Home phone", size=_MIDDLE, inputmode="tel"),
            Line(name="county", label="County"),
            Line(name="country", label="Country"),
            Line(name="address_note", label="Note for deliveries", rows=2),
        ),
    ),
    Section(
        key="contacting",
        title="What they agreed to, and how they want to be contacted",
        is_open=False,
        lines=(
            Line(
                name="preferred_method", label="Preferred way of contact", hint="Like phone, e-mail or letter"
            ),
            Line(name="consent_sms", label="May be sent text messages", choices=_YES_NO),
            Line(name="consent_email", label="May be sent e-mails", choices=_YES_NO),
            Line(name="consent_marketing", label="May be sent news and offers", choices=_YES_NO),
            Line(name="consent_electronic", label="May be contacted electronically", choices=_YES_NO),
        ),
    ),
    Section(
        key="about",
        title="About the person and the record",
        is_open=False,
        lines=(
            Line(name="accessibility_needs", label="Accessibility needs", hint="One a line", rows=2),
            Line(name="accessibility_notes", label="Notes on accessibility", rows=2),
            Line(name="ethnicity", label="Ethnicity"),
            Line(name="occupation", label="Occupation"),
            Line(
                name="status",
                label="Status of the record",
                hint="Inactive: no longer attending",
                choices=_of(RecordStatus.ACTIVE, RecordStatus.INACTIVE),
            ),
            Line(
                name="registration",
                label="Kind of registration",
                hint="Temporary: a real person who is not staying. Dummy: a test record.",
                choices=_of(Registration.STANDARD, Registration.TEMPORARY, Registration.DUMMY),
            ),
            Line(name="is_deceased", label="Deceased", choices=_YES_NO),
            Line(name="date_of_death", label="Date of death", hint="Like 31 3 2020", size=_SHORT),
            Line(name="requires_review", label="Needs review", choices=_YES_NO),
            Line(name="review_reason", label="Why it needs review"),
            Line(name="enrolled", label="Enrolled in remote monitoring", choices=_YES_NO),
            Line(name="notes", label="Notes", rows=3),
        ),
    ),
)
LINES: Mapping[str, Line] = {line.name: line for section in SECTIONS for line in section.lines}
