"""A record's details in the one form in which they are compared; made once for each record."""

from __future__ import annotations

from dataclasses import dataclass, field

from integrations.types import Demographics, Sex

from .contact import compared_address, compared_email, compared_phone, compared_postcode
from .dates import as_number
from .names import fold, split_full_name, surname_parts
from .numbers import is_valid_nhs, nhs_digits


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Normalised details; empty text, 0 and an empty tuple mean "nothing held".

    Names are folded, ``family_parts`` are the parts of a double-barrelled surname, ``birth`` is
    yyyymmdd, ``nhs`` ten digits or empty, ``phones`` the last ten digits of each. ``held`` are
    the details as the system spells them, for sentences.
    """

    held: Demographics
    given: str = field(repr=False)
    middle: str = field(repr=False)
    preferred: str = field(repr=False)
    family: str = field(repr=False)
    family_parts: tuple[str, ...] = field(repr=False)
    birth: int = field(repr=False)
    sex: Sex | None = field(repr=False)
    nhs: str = field(repr=False)
    email: str = field(repr=False)
    phones: tuple[str, ...] = field(repr=False)
    postcode: str = field(repr=False)
    address: str = field(repr=False)
    given_shown: str = field(repr=False)
    family_shown: str = field(repr=False)

    @property
    def identity(self) -> tuple[str, str, int]:
        """Given name, family name and birth date: what rule (b) of "same person" needs equal."""
        return self.given.replace(" ", ""), self.family.replace(" ", ""), self.birth

    @property
    def nhs_valid(self) -> bool:
        """Whether the NHS number's check digit is right."""
        return is_valid_nhs(self.nhs)

    @property
    def name_words(self) -> tuple[str, ...]:
        """Every folded word of every name that the record holds."""
        return tuple(f"{self.given} {self.middle} {self.preferred} {self.family}".split())


def compared(held: Demographics) -> Compared:
    """Normalise the details of one record."""
    given, middle, family = held.given_name, held.middle_name, held.family_name
    if held.full_name and not (given or family):
        parts = split_full_name(held.full_name)
        given, middle, family = parts.given, middle or parts.middle, parts.family
    phones = (compared_phone(phone.number) for phone in held.phones)
    return Compared(
        held=held,
        given=fold(given),
        middle=fold(middle),
        preferred=fold(held.preferred_name),
        family=fold(family),
        family_parts=surname_parts(family),
        birth=as_number(held.birth_date),
        sex=held.sex,
        nhs=nhs_digits(held.nhs_number),
        email=compared_email(held.email),
        phones=tuple(dict.fromkeys(filter(None, phones))),
        postcode=compared_postcode(held.address.postcode) if held.address else "",
        address=compared_address(held.address),
        given_shown=given.strip(),
        family_shown=family.strip(),
    )
