"""A person's records asked of their systems while the page is there already: one round of asking a view.

Answers stay in the process that asks, for as long as a page may still come for them; what was read goes
into the index too. Where the page's next request reaches another process, that one asks itself: what the
first has read is fresh in the index by then and is not asked for again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from django.utils import timezone

from integrations.errors import IntegrationError, Unavailable
from integrations.registry import label_of
from integrations.types import RemotePatient
from patients.models import SourceRecord
from portal.accounts.models import User

from . import taking_in
from .answers import KeptRecord
from .asking import SLACK, Question, begin
from .connections import open_system
from .held import as_test, kept_of
from .lookup import read_anew
from .rows import FRESH_FOR

SECONDS = 5.0  # what a page waits for one system
KEPT_SECONDS = 120.0
GRACE_SECONDS = 0.1  # answers that come in the same moment come in one reply


@dataclass(slots=True)
class _Asked:
    """One record that is asked for: since when, and what came of it."""

    row: SourceRecord
    begun: float = field(default_factory=time.monotonic)
    begun_at: datetime = field(default_factory=timezone.now)
    work: Future[None] | None = None
    answer: RemotePatient | IntegrationError | None = field(default=None, repr=False)

    @property
    def left(self) -> float:
        """Seconds that its system still has."""
        return self.begun + SECONDS + SLACK - time.monotonic()

    @property
    def is_due(self) -> bool:
        """Whether its system may still answer."""
        has_ended = self.work is not None and self.work.done()
        return self.answer is None and not has_ended and self.left > 0


class Round:
    """Records being read anew for one person's view; those read less than a minute ago are not asked for."""

    def __init__(self, rows: Iterable[SourceRecord], *, by: User) -> None:
        rows = list(rows)
        self.begun = time.monotonic()
        self._by = by
        self._systems = {row.system for row in rows}
        self._asked: dict[int, _Asked] = {}
        now = timezone.now()
        for row in rows:
            if row.whole_at is None or now - row.whole_at >= FRESH_FOR:
                self._ask(row)

    def again(self, systems: Collection[str] | None = None) -> None:
        """Ask those once more that failed; of these systems, or of all."""
        for each in list(self._asked.values()):
            failed = isinstance(each.answer, IntegrationError) or not (each.answer or each.is_due)
            if failed and (systems is None or each.row.system in systems):
                self._ask(each.row)

    def asking(self) -> set[str]:
        """The systems that have still to answer."""
        return {each.row.system for each in self._asked.values() if each.is_due}

    def wait_for_more(self, seen: Collection[str]) -> None:
        """Return when a system that is not among ``seen`` has answered, or none is asked any more."""
        while (due := self._due()) and not self._systems - self.asking() - set(seen):
            wait(_works(due), timeout=max(each.left for each in due), return_when=FIRST_COMPLETED)
        wait(_works(self._due()), timeout=GRACE_SECONDS)

    def wait_for_all(self) -> None:
        """Return when every system has answered or had its time."""
        while due := self._due():
            wait(_works(due), timeout=max(each.left for each in due))

    def kept(self, rows: Sequence[SourceRecord]) -> list[tuple[SourceRecord, KeptRecord | None]]:
        """Each record as it is known now; ``None`` for one that its system refuses to this person."""
        return [(row, self._kept(row)) for row in rows]

    def _kept(self, row: SourceRecord) -> KeptRecord | None:
        held = as_held(row)
        asked = self._asked.get(row.pk)
        if asked is None or asked.is_due:
            return held
        read = read_anew(held, asked.answer or _out_of_time(row.system))
        return replace(read, record=as_test(read.record)) if read and row.marked_test else read

    def _due(self) -> list[_Asked]:
        return [each for each in self._asked.values() if each.is_due]

    def _ask(self, row: SourceRecord) -> None:
        asked = self._asked[row.pk] = _Asked(row)
        question = Question(
            system=row.system,
            operation="get",
            seconds=SECONDS,
            work=lambda: open_system(row.system, by=self._by, seconds=SECONDS).get(row.remote_id),
        )
        asked.work = begin(question, partial(_take, asked))


def _take(asked: _Asked, answer: RemotePatient | IntegrationError) -> None:
    if isinstance(answer, RemotePatient):
        taking_in.take_in([answer], read_at=asked.begun_at)
    asked.answer = answer


def _works(asked: Iterable[_Asked]) -> list[Future[None]]:
    return [each.work for each in asked if each.work is not None]


def as_held(row: SourceRecord) -> KeptRecord:
    """A record of the index, as old as the oldest of what it shows."""
    kept = replace(kept_of(row), read_at=row.whole_at or row.read_at)
    if row.vanished_at is None:
        return kept
    problem = "This record was not there any more when it was last looked for."
    return replace(kept, problem=problem)


def _out_of_time(system: str) -> Unavailable:
    return Unavailable(system=system, operation="get", label=label_of(system), reason="deadline")


# --- rounds of this process -----------------------------------------------------------------

_rounds: dict[str, Round] = {}
_lock = threading.Lock()


def round_of(view: str, rows: Sequence[SourceRecord], *, by: User) -> Round:
    """The round of one view, begun where this process has none."""
    with _lock:
        for old in list(_ended()):
            del _rounds[old]
        if view not in _rounds:
            _rounds[view] = Round(rows, by=by)
        return _rounds[view]


def is_idle() -> bool:
    """Whether nobody is being asked."""
    with _lock:
        works = [work for each in _rounds.values() for work in _works(each._asked.values())]
    return all(work.done() for work in works)


def _ended() -> Iterator[str]:
    return (view for view, each in _rounds.items() if time.monotonic() - each.begun > KEPT_SECONDS)
