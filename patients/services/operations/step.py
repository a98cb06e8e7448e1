"""One try of an operation: look whether it has happened, send it, take in what came back.

Nothing is sent before the row says that it is: whoever finds the row later looks first. What becomes of
a fault is in :data:`_AFTER` and docs/reliability.md.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import DatabaseError

from integrations import errors
from integrations.errors import IntegrationError
from integrations.registry import label_of
from integrations.types import RemotePatient
from patients.models import Attempt, Bulk, Operation
from patients.services import connections
from portal.web.crypto import Undecryptable

from . import arriving, breaker, clock, queue, rights, wishes
from .kinds import After, AlsoKeeps, Done, Hold, Job, Ready, Refuse, Work, work_of
from .whys import HOLDING, REFUSING, Why, words_of

log = structlog.get_logger(__name__)

SECONDS = 40.0  # that one try may take, with waiting for its turn; see ``queue.LEASE``
#: Seconds after which a request that nobody answered is over: longer than the systems' own servers let
#: one run (gunicorn: 30 s, and as long in a gateway's queue).
LATE = 90.0
MOST_IN_VAIN = 5  # tries that did nothing, unknown each time, before a person looks at it
MOST_FAULTS_OF_OURS = 10
BACKOFF, LONGEST_BACKOFF, LONGEST_UNKNOWN = 2.0, 300.0, 60.0  # seconds
FOR_A_TOKEN, FOR_A_KEY = 3600.0, 300.0
LONGEST_LIMIT = 3600.0  # whatever a system says: quotas begin anew every hour


class Step:
    """One try of one operation that the caller has claimed."""

    def __init__(self, operation: Operation) -> None:
        self.operation = operation
        self.attempt = Attempt(operation=operation, began_at=clock.now())
        self.asked = False  # whether anything left for the system, a look included
        self.sent = False  # whether what changes something was about to leave
        # What is left of earlier tries where this one is known to have done nothing.
        self.before: dict[str, Any] = {"left_at": None, "late_until": None}

    def run(self) -> None:
        """Try, and keep what came of it. Raises nothing but ``DatabaseError``: then the lease ends by
        itself and somebody looks again."""
        self.attempt.save()
        try:
            outcome = self._guarded()
        except queue.LostLease:
            outcome = "taken over"
        if not self.asked:
            breaker.let_one_go(self.operation.system)
        self.attempt.ended_at, self.attempt.outcome = clock.now(), outcome
        self.attempt.save()
        log.info(
            "operation", operation=self.operation.public_id, kind=self.operation.kind,
            system=self.operation.system, outcome=outcome,
        )  # fmt: skip

    def _guarded(self) -> str:
        try:
            outcome = self._try()
        except IntegrationError as fault:
            self.attempt.fault, self.attempt.reason = type(fault).__name__, fault.reason[:64]
            self.attempt.request_id = fault.request_id
            return self._failed(fault)
        except Undecryptable:
            return self._held(Why.UNREADABLE, {})
        except (DatabaseError, queue.LostLease):
            raise
        except Exception as fault:
            log.error("operation failed", operation=self.operation.public_id, exc_info=fault)
            return self._our_fault()
        if self.asked:
            breaker.answered(self.operation.system)
        return outcome

    # --- trying -------------------------------------------------------------------------

    def _try(self) -> str:
        operation = self.operation
        adapter = rights.opened(
            operation.acts_for,
            operation.system,
            seconds=clock.span(SECONDS).total_seconds(),
            background=operation.bulk_id is not None,
            sending=self._note_asked,
        )
        wish = wishes.kept(operation.kind, operation.wanted)
        job = Job(
            operation=operation, wish=wish, adapter=adapter, now=clock.now(), is_stopped=self._is_stopped()
        )
        work = work_of(job)
        look = work.look()
        if isinstance(look, Done) and (look.sure or not job.is_late):
            return self._done(work, look.record, look.details)
        if isinstance(look, Hold):
            return self._held(look.why, look.details, taken=look.record)
        if isinstance(look, Refuse):
            return self._refused(look.why)
        again = isinstance(look, Ready) and look.again
        if operation.late_until is not None and job.is_late and not again:
            return self._put_off(operation.late_until, Why.LATE)
        assert isinstance(look, Ready)  # noqa: S101 (what is done and not sure is late)
        return self._ready(work, look, is_stopped=job.is_stopped)

    def _note_asked(self) -> None:
        self.asked = True

    def _ready(self, work: Work, look: Ready, *, is_stopped: bool) -> str:
        """It has not happened, and no request is under way that may still do it: send it."""
        operation = self.operation
        if is_stopped and not look.mends:
            return self._stopped()
        if operation.left_at is not None and not look.again:
            operation.in_vain += 1
            if operation.in_vain >= MOST_IN_VAIN:
                return self._held(look.in_vain, {}, in_vain=operation.in_vain)
        if look.leaves_open:
            self.before = {"left_at": operation.left_at, "late_until": operation.late_until}
        self._note_leaving(look)
        record, lost = work.send(look)
        read = record if isinstance(record, RemotePatient) else None
        if read is not None and (not read.complete or (lost and read.unread)):  # it does not tell: look
            tries = operation.tries + 1
            return self._put_off(self._later(tries), Why.LATE, tries=tries, late_until=None)
        if lost:
            queue.keep(operation, left_at=None, late_until=None)
            return self._held(Why.NOT_TAKEN, {"fields": list(lost)}, taken=read)
        return self._done(work, record)

    def _note_leaving(self, ready: Ready) -> None:
        """Write down that a request is about to leave, and exactly what; from here on it is unknown."""
        now = clock.now()
        fresh = {"key": str(uuid.uuid4()), "keyed_at": now} if ready.fresh_key else {}
        queue.keep(
            self.operation,
            **{"keyed_at": self.operation.keyed_at or now} | fresh,
            prepared=ready.prepared,
            in_vain=self.operation.in_vain,
            details={},
            left_at=now,
            late_until=now + clock.span(LATE + SECONDS),  # whoever dies may send at the last moment
        )
        self.attempt.sent = self.sent = True  # kept now: whoever dies from here on may have sent it
        self.attempt.save(update_fields=["sent"])

    def _is_stopped(self) -> bool:
        bulk = self.operation.bulk_id
        return bulk is not None and not Bulk.objects.filter(pk=bulk, state=Bulk.State.RUNNING).exists()

    def _stopped(self) -> str:
        """Its bulk was paused or cancelled after an earlier try, which is known by now to have done
        nothing."""
        if Bulk.objects.filter(operations=self.operation, state=Bulk.State.CANCELLED).exists():
            return self._refused(Why.CANCELLED)
        queue.put_off(self.operation, until=clock.now(), left_at=None, late_until=None, why=Why.NONE)
        return "paused"

    # --- what came of it ----------------------------------------------------------------

    def _done(self, work: Work, record: After, details: Mapping[str, Any] | None = None) -> str:
        also = work.keep if isinstance(work, AlsoKeeps) else None
        arriving.finish(self.operation, record, details=details or {}, also=also)
        return "done"

    def _held(
        self, why: Why, details: Mapping[str, Any], *, taken: RemotePatient | None = None, **values: Any
    ) -> str:
        sentence, step = words_of(why, label_of(self.operation.system))
        words = {"problem": sentence, "next_step": step}
        arriving.hold(self.operation, why, details, record=taken, **words | values)
        return f"held: {why}"

    def _refused(self, why: Why, fault: IntegrationError | None = None) -> str:
        words = words_of(why, label_of(self.operation.system)) if fault is None else _words(fault)
        fields = fault.field_errors if isinstance(fault, errors.Invalid) else {}
        arriving.refuse(
            self.operation, why, problem=words[0][:500], next_step=words[1][:500], details={"fields": fields}
        )
        return f"refused: {why}"

    def _put_off(self, until: datetime, why: Why, **values: Any) -> str:
        sentence, step = words_of(why, label_of(self.operation.system))
        words = {"problem": sentence, "next_step": step}
        queue.put_off(self.operation, until=until, why=why, **words | values)
        return "waits" if self.operation.left_at is None else "not known"

    def _our_fault(self) -> str:
        tries = self.operation.tries + 1
        if tries >= MOST_FAULTS_OF_OURS:
            return self._held(Why.OUR_FAULT, {}, tries=tries)
        return self._put_off(self._later(tries), Why.OUR_FAULT, tries=tries)

    def _failed(self, fault: IntegrationError) -> str:
        """What becomes of a fault: first whether the request may have taken effect, then what to do."""
        answered = not isinstance(fault, errors.Unavailable | errors.ProtocolError)
        if self.asked:
            (breaker.answered if answered else breaker.failed)(self.operation.system)
        if self.sent and fault.outcome_unknown:
            return self._unknown(fault)
        if self.sent:  # it is known to have changed nothing; an earlier one may have
            queue.keep(self.operation, **self.before)
        for kind, then in self._after():
            if isinstance(fault, kind):
                return then(fault)
        is_refusal = self.sent and isinstance(fault, errors.ProtocolError)  # a 4xx of no kind that we know
        if is_refusal and self.operation.tries + 1 >= MOST_IN_VAIN:
            return self._held_by(Why.CONFLICT, fault)
        return self._wait(fault, Why.NOT_ANSWERING)

    def _after(self) -> tuple[tuple[type[IntegrationError], Callable[[Any], str]], ...]:
        def refused(why: Why) -> Callable[[IntegrationError], str]:
            return lambda fault: self._refused(why, fault)

        def held(why: Why) -> Callable[[IntegrationError], str]:
            return lambda fault: self._held_by(why, fault)

        is_open = self.operation.left_at is not None
        return (
            (errors.RateLimited, self._limited),
            (errors.Unauthorised, self._unauthorised),
            (errors.NotConfigured, lambda fault: self._wait(fault, Why.NO_KEY, FOR_A_KEY)),
            (errors.Forbidden, held(Why.NO_RIGHT)),
            (errors.NotFound, held(Why.GONE) if is_open else refused(Why.GONE)),
            (errors.Invalid, held(Why.CONFLICT) if is_open else refused(Why.INVALID)),
            (errors.Conflict, self._conflicting),
            (errors.Unsupported, held(Why.CONFLICT) if is_open else refused(Why.UNSUPPORTED)),
        )

    def _conflicting(self, fault: IntegrationError) -> str:
        if fault.reason == Why.LAST_ORGANIZATION:
            return self._refused(Why.LAST_ORGANIZATION, fault)
        if fault.reason in REFUSING and self.operation.left_at is None:
            return self._refused(REFUSING[fault.reason], fault)
        return self._held_by(HOLDING.get(fault.reason, Why.CONFLICT), fault)

    def _unknown(self, fault: IntegrationError) -> str:
        """It may have taken effect: look, soon. Nobody is said to have failed."""
        conflict = {"conflict": True} if isinstance(fault, errors.Conflict) else {}
        tries = self.operation.tries + 1
        is_under_way = fault.under_way or isinstance(fault, errors.Conflict)
        late_until = clock.now() + clock.span(LATE) if is_under_way else self.before["late_until"]
        until = self._later(tries, longest=LONGEST_UNKNOWN)
        return self._put_off(until, Why.LATE, tries=tries, details=conflict, late_until=late_until)

    def _wait(self, fault: IntegrationError, why: Why, seconds: float | None = None) -> str:
        tries = self.operation.tries + 1
        until = self._later(tries) if seconds is None else clock.now() + clock.span(seconds)
        problem, step = _words(fault)
        queue.put_off(
            self.operation, until=until, why=why, tries=tries, problem=problem[:500], next_step=step[:500]
        )
        return "waits" if self.operation.left_at is None else "not known"

    def _limited(self, fault: errors.RateLimited) -> str:
        """Too many requests: not this one's fault, so that it does not count as a try."""
        wait = fault.retry_after
        after = (
            clock.span(BACKOFF) if wait is None else timedelta(seconds=min(max(wait, 0.05), LONGEST_LIMIT))
        )
        problem, step = _words(fault)
        queue.put_off(
            self.operation, until=clock.now() + after, why=Why.LIMITED, problem=problem, next_step=step
        )
        return "limited"

    def _unauthorised(self, fault: IntegrationError) -> str:
        if connections.needs_own_token(self.operation.system):
            return self._put_off(clock.now() + clock.span(FOR_A_TOKEN), Why.NO_TOKEN)
        return self._wait(fault, Why.NO_KEY, FOR_A_KEY)

    def _held_by(self, why: Why, fault: IntegrationError) -> str:
        problem, step = _words(fault)
        arriving.hold(self.operation, why, {}, problem=problem[:500], next_step=step[:500])
        return f"held: {why}"

    def _later(self, tries: int, *, longest: float = LONGEST_BACKOFF) -> datetime:
        """When it is tried again: the later the oftener it was."""
        wait = min(BACKOFF * 2 ** min(tries - 1, 10), longest)
        return clock.now() + clock.span(wait)


def _words(fault: IntegrationError) -> tuple[str, str]:
    return fault.for_staff, fault.next_step
