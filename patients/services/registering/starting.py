"""Where a form for registering begins: with what was looked up, with somebody's records, or once more."""

from __future__ import annotations

from dataclasses import asdict, replace

from integrations.types import RemotePatient
from integrations.writes import Details, Part, details_of
from patients.entering.names import tidied
from patients.entering.typed import Typed, is_blank, typed_of
from patients.matching.names import PARTICLES, fold
from patients.services.lookup import Person
from patients.services.operations.wishes import Create
from patients.services.portrait import leading_first
from patients.services.understanding import Asked, read
from patients.services.understanding import details_of as understood

NOTHING = Typed()
_OF_A_LINE = ("birth_date", "nhs_number", "email", "phone", "postcode")
# What is said of one record, and not of the person.
_OF_A_RECORD = (
    Part.STATUS, Part.ENROLLED, Part.REQUIRES_REVIEW, Part.REVIEW_REASON, Part.NOTES, Part.REGISTRATION,
)  # fmt: skip


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


def from_person(person: Person, typed: Typed) -> Typed:
    """Somebody's details as their records hold them, the leading record's first; what none holds as it was
    typed. Never what is said of one record alone."""
    details = Details()
    for record in leading_first(person):
        details = _filled(details, record)
    shown, otherwise = asdict(typed_of(details)), asdict(typed)
    return Typed(**{name: otherwise[name] if is_blank(held) else held for name, held in shown.items()})


def from_asked(wish: Create) -> Typed:
    """What was asked for once, to be asked for anew."""
    return typed_of(wish.new.details)


def _filled(details: Details, record: RemotePatient) -> Details:
    held, missing = details_of(record), set(Part) - details.given() - set(_OF_A_RECORD)
    return replace(details, **{part.value: getattr(held, part) for part in missing})


def _parts(words: str) -> tuple[str, str]:
    """Given and family name of words in the usual order: the last, with the particles before it, is the
    family name. Whoever reads the form sees it."""
    said = words.split()
    at = len(said) - 1
    while at > 1 and fold(said[at - 1]) in PARTICLES:
        at -= 1
    return " ".join(said[: max(at, 0)]), " ".join(said[max(at, 0) :])
