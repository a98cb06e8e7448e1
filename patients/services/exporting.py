"""The people list as a file: counted, reasoned, recorded before the first byte leaves.

Spreadsheets calculate what looks like a formula. In CSV such text gets an apostrophe before it
(``csv_files``); in XLSX every cell is written as text.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Sequence
from enum import StrEnum
from typing import IO

import xlsxwriter
from django.conf import settings

from integrations.registry import label_of
from patients.matching.numbers import show_nhs
from portal import audit

from .csv_files import csv_lines
from .people_list import Filters, Order, find, ids_in_order
from .people_rows import Row, records_of, rows_of
from .portrait import Identity
from .visibility import Sight

TOGETHER = 250  # people whose rows are read at once
CHUNK = 64 * 1024
HEADER = (
    "Person", "Family name", "Given name", "Middle name", "Birth date", "NHS number", "Sex", "Deceased",
    "Marks", "Systems", "Organizations", "Studies", "Needs review", "First recorded",
)  # fmt: skip


class Format(StrEnum):
    """The kinds of file, by their ending."""

    CSV = "csv"
    XLSX = "xlsx"


class Scope(StrEnum):
    """Who is exported: everybody whom the filters leave, or the selection."""

    LIST = "list"
    SELECTION = "selection"


class Refused(Exception):
    """Nothing is exported; the text says why, for staff."""


def export(
    sight: Sight,
    filters: Filters,
    order: Order,
    *,
    chosen: Collection[int],
    scope: Scope,
    format: Format,
    reason: str,
) -> Iterator[bytes]:
    """The file, piece by piece. One audit event is written before this returns.

    Test records are in no file. Raises :class:`Refused` where there is nobody, or more people than
    ``EXPORT_CAP``.
    """
    wanted = Filters(chosen=True) if scope is Scope.SELECTION else filters
    if wanted.tests:
        raise Refused("Test records are never exported. Take that filter out first.")
    ids = ids_in_order(find(sight, wanted, chosen), order, most=settings.EXPORT_CAP)
    if ids is None:
        raise Refused(
            f"A file holds at most {settings.EXPORT_CAP:,} people, and there are more. Narrow the list first."
        )
    if not ids:
        raise Refused("There is nobody to export.")
    audit.look(
        "people.exported",
        by=sight.user,
        reason=reason,
        details={
            "count": len(ids),
            "format": str(format),
            "filters": wanted.names,
            "exported": records_of(sight, ids),
        },
    )
    lines = _lines(sight, ids)
    return _csv(lines) if format is Format.CSV else _xlsx(lines)


def _lines(sight: Sight, ids: Sequence[int]) -> Iterator[list[str]]:
    for start in range(0, len(ids), TOGETHER):
        for row in rows_of(sight, ids[start : start + TOGETHER], studies=True):
            yield line_of(row)


def line_of(row: Row) -> list[str]:
    """A person as the cells below :data:`HEADER`; days as 1980-04-03."""
    who = row.identity
    return [
        row.public_id,
        who.family_name or ("" if who.given_name else who.full_name),
        who.given_name,
        who.middle_name,
        who.birth_date.isoformat() if who.birth_date else "",
        show_nhs(who.nhs_number),  # in groups: a spreadsheet takes ten digits for an amount
        who.sex,
        _deceased(who),
        ", ".join(who.marks),
        ", ".join(f"{label_of(each.system)}: {each.status}" for each in row.records),
        ", ".join(row.organizations),
        "; ".join(row.studies),
        "yes" if row.needs_review else "",
        row.created.isoformat() if row.created else "",
    ]


def _deceased(who: Identity) -> str:
    if not who.is_deceased:
        return ""
    return who.date_of_death.isoformat() if who.date_of_death else "yes"


def _csv(lines: Iterator[list[str]]) -> Iterator[bytes]:
    return (line.encode() for line in csv_lines(HEADER, lines))


def _xlsx(lines: Iterator[list[str]]) -> Iterator[bytes]:
    """A workbook can only be sent when it is whole: it waits in a file that has no name."""
    with tempfile.TemporaryFile(dir=settings.VAR_DIR) as file:
        _write_workbook(file, lines)
        file.seek(0)
        while piece := file.read(CHUNK):
            yield piece


def _write_workbook(file: IO[bytes], lines: Iterator[list[str]]) -> None:
    options = {
        "constant_memory": True,
        "tmpdir": str(settings.VAR_DIR),
        "strings_to_formulas": False,
        "strings_to_numbers": False,
        "strings_to_urls": False,
    }
    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet("People")
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(HEADER) - 1, 18)
        bold = book.add_format({"bold": True})
        for column, title in enumerate(HEADER):
            sheet.write_string(0, column, title, bold)
        for number, line in enumerate(lines, start=1):
            for column, text in enumerate(line):
                sheet.write_string(number, column, text)
