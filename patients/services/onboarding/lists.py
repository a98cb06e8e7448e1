"""A list of people to be onboarded: a file with one of them a line.

UTF-8, with or without a byte order mark; commas, semicolons or tabs between cells, which may be quoted. The
first line names the columns. Nothing of what stands in it is repeated in what is said about it.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field

from patients.entering.typed import Typed
from patients.models import Study
from portal.accounts.models import User
from portal.web.crypto import keyed_hash

MOST = 5000  # lines
NUMBER = "number"  # the participant's number in the study
NEEDED = ("given_name", "family_name", "birth_date", "email")
#: Column → what it holds, for documentation and help.
COLUMNS: Mapping[str, str] = {
    "given_name": "needed",
    "family_name": "needed",
    "birth_date": "needed; 1980-03-31, or as people write dates here",
    "email": "needed; the mailbox of this person alone",
    "phone": "",
    "nhs_number": "for finding the person; written into no system that does not keep it",
    "sex": "for finding the person",
    "postcode": "for finding the person",
    NUMBER: "the participant's number in the study, like LL-014",
}
PUT_RIGHT = "Put the line right in the file."
_SEPARATORS = ",;\t"


class Unreadable(Exception):
    """The file is no list of people; the text says why, for staff, and repeats nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the file, as it stands there. ``at`` is its number, the header's being 1."""

    at: int
    typed: Typed = field(repr=False)
    number: str = field(default="", repr=False)

    def key(self, study: Study, *, by: User) -> str:
        """The id under which what becomes of it is kept: the same as long as the line says the same, for the
        same study and account; it tells nothing of what the line says."""
        said = {name: text for name, text in asdict(self.typed).items() if text} | {NUMBER: self.number}
        about = json.dumps([by.pk, study.public_id, said], sort_keys=True)
        return keyed_hash(about, purpose="line of a list of people")[:22]


def read(data: bytes) -> list[Line]:
    """The lines of a file, empty ones left out. Raises :class:`Unreadable`."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("The file is not UTF-8. Save it as “CSV UTF-8”.") from None
    rows = _rows(text)
    _, header = next(rows, (0, []))
    columns = _columns(header)
    found: list[Line] = []
    for at, cells in rows:
        if len(cells) != len(columns):
            raise Unreadable(f"Line {at} has {len(cells)} cells, and the first line names {len(columns)}.")
        if len(found) == MOST:
            raise Unreadable(f"The file has more than {MOST} lines: make several of it.")
        found.append(_line(at, dict(zip(columns, cells, strict=True))))
    if not found:
        raise Unreadable("There is nobody in the file.")
    return found


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """The lines that say something, each with the number at which it begins in the file."""
    lines = text.splitlines(keepends=True)
    first = next(iter(lines), "")
    separator = max(_SEPARATORS, key=first.count)
    reader, began = csv.reader(lines, delimiter=separator, strict=True), 1
    try:
        for cells in reader:
            stripped = [each.strip() for each in cells]
            if any(stripped):
                yield began, stripped
            began = reader.line_num + 1
    except csv.Error:
        raise Unreadable(
            f"Line {reader.line_num} cannot be read: a quotation mark is not closed, or stands inside a cell."
        ) from None


def _columns(header: list[str]) -> list[str]:
    names = [each.casefold().replace(" ", "_").replace("-", "_") for each in header]
    unknown = [place for place, name in enumerate(names, 1) if name not in COLUMNS]
    if unknown:
        which = ", ".join(map(str, unknown))
        raise Unreadable(f"Column {which} of the first line is not known. Known are: {', '.join(COLUMNS)}.")
    if len(set(names)) != len(names):
        raise Unreadable("A column stands there twice.")
    if missing := [each for each in NEEDED if each not in names]:
        raise Unreadable(f"The first line does not name: {', '.join(missing)}.")
    return names


def _line(at: int, cells: dict[str, str]) -> Line:
    number = " ".join(cells.pop(NUMBER, "").split())
    return Line(at=at, typed=Typed(**cells), number=number)
