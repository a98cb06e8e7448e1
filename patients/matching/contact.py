"""E-mail addresses, telephone numbers, postcodes and address lines made comparable."""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from integrations.types import Address

from .names import fold
from .text import digits_of, plain

COMPARED_PHONE_DIGITS = 10
"""A UK number without its leading 0 or +44; most others differ well within their last ten digits."""

SHORTEST_PHONE = 6
SHORTEST_PHONE_END = 4
"""As many last digits of a number are asked for where it must not be said aloud."""

_EXTENSION = re.compile(r"\s*(?:ext?\.?|extension|x|#)\s*\d{1,6}\s*$", re.IGNORECASE)
_UK_POSTCODE = re.compile(r"(?P<outward>[A-Z]{1,2}\d[A-Z\d]?|BFPO|GIR)(?P<inward>\d[A-Z]{2}|\d{1,4}|0AA)$")
_STREET_WORDS = {
    "ave": "avenue", "av": "avenue", "bldg": "building", "blvd": "boulevard", "cl": "close", "clo": "close",
    "cres": "crescent", "cresc": "crescent", "ct": "court", "crt": "court", "dr": "drive", "drv": "drive",
    "est": "estate", "fl": "flat", "apt": "flat", "apartment": "flat", "gdn": "garden", "gdns": "gardens",
    "grn": "green", "gr": "grove", "gro": "grove", "hse": "house", "ho": "house", "la": "lane", "ln": "lane",
    "mt": "mount", "pde": "parade", "pk": "park", "pl": "place", "rd": "road", "sq": "square",
    "ter": "terrace", "terr": "terrace", "wy": "way", "nth": "north", "sth": "south",
}  # fmt: skip


@lru_cache(maxsize=16384)
def compared_email(text: str) -> str:
    """An e-mail address for comparing: lower case, no white space around it; empty without an @."""
    address = plain(text).casefold()
    return address if "@" in address else ""


def read_email(text: str) -> str:
    """A typed e-mail address, checked for its form and in lower case; empty where it is none.

    Nothing is asked of the network. Addresses of ``.test`` and ``.example`` are good: training
    and demonstration people have them.
    """
    try:
        checked = validate_email(plain(text), check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return ""
    return checked.normalized.casefold()


@lru_cache(maxsize=16384)
def compared_phone(text: str) -> str:
    """The last ten digits of a telephone number, without its extension; empty for fewer than six."""
    digits = digits_of(without_extension(text))
    return digits[-COMPARED_PHONE_DIGITS:] if len(digits) >= SHORTEST_PHONE else ""


def extension(text: str) -> str:
    """The digits of an extension at the end of a telephone number ("ext 12"); empty without one."""
    found = _EXTENSION.search(plain(text))
    return digits_of(found[0]) if found else ""


def without_extension(text: str) -> str:
    """A telephone number as written, in plain characters, without an extension at its end."""
    return _EXTENSION.sub("", plain(text))


@lru_cache(maxsize=4096)
def e164(text: str, country: str) -> str:
    """A telephone number as +447700900123; empty where it cannot be one.

    ``country`` is the two-letter country whose numbers are written without a code. A number has
    only to be possible: those kept for fiction (07700 900xxx) are given to nobody and are right
    in training data.
    """
    try:
        number = phonenumbers.parse(plain(text), country)
    except phonenumbers.NumberParseException:
        return ""
    # "Possible" in the library's wider sense counts numbers that work inside one town only.
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def lacks_plus(text: str, country: str) -> bool:
    """Whether a number is written with the home country's code but without + (447700900123)."""
    digits = digits_of(text)
    code = str(phonenumbers.country_code_for_region(country))
    return (
        text[:1].isdigit()
        and len(digits) > COMPARED_PHONE_DIGITS
        and digits.startswith(code)
        and bool(e164(f"+{digits}", country))
    )


@lru_cache(maxsize=4096)
def show_phone(text: str, country: str) -> str:
    """A telephone number in the usual groups, international where it is foreign; else as it is."""
    full = e164(text, country)
    if not full:
        return plain(text)
    number = phonenumbers.parse(full)
    home = phonenumbers.country_code_for_region(country) == number.country_code
    wanted = phonenumbers.PhoneNumberFormat.NATIONAL if home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    shown = phonenumbers.format_number(number, wanted)
    # Of numbers that fit no plan the library drops the leading 0.
    return shown if compared_phone(shown) == compared_phone(text) else plain(text)


@lru_cache(maxsize=16384)
def compared_postcode(text: str) -> str:
    """A postcode in upper case without spaces, of whatever country."""
    return "".join(character for character in plain(text).upper() if character.isalnum())


def is_uk_postcode(text: str) -> bool:
    """Whether a text has the form of a whole UK postcode; not whether the Royal Mail uses it."""
    return _UK_POSTCODE.match(compared_postcode(text)) is not None


def outward(text: str) -> str:
    """The first half of a UK postcode (LS6 of LS6 2AB); the whole of any other."""
    code = compared_postcode(text)
    found = _UK_POSTCODE.match(code)
    return found["outward"] if found else code


def sector(text: str) -> str:
    """The sector of a UK postcode (LS6 2 of LS6 2AB); the whole of any other."""
    code = compared_postcode(text)
    found = _UK_POSTCODE.match(code)
    return f"{found['outward']} {found['inward'][0]}" if found else code


def show_postcode(text: str) -> str:
    """A UK postcode with its space; any other as it is."""
    found = _UK_POSTCODE.match(compared_postcode(text))
    return f"{found['outward']} {found['inward']}" if found else plain(text)


@lru_cache(maxsize=16384)
def compared_lines(lines: tuple[str, ...]) -> str:
    """Address lines as one folded text with street words written out ("12 high street").

    "St" is Street after another word and Saint before one, so that only a last "st" of a line is
    written out.
    """
    return " ".join(filter(None, map(_street, lines)))


def _street(line: str) -> str:
    words = [_STREET_WORDS.get(word, word) for word in fold(line).split()]
    if len(words) > 1 and words[-1] in {"st", "str"}:
        words[-1] = "street"
    return " ".join(words)


def compared_address(address: Address | None) -> str:
    """The lines of an address for comparing, without town and postcode."""
    return compared_lines(address.lines) if address else ""
