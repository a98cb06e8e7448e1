"""What an operation is to write, detail by detail; for who may see the record alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from integrations.types import Identifier, RemotePatient
from integrations.writes import Details, NewRecord, Part, details_of
from patients.models import Operation, Place, Removal
from patients.services.contents import custom_words
from patients.services.held import whole_of
from portal.web.crypto import Undecryptable

from .study_contents import study_lines
from .study_wishes import CancelInvitation, Decide, Enrol, Invite, Unenrol
from .whys import Why
from .wishes import Archive, Change, Create, Identify, Join, Leave, Remove, Wish, custom_field
from .wording import field_label, value_of

_MARKED = frozenset({Why.MOVED, Why.NOT_TAKEN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One detail: what the form showed, what the record holds now as it was last read, and what is wanted.
    ``is_marked``: it is why the operation is held."""

    label: str
    shown: str = field(default="", repr=False)
    now: str = field(default="", repr=False)
    wanted: str = field(repr=False)
    is_marked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """All details. ``compares``: what was shown is known; ``has_now``: what is there now is told too."""

    rows: tuple[Row, ...] = field(default=(), repr=False)
    compares: bool = False
    has_now: bool = False


def contents_of(operation: Operation, wish: Wish) -> Contents:
    """What a wish sets, beside what the record holds where a person has to compare."""
    marked = set(operation.details.get("fields", ())) if operation.why in _MARKED else set()
    match wish:
        case Change():
            # Only what was looked at for the decision: what was read before a try says nothing of it.
            now = _now(operation) if operation.state == Operation.State.HELD else None
            rows = tuple(_changed(wish, now, marked))
            return Contents(rows=rows, compares=True, has_now=now is not None)
        case Create():
            return Contents(rows=tuple(_given(wish.new, marked)))
        case _:
            return Contents(rows=tuple(_others(operation, wish)))


def _now(operation: Operation) -> RemotePatient | None:
    try:
        return whole_of(operation.record) if operation.record is not None else None
    except Undecryptable:
        return None


def _changed(wish: Change, now: RemotePatient | None, marked: set[str]) -> Iterator[Row]:
    held = details_of(now) if now is not None else Details()
    for part in Part:
        if part in wish.changes.parts:
            yield Row(
                label=field_label(part),
                shown=value_of(wish.shown.details, part),
                now=value_of(held, part),
                wanted=value_of(wish.changes.details, part),
                is_marked=part in marked,
            )
    shown = dict(wish.shown.custom_fields)
    custom = dict(now.administrative.custom_fields) if now is not None else {}
    for name, value in wish.changes.custom_fields:
        yield Row(
            label=field_label(custom_field(name)),
            shown=custom_words(name, shown.get(name, "")),
            now=custom_words(name, custom.get(name, "")),
            wanted=custom_words(name, value or ""),
            is_marked=custom_field(name) in marked,
        )


def _given(new: NewRecord, marked: set[str]) -> Iterator[Row]:
    given = new.details.given()
    for part in Part:
        if part in given:
            yield Row(label=field_label(part), wanted=value_of(new.details, part), is_marked=part in marked)
    for name, value in new.custom_fields:
        field_name = custom_field(name)
        yield Row(
            label=field_label(field_name), wanted=custom_words(name, value), is_marked=field_name in marked
        )
    for each in new.identifiers:
        if not each.guessable:
            yield Row(label="Identifier", wanted=_identifier(each), is_marked="identifiers" in marked)


def _others(operation: Operation, wish: Wish) -> Iterator[Row]:
    match wish:
        case Archive():
            yield Row(label="Reason", wanted=wish.reason)
            if wish.notes:
                yield Row(label="Notes", wanted=wish.notes)
        case Identify():
            now = _now(operation) if operation.state == Operation.State.HELD else None
            for each in now.identifiers if now is not None else ():
                if not each.guessable:
                    yield Row(label="Held now", wanted=_identifier(each))
            for label, some in (("Add", wish.change.add), ("Take away", wish.change.remove)):
                for each in some:
                    if not each.guessable:
                        yield Row(label=label, wanted=_identifier(each))
        case Enrol() | Unenrol() | Decide() | Invite() | CancelInvitation():
            for label, value in study_lines(operation, wish):
                yield Row(label=label, wanted=value)
            yield Row(label="Organization", wanted=_organization(operation.system, wish.organization_id))
        case Join() | Leave() | Remove():
            yield Row(label="Organization", wanted=_organization(operation.system, wish.organization_id))
            yield from _why_it_leaves(operation, wish)
        case _:
            return


def _why_it_leaves(operation: Operation, wish: Wish) -> Iterator[Row]:
    """The reason, and who has confirmed a deletion."""
    if isinstance(wish, Leave | Remove) and wish.reason:
        yield Row(label="Reason", wanted=wish.reason)
    if isinstance(wish, Remove):
        yield Row(label="What goes with it", wanted="The record, its login and everything in it")
        rows = Removal.objects.filter(operation=operation).select_related("decided_by")
        removal = rows.defer("counted").first()
        if removal is not None and removal.is_confirmed:
            yield Row(label="Confirmed by", wanted=str(removal.decided_by))


def _identifier(identifier: Identifier) -> str:
    return f"{identifier.value} (given by {identifier.system})"


def _organization(system: str, number: str) -> str:
    place = Place.objects.filter(system=system, organization=number).first()
    return place.name if place is not None and place.name else f"organization {number}"
