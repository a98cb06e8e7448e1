"""Custom fields and identifiers of one record in a form: rows as they were typed, and as they are shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from integrations.types import Identifier
from patients.entering.custom_fields import CustomEntered, CustomRow, RowFinding
from patients.entering.identifier_rows import IdentifierRow, IdentifiersEntered
from patients.services.editing import rows
from patients.services.editing.copies import Copy
from patients.services.editing.pages import ShownCopy

NEW_CUSTOM, NEW_IDENTIFIERS = 3, 2  # empty rows


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRow:
    """One row of a record's custom fields or identifiers. ``fixed`` is a name that stands; ``name`` and
    ``value`` are what the controls are called, the texts beside what is in them."""

    fixed: str = field(default="", repr=False)
    name: str = ""
    name_text: str = field(default="", repr=False)
    value: str = ""
    value_text: str = field(default="", repr=False)
    problems: tuple[RowFinding, ...] = ()

    @property
    def has_lines(self) -> bool:
        """Whether the value has line breaks, which a field of one line would drop."""
        return len(self.value_text.splitlines()) > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCustom:
    """The custom fields of one record: rows that can be changed, those that cannot, or why none can.
    Rows that were open when the form was shown stay in it beside ``unknown``: nothing typed is lost."""

    label: str
    unknown: str = ""
    rows: tuple[ShownRow, ...] = field(default=(), repr=False)
    closed: tuple[CustomRow, ...] = field(default=(), repr=False)
    is_sensitive: bool = False
    is_open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownIdentifiers:
    """The identifiers of one record: our own, each with the value of its tick, those of others, new rows."""

    label: str
    remove: str
    own: tuple[tuple[int, Identifier, bool], ...] = field(default=(), repr=False)
    others: tuple[Identifier, ...] = field(default=(), repr=False)
    rows: tuple[ShownRow, ...] = field(default=(), repr=False)
    is_open: bool = False


class Rows:
    """The rows of one record. ``shown`` is the record as the page showed it, ``text_of`` gives what came
    under a name, ``values_of`` all that did."""

    def __init__(
        self, copy: Copy, shown: ShownCopy | None, *, label: str, text_of: Callable[[str, str], str],
        values_of: Callable[[str], list[str]], is_bound: bool,
    ) -> None:  # fmt: skip
        self.copy, self.page, self.label, self.is_bound = copy, shown, label, is_bound
        self.text_of = text_of
        self.remove = f"identifiers-{copy.number}-remove"
        self.ticked = set(values_of(self.remove))

    # --- custom fields ----------------------------------------------------------------------------

    def custom(self) -> CustomEntered:
        """What the rows of the record's own fields come to."""
        return self._custom_typed() if self.copy.shows_custom_fields else CustomEntered()

    def custom_is_lost(self) -> bool:
        """Whether somebody changed the record's own fields, and what they are now cannot be told: what was
        typed stays in the form, and is not written."""
        typed = self._custom_typed()
        return not self.copy.shows_custom_fields and bool(typed.changes or typed.findings)

    def _custom_typed(self) -> CustomEntered:
        if self.page is None or not self.page.custom:
            return CustomEntered()
        return rows.entered_custom(self.copy, self._custom_rows(), self.page.shown)

    def shown_custom(self) -> ShownCustom | None:
        """The record's own fields; ``None`` where its system has none."""
        known = rows.custom_fields_of(self.copy)
        if known is None:
            return None
        if self.page is None or not self.page.custom:
            return ShownCustom(label=self.label, unknown=known.unknown or rows.UNSEEN)
        entered = self._custom_typed()
        findings = entered.findings if self.is_bound else ()
        held = len(self._custom_held())
        return ShownCustom(
            label=self.label,
            unknown=known.unknown,
            rows=tuple(
                ShownRow(
                    fixed=row.name if place < held else "",
                    name=f"{self._custom_name(place)}-name",
                    name_text=row.name,
                    value=f"{self._custom_name(place)}-value",
                    value_text=row.value,
                    problems=_at(place, findings),
                )
                for place, row in enumerate(self._custom_rows())
            ),
            closed=known.closed,
            is_sensitive=self.is_bound and entered.is_sensitive,
            is_open=bool(findings or entered.changes),
        )

    def _custom_rows(self) -> list[CustomRow]:
        held = self._custom_held()
        known = [
            CustomRow(name=name, value=self.text_of(f"{self._custom_name(place)}-value", value))
            for place, (name, value) in enumerate(held)
        ]
        new = [self._custom_name(place) for place in range(len(held), len(held) + NEW_CUSTOM)]
        return known + [
            CustomRow(name=self.text_of(f"{each}-name", ""), value=self.text_of(f"{each}-value", ""))
            for each in new
        ]

    def _custom_name(self, place: int) -> str:
        return f"custom-{self.copy.number}-{place}"

    def _custom_held(self) -> list[tuple[str, str]]:
        """The fields that the page showed and that may be changed."""
        closed = rows.closed_custom_fields_of(self.copy)  # those of the record may be others by now
        held = self.page.shown.custom_fields if self.page is not None else ()
        return [(name, value) for name, value in held if name not in closed]

    # --- identifiers ------------------------------------------------------------------------------

    def identifiers(self) -> IdentifiersEntered:
        """What the rows of the record's identifiers come to."""
        removed = [each for place, each in enumerate(self._identifiers_held()) if str(place) in self.ticked]
        return rows.entered_identifiers(self.copy, self._identifier_rows(), removed)

    def shown_identifiers(self) -> ShownIdentifiers | None:
        """The record's identifiers; ``None`` where its system takes none."""
        known = rows.identifiers_of(self.copy)
        if known is None:
            return None
        entered = self.identifiers()
        findings = entered.findings if self.is_bound else ()
        return ShownIdentifiers(
            label=self.label,
            remove=self.remove,
            own=tuple(
                (place, each, str(place) in self.ticked)
                for place, each in enumerate(self._identifiers_held())
                if each in known.own
            ),
            others=known.others,
            rows=tuple(
                ShownRow(
                    name=f"identifiers-{self.copy.number}-{place}-of",
                    name_text=row.system,
                    value=f"identifiers-{self.copy.number}-{place}-value",
                    value_text=row.value,
                    problems=_at(place, findings),
                )
                for place, row in enumerate(self._identifier_rows())
            ),
            is_open=bool(findings or entered.change.add or entered.change.remove),
        )

    def _identifiers_held(self) -> Sequence[Identifier]:
        return self.page.identifiers if self.page is not None else ()

    def _identifier_rows(self) -> list[IdentifierRow]:
        names = [f"identifiers-{self.copy.number}-{place}" for place in range(NEW_IDENTIFIERS)]
        return [
            IdentifierRow(system=self.text_of(f"{each}-of", ""), value=self.text_of(f"{each}-value", ""))
            for each in names
        ]


def _at(place: int, findings: Sequence[RowFinding]) -> tuple[RowFinding, ...]:
    return tuple(each for each in findings if each.place == place)
