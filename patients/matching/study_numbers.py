"""Numbers that participants have in a study ("LL-014"): how one is recognised in a line, and compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

LONGEST = 64
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
# Letters, a hyphen, digits, perhaps once more: a study's letters, a site's number, the person's.
_IN_A_LINE = re.compile(
    rf"(?<![\w-])(?!(?:{_MONTHS})[a-z]*-)[a-z]{{1,6}}-\d{{1,6}}(?:-\d{{1,5}})?(?![\w-])",
    re.IGNORECASE | re.ASCII,
)


def find_study_numbers(line: str) -> Iterator[re.Match[str]]:
    """Where a line may hold such a number; of another form it needs a label ("participant no. 014")."""
    return _IN_A_LINE.finditer(line)


def folded(number: str) -> str:
    """A number as it is compared: "LL-014", "ll 014" and "LL014" are one; 014 and 14 are two."""
    plain = unicodedata.normalize("NFKC", number).casefold()
    return "".join(character for character in plain if character.isalnum())[:LONGEST]
