"""Numbers in addresses and hidden fields: anybody can write anything there."""

from __future__ import annotations


def whole_number(text: str | None, *, most: int) -> int | None:
    """The number that a text of decimal digits is, from 0 to ``most``; ``None`` for anything else. A text of
    many digits is not read at all: Python refuses to."""
    if not text or len(text) > len(str(most)) or not (text.isascii() and text.isdecimal()):
        return None
    return int(text) if int(text) <= most else None
