"""Many operations of one kind at once: asked for together, with progress, pause, cancel and an outcome each.

Each stays an operation of its own, in its person's order, with its own outcome; what staff ask for one by
one goes before (``queue.claim``), and the share of a system's quota that is kept for staff is left alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import transaction
from django.db.models import Count, Q

from integrations.writes import NewRecord
from patients.models import Bulk, Operation, Patient, SourceRecord
from patients.services.registering.passing import Passed
from patients.services.studies.allowed import Refusal, Refused
from portal import audit
from portal.accounts.models import User
from portal.accounts.roles import Role, has_role
from portal.web.crypto import Undecryptable

from . import claims, clock, queue, recording, rights, wishes
from .settling import NotNow
from .whys import Why, words_of
from .wishes import Wish

ASKING_TAKES = timedelta(minutes=2)  # at most: servers end a request long before
#: In the details of an operation that was refused: which one was asked for in its place.
ASKED_AGAIN = "asked_again"
Outcome = Operation | Refusal | str  # why not: what stands against it, or a sentence


@dataclass(frozen=True, slots=True)
class Part:
    """One of many: a change of a record, or a new record (``record`` is ``None`` then) of a person, who was
    searched for (``passed``). ``instead_of``: the operation that ended without it, for which it is asked
    again. ``reason``, without values, is for the trail."""

    wish: Wish | NewRecord = field(repr=False)
    record: SourceRecord | None = None
    patient: Patient | None = None
    passed: Passed | None = None
    instead_of: Operation | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What asking for many gave: the bulk, and of each part either its operation or why there is none, in
    their order."""

    bulk: Bulk
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How many of a bulk's operations stand where; ``asked_again``: of those refused, for how many it was
    asked once more."""

    total: int
    waiting: int
    unknown: int
    held: int
    refused: int
    done: int
    asked_again: int = 0

    @property
    def ended(self) -> int:
        """How many have come to an end."""
        return self.refused + self.done

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens by itself."""
        return self.waiting == self.unknown == 0


def ask(parts: Sequence[Part], *, system: str, label: str, by: User) -> Asked:
    """Ask for many at once. A part that cannot be asked for is told and does not stop the others.

    Raises ``Forbidden`` where the asker's role does not reach, ``ValueError`` for none at all.
    """
    if not parts:
        raise ValueError("a bulk without parts")
    rights.require(by, system)
    first = parts[0].wish
    kind = wishes.Kind.CREATE if isinstance(first, NewRecord) else wishes.kind_of(first)
    with transaction.atomic():
        # Paused until all of it is there: whoever dies in the middle leaves nothing half begun.
        bulk = Bulk.objects.create(
            kind=kind, system=system, organization=_organization_of(parts), label=label, asked_by=by,
            asked_at=clock.now(), state=Bulk.State.PAUSED, to_ask=len(parts),
        )  # fmt: skip
        audit.write("bulk.asked", by=by, system=system, details=_told(bulk, len(parts)))
    outcomes: list[Outcome] = []
    try:
        for each in parts:
            # One transaction each: two that ask for the same people in another order do not lock each other.
            outcomes.append(_asked(each, bulk=bulk, by=by))
    except Exception:
        cancel(bulk, by=by)  # who asked is told that it failed: nothing of it is to be sent later
        raise
    Bulk.objects.filter(pk=bulk.pk).update(to_ask=0)
    Bulk.objects.filter(pk=bulk.pk, state=Bulk.State.PAUSED).update(state=Bulk.State.RUNNING)
    bulk.refresh_from_db()
    return Asked(bulk=bulk, outcomes=tuple(outcomes))


def was_cut_off(bulk: Bulk) -> bool:
    """Whether whoever asked for it ended before all of it was asked for."""
    return bool(bulk.to_ask) and bulk.asked_at <= clock.now() - ASKING_TAKES


def cancel_cut_off(*, system: str, organization: str, label: str, by: User) -> None:
    """End what somebody was cut off at asking for, before they ask for the same again."""
    rows = Bulk.objects.filter(asked_by=by, system=system, organization=organization, label=label)
    for each in rows.filter(to_ask__gt=0, state=Bulk.State.PAUSED):
        if was_cut_off(each):
            cancel(each, by=by)


def progress(bulk: Bulk) -> Progress:
    """How far a bulk is."""
    return progress_by_bulk([bulk])[bulk.pk]


def progress_by_bulk(some: Sequence[Bulk]) -> dict[int, Progress]:
    """Bulk → how far it is; one query."""
    rows = Operation.objects.filter(bulk__in=some).order_by().values_list("bulk", "state")
    again = Count("pk", filter=Q(details__has_key=ASKED_AGAIN))
    counts: dict[int, dict[str, int]] = {each.pk: {} for each in some}
    asked_again: Counter[int] = Counter()
    for number, state, count, repeated in rows.annotate(count=Count("pk"), again=again):
        counts[number][state] = count
        asked_again[number] += repeated
    return {number: _progress(count, asked_again[number]) for number, count in counts.items()}


def _progress(count: Mapping[str, int], asked_again: int) -> Progress:
    states = Operation.State
    return Progress(
        total=sum(count.values()),
        waiting=count.get(states.WAITING, 0) + count.get(states.SENDING, 0),
        unknown=count.get(states.UNKNOWN, 0),
        held=count.get(states.HELD, 0),
        refused=count.get(states.REFUSED, 0),
        done=count.get(states.DONE, 0),
        asked_again=asked_again,
    )


def pause(bulk: Bulk, *, by: User) -> None:
    """Send no more of it for now; what has left is followed up all the same."""
    _turn(bulk, by, "bulk.paused", Bulk.State.PAUSED, come_from=(Bulk.State.RUNNING,))


def resume(bulk: Bulk, *, by: User) -> None:
    """Let it go on."""
    _turn(bulk, by, "bulk.resumed", Bulk.State.RUNNING, come_from=(Bulk.State.PAUSED,))


def cancel(bulk: Bulk, *, by: User) -> int:
    """End what has not been sent; returns how many. What has left is followed up: it may be done."""
    with transaction.atomic():
        _turn(
            bulk,
            by,
            "bulk.cancelled",
            Bulk.State.CANCELLED,
            come_from=(Bulk.State.RUNNING, Bulk.State.PAUSED),
        )
        rows = Operation.objects.select_for_update().filter(
            bulk=bulk, left_at=None, state__in=(Operation.State.WAITING, Operation.State.HELD)
        )
        rows = rows.exclude(why=Why.NOT_TAKEN)  # which took effect in part
        ended = list(rows.defer(*queue.SEALED).select_related(None))
        now = clock.now()
        Operation.objects.filter(pk__in=[each.pk for each in ended]).update(
            state=Operation.State.REFUSED, why=Why.CANCELLED, due_at=None, changed_at=now, ended_at=now,
            problem=words_of(Why.CANCELLED, "")[0], next_step="",
        )  # fmt: skip
        for each in ended:
            claims.let_go(each.patient)
    return len(ended)


def again(bulk: Bulk, *, by: User) -> Asked:
    """Ask once more, as a bulk of its own and once for each, for what was refused or cancelled in one that
    is over, but for what cannot be deciphered any more. Raises :class:`~.settling.NotNow`."""
    rows = Operation.objects.filter(bulk=bulk, state=Operation.State.REFUSED)
    rows = rows.exclude(details__has_key=ASKED_AGAIN).select_related("record", "patient")
    refused = list(rows.defer(*queue.SEALED).order_by("pk"))
    parts = [part for each in refused if (part := _part_of(each)) is not None]
    if not parts:
        if refused:
            raise NotNow("There is nothing in it that can be deciphered any more.")
        raise NotNow("There is nothing in it that was refused, or it is asked for again already.")
    return ask(parts, system=bulk.system, label=f"{bulk.label} (again)"[:200], by=by)


def _organization_of(parts: Sequence[Part]) -> str:
    """The organization of all parts; empty where they name none, or several."""
    named = {
        each.wish.organization_id if isinstance(each.wish, NewRecord) else wishes.organization_of(each.wish)
        for each in parts
    }
    return named.pop() if len(named) == 1 else ""


def _part_of(operation: Operation) -> Part | None:
    try:
        wish = wishes.kept(operation.kind, operation.wanted)
    except Undecryptable:
        return None
    if isinstance(wish, wishes.Create):
        passed = Passed.before(wish)
        return Part(wish.new, patient=operation.patient, passed=passed, instead_of=operation)
    return Part(wish, record=operation.record, instead_of=operation)


def _asked(part: Part, *, bulk: Bulk, by: User) -> Outcome:
    if part.instead_of is None:
        return _recorded(part, bulk=bulk, by=by)
    with transaction.atomic():
        rows = Operation.objects.select_for_update(of=("self",)).defer(*queue.SEALED)
        before = rows.get(pk=part.instead_of.pk)
        if ASKED_AGAIN in before.details:
            return "It is asked for again already."
        came = _recorded(part, bulk=bulk, by=by)
        if isinstance(came, Operation):
            before.details = before.details | {ASKED_AGAIN: came.public_id}
            before.save(update_fields=["details"])
        return came


def _recorded(part: Part, *, bulk: Bulk, by: User) -> Outcome:
    try:
        if isinstance(part.wish, NewRecord):
            assert part.passed is not None  # noqa: S101 (nobody is created unsearched)
            records = {bulk.system: part.wish}
            asked = recording.register(records, passed=part.passed, by=by, patient=part.patient, bulk=bulk)
            return asked[0]
        assert part.record is not None  # noqa: S101 (a change is one of a record)
        return recording.ask(part.wish, record=part.record, by=by, bulk=bulk, reason=part.reason)
    except claims.Taken:
        return "The same person is being registered already, or was just now."
    except recording.Nobody:
        return "The record is not there any more, or went to somebody else."
    except Refused as refused:
        return refused.refusal


def _turn(bulk: Bulk, by: User, action: str, state: str, *, come_from: tuple[str, ...]) -> None:
    with transaction.atomic():
        row = Bulk.objects.select_for_update().get(pk=bulk.pk)
        if not (has_role(by, Role.ADMIN) or row.asked_by_id == by.pk):
            raise NotNow("Only who asked for it, or an admin, can decide about it.")
        if row.state not in come_from:
            raise NotNow(f"It is {row.get_state_display().lower()} already.")
        row.state = state
        row.save(update_fields=["state"])
        audit.write(action, by=by, system=row.system, details=_told(row))
    bulk.state = state


def _told(bulk: Bulk, count: int | None = None) -> dict[str, str | int]:
    told: dict[str, str | int] = {"bulk": bulk.public_id, "kind": bulk.kind}
    return told if count is None else told | {"count": count}
