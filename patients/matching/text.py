"""Typed and stored text made plain: one form for every digit, dash, quote and space.

Receptionists paste from letters, web pages and messaging apps, which bring full-width and
Arabic-Indic digits, typographic quotes, no-break spaces and invisible direction marks.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

APOSTROPHES = frozenset("'’‘ʼʻ`´′＇ʹ‛")
_QUOTES = frozenset('"“”„‟«»″＂‹›')
_INVISIBLE = frozenset({"Cf", "Cc", "Cs", "Co", "Cn"})
_LINE_BREAKS = frozenset("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")


@lru_cache(maxsize=4096)
def plain_character(character: str) -> str:
    """One character in its plain form: an ASCII digit, dash, quote or space, or itself.

    Line breaks become a newline; what cannot be seen becomes nothing.
    """
    category = unicodedata.category(character)
    if character in _LINE_BREAKS:
        return "\n"
    if character == "\t" or category == "Zs":
        return " "
    if category in _INVISIBLE:
        return ""
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category == "Pd" or character == "−":
        return "-"
    if character in APOSTROPHES:
        return "'"
    if character in _QUOTES:
        return '"'
    folded = unicodedata.normalize("NFKC", character)
    if len(folded) != 1 or folded == character:
        return character
    return plain_character(folded)


def plain(text: str) -> str:
    """The whole text in plain characters, outer white space removed and inner runs made one space."""
    return " ".join("".join(map(plain_character, text)).split())


def digits_of(text: str) -> str:
    """Only the decimal digits of a text, of whatever script, as ASCII."""
    return "".join(character for character in map(plain_character, text) if "0" <= character <= "9")
