"""Where a form for registering begins: with what was looked up, with somebody's records, or once more."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, replace

from django.conf import settings

from integrations.registry import system_class
from integrations.types import RemotePatient
from integrations.writes import Details, Part, details_of
from patients.entering.editing import same
from patients.entering.names import tidied
from patients.entering.typed import Typed, names_of, typed_of
from patients.matching.names import PARTICLES, fold
from patients.services.editing import former
from patients.services.editing.agreement import OWN
from patients.services.editing.copies import Copies
from patients.services.editing.former import Hidden
from patients.services.editing.pages import page_of, sealed
from patients.services.hand_links import Side
from patients.services.operations.wishes import Create
from patients.services.portrait import leading_first
from patients.services.understanding import Asked, read
from patients.services.understanding import details_of as understood
from portal.accounts.models import User

NOTHING, UNKNOWN = Typed(), Details()
PAGE = "page"  # under what a form about a person carries what it showed
_OF_A_LINE = ("birth_date", "nhs_number", "email", "phone", "postcode")
_OF_A_RECORD = OWN | {Part.NOTES}  # what is said of one record, and not of the person


def from_line(asked: Asked) -> Typed:
    """What was typed into the look-up, as a form; names that were typed in one case as they are written."""
    told = understood(read(asked))
    given, family = (told.given_name, told.family_name)
    if not (given or family):
        given, family = _parts(told.words)
    return Typed(
        given_name=tidied(given, family=False),
        family_name=tidied(family, family=True),
        **{name: getattr(told, name) for name in _OF_A_LINE},
    )


def held_of(side: Side) -> Details:
    """Somebody's details as their records hold them, the leading record's first. Never what is said of one
    record alone, nor a name or number that is hidden since a transition or an adoption."""
    hidden, details = former.hidden_of(side.patient), Details()
    for record in leading_first(side.person):
        details = _filled(details, record, hidden)
    return details


def from_person(held: Details, typed: Typed) -> Typed:
    """A form about somebody whose records hold this; what they do not hold stays as it was typed."""
    values = asdict(typed)
    for part in held.given():
        values |= {name: getattr(typed_of(held), name) for name in names_of(part)}
    return Typed(**values)


def replaced(held: Details, typed: Details) -> tuple[Part, ...]:
    """The details of which records hold another than was typed: a form that begins with theirs drops it."""
    return tuple(
        part for part in Part if part in held.given() & typed.given() and not _same(part, held, typed)
    )


def as_edit(
    copies: Copies, typed: Details, parts: Collection[Part], *, by: User
) -> tuple[Typed, dict[str, str]]:
    """An edit that is not sent yet, of somebody whose records hold another value of these parts than was
    typed: what its form holds, and what it showed."""
    page = page_of(copies, by=by)
    values = {part.value: getattr(typed, part) for part in parts}
    return typed_of(replace(page.details, **values)), {PAGE: sealed(page)}


def from_asked(wish: Create) -> Typed:
    """What was asked for once, to be asked for anew."""
    return typed_of(wish.new.details)


def _filled(details: Details, record: RemotePatient, hidden: Hidden) -> Details:
    """The details with what a record adds: nothing that is only a default of what its system has no place
    for."""
    held, system = details_of(record), system_class(record.system)
    missing = (system.changes | system.creates_with) - details.given() - _OF_A_RECORD
    values = {part.value: getattr(held, part) for part in missing}
    return replace(details, **{name: each for name, each in values.items() if not hidden.covers(name, each)})


def _same(part: Part, held: Details, typed: Details) -> bool:
    """Whether both say the same; a form fills the country of an address in."""
    one, other = getattr(held, part), getattr(typed, part)
    if part is Part.ADDRESS:
        one = replace(one, country=one.country or other.country)
    return same(part, one, other, country=settings.DEFAULT_COUNTRY)


def _parts(words: str) -> tuple[str, str]:
    """Given and family name of words in the usual order: the last, with the particles before it, is the
    family name. Whoever reads the form sees it."""
    said = words.split()
    at = len(said) - 1
    while at > 1 and fold(said[at - 1]) in PARTICLES:
        at -= 1
    return " ".join(said[: max(at, 0)]), " ".join(said[max(at, 0) :])
