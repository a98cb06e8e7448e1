"""CSV that a spreadsheet opens as text: no cell can begin a formula."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterable, Iterator, Sequence

# What spreadsheets take for the beginning of a formula, also after white space that they drop.
_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def safe_cell(value: object) -> str:
    """The value as text; with an apostrophe before it where a spreadsheet would calculate."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip(" ").startswith(_BEGINNINGS) else text


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A whole file, its first character the mark by which spreadsheets know UTF-8."""
    return "".join(csv_lines(header, rows))


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The same line by line, for files too long to be held at once."""
    file = io.StringIO()
    writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    file.write("\ufeff")
    for row in itertools.chain([header], rows):
        writer.writerow(map(safe_cell, row))
        yield file.getvalue()
        file.seek(0)
        file.truncate()
