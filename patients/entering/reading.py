"""The whole form: every field read and checked, nothing lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from integrations.types import Address
from integrations.writes import Details, Part
from patients.matching.tags import Conventions

from .births import birth_findings, read_birth_date, read_death_date
from .choices import CHOICES, QUESTIONS, read_choice, read_question
from .contacts import read_email, read_phone
from .findings import Finding, FindingLevel, Read, stop
from .names import LABELS, read_name
from .numbers import read_nhs_number
from .postcodes import read_postcode
from .typed import (
    ADDRESS_FIELDS,
    SEVERAL_LINES,
    Typed,
    is_blank,
    is_same,
    one_line,
    plainly,
    several_lines,
    typed_of,
    untouched,
)

PHONES = (Part.PHONE, Part.MOBILE_PHONE, Part.HOME_PHONE)
NOTHING = Details()
LONGEST = 1_000  # characters of one field, as typed


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """What a form came to: what can be written, and what is to be said about it.

    ``typed`` is the form as it came, all of it. A field that could not be read is empty in ``details``
    and has a finding that stops.
    """

    typed: Typed = field(repr=False)
    details: Details = field(repr=False)
    findings: tuple[Finding, ...] = ()

    @property
    def stops(self) -> bool:
        """Whether anything has to be put right first."""
        return any(finding.stops for finding in self.findings)

    def of(self, name: str) -> tuple[Finding, ...]:
        """What is to be said about one field, the gravest first."""
        order = list(FindingLevel)
        own = (finding for finding in self.findings if finding.field == name)
        return tuple(sorted(own, key=lambda finding: order.index(finding.level)))


def enter(typed: Typed, conventions: Conventions, *, held: Details = NOTHING) -> Entered:
    """Read a form. ``held`` is what an edit began with: a part that still says what was shown of it stays
    as it is held, letter by letter, and stops nobody, whatever is wrong with it."""
    shown = typed_of(held)
    kept = {part: getattr(held, part) for part in held.given() if untouched(typed, shown, part)}
    reads = {part: Read(value) for part, value in kept.items()}
    for part, read in _READERS.items():
        if part not in kept:
            reads[part] = read(typed, conventions)
    reads |= {
        part: _of_death(typed, conventions, reads) for part in (Part.DATE_OF_DEATH,) if part not in kept
    }
    details = replace(Details(), **{part.value: read.value for part, read in reads.items()})
    said = [finding for part, read in reads.items() for finding in read.findings]
    said += _too_long(typed, shown)
    said += _note_taken_away(typed, held, details)
    softened = (finding.softened() for part in kept for finding in _of_held(part, typed, held, conventions))
    return Entered(typed=typed, details=details, findings=_in_order([*said, *softened]))


def _too_long(typed: Typed, shown: Typed) -> Iterator[Finding]:
    """Of what was typed: what a system holds already may be longer."""
    for name in Typed.__dataclass_fields__:
        count = len(plainly(name, typed))
        if count > LONGEST and not is_same(name, typed, shown):
            yield stop(name, f"This has {count:,} characters: {LONGEST:,} can be entered. Shorten it.")


def _note_taken_away(typed: Typed, held: Details, details: Details) -> Iterator[Finding]:
    """An empty note leaves what is there (see :class:`integrations.writes.Changes`)."""
    was, will_be = held.address or Address(), details.address
    if will_be is not None and not is_blank(was.note) and is_blank(typed.address_note):
        yield stop("address_note", "A note is not taken away from here: write what is right instead of it.")


def _in_order(findings: list[Finding]) -> tuple[Finding, ...]:
    """In the order of the form."""
    places = {name: place for place, name in enumerate(Typed.__dataclass_fields__)}
    return tuple(sorted(findings, key=lambda finding: places[finding.field]))


def _of_held(part: Part, typed: Typed, held: Details, conventions: Conventions) -> Iterator[Finding]:
    """What is to be said of a part that nobody touched. How a date was read is known there."""
    if part is Part.BIRTH_DATE and held.birth_date:
        yield from birth_findings(held.birth_date, conventions.today)
    elif part not in (Part.DATE_OF_DEATH, *CHOICES, *QUESTIONS):
        yield from _READERS[part](typed, conventions).findings


# --- one reader a part ------------------------------------------------------------------------

Reader = Callable[[Typed, Conventions], Read[object]]


def _name(part: Part, typed: Typed, conventions: Conventions) -> Read[object]:
    return read_name(part.value, getattr(typed, part), title=typed.title)


def _phone(part: Part, typed: Typed, conventions: Conventions) -> Read[object]:
    return read_phone(part.value, getattr(typed, part), country=conventions.country)


def _text(part: Part, typed: Typed, conventions: Conventions) -> Read[object]:
    clean = several_lines if part.value in SEVERAL_LINES else one_line
    return Read(clean(getattr(typed, part)))


def _choice(part: Part, typed: Typed, conventions: Conventions) -> Read[object]:
    return read_choice(part.value, getattr(typed, part), CHOICES[part])


def _question(part: Part, typed: Typed, conventions: Conventions) -> Read[object]:
    return read_question(part.value, getattr(typed, part))


def _address(typed: Typed, conventions: Conventions) -> Read[object]:
    if all(is_blank(getattr(typed, name)) for name in ADDRESS_FIELDS):
        return Read(None)
    postcode = read_postcode(typed.postcode, country=typed.country)
    lines = (one_line(line) for line in typed.address_lines.splitlines())
    address = Address(
        lines=tuple(filter(None, lines)),
        town=one_line(typed.town),
        county=one_line(typed.county),
        postcode=postcode.value,
        country=one_line(typed.country),
        note=several_lines(typed.address_note),
    )
    return Read(address, postcode.findings)


def _of_death(typed: Typed, conventions: Conventions, reads: Mapping[Part, Read[object]]) -> Read[object]:
    born = reads[Part.BIRTH_DATE].value
    return read_death_date(typed.date_of_death, conventions, born=born)  # type: ignore[arg-type]


_READERS: Mapping[Part, Reader] = {
    **{part: partial(_name, part) for part in map(Part, LABELS)},
    **{part: partial(_phone, part) for part in PHONES},
    **{part: partial(_choice, part) for part in CHOICES},
    **{part: partial(_question, part) for part in QUESTIONS},
    **{
        part: partial(_text, part)
        for part in (
            Part.TITLE,
            Part.PREFERRED_METHOD,
            Part.ETHNICITY,
            Part.OCCUPATION,
            Part.NOTES,
            Part.ACCESSIBILITY_NEEDS,
            Part.ACCESSIBILITY_NOTES,
            Part.REVIEW_REASON,
        )
    },
    Part.BIRTH_DATE: lambda typed, conventions: read_birth_date(typed.birth_date, conventions),
    Part.NHS_NUMBER: lambda typed, conventions: read_nhs_number(typed.nhs_number),
    Part.EMAIL: lambda typed, conventions: read_email(typed.email),
    Part.ADDRESS: _address,
}
