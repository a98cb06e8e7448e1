"""The people of a study as a file: with a reason, up to a cap, recorded before the first byte leaves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.conf import settings

from patients.models import Participant, Study
from patients.services.bulk import in_parts
from patients.services.csv_files import csv_lines
from patients.services.exporting import TOGETHER, Refused
from patients.services.visibility import Sight
from portal import audit

from . import board
from .board import Filters, Order
from .board_rows import BoardRow, board_rows

HEADER = (
    "Person", "Number in the study", "Family name", "Given name", "Birth date", "Record", "Stands at",
    "Invitation", "Invited", "Connected", "Agreed to", "Declined", "Not decided", "Last decision",
    "Last data", "Marks",
)  # fmt: skip


def export(sight: Sight, study: Study, filters: Filters, order: Order, *, reason: str) -> Iterator[bytes]:
    """The file, line by line. One audit event is written before this returns.

    Raises :class:`~patients.services.exporting.Refused` for test participants, for nobody, and for more
    people than ``EXPORT_CAP``.
    """
    if filters.tests:
        raise Refused("Test participants are never exported. Take that filter out first.")
    found = board.ids_in_order(board.find(study, sight.reach, filters), order)
    ids = list(found[: settings.EXPORT_CAP + 1])
    if len(ids) > settings.EXPORT_CAP:
        raise Refused(
            f"A file holds at most {settings.EXPORT_CAP:,} people, and there are more. Narrow it first."
        )
    if not ids:
        raise Refused("There is nobody to export.")
    audit.look(
        "study.exported",
        by=sight.user,
        system=study.system,
        reason=reason,
        details={
            "study": study.public_id,
            "count": len(ids),
            "format": "csv",
            "filters": filters.names,
            "exported": _records(ids),
        },
    )
    return (line.encode() for line in csv_lines(HEADER, _lines(sight, study, ids)))


def _records(ids: Sequence[int]) -> list[str]:
    """The source records of these participants, for the audit ("jhe:40001")."""
    found: list[str] = []
    for some in in_parts(ids):
        rows = Participant.objects.filter(pk__in=some).order_by("pk")
        found += [
            f"{system}:{number}" for system, number in rows.values_list("record__system", "record__remote_id")
        ]
    return found


def _lines(sight: Sight, study: Study, ids: Sequence[int]) -> Iterator[list[str]]:
    for start in range(0, len(ids), TOGETHER):
        for row in board_rows(sight, study, ids[start : start + TOGETHER]):
            yield line_of(row)


def line_of(row: BoardRow) -> list[str]:
    """A participant as the cells below :data:`HEADER`; days as 1980-04-03, empty for what is not known."""
    who = row.identity
    return [
        row.public_id,
        row.number,
        who.family_name or ("" if who.given_name else who.full_name),
        who.given_name,
        who.birth_date.isoformat() if who.birth_date else "",
        row.record,
        row.standing.label,
        row.invitation,
        _day(row.invited_at),
        _day(row.connected_at),
        *("" if each is None else str(each) for each in (row.agreed, row.declined, row.pending)),
        _day(row.decided_at),
        _day(row.data_at),
        ", ".join([*(["deceased"] if who.is_deceased else []), *who.marks]),
    ]


def _day(moment: datetime | None) -> str:
    return moment.date().isoformat() if moment else ""
