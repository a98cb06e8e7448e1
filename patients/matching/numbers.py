"""NHS numbers: ten digits out of any spelling, modulus 11, and the way people read them.

Format and check digit: NHS Data Dictionary, "NHS NUMBER".
"""

from __future__ import annotations

from functools import lru_cache

from nhs_number.validate import is_valid

from .text import digits_of

LENGTH = 10


@lru_cache(maxsize=16384)
def nhs_digits(text: str) -> str:
    """The ten digits of an NHS number in any spelling; empty where there are not exactly ten.

    Letters make it something else (a Northern Irish or private number), so that it is not read
    as an NHS number.
    """
    if any(character.isalpha() for character in text):
        return ""
    digits = digits_of(text)
    return digits if len(digits) == LENGTH else ""


@lru_cache(maxsize=16384)
def is_valid_nhs(text: str) -> bool:
    """Whether a text holds an NHS number whose check digit is right.

    Ten equal digits (0000000000, 9999999999) pass the arithmetic and are nobody's number.
    """
    digits = nhs_digits(text)
    return bool(digits) and len(set(digits)) > 1 and bool(is_valid(digits))


def show_nhs(text: str) -> str:
    """An NHS number in groups of 3, 3 and 4 digits; any other text as it is."""
    digits = nhs_digits(text)
    return f"{digits[:3]} {digits[3:6]} {digits[6:]}" if digits else text
