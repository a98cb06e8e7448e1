"""Postcodes: written the usual way, and doubted where no postcode is made so. They never stop anybody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

from patients.matching.contact import compared_postcode, show_postcode
from patients.matching.names import fold

from .findings import Finding, Read, warn
from .typed import is_blank, normal_postcode

OF = "postcode"

_HERE = frozenset(
    {
        "", "uk", "u k", "gb", "gbr", "united kingdom", "great britain", "britain", "england", "scotland",
        "wales", "cymru", "northern ireland", "isle of man", "jersey", "guernsey", "alderney", "sark",
        "british forces post office", "bfpo",
    }
)  # fmt: skip
# Which letters come where: Royal Mail, Programmers' Guide to PAF, "Postcode format".
_MADE_SO = re.compile(
    r"GIR 0AA|BFPO \d{1,4}"
    r"|(?:[A-PR-UWYZ]\d{1,2}|[A-PR-UWYZ][A-HK-Y]\d{1,2}|[A-PR-UWYZ]\d[A-HJKPSTUW]"
    r"|[A-PR-UWYZ][A-HK-Y]\d[ABEHMNPRVWXY]) \d[ABD-HJLNP-UW-Z]{2}"
)
_LOOK_ALIKE = {
    "0": "O",
    "O": "0",
    "1": "I",
    "I": "1",
    "L": "1",
    "5": "S",
    "S": "5",
    "8": "B",
    "B": "8",
    "6": "G",
    "G": "6",
}
_MOST_SLIPS = 2


def read_postcode(text: str, *, country: str = "") -> Read[str]:
    """A postcode with capitals and its space where it is a British one, else as typed. ``country`` is the
    address's: a foreign one is not looked at."""
    if is_blank(text):
        return Read("")
    code = normal_postcode(text)
    if fold(country) not in _HERE or _MADE_SO.fullmatch(code):
        return Read(code)
    return Read(code, (_doubt(code),))


def _doubt(code: str) -> Finding:
    likely = sorted(_likely(compared_postcode(code)))
    nearest = [meant for slips, meant in likely if slips == likely[0][0]]
    if len(nearest) == 1:
        (meant,) = nearest
        return warn(OF, f"No UK postcode is made like this. Is it {meant}?", (OF, meant))
    return warn(OF, "No UK postcode is made like this: ask for it, or leave it empty.")


def _likely(code: str) -> Iterator[tuple[int, str]]:
    """Postcodes that look like this text (O for 0, I for 1), each with in how many letters it differs."""
    if not 5 <= len(code) <= 7:
        return
    for letters in product(*({letter, _LOOK_ALIKE.get(letter, letter)} for letter in code)):
        made = show_postcode("".join(letters))
        slips = sum(one != other for one, other in zip(letters, code, strict=True))
        if 0 < slips <= _MOST_SLIPS and _MADE_SO.fullmatch(made):
            yield slips, made
