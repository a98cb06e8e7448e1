"""Reading whole systems into the index, step by step; any process can go on after any step.

Short rows come first, so that everybody can be found; a full run then asks for the records that it
did not see, one by one, and marks those that are gone; whole records follow as a run of their own.
What a step read is stored in the same transaction in which the run moves on: nothing is lost or
counted twice, whoever dies.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import structlog
from django.conf import settings
from django.db import DataError, IntegrityError, OperationalError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from integrations.errors import (
    BEYOND_REACH,
    Conflict,
    Forbidden,
    IntegrationError,
    Invalid,
    NotFound,
    ProtocolError,
    RateLimited,
    Unavailable,
)
from integrations.pages import RecordPage, StaleCursor
from integrations.registry import label_of
from integrations.types import RemotePatient
from patients.models import SourceRecord, SyncedSystem, SyncRun

from . import index, one_writer, reading, sync_runs
from .reading import Reader
from .sync_runs import LostLease

log = structlog.get_logger(__name__)

BATCH = 100  # records a transaction: while one is stored (a quarter of a second) no page can write
QUEUE = 60  # records looked up at a time that are to be read one by one
TOGETHER = 20  # of these that are stored together, or fewer where the system takes its time
TOGETHER_SECONDS = 3.0
WHOLE_AT_ONCE = 500  # records that one run reads whole; then rows may be due again
MOST_SKIPPED = 20  # records that cannot be read, after which it is not the records
IN_A_ROW = 3  # records that get no answer, after which it is not the records
TRIES = 3  # of a transaction that another one's locks undid
LONGEST_ID = SourceRecord._meta.get_field("remote_id").max_length or 64


class Outcome(StrEnum):
    """How working on a run ended."""

    MORE = "more"  # the time was up
    ENDED = "ended"  # the run has ended
    WAITING = "waiting"  # it goes on by itself later, see ``problem``
    STOPPED = "stopped"  # somebody has to mend something, see ``problem``
    TAKEN = "taken"  # somebody else works on it


def work(
    run: SyncRun,
    owner: str,
    *,
    seconds: float | None = None,
    then: Callable[[SyncRun], None] = lambda run: None,
) -> Outcome:
    """Work on a run for about so many seconds, or until it ends or waits; ``then`` after each step."""
    if not sync_runs.claim(run, owner):
        return Outcome.TAKEN
    ends = None if seconds is None else time.monotonic() + seconds
    steps = _Steps(run)
    try:
        while steps.one():
            then(run)
            if ends is not None and time.monotonic() > ends:
                return Outcome.MORE
        return Outcome.ENDED
    except LostLease:
        return Outcome.TAKEN
    except IntegrationError as fault:
        log.warning("sync waits", system=run.system, operation=fault.operation, error=type(fault).__name__)
        sync_runs.pause(run, fault)
        return Outcome.WAITING if fault.retryable else Outcome.STOPPED
    except Exception:
        ours = IntegrationError(
            system=run.system, operation="sync", label=label_of(run.system), reason="our fault"
        )
        sync_runs.pause(run, ours)
        raise
    finally:
        sync_runs.release(run)


class _Steps:
    """The steps of one run, as long as one process works on it."""

    def __init__(self, run: SyncRun) -> None:
        self.run = run
        self._due: list[SourceRecord] = []
        self._tried: set[int] = set()
        self._unanswered = 0

    def one(self) -> bool:
        """Take one step; false where the run has ended with it."""
        run = self.run
        if run.kind == SyncRun.Kind.WHOLE:
            return self._some_records(limit=WHOLE_AT_ONCE)
        if run.phase == SyncRun.Phase.MISSING:
            return self._some_records()
        return self._one_page()

    # --- rows -------------------------------------------------------------------------------

    def _one_page(self) -> bool:
        run = self.run
        asked_at = timezone.now()
        reader = reading.background(run.system)
        try:
            page = reader.adapter.page(run.cursor, run.since)
        except StaleCursor:
            sync_runs.advance(run, cursor="")
            return True
        log.info("sync page", system=run.system, count=len(page.records))
        for batch in _batches(page.records):
            self._keep(batch, asked_at)
        sync_runs.advance(
            run,
            counts={"errors": len(page.faults)},
            cursor=page.next_cursor,
            left=page.left,
            read_as=reader.read_as,
            last_change=_latest([run.last_change, *(each.updated_at for each in page.records)]),
            **self._phase_after(page),
            **sync_runs.going_on(),
        )
        return self._ends_after(page)

    def _phase_after(self, page: RecordPage) -> dict[str, Any]:
        """Only a full run that could read every row knows who is missing."""
        whole = self.run.kind == SyncRun.Kind.FULL and not self.run.errors and not page.faults
        return {"phase": SyncRun.Phase.MISSING} if page.is_last and whole else {}

    def _ends_after(self, page: RecordPage) -> bool:
        run = self.run
        if not page.is_last or run.phase == SyncRun.Phase.MISSING:
            return True
        if run.errors:
            problem = f"{run.errors} of the records came in a form that the portal cannot read."
            step = "The others are up to date. Tell whoever looks after the portal."
            sync_runs.end(run, is_complete=False, problem=problem, next_step=step)
        else:
            sync_runs.end(run, is_complete=True)
        return False

    def _keep(self, batch: Sequence[RemotePatient], read_at: datetime) -> None:
        """Store a batch; where something in it cannot be stored, the others all the same."""
        try:
            self._store_again(batch, read_at)
        except (DataError, ValueError) as fault:
            if len(batch) == 1:
                log.error("record not stored", system=self.run.system, error=type(fault).__name__)
                sync_runs.advance(self.run, counts={"errors": 1})
                return
            for each in batch:
                self._keep([each], read_at)

    def _store_again(self, batch: Sequence[RemotePatient], read_at: datetime) -> None:
        """Two transactions can stand in each other's way, or bring the same new record; the one that is
        undone does it again."""
        for _ in range(TRIES - 1):
            with suppress(OperationalError, IntegrityError):
                return self._store(batch, read_at)
        return self._store(batch, read_at)

    @transaction.atomic
    def _store(self, batch: Sequence[RemotePatient], read_at: datetime) -> None:
        run = self.run
        if any(len(each.id) > LONGEST_ID for each in batch):
            raise ValueError("an id is too long")
        one_writer.hold()
        before = SourceRecord.objects.filter(
            system=run.system, remote_id__in={each.id for each in batch}, read_at__gte=run.started_at
        ).count()
        stored = index.store(batch, read_at=read_at)
        sync_runs.advance(
            run,
            counts={
                "read": max(stored.read - before, 0),
                "new": stored.new,
                "changed": stored.changed,
                "returned": stored.returned,
                "joined": stored.tally.joined,
                "stopped": stored.tally.stopped,
                "long_blocks": stored.tally.long_blocks,
            },
        )

    # --- one by one -------------------------------------------------------------------------

    def _some_records(self, *, limit: int | None = None) -> bool:
        run = self.run
        is_over = limit is not None and run.read >= limit
        if not self._due and not is_over:
            self._look_for_due()
        if not self._due or is_over:
            sync_runs.advance(run, left=self._waiting().count())
            sync_runs.end(run, is_complete=True)
            return False
        self._read_some()
        return True

    def _look_for_due(self) -> None:
        waiting = self._waiting()
        self._due = list(waiting.defer("held")[:QUEUE])
        sync_runs.advance(self.run, left=waiting.count())

    def _waiting(self) -> QuerySet[SourceRecord]:
        passed = [*self.run.skipped, *self._tried]
        if self.run.kind == SyncRun.Kind.WHOLE:
            return due_whole(self.run.system, before=self.run.started_at, passed=passed)
        return _unseen(self.run).exclude(pk__in=passed)

    def _read_some(self) -> None:
        """Read a few records anew and store them; also those read before one brought a fault."""
        asked_at = timezone.now()
        until = time.monotonic() + TOGETHER_SECONDS
        reader = reading.background(self.run.system)
        if self.run.read_as != reader.read_as:
            sync_runs.advance(self.run, read_as=reader.read_as)
        found: list[RemotePatient] = []
        try:
            while self._due and len(found) < TOGETHER and time.monotonic() < until:
                record = self._due.pop(0)
                self._tried.add(record.pk)
                remote = self._read(reader, record, asked_at)
                found += [remote] if remote else []
        finally:
            if found:
                self._keep(found, asked_at)
        sync_runs.advance(self.run, **sync_runs.going_on())

    def _read(self, reader: Reader, record: SourceRecord, asked_at: datetime) -> RemotePatient | None:
        """One record as it is now. ``None`` where it is marked as gone, or is passed over."""
        run = self.run
        try:
            found = reader.adapter.get(record.remote_id)
        except (RateLimited, Unavailable) as fault:
            self._no_answer(fault)
        except NotFound:
            self._mark_gone(record, asked_at)
        except Forbidden as fault:
            if fault.reason != BEYOND_REACH:
                raise
            self._out_of_reach(record, asked_at)
        except IntegrationError as fault:
            about_one = isinstance(fault, ProtocolError | Invalid | Conflict)
            if not about_one or len(run.skipped) >= MOST_SKIPPED:
                raise
            sync_runs.advance(run, counts={"errors": 1}, skipped=[*run.skipped, record.pk])
        else:
            self._unanswered = 0
            return found
        return None

    def _no_answer(self, fault: IntegrationError) -> None:
        """One record without an answer is passed over this time; several in a row are the system."""
        self._unanswered += 1
        if isinstance(fault, RateLimited) or self._unanswered >= IN_A_ROW:
            raise fault
        sync_runs.advance(self.run, counts={"errors": 1})

    @transaction.atomic
    def _mark_gone(self, record: SourceRecord, at: datetime) -> None:
        self._unanswered = 0
        one_writer.hold()
        still = SourceRecord.objects.filter(pk=record.pk, read_at__lte=at)
        count = index.mark_vanished(still, at=at)
        sync_runs.advance(self.run, counts={"vanished": count})

    def _out_of_reach(self, record: SourceRecord, at: datetime) -> None:
        """Gone only for those who could see it: another reader's reach says nothing about it."""
        known = SyncedSystem.objects.filter(system=self.run.system).first()
        if known is not None and known.full_as == self.run.read_as:
            self._mark_gone(record, at)


# --- what is due ----------------------------------------------------------------------------


def _unseen(run: SyncRun) -> QuerySet[SourceRecord]:
    """The records of which nothing was read since the run began."""
    unseen = SourceRecord.objects.filter(system=run.system, vanished_at=None, read_at__lt=run.started_at)
    return unseen.order_by("read_at", "pk")


def due_whole(
    system: str, *, before: datetime | None = None, passed: Sequence[int] = ()
) -> QuerySet[SourceRecord]:
    """The records to be read whole: never yet or changed since, latest change first; else the oldest.

    Left out are those read whole since ``before``, and those whose ids of ours are in ``passed``.
    """
    began = before or timezone.now()
    mine = SourceRecord.objects.filter(system=system, vanished_at=None).exclude(pk__in=passed)
    short = mine.filter(Q(whole_at=None) | Q(whole_at__lt=F("updated_at")))
    short = short.filter(Q(whole_at=None) | Q(whole_at__lt=began))
    if short.exists():
        return short.order_by("-updated_at", "-pk")
    old = began - timedelta(days=settings.SYNC_WHOLE_DAYS)
    return mine.filter(whole_at__lt=old).order_by("whole_at", "pk")


def _batches(records: Sequence[RemotePatient]) -> Iterator[Sequence[RemotePatient]]:
    for start in range(0, len(records), BATCH):
        yield records[start : start + BATCH]


def _latest(moments: Sequence[datetime | None]) -> datetime | None:
    return max((each for each in moments if each), default=None)
