"""Forms of consent: what somebody decided with all that stands behind it, and which form a study uses."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.html import format_html

from patients.models import ConsentForm
from patients.services.studies import authority, languages
from patients.services.studies.authority import DECIDERS, MANNERS, Authority, Decider, Manner
from patients.services.studies.consent_forms import Version
from patients.services.studies.consents import Answer, Asked
from portal.templatetags.ui import day
from portal.web.forms import SmallRadios

from .person import conventions

Scope = tuple[str, str]
YES, NO = "yes", "no"
_PLAIN = {"autocomplete": "off", "spellcheck": "false"}
_SHORT, _MIDDLE = "govuk-input--width-10", "govuk-input--width-30"
NOTHING = "Choose what was decided about at least one kind of data."


class DecideForm(forms.Form):
    """What somebody decided about the kinds of data of one study, and by whose authority it is entered.

    ``form`` is the consent form that the study uses now: it and ``taken_by`` stand in a form that is opened.
    """

    seal = forms.CharField(required=False, widget=forms.HiddenInput)
    shown = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, asked: Sequence[Asked], form: ConsentForm | None,
        initial: Mapping[str, Any] | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(data, initial=_begin(form) | dict(initial or {}), **kwargs)
        self.asked = {_name_of(each): each for each in asked if each.is_asked_for}
        self.authority: Authority | None = None
        for name, each in self.asked.items():
            self.fields[name] = _question(each)
        self.fields |= _authority_fields(form)

    @property
    def sealed(self) -> str:
        """The seal as it came back; empty where there was none."""
        return str(self.data.get("seal", ""))

    @property
    def stood(self) -> str:
        """How decisions stood on its page, sealed, as it came back."""
        return str(self.data.get("shown", ""))

    @property
    def questions(self) -> list[forms.BoundField]:
        """The kinds of data, each with its answers."""
        return [self[name] for name in self.asked]

    @property
    def sections(self) -> list[tuple[str, list[forms.BoundField]]]:
        """What else is asked for, in groups."""
        return [(title, [self[name] for name in names]) for title, names in _SECTIONS]

    @property
    def chosen(self) -> list[tuple[Asked, bool]]:
        """The kinds of data about which something was decided, and what."""
        told = ((each, self.cleaned_data.get(name)) for name, each in self.asked.items())
        return [(each, answer == YES) for each, answer in told if answer]

    @property
    def decisions(self) -> dict[Scope, bool]:
        """The same, by system and code."""
        return {each.key: agreed for each, agreed in self.chosen}

    @property
    def carried(self) -> list[tuple[str, str]]:
        """Everything as it was sent, for the page that asks to confirm it."""
        return [(name, str(self.data.get(name, ""))) for name in self.fields]

    def clean_signed_on(self) -> date:
        """The day, in any usual form."""
        reading = conventions().read_date(self.cleaned_data["signed_on"])
        if not reading.dates:
            raise forms.ValidationError(
                reading.problem or "Enter the date on which it was signed, like 3 4 2026."
            )
        return reading.dates[0]

    def clean(self) -> dict[str, Any]:
        """Hold that something was decided, and that its authority is whole."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.asked and not self.chosen:
            self.add_error(next(iter(self.asked)), NOTHING)
        told = {name: cleaned.get(name) or "" for name in _TEXTS}
        gaps = authority.missing(told)
        if {"decider", "manner", "signed_on"} <= cleaned.keys():
            self.authority = Authority(
                decider=Decider(cleaned["decider"]),
                manner=Manner(cleaned["manner"]),
                signed_on=cleaned["signed_on"],
                **told,
            )
            gaps = authority.gaps(self.authority, today=timezone.localdate())
        for name, sentence in gaps.items():
            if name not in self.errors:
                self.add_error(name, sentence)
        return cleaned


_TEXTS = (
    "form_version", "form_language", "sheet_version", "taken_by", "representative", "relation", "witness",
    "note",
)  # fmt: skip
_SECTIONS = (
    ("Who decided, and how", ("decider", "representative", "relation", "manner")),
    ("On which form", ("form_version", "form_language", "sheet_version", "signed_on")),
    ("Who took it down", ("taken_by", "witness", "note")),
)
_NOW = {Answer.AGREED: "Agreed", Answer.DECLINED: "Declined", Answer.PENDING: "Not decided yet"}


def now_of(asked: Asked) -> str:
    """How something stands now, in words: "Agreed on 03-Apr-2026"."""
    since = f" on {day(asked.decided_at)}" if asked.decided_at and asked.answer is not Answer.PENDING else ""
    return f"{_NOW[asked.answer]}{since}"


def wished(asked: Sequence[Asked], answer: str) -> dict[str, str]:
    """What stands in a form that is opened to withdraw everything that was agreed to."""
    return {_name_of(each): answer for each in asked if each.answer is Answer.AGREED and each.is_asked_for}


def _name_of(asked: Asked) -> str:
    """A name for the field that stays with the kind of data, whatever else the study asks for."""
    return f"data_{hashlib.sha256('|'.join(asked.key).encode()).hexdigest()[:12]}"


def _begin(form: ConsentForm | None) -> dict[str, Any]:
    if form is None:
        return {}
    only = form.languages[0] if len(form.languages) == 1 else ""
    return {"form_version": form.version, "sheet_version": form.sheet_version, "form_language": only}


def _question(asked: Asked) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=asked.words[:1].upper() + asked.words[1:],
        help_text=format_html(
            "Now: {}. <span class='portal-consent__code'>{} {}</span>",
            now_of(asked),
            asked.system,
            asked.code,
        ),
        required=False,
        choices=[("", "No change"), (YES, "Agrees"), (NO, "Declines")],
        widget=SmallRadios,
    )


def _authority_fields(form: ConsentForm | None) -> dict[str, forms.Field]:
    return {
        "decider": forms.ChoiceField(
            label="Who decided?",
            choices=[(each.value, words) for each, words in DECIDERS.items()],
            widget=SmallRadios,
            error_messages={"required": "Choose who decided."},
        ),
        "representative": _line(
            "Name of the representative or parent", "Only where somebody decided for the person or with them."
        ),
        "relation": _line("What they are to the person", "Like mother, or legal guardian."),
        "manner": forms.ChoiceField(
            label="How was it decided?",
            choices=[(each.value, words) for each, words in MANNERS.items()],
            widget=SmallRadios,
            error_messages={"required": "Choose how it was decided."},
        ),
        "form_version": _line("Version of the consent form", size=_SHORT, most=40),
        "form_language": _language(form),
        "sheet_version": _line("Version of the information sheet", size=_SHORT, most=40),
        "signed_on": forms.CharField(
            label="Date signed",
            help_text="The day on which the person decided, like 3 4 2026. Not in the future.",
            max_length=40,
            widget=forms.TextInput(_PLAIN | {"class": _SHORT}),
            error_messages={"required": "Enter the date on which it was signed."},
        ),
        "taken_by": _line("Taken down by", "Who talked with the person, or received the form."),
        "witness": _line("Witness", "If there was one."),
        "note": forms.CharField(
            label="Note",
            help_text="What the study file should say besides. It is kept encrypted with the decision.",
            required=False,
            max_length=1000,
            widget=forms.Textarea({"rows": 3}),
        ),
    }


def _line(label: str, hint: str = "", *, size: str = _MIDDLE, most: int = 200) -> forms.CharField:
    """A line that the rules of an authority judge, not the field: they know what goes with what."""
    widget = forms.TextInput(_PLAIN | {"class": size})
    return forms.CharField(label=label, help_text=hint, required=False, max_length=most, widget=widget)


def _language(form: ConsentForm | None) -> forms.ChoiceField:
    own = [(code, languages.name_of(code)) for code in (form.languages if form is not None else ())]
    known = {code for code, _ in own}
    rest = [each for each in languages.CHOICES if each[0] not in known]
    choices: list[Any] = [("", ""), ("The study’s form", own), ("Other languages", rest)]
    return forms.ChoiceField(
        label="Language of the form",
        required=False,
        choices=choices if own else [("", ""), *rest],
    )


class StudyFormForm(forms.Form):
    """Which consent form a study uses from now on."""

    version = forms.CharField(
        label="Version of the consent form",
        max_length=40,
        widget=forms.TextInput(_PLAIN | {"class": _SHORT}),
        error_messages={"required": "Enter the version of the consent form."},
    )
    sheet_version = forms.CharField(
        label="Version of the information sheet",
        max_length=40,
        widget=forms.TextInput(_PLAIN | {"class": _SHORT}),
        error_messages={"required": "Enter the version of the information sheet."},
    )
    languages = forms.CharField(
        label="Languages",
        help_text="Codes or names, separated by commas, like English, Spanish.",
        max_length=300,
        widget=forms.TextInput(_PLAIN | {"class": _MIDDLE}),
        error_messages={"required": "Enter the languages in which the form exists."},
    )

    @classmethod
    def of(cls, form: ConsentForm | None) -> StudyFormForm:
        """The form as it stands."""
        if form is None:
            return cls()
        names = languages.names_of(form.languages)
        return cls(initial={"version": form.version, "sheet_version": form.sheet_version, "languages": names})

    def clean_languages(self) -> tuple[str, ...]:
        """Their codes, each once."""
        typed = [each.strip() for each in self.cleaned_data["languages"].split(",") if each.strip()]
        found = {each: languages.code_of(each) for each in typed}
        unknown = [each for each, code in found.items() if not code]
        if unknown:
            raise forms.ValidationError(
                f"“{unknown[0]}” is no language that is known here: use its English name, or its code."
            )
        return tuple(dict.fromkeys(found.values()))

    def told(self) -> Version:
        """What was entered."""
        cleaned = self.cleaned_data
        return Version(
            version=cleaned["version"],
            sheet_version=cleaned["sheet_version"],
            languages=cleaned["languages"],
        )
