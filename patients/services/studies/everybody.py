"""Everybody who takes part in a study: one whole pass, since nothing else knows who has left.

Lists come in numbered pages: whoever leaves meanwhile moves the others forward, and one of them is passed
over. So nobody has left whom a list alone does not show; the system is asked about each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from integrations.abilities import HasStudies
from integrations.types import RemotePatient
from patients.models import Study
from patients.services.operations import clock

from . import mirror

TOGETHER = 500


def read(adapter: HasStudies, study: Study, *, alive: Callable[[], None]) -> None:
    """Read and keep who takes part; ``alive`` is called now and then. What is kept of a pass that breaks off
    stays, and nobody leaves by it whom the system was not asked about."""
    began_at = clock.now()
    for some in _together(adapter.patients_of_study(study.remote_id, study.organization)):
        mirror.keep_people(study, some, began_at=began_at)
        alive()
    for row in mirror.unseen(study, began_at=began_at):
        if adapter.has_left(row.record.remote_id, study.remote_id, study.organization):
            mirror.note_left(row, began_at=began_at)
        else:
            mirror.note_there(row)
        alive()
    mirror.end_of_people(study, began_at=began_at)


def _together(found: Iterator[RemotePatient]) -> Iterator[list[RemotePatient]]:
    some: list[RemotePatient] = []
    for each in found:
        some.append(each)
        if len(some) >= TOGETHER:
            yield some
            some = []
    yield some
