"""Custom fields and identifiers of a record: which may be changed by hand, and what rows come to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from django.conf import settings

from integrations.abilities import Capability, KeepsCustomFields, KeepsIdentifiers
from integrations.registry import get_system
from integrations.types import Identifier
from integrations.writes import Shown
from patients.entering.custom_fields import CustomEntered, CustomRow, RowFinding, called, enter_custom
from patients.entering.findings import FindingLevel
from patients.entering.identifier_rows import IdentifierRow, IdentifiersEntered, enter_identifiers
from patients.models import Operation
from patients.services.operations import wishes
from patients.services.operations.wishes import Create, Identify, Kind
from portal.web.crypto import Undecryptable

from .copies import Copy

UNSEEN = "This form was opened without them. Save it, then open it again to change them."


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomFields:
    """The fields of its organization's own that a record holds. ``unknown`` says why they cannot be changed
    now; empty where they can."""

    open: tuple[CustomRow, ...] = field(default=(), repr=False)
    closed: tuple[CustomRow, ...] = field(default=(), repr=False)
    unknown: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifiers:
    """The identifiers that a record holds: our own, which can be taken away, and those of other parties."""

    own: tuple[Identifier, ...] = field(default=(), repr=False)
    others: tuple[Identifier, ...] = field(default=(), repr=False)


def custom_fields_of(copy: Copy) -> CustomFields | None:
    """A record's own fields; ``None`` where its system has none."""
    adapter = get_system(copy.row.system)
    if not isinstance(adapter, KeepsCustomFields):
        return None
    if not copy.shows_custom_fields:
        why = copy.problem or f"{copy.label} does not show this record's own fields."
        return CustomFields(unknown=f"{why} They cannot be changed from here now.")
    closed = closed_custom_fields_of(copy)
    held = [CustomRow(name=name, value=value) for name, value in copy.shown.custom_fields]
    return CustomFields(
        open=tuple(each for each in held if each.name not in closed),
        closed=tuple(each for each in held if each.name in closed),
    )


def closed_custom_fields_of(copy: Copy) -> Collection[str]:
    """The names of the fields that are another party's in a record's system."""
    adapter = get_system(copy.row.system)
    return adapter.closed_custom_fields() if isinstance(adapter, KeepsCustomFields) else ()


def entered_custom(copy: Copy, rows: Sequence[CustomRow], shown: Shown) -> CustomEntered:
    """What rows of custom fields come to, in a record that shows its own. A row is what it was ``shown`` as
    unless somebody has touched it, whatever the record holds by now."""
    adapter = get_system(copy.row.system)
    if not isinstance(adapter, KeepsCustomFields):
        return CustomEntered()
    held = dict(shown.custom_fields)
    entered = enter_custom(
        rows,
        held,
        closed=adapter.closed_custom_fields(),
        denied=settings.CUSTOM_FIELD_DENY,
        country=settings.DEFAULT_COUNTRY,
    )
    places = {called(row, held): place for place, row in enumerate(rows)}
    problems = tuple(
        RowFinding(place=places.get(name, 0), about="value", level=FindingLevel.STOPS, sentence=sentence)
        for name, value in entered.changes
        if value and (sentence := adapter.custom_field_problem(copy.record, name, value))
    )
    return replace(entered, findings=(*entered.findings, *problems))


def identifiers_of(copy: Copy) -> Identifiers | None:
    """A record's identifiers; ``None`` where its system takes none."""
    if Capability.IDENTIFIERS not in copy.system.capabilities:
        return None
    ours = _written_here(copy)
    shown = [each for each in copy.record.identifiers if not each.guessable]
    return Identifiers(
        own=tuple(each for each in shown if (each.system, each.value) in ours),
        others=tuple(each for each in shown if (each.system, each.value) not in ours),
    )


def entered_identifiers(
    copy: Copy, rows: Sequence[IdentifierRow], removed: Sequence[Identifier]
) -> IdentifiersEntered:
    """What rows of identifiers come to. Only those that the portal wrote are taken away."""
    known = identifiers_of(copy)
    adapter = get_system(copy.row.system)
    if known is None or not isinstance(adapter, KeepsIdentifiers):
        return IdentifiersEntered()
    gone = [each for each in known.own if each in removed]
    entered = enter_identifiers(rows, copy.record.identifiers, gone)
    places = {row.value.strip(): place for place, row in enumerate(rows)}
    problems = tuple(
        RowFinding(
            place=places.get(each.value, 0), about="value", level=FindingLevel.STOPS, sentence=sentence
        )
        for each in entered.change.add
        if (sentence := adapter.identifier_problem(each))
    )
    return replace(entered, findings=(*entered.findings, *problems))


def _written_here(copy: Copy) -> set[tuple[str, str]]:
    """The identifiers that operations of the portal wrote into a record."""
    kinds = (Kind.CREATE, Kind.IDENTIFY)
    rows = Operation.objects.filter(record=copy.row, kind__in=kinds, state=Operation.State.DONE)
    found: set[tuple[str, str]] = set()
    for row in rows.defer("wanted", "prepared"):
        try:
            wish = wishes.kept(row.kind, row.wanted)
        except Undecryptable:
            continue
        if isinstance(wish, Create):
            found |= {(each.system, each.value) for each in wish.new.identifiers}
        elif isinstance(wish, Identify):
            found |= {(each.system, each.value) for each in wish.change.add}
    return found
