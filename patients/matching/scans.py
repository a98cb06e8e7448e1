"""What barcode scanners type into the look-up: NHS numbers with the marks of their codes.

A wristband's GS1 DataMatrix holds the NHS number inside a Global Service Relation Number: application
identifier 8018, seven digits of the issuer, the NHS number, a check digit (DCB1077, "AIDC for
Patient Identification"; GS1 General Specifications, 7.9 for the check digit).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .numbers import is_valid_nhs

# ISO/IEC 15424: "]", a letter for the kind of code, one more character. Scanners can be set to send it.
_KIND_OF_CODE = re.compile(r"\s*(\][A-Za-z][0-9A-Za-z])")
_RELATION = re.compile(r"\(?8018\)?\s?(\d{18})(?!\d)|(?<!\d)8018(\d{18})")
# Marks around a number that is all there is: start and stop signs (*…*), a letter or two of a card.
_ALONE = re.compile(r"[\W_]*[a-z]{0,3}[\W_]*(\d{10})[\W_]*", re.IGNORECASE)
_ISSUER_DIGITS = 7


@dataclass(frozen=True, slots=True)
class Scan:
    """Where a scanned line holds an NHS number; ``is_band`` where other fields of a wristband follow."""

    start: int
    end: int
    is_band: bool = False


def kind_of_code(text: str) -> tuple[int, int] | None:
    """Where the scanner says which kind of code it read, if it does."""
    found = _KIND_OF_CODE.match(text)
    return found.span(1) if found else None


def find_scan(text: str) -> Scan | None:
    """The NHS number of a scanned line; ``None`` where the line is no scan, or its digits are not sound.

    Ten digits alone are left to those who tell NHS numbers from phone numbers.
    """
    for found in _RELATION.finditer(text):
        group = 1 if found[1] else 2
        start = found.start(group) + _ISSUER_DIGITS
        if _is_relation_number(found[group]) and is_valid_nhs(text[start : start + 10]):
            return Scan(start, start + 10, is_band=True)
    alone = _ALONE.fullmatch(text)
    if alone and alone[1] != text.strip() and is_valid_nhs(alone[1]):
        return Scan(*alone.span(1))
    return None


def _is_relation_number(digits: str) -> bool:
    """Whether the last digit checks the others: weights 3 and 1 in turn from the right, modulo 10."""
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))
    return total % 10 == 0
