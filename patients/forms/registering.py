"""Registering: the form about the person and where they go, and the one that creates them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone

from integrations.abilities import Capability
from integrations.registry import label_of, system_class, systems_with
from integrations.types import Identifier
from patients.entering.findings import Finding, hint
from patients.entering.stand_ins import NotKnown, with_stand_ins, without_stand_ins
from patients.entering.systems import IDENTIFIERS, ORGANIZATION, needs_of
from patients.entering.typed import ADDRESS_FIELDS, Typed, is_blank, one_line
from patients.matching.dates import show
from patients.models.ids import is_opaque, opaque_id
from patients.services.registering.offers import Offer
from patients.services.registering.registration import Plan
from portal.accounts.models import User

from .person import TURN, PersonForm, Said

SYSTEMS, NOT_KNOWN, DRAFT = "systems", "not_known", "draft"
STOOD_IN = "stood_in"  # under what a draft keeps what the portal itself filled in, field by field
BORN, TODAY = "birth_date", "birth_date.today"
MOST_IDENTIFIERS = 2
HIDES = ("enrolled", "status")  # no system takes them with a new record
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"  # no vowels: no words
_KINDS = (
    ("", "Yes"),
    (NotKnown.NEWBORN.value, "A newborn without a name yet"),
    (NotKnown.UNKNOWN.value, "No: they cannot say who they are"),
)
_FIRST = ("given_name", "family_name", "birth_date", "sex", "nhs_number", "phone")
_PLAIN = {"autocomplete": "off", "spellcheck": "false"}


class RegisterForm(PersonForm):
    """Who is to be registered, and where. ``adds``: somebody who has a record already gets one more."""

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, offers: Sequence[Offer], adds: bool = False,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(data, hides=HIDES, **kwargs)
        self.offers, self.adds = offers, adds
        self.stood_in: Mapping[str, str] | None = None
        possible = [each for each in offers if not each.why_not]
        self.fields[SYSTEMS] = forms.MultipleChoiceField(
            label="Register in",
            choices=[(each.system, each.label) for each in possible],
            widget=forms.CheckboxSelectMultiple,
            error_messages={"required": "Choose at least one system."},
        )
        places = [place for each in possible for place in each.organizations]
        if places:
            choices = places if len(places) == 1 else [("", ""), *places]
            self.fields[ORGANIZATION] = forms.ChoiceField(
                label=f"{self._narrow} organization", required=False, choices=choices
            )
        if Capability.IDENTIFIERS in {a for each in possible for a in system_class(each.system).capabilities}:
            for place in range(1, MOST_IDENTIFIERS + 1):
                self.fields[f"identifier_{place}"] = _line(f"Identifier {place}", "The number itself")
                self.fields[f"identifier_{place}_of"] = _line("Given by", "Like https://fitbit.com")
        if not adds:
            self.fields[NOT_KNOWN] = forms.ChoiceField(
                label="Is it known who they are?", required=False, choices=_KINDS
            )
        self.fields[DRAFT] = forms.CharField(
            required=False, max_length=22, initial=opaque_id, widget=forms.HiddenInput
        )
        if not self.is_bound:
            self._begin_at(next((name for name in _FIRST if not self.initial.get(name)), _FIRST[0]))

    @classmethod
    def of_kept(
        cls, typed: Typed, also: Mapping[str, Any], *, draft: str, offers: Sequence[Offer], adds: bool
    ) -> RegisterForm:
        """The form as it was kept."""
        initial = asdict(typed) | dict(also) | {DRAFT: draft}
        return cls(None, offers=offers, adds=adds, initial=initial)

    def shown_anew(self) -> RegisterForm:
        """The same form as it stands, nothing said of what is wrong; with what a suggestion has put in."""
        initial = asdict(self.typed()) | self.also() | {DRAFT: self._value(DRAFT)}
        return RegisterForm(offers=self.offers, adds=self.adds, initial=initial)

    def kept_under(self, draft: str) -> RegisterForm:
        """The same form under the id under which it is kept by now."""
        if not self.is_bound or self._value(DRAFT) == draft:
            return self
        data = {name: self._values(name) if name == SYSTEMS else self.data.get(name) for name in self.data}
        return RegisterForm(data | {DRAFT: draft}, offers=self.offers, adds=self.adds)

    def checked(self) -> RegisterForm:
        """A form that was kept, read as if it had just been sent."""
        return RegisterForm(dict(self.initial), offers=self.offers, adds=self.adds)

    def with_stand_ins(self, stood_in: Mapping[str, str]) -> RegisterForm:
        """The same form, as it was sent, with what stands for "not known" in fields that were left empty, and
        without what was put there so before (``stood_in``, by fields) and stands for nothing any more."""
        kind, typed = self._not_known(), self.typed()
        given = without_stand_ins(typed, stood_in)
        code = stood_in.get("family_name", "").rpartition(" ")[2] or "".join(
            secrets.choice(_LETTERS) for _ in range(4)
        )
        filled = with_stand_ins(given, kind, code=code) if kind is not None else given
        if filled == typed:
            return self
        data = {name: self.data.get(name) for name in self.data} | {SYSTEMS: list(self.chosen)}
        form = RegisterForm(data | asdict(filled), offers=self.offers, adds=self.adds)
        form.stood_in = {name: text for name, text in asdict(filled).items() if text != getattr(given, name)}
        return form

    def meant(self) -> Typed:
        """An address without a country is in the site's own."""
        typed = self.typed()
        others = (getattr(typed, name) for name in ADDRESS_FIELDS if name != "country")
        if is_blank(typed.country) and not all(map(is_blank, others)):
            return replace(typed, country=settings.COUNTRY_NAME)
        return typed

    # --- what was chosen ------------------------------------------------------------------------

    @property
    def chosen(self) -> tuple[str, ...]:
        """The systems that are ticked, in order of display."""
        ticked = self._values(SYSTEMS)
        return tuple(each.system for each in self.offers if each.system in ticked and not each.why_not)

    def also(self) -> dict[str, Any]:
        """What the form holds beside the person, for keeping."""
        names = (ORGANIZATION, NOT_KNOWN, *self._identifier_fields())
        also = {SYSTEMS: list(self.chosen), TURN: self.turn} | {
            name: self._value(name) for name in names if name in self.fields
        }
        return also if self.stood_in is None else also | {STOOD_IN: dict(self.stood_in)}

    @property
    def new_draft(self) -> str:
        """Under which id a form is kept that is kept for the first time."""
        number = self._value(DRAFT)
        return number if is_opaque(number) else ""

    def needed(self) -> Mapping[str, tuple[str, ...]]:
        """Field → the chosen systems that need it."""
        return needs_of([system_class(name) for name in self.chosen])

    def plan(self) -> Plan:
        """Who is to be registered, and where, as far as the form says it."""
        narrow = set(systems_with(Capability.ORGANIZATIONS))
        return Plan(
            details=self.details,
            systems=self.chosen,
            organization_id=self._value(ORGANIZATION) if narrow & set(self.chosen) else "",
            identifiers=tuple(self._identifiers()),
            not_known=self._not_known(),
        )

    def clean(self) -> dict[str, Any]:
        """Say besides what the chosen systems need and cannot take."""
        cleaned = super().clean()
        if self._is_to_say_when_born():
            self._say(BORN, "Enter the day on which the baby was born.")
        self.add_problems(self.plan().problems())
        for name, other in zip(*[iter(self._identifier_fields())] * 2, strict=True):
            if is_blank(self._value(name)) != is_blank(self._value(other)):
                missing = name if is_blank(self._value(name)) else other
                self.add_error(missing, "Give the number and who gave it, or leave both empty.")
        return cleaned

    def _is_to_say_when_born(self) -> bool:
        """Whether it is a newborn of whom that is not said: just after midnight it was not today."""
        return self._not_known() is NotKnown.NEWBORN and is_blank(self._value(BORN))

    def _said(self, name: str) -> Iterator[Said]:
        yield from super()._said(name)
        if name == BORN and self._is_to_say_when_born():
            values = {BORN: show(timezone.localdate())}
            button, asked = f"Use {values[BORN]}", "Was the baby born today?"
            yield Said(
                kind="hints", sentence=asked, button=button, values_json=json.dumps(values), place=TODAY
            )

    def _taken(self, typed: Typed) -> Iterator[Finding]:
        if self.data.get("take") == TODAY:
            yield hint(BORN, "", (BORN, show(timezone.localdate())))
        yield from super()._taken(typed)

    def _begin_at(self, name: str) -> None:
        """Where whoever opens the form begins to type."""
        self.fields[name].widget.attrs["autofocus"] = True

    def _say(self, name: str, sentence: str) -> None:
        super()._say("identifier_1" if name == IDENTIFIERS else name, sentence)

    def _identifier_fields(self) -> list[str]:
        names = (
            f"identifier_{place}{end}" for place in range(1, MOST_IDENTIFIERS + 1) for end in ("", "_of")
        )
        return [name for name in names if name in self.fields]

    def _identifiers(self) -> list[Identifier]:
        pairs = zip(*[iter(map(self._value, self._identifier_fields()))] * 2, strict=True)
        return [
            Identifier(system=one_line(of), value=one_line(value))
            for value, of in pairs
            if not (is_blank(value) or is_blank(of))
        ]

    def _not_known(self) -> NotKnown | None:
        value = self._value(NOT_KNOWN)
        return NotKnown(value) if value in set(NotKnown) else None

    def _value(self, name: str) -> str:
        return self._text(name, "")

    def _values(self, name: str) -> list[str]:
        if not self.is_bound:
            return [str(each) for each in self.initial.get(name, ())]
        get = getattr(self.data, "getlist", None)
        return [str(each) for each in (get(name) if get else self.data.get(name, ()))]

    @property
    def _narrow(self) -> str:
        return " and ".join(map(label_of, systems_with(Capability.ORGANIZATIONS)))


class CreateForm(forms.Form):
    """What creates the person after the search was shown: its seal, and why they are somebody else."""

    seal = forms.CharField(required=False, widget=forms.HiddenInput)
    systems = forms.CharField(required=False, widget=forms.HiddenInput)
    reason = forms.CharField(
        label="Why is this another person?",
        help_text="It stays with the decision and in the trail. Leave names and numbers of patients out.",
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2, **_PLAIN}),
    )
    urgent = forms.BooleanField(
        label="Care cannot wait: create without this NHS number, which an admin then looks into",
        required=False,
    )

    def __init__(self, *args: Any, asks_reason: bool, is_contested: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not asks_reason:
            del self.fields["reason"]
        if not is_contested:
            del self.fields["urgent"]

    @property
    def sealed(self) -> str:
        """The seal as it came back; empty where there was none."""
        return str(self.data.get("seal", ""))

    @property
    def shown_systems(self) -> tuple[str, ...]:
        """The systems that the button named."""
        return tuple(filter(None, str(self.data.get("systems", "")).split(",")))


class HandOverForm(forms.Form):
    """Who is to go on with a form that is not sent yet."""

    to = forms.ModelChoiceField(
        label="Who goes on with it?",
        queryset=User.objects.none(),
        empty_label="",
        error_messages={"required": "Choose a colleague.", "invalid_choice": "Choose a colleague."},
    )

    def __init__(self, *args: Any, colleagues: Sequence[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mine = User.objects.filter(pk__in=[each.pk for each in colleagues])
        self.fields["to"].queryset = mine.order_by("last_name", "first_name", "email")  # type: ignore[attr-defined]


def _line(label: str, hint: str) -> forms.CharField:
    widget = forms.TextInput(attrs=_PLAIN)
    return forms.CharField(label=label, help_text=hint, required=False, max_length=200, widget=widget)
