"""People who are registered before it is known who they are, or what they are called.

A newborn without a name is "Baby" with the mother's family name; the day of birth is known, and asked for.
Somebody who cannot say who they are gets a family name of their own, so that two of them are never taken for
one. What stands for "not known" is found again by :func:`missing_in`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from enum import StrEnum

from integrations.types import Demographics, Registration
from patients.matching.dates import as_number, is_stand_in, show

from .typed import Typed, is_blank

BABY, UNKNOWN = "Baby", "Unknown"
NOT_KNOWN = date(1900, 1, 1)  # the birth date of somebody of whom none is known


class NotKnown(StrEnum):
    """Who is registered before all is known."""

    NEWBORN = "newborn"
    UNKNOWN = "unknown"


def with_stand_ins(typed: Typed, kind: NotKnown, *, code: str) -> Typed:
    """A form with stand-ins in the fields that were left empty. ``code`` tells one unknown person from
    another."""
    if kind is NotKnown.NEWBORN:
        return _filled(typed, given_name=BABY)
    return _filled(
        typed,
        given_name=UNKNOWN,
        family_name=f"{UNKNOWN} {code}",
        birth_date=show(NOT_KNOWN),
        registration=Registration.TEMPORARY.value,
    )


def without_stand_ins(typed: Typed, stood_in: Mapping[str, str]) -> Typed:
    """A form without what was filled in before (field → text), where it still stands there."""
    gone = {name: "" for name, text in stood_in.items() if getattr(typed, name, "").strip() == text}
    return replace(typed, **gone)


def is_unidentified(family_name: str) -> bool:
    """Whether a family name, in any case, is one that somebody unknown was given here."""
    return family_name.casefold().startswith(f"{UNKNOWN.casefold()} ")


def missing_in(records: Iterable[Demographics]) -> Iterator[str]:
    """What none of a person's records says yet, in words."""
    held = list(records)
    if not any(each.given_name and each.given_name not in (BABY, UNKNOWN) for each in held):
        yield "given name"
    if not any(each.family_name and not is_unidentified(each.family_name) for each in held):
        yield "family name"
    if not any(each.birth_date and not is_stand_in(as_number(each.birth_date)) for each in held):
        yield "birth date"
    if not any(each.nhs_number for each in held):
        yield "NHS number"


def _filled(typed: Typed, **values: str) -> Typed:
    return replace(typed, **{name: text for name, text in values.items() if is_blank(getattr(typed, name))})
