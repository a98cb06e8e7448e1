"""Which parts an edit changes in meaning: only those are written."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping

from integrations.types import Address
from integrations.writes import Changes, Details, Part
from patients.matching.contact import compared_email, compared_postcode
from patients.matching.numbers import nhs_digits

from .contacts import same_phone
from .reading import PHONES
from .typed import is_blank, one_line, several_lines


def changed(shown: Details, entered: Details, *, country: str) -> Changes:
    """The parts that differ in meaning between what a form showed and what came back.

    Only in writing differ a phone, an NHS number or a postcode in other groups, an e-mail in other case,
    needless space. The case of a name is a difference. ``country`` is where phone numbers without a code
    are from. An address without a note leaves the note that is there (see
    :class:`integrations.writes.Changes`).
    """
    parts = frozenset(
        part for part in Part if not same(part, getattr(shown, part), getattr(entered, part), country=country)
    )
    return Changes(parts=parts, details=_only(parts, entered))


def _only(parts: frozenset[Part], entered: Details) -> Details:
    return Details(**{part.value: getattr(entered, part) for part in parts})


def same(part: Part, one: object, other: object, *, country: str) -> bool:
    """Whether two values of a part say the same, in whatever writing; ``one`` is what there is, ``other``
    what is to be."""
    if part in PHONES:
        return same_phone(str(one), str(other), country)
    if isinstance(one, str) and isinstance(other, str):
        return _same_text(part, one, other)
    if part is Part.ADDRESS:
        return _same_address(one or Address(), other or Address())  # type: ignore[arg-type]
    return one == other


def _same_text(part: Part, one: str, other: str) -> bool:
    normalise = _NORMAL.get(part, one_line)
    return _composed(one, normalise) == _composed(other, normalise)


def _composed(text: str, normalise: Callable[[str], str]) -> str:
    """Letters with accents are one character in some systems and two in others."""
    return unicodedata.normalize("NFC", normalise(text))


def _same_address(one: Address, other: Address) -> bool:
    note = is_blank(other.note) or _composed(one.note, several_lines) == _composed(other.note, several_lines)
    return note and _place(one) == _place(other)


def _place(address: Address) -> tuple[str, ...]:
    parts = (*address.lines, "", address.town, address.county, address.country)
    return (*(_composed(part, one_line) for part in parts), compared_postcode(address.postcode))


_NORMAL: Mapping[Part, Callable[[str], str]] = {
    Part.NHS_NUMBER: lambda text: nhs_digits(text) or one_line(text),
    Part.EMAIL: lambda text: compared_email(text) or one_line(text),
    Part.NOTES: several_lines,
    Part.ACCESSIBILITY_NEEDS: several_lines,
    Part.ACCESSIBILITY_NOTES: several_lines,
}
