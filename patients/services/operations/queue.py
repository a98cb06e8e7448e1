"""Who works on which operation, and what becomes of a try.

Rows are claimed by a lease: of two workers one gets it, and whoever dies holding one loses it after a
while. Every change of a claimed row is made only while the lease is still one's own (:class:`LostLease`).

Within one person and system operations go one after the other, in the order in which they were asked
for; one that is held holds up those behind it, and nobody else's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from patients.models import Bulk, Operation

from . import breaker, clock
from .breaker import Passage
from .whys import Why

LEASE = 90.0  # seconds: longer than a look and a request with all their waiting (``step.SECONDS``)
OPEN = (
    Operation.State.WAITING,
    Operation.State.SENDING,
    Operation.State.UNKNOWN,
    Operation.State.HELD,
)
_WAITING = (Operation.State.WAITING, Operation.State.UNKNOWN)
#: Read when they are needed: one that cannot be deciphered must not stop the others.
SEALED = ("wanted", "prepared")


class LostLease(Exception):
    """Somebody else has taken the operation over: what was not kept yet is theirs to find out."""


def claim(system: str, owner: str) -> Operation | None:
    """Take the next operation of a system that is due; none where there is none, or where the system is
    being left alone. What staff ask for one by one goes before what was asked for by the hundred."""
    now = clock.now()
    if not _due(system, now).exists():
        return None
    passage = breaker.passage(system, now)
    if passage is Passage.NO:
        return None
    with transaction.atomic():
        lock = {"of": ("self",), "skip_locked": True}
        due = _due(system, now).select_for_update(**lock)  # type: ignore[arg-type]
        operation = due.filter(bulk=None).first() or due.exclude(bulk=None).first()
        if operation is not None:
            operation.state, operation.owner = Operation.State.SENDING, owner
            operation.lease_until = now + clock.span(LEASE)
            operation.changed_at = now
            operation.save(update_fields=["state", "owner", "lease_until", "changed_at"])
    if operation is None and passage is Passage.FIRST:
        breaker.let_one_go(system)  # somebody else was quicker
    return operation


def _due(system: str, now: datetime) -> QuerySet[Operation]:
    is_left = Q(state=Operation.State.SENDING, lease_until__lt=now)
    is_due = Q(state__in=_WAITING, due_at__lte=now) | is_left
    is_on = Q(bulk=None) | ~Q(bulk__state=Bulk.State.PAUSED)  # what is left of a cancelled one is ended
    goes = is_on | is_left | Q(left_at__isnull=False)
    rows = Operation.objects.filter(is_due, goes, ~Exists(_before(OuterRef("pk"))), system=system)
    return rows.defer(*SEALED).order_by("due_at", "pk")


def _before(pk: OuterRef) -> QuerySet[Operation]:
    """Operations that go before one: open ones of the same person in the same system, asked earlier."""
    return Operation.objects.filter(
        patient=OuterRef("patient"), system=OuterRef("system"), state__in=OPEN, pk__lt=pk
    )


def before(operation: Operation) -> Operation | None:
    """The operation behind which one waits, if any."""
    lane = Operation.objects.filter(patient=operation.patient_id, system=operation.system)
    return lane.filter(state__in=OPEN, pk__lt=operation.pk).defer(*SEALED).order_by("pk").first()


# --- while it is one's own ------------------------------------------------------------------


def keep(operation: Operation, **values: Any) -> None:
    """Write columns of a claimed operation and begin its lease anew. Raises :class:`LostLease`."""
    now = clock.now()
    _write(operation, values | {"lease_until": now + clock.span(LEASE), "changed_at": now})


def put_off(operation: Operation, *, until: datetime, **values: Any) -> None:
    """Leave an operation until a moment. It waits, or where a request left whose effect is not known it
    stays unknown. Raises :class:`LostLease`."""
    left_at = values.get("left_at", operation.left_at)
    state = Operation.State.WAITING if left_at is None else Operation.State.UNKNOWN
    _leave(operation, values | {"state": state, "due_at": until})


def hold(operation: Operation, why: Why, details: Mapping[str, Any], **values: Any) -> None:
    """Leave an operation to a person's decision. Raises :class:`LostLease`."""
    _leave(
        operation,
        values | {"state": Operation.State.HELD, "why": why, "due_at": None, "details": dict(details)},
    )


def end(operation: Operation, state: str, why: Why = Why.NONE, **values: Any) -> None:
    """End an operation: done or refused. Raises :class:`LostLease`."""
    now = clock.now()
    open_ends = {"due_at": None, "left_at": None, "late_until": None, "problem": "", "next_step": ""}
    _leave(operation, open_ends | values | {"state": state, "why": why, "ended_at": now})


def _leave(operation: Operation, values: dict[str, Any]) -> None:
    _write(operation, values | {"owner": "", "lease_until": None, "changed_at": clock.now()})


def _write(operation: Operation, values: dict[str, Any]) -> None:
    mine = Operation.objects.filter(pk=operation.pk, state=Operation.State.SENDING, owner=operation.owner)
    if not mine.update(**values):
        raise LostLease
    for name, value in values.items():
        setattr(operation, name, value)
