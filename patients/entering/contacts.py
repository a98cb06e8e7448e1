"""Telephone numbers and e-mail addresses: what can be reached, and what is probably mistyped."""

from __future__ import annotations

from collections.abc import Iterator

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from patients.matching.contact import compared_phone, e164, extension, show_phone, without_extension
from patients.matching.text import digits_of, plain

from .findings import Finding, Read, hint, stop, warn
from .mailboxes import meant_domain
from .typed import is_blank, one_line

EMAIL = "email"
_MEANT_AS_DOT = str.maketrans(",;", "..")


# --- telephone ------------------------------------------------------------------------------


def read_phone(of: str, text: str, *, country: str) -> Read[str]:
    """A number as +447700900123 where it can be called; any other, and one with an extension, as typed."""
    typed = one_line(text)
    if not typed:
        return Read("")
    if not compared_phone(typed):
        return Read("", (stop(of, "This is too short for a phone number: enter all its digits."),))
    return Read(normal_phone(typed, country), phone_findings(of, typed, country=country))


def phone_findings(of: str, text: str, *, country: str) -> tuple[Finding, ...]:
    """What is to be said of a number with enough digits: it only ever warns."""
    if _has_words(text):
        return (warn(of, "There are words in this phone number: write them into the notes."),)
    if not e164(text, country):
        said = "Nobody can be called by this phone number: count its digits, and begin a foreign one with +."
        return (warn(of, said),)
    if not phonenumbers.is_valid_number(phonenumbers.parse(e164(text, country))):
        said = f"{show_phone(text, country)} is in no numbering plan: read it back to the person."
        return (warn(of, said),)
    return ()


def normal_phone(text: str, country: str) -> str:
    """A number in the one international form, which says nothing less than the text; else the text."""
    keeps_all = not (_has_words(text) or extension(text))
    return (keeps_all and e164(text, country)) or one_line(text)


def same_phone(one: str, other: str, country: str) -> bool:
    """Whether two texts are one number, however written."""
    if _has_words(one) or _has_words(other):
        return one_line(one) == one_line(other)
    if extension(one) != extension(other):
        return False
    full = e164(one, country)
    return (bool(full) and full == e164(other, country)) or digits_of(one) == digits_of(other)


def _has_words(text: str) -> bool:
    """Whether there is more than a number and its extension; letters would count as keys (0800 DOCTOR)."""
    return any(map(str.isalpha, without_extension(text)))


# --- e-mail ---------------------------------------------------------------------------------


def read_email(text: str) -> Read[str]:
    """An address of the right form, its domain in lower case. Nothing is asked of the network."""
    if is_blank(text):
        return Read("")
    typed = one_line(text)
    address = _checked(typed)
    if address:
        return Read(address, tuple(_mistyped(address)))
    better = next(filter(None, map(_checked, _nearby(typed))), "")
    said = "This is no whole e-mail address: enter it like name@example.org."
    return Read("", (stop(EMAIL, said, *([(EMAIL, better)] if better else [])),))


def _mistyped(address: str) -> Iterator[Finding]:
    local, _, domain = address.rpartition("@")
    if meant := meant_domain(domain):
        yield hint(EMAIL, f"Is it {meant}? {domain} looks mistyped.", (EMAIL, f"{local}@{meant}"))


def _nearby(typed: str) -> Iterator[str]:
    """Readings of a text that is no address: without its spaces, with points for commas."""
    together = plain(typed).replace(" ", "")
    yield together
    yield together.translate(_MEANT_AS_DOT).rstrip(".")


def _checked(text: str) -> str:
    """The address in its normal form; empty where it is none. ``.test`` and ``localhost`` are training's."""
    local, _, domain = text.rpartition("@")
    here = domain.casefold() == "localhost"
    try:
        checked = validate_email(
            f"{local}@localhost.test" if here else text, check_deliverability=False, test_environment=True
        )
    except EmailNotValidError:
        return ""
    return f"{checked.local_part}@localhost" if here else checked.normalized
