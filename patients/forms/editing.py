"""Editing somebody: the form about the person, to which records it goes, and what has to be answered."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from django import forms
from django.conf import settings

from integrations.writes import Details, Part
from patients.entering import editing
from patients.entering.typed import Typed, names_of, part_of, rebased
from patients.models.ids import opaque_id
from patients.services.editing.calling import Caller
from patients.services.editing.confirming import PARTS as CONFIRMABLE
from patients.services.editing.copies import Copies, Copy
from patients.services.editing.outcomes import Answers
from patients.services.editing.pages import Carried, Key, Page
from patients.services.editing.rows import custom_fields_of
from patients.services.editing.weighing import Choice, Wanted
from patients.services.operations.wording import field_label, value_of

from .layout import LINES
from .person import HeldThere, PersonForm, Said, ShownField
from .rows import Rows, ShownCustom, ShownIdentifiers
from .sent import CALLER, CONFIRMED, DRAFT, SURE, SYSTEMS, also_in, draft_in, values
from .why import SaysWhy

_CLOSED = "A record that was ticked cannot be written to any more: look once more at where it goes."


class EditForm(SaysWhy, PersonForm):
    """What is to be changed of a person, and in which records. ``page`` is what the form began with."""

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, copies: Copies, page: Page, **kwargs: Any
    ) -> None:
        self.copies, self.page = copies, page
        self.takes = frozenset(page.takes) or copies.takes
        hides = [name for name in LINES if part_of(name) not in self.takes]
        super().__init__(data, held=page.details, hides=hides, **kwargs)
        self.fields[SYSTEMS] = forms.MultipleChoiceField(
            label="Write it to",
            choices=[(str(each.number), _called(each, copies)) for each in copies.open],
            initial=[str(each.number) for each in copies.open if not each.is_archived],
            widget=forms.CheckboxSelectMultiple,
            error_messages={"required": "Choose at least one record.", "invalid_choice": _CLOSED},
        )
        self.add_why(
            "Why a name or number is a new one",
            hint="After a transition or an adoption the former name and number are hidden from staff.",
        )
        self.fields[CALLER] = forms.ChoiceField(
            label="I asked, and the answers were right. I spoke to",
            required=False,
            choices=[("", ""), *((each.value, each.words) for each in Caller)],
        )
        confirmable = [part for part in CONFIRMABLE if part in self.takes]
        if confirmable:
            self.fields[CONFIRMED] = forms.MultipleChoiceField(
                label="Read back and confirmed today",
                required=False,
                choices=[(part.value, f"{field_label(part)} is right") for part in confirmable],
                widget=forms.CheckboxSelectMultiple,
            )
        self.fields[DRAFT] = forms.CharField(
            required=False, max_length=22, initial=opaque_id, widget=forms.HiddenInput
        )

    # --- what was entered -----------------------------------------------------------------------

    @property
    def draft(self) -> str:
        """Under which id the form is kept."""
        return draft_in({DRAFT: self._value(DRAFT)})

    def shown_anew(self, *, carried: Carried | None = None, draft: str = "") -> EditForm:
        """The same form as it stands, nothing said of what is wrong; with what a suggestion has put in."""
        return EditForm.of_kept(
            self.typed(), also_in(self.data), draft=draft or self.draft or opaque_id(), copies=self.copies,
            carried=carried or Carried(self.page),
        )  # fmt: skip

    @classmethod
    def of_kept(
        cls, typed: Typed, also: Mapping[str, Any], *, draft: str, copies: Copies, carried: Carried
    ) -> EditForm:
        """The form as it was kept."""
        page = carried.page
        text = typed if carried.was is None else rebased(typed, carried.was, page.details)
        return cls(copies=copies, page=page, initial=asdict(text) | dict(also) | {DRAFT: draft})

    @property
    def chosen(self) -> tuple[Copy, ...]:
        """The records that are ticked."""
        ticked = self._values(SYSTEMS)
        return tuple(each for each in self.copies.open if str(each.number) in ticked)

    def wanted(self) -> tuple[Wanted, ...]:
        """What is to be set in each record. Its own fields and identifiers go to it, ticked or not."""
        touched = editing.changed(self.page.details, self.details, country=settings.DEFAULT_COUNTRY)
        found = []
        for copy in self.copies.open:
            changes = touched if copy in self.chosen else replace(touched, parts=frozenset())
            rows = self._rows(copy)
            custom, change = rows.custom().changes, rows.identifiers().change
            if changes.parts or custom or change.add or change.remove:
                found.append(
                    Wanted(
                        number=copy.number, changes=replace(changes, custom_fields=custom), identifiers=change
                    )
                )
        return tuple(found)

    def answers(self) -> Answers:
        """What was said besides."""
        caller = self._value(CALLER)
        return Answers(
            choices=dict(self._choices()),
            why=self.why,
            other=self.other,
            caller=Caller(caller) if caller in set(Caller) else None,
            confirmed=tuple(part for part in CONFIRMABLE if part.value in self._values(CONFIRMED)),
        )

    def clean(self) -> dict[str, Any]:
        """Say besides what is wrong with rows."""
        cleaned = super().clean()
        for copy in self.copies.open:
            rows = self._rows(copy)
            custom, identifiers = rows.custom(), rows.identifiers()
            if rows.custom_is_lost():
                self.add_error(None, _lost(copy))
            elif custom.stops:
                self.add_error(None, f"Put the fields of {copy.label} right that are marked.")
            elif custom.is_sensitive and not self._value(SURE):
                self.add_error(None, f"Look at what is asked about the fields of {copy.label}, and tick it.")
            if identifiers.stops:
                self.add_error(None, f"Put the identifiers of {copy.label} right that are marked.")
        return cleaned

    def choice_name(self, key: Key) -> str:
        """What the answer about a detail that moved, or cannot be held, is called in the form."""
        name = f"{key[0]}:{key[1]}"
        return f"choice-{self.page.asked.index(name)}" if name in self.page.asked else ""

    def carried(self, asked_now: Collection[str]) -> list[tuple[str, str]]:
        """The answers that were given before and are not asked for on this page, by their names."""
        names = [f"choice-{place}" for place in range(len(self.page.asked))]
        given = [(name, self._value(name)) for name in names if name not in asked_now]
        return [(name, value) for name, value in given if value in set(Choice)]

    def _choices(self) -> Iterator[tuple[Key, Choice]]:
        for place, asked in enumerate(self.page.asked):
            value = self._value(f"choice-{place}")
            number, _, name = asked.partition(":")
            if value in set(Choice):
                yield (int(number), name), Choice(value)

    def _value(self, name: str) -> str:
        """Whatever came under a name, be it a field of the form or a control beside them."""
        source: Mapping[str, Any] = self.data if self.is_bound else self.initial
        value = source.get(name, "")
        if callable(value):
            value = value()
        if not value and not self.is_bound and name in self.fields and name not in self.initial:
            value = self[name].value() or ""
        return str(value)

    def _values(self, name: str) -> list[str]:
        if not self.is_bound:
            value = self.initial.get(name, self.fields[name].initial if name in self.fields else ())
            return [str(each) for each in ([value] if isinstance(value, str) else value or ())]
        return values(self.data, name)

    def _rows(self, copy: Copy) -> Rows:
        return Rows(
            copy,
            self.page.of(copy.number),
            label=_called(copy, self.copies),
            text_of=self._text_of,
            values_of=self._values,
            is_bound=self.is_bound,
        )

    def _text_of(self, name: str, otherwise: str) -> str:
        source = self.data if self.is_bound else self.initial
        return self._value(name) if name in source else otherwise

    # --- what is shown ----------------------------------------------------------------------------

    def shown(self, name: str, needed: Mapping[str, Sequence[str]]) -> ShownField:
        """One field with what each system holds where they differ, and which do not take it."""
        shown = super().shown(name, needed)
        part = part_of(name)
        if name != names_of(part)[0]:
            return shown
        return replace(shown, said=(*shown.said, *self._not_taken(part)), held=tuple(self._held(part)))

    def _held(self, part: Part) -> Iterator[HeldThere]:
        holders = [each for each in self.copies.every if part in each.holds]
        values = [getattr(each.shown.details, part) for each in holders]
        country = settings.DEFAULT_COUNTRY
        differ = any(not editing.same(part, values[0], other, country=country) for other in values[1:])
        for copy, value in zip(holders, values, strict=True):
            is_coming = part in copy.on_its_way
            if differ or is_coming:
                words = value_of(Details(**{part.value: value}), part) or "nothing"
                yield HeldThere(label=copy.label, text=f"{words} (being written)" if is_coming else words)

    def _not_taken(self, part: Part) -> Iterator[Said]:
        without = [each for each in self.copies.open if part not in each.system.changes]
        for reason in dict.fromkeys(each.system.fixed.get(part, "") for each in without):
            if reason:
                yield Said(kind="where", sentence=reason)
        if any(part not in each.system.fixed for each in without):
            takes = [each for each in self.copies.open if each not in without]
            labels = " and ".join(dict.fromkeys(each.label for each in takes))
            kept = f"Kept in {labels} only." if takes else "No record that can be written to takes it."
            yield Said(kind="where", sentence=kept)

    def fixed(self) -> list[tuple[str, str, str]]:
        """Details that are shown and cannot be changed anywhere: what they are, and why."""
        found = {}
        for copy in self.copies.open:
            for part, why in copy.system.fixed.items():
                value = value_of(copy.shown.details, part)
                if value and part not in self.copies.takes:
                    found[part] = (field_label(part), value, why)
        return list(found.values())

    def shown_custom(self) -> list[ShownCustom]:
        """The custom fields of each record that has a place for some."""
        return [each for copy in self.copies.open if (each := self._rows(copy).shown_custom()) is not None]

    def shown_identifiers(self) -> list[ShownIdentifiers]:
        """The identifiers of each record whose system takes some."""
        found = (self._rows(copy).shown_identifiers() for copy in self.copies.open)
        return [each for each in found if each is not None]


def _lost(copy: Copy) -> str:
    known = custom_fields_of(copy)
    return (
        f"You changed {copy.label}’s own fields of this record. {known.unknown if known else ''} Nothing was "
        "written: try again later, or put them back as they were."
    )


def _called(copy: Copy, copies: Copies) -> str:
    """A record by its system; with its number there where the person has two in one system."""
    twice = sum(each.row.system == copy.row.system for each in copies.every) > 1
    label = f"{copy.label}, record {copy.row.remote_id}" if twice else copy.label
    return f"{label} (archived)" if copy.is_archived else label
