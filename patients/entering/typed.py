"""What a form gives and shows: every field as text, so that nothing typed is ever lost.

A field of :class:`Typed` is called as the part of :class:`integrations.writes.Details` that it becomes, but
for the six that make an address.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from datetime import date
from enum import Enum

from integrations.types import Address
from integrations.wire import cleaned
from integrations.writes import Details, Part
from patients.matching.contact import is_uk_postcode, show_postcode
from patients.matching.dates import show
from patients.matching.numbers import show_nhs
from patients.matching.text import plain

from .findings import Finding

YES, NO = "yes", "no"
SEVERAL_LINES = frozenset(
    {"address_lines", "address_note", "notes", "accessibility_needs", "accessibility_notes"}
)
ADDRESS_FIELDS = ("address_lines", "town", "county", "postcode", "country", "address_note")


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """Every field as it was typed; empty where nothing was.

    ``address_lines`` holds one line of the address a line. A choice holds the value of its enum
    ("female"), a question "yes", "no" or nothing.
    """

    given_name: str = field(default="", repr=False)
    family_name: str = field(default="", repr=False)
    middle_name: str = field(default="", repr=False)
    preferred_name: str = field(default="", repr=False)
    title: str = field(default="", repr=False)
    birth_date: str = field(default="", repr=False)
    sex: str = field(default="", repr=False)
    gender: str = field(default="", repr=False)
    nhs_number: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    mobile_phone: str = field(default="", repr=False)
    home_phone: str = field(default="", repr=False)
    address_lines: str = field(default="", repr=False)
    town: str = field(default="", repr=False)
    county: str = field(default="", repr=False)
    postcode: str = field(default="", repr=False)
    country: str = field(default="", repr=False)
    address_note: str = field(default="", repr=False)
    preferred_method: str = field(default="", repr=False)
    consent_sms: str = field(default="", repr=False)
    consent_email: str = field(default="", repr=False)
    consent_marketing: str = field(default="", repr=False)
    consent_electronic: str = field(default="", repr=False)
    ethnicity: str = field(default="", repr=False)
    occupation: str = field(default="", repr=False)
    notes: str = field(default="", repr=False)
    accessibility_needs: str = field(default="", repr=False)
    accessibility_notes: str = field(default="", repr=False)
    registration: str = field(default="", repr=False)
    status: str = field(default="", repr=False)
    is_deceased: str = field(default="", repr=False)
    date_of_death: str = field(default="", repr=False)
    requires_review: str = field(default="", repr=False)
    review_reason: str = field(default="", repr=False)
    enrolled: str = field(default="", repr=False)


def names_of(part: Part) -> tuple[str, ...]:
    """The fields of the form that make one part."""
    return ADDRESS_FIELDS if part is Part.ADDRESS else (part.value,)


def part_of(name: str) -> Part:
    """The part that a field of the form belongs to."""
    return Part.ADDRESS if name in ADDRESS_FIELDS else Part(name)


def typed_of(details: Details) -> Typed:
    """What a form shows to begin with. Whatever comes back as it was shown was not touched."""
    shown = {part.value: _shown(part, getattr(details, part)) for part in Part if part is not Part.ADDRESS}
    return Typed(**shown, **_shown_address(details.address or Address()))


def taking(typed: Typed, finding: Finding) -> Typed:
    """The form after one click on what a finding suggests."""
    return replace(typed, **dict(finding.suggestion))


def is_blank(text: str) -> bool:
    """Whether a text holds nothing that anybody could see."""
    return not plain(text)


def one_line(text: str) -> str:
    """A text in one line as it was typed, without control characters and needless space."""
    return "" if is_blank(text) else " ".join(filter(None, map(cleaned, text.split())))


def several_lines(text: str) -> str:
    """A text of several lines as it was typed; browsers end lines in two characters, systems in one."""
    return "" if is_blank(text) else "\n".join(map(cleaned, text.splitlines())).strip()


def normal_postcode(text: str) -> str:
    """A British postcode with capitals and its space; any other text as it is."""
    return show_postcode(text) if is_uk_postcode(text) else one_line(text)


def untouched(typed: Typed, shown: Typed, part: Part) -> bool:
    """Whether every field of a part says what it showed."""
    return all(is_same(name, typed, shown) for name in names_of(part))


def rebased(typed: Typed, was: Details, now: Details) -> Typed:
    """A form that began with ``was``, begun with ``now`` instead, which is what nobody touched then says."""
    shown, held = typed_of(was), typed_of(now)
    parts = [part for part in Part if untouched(typed, shown, part)]
    return replace(typed, **{name: getattr(held, name) for part in parts for name in names_of(part)})


def blank(typed: Typed) -> bool:
    """Whether nothing at all was typed."""
    return all(is_blank(getattr(typed, each.name)) for each in fields(typed))


def is_same(name: str, typed: Typed, shown: Typed) -> bool:
    """Whether a field says what it showed."""
    return plainly(name, typed) == plainly(name, shown)


def plainly(name: str, typed: Typed) -> str:
    """A field as it was typed, in the line or lines in which systems keep it."""
    clean = several_lines if name in SEVERAL_LINES else one_line
    return clean(getattr(typed, name))


def _shown(part: Part, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, date):
        return show(value)
    text = str(value)
    if part is Part.NHS_NUMBER:
        return show_nhs(one_line(text))
    return several_lines(text) if part.value in SEVERAL_LINES else one_line(text)


def _shown_address(address: Address) -> dict[str, str]:
    return {
        "address_lines": several_lines("\n".join(map(one_line, address.lines))),
        "town": one_line(address.town),
        "county": one_line(address.county),
        "postcode": normal_postcode(address.postcode),
        "country": one_line(address.country),
        "address_note": several_lines(address.note),
    }
