"""What people decide about an operation: try it now, take it over, give it up, or say that it is done.

While a request is under way nothing is decided: it could take effect after somebody has said that it will
not. All raise :class:`NotNow` with a sentence for staff where they cannot be done as things stand.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction

from integrations.abilities import System
from integrations.errors import IntegrationError
from integrations.registry import label_of
from integrations.types import RemotePatient
from integrations.writes import NewRecord, shown_of
from patients.models import Operation
from patients.services import one_writer
from patients.services.held import whole_of
from portal.accounts.models import User
from portal.accounts.roles import Role, has_role
from portal.web.crypto import Undecryptable

from . import arriving, breaker, claims, clock, queue, rights, wishes
from .kinds.creating import Who, who_is
from .whys import Why, words_of
from .wishes import SEEN_BY_LOOKING, Change, Create, Identify, Kind

HAND = "by hand"
HAND_SECONDS = 15.0
_OPEN = (Operation.State.WAITING, Operation.State.UNKNOWN, Operation.State.HELD)


class NotNow(Exception):
    """It cannot be decided so now; the text says why, for staff."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Possible:
    """What one person can do about an operation now, for its page."""

    try_now: bool = False
    overrule: bool = False
    take_over: bool = False
    give_up: bool = False
    by_hand: bool = False

    @property
    def anything(self) -> bool:
        """Whether there is anything to be done."""
        return any((self.try_now, self.overrule, self.take_over, self.give_up, self.by_hand))


def possible(operation: Operation, *, by: User) -> Possible:
    """What makes sense now. Whoever asked may have it tried again or give it up; admins may more."""
    is_admin = has_role(by, Role.ADMIN)
    if operation.state not in _OPEN or not (is_admin or operation.asked_by_id == by.pk):
        return Possible()
    now = clock.now()
    is_over = operation.late_until is None or operation.late_until <= now
    return Possible(
        try_now=True,
        overrule=(
            operation.why in (Why.MOVED, Why.APPEARED)
            and operation.state == Operation.State.HELD
            and (is_admin or operation.acts_for_id == by.pk)
        ),
        take_over=is_admin and operation.acts_for_id != by.pk and rights.may_write(by, operation.system),
        give_up=is_over,
        by_hand=is_admin and is_over and operation.kind not in SEEN_BY_LOOKING,
    )


# --- deciding -------------------------------------------------------------------------------


def try_now(operation: Operation, *, by: User, reason: str = "") -> None:
    """Have it tried at once. Where other people's changes or a record found stand against it, a
    ``reason`` overrules them: what is there now is overwritten, whoever was found is another person.
    Overruled is what ``operation.record`` held where it was read."""
    seen = operation.record.version if operation.record is not None else None
    with _deciding(operation, by, "operation.tried_now", reason) as row:
        if reason and row.state == Operation.State.HELD:
            _overrule(row, seen, by)
        _go_on(row)
    breaker.let_one_go(operation.system)


def take_over(operation: Operation, *, by: User) -> None:
    """Have it sent in one's own name. Raises ``Forbidden`` where one's role does not reach."""
    rights.require(by, operation.system)
    with _deciding(operation, by, "operation.taken_over") as row:
        if not has_role(by, Role.ADMIN):
            raise NotNow("Only an admin can take this over.")
        row.acts_for = by
        _go_on(row)


def give_up(operation: Operation, *, reason: str, by: User) -> None:
    """End it without its being done."""
    with _deciding(operation, by, "operation.given_up", reason) as row:
        _check_over(row)
        details = {"unknown": row.left_at is not None, "in_part": row.why == Why.NOT_TAKEN, "by": by.pk}
        _end(row, Operation.State.REFUSED, Why.GIVEN_UP)
        row.details = details
        row.save()
        claims.let_go(row.patient)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A record that somebody says an operation has made. ``doubt``: why it may not be that, a sentence;
    ``others``: how many records besides may be the same person's."""

    record: RemotePatient
    doubt: str = ""
    others: int = 0


def find(operation: Operation, remote_id: str, *, by: User) -> Found:
    """Read the record that is said to be what the operation made, with the reader's own reach.

    Raises :mod:`integrations.errors` errors, and :class:`NotNow` where what was wanted cannot be read.
    """
    adapter = rights.opened(
        by, operation.system, seconds=HAND_SECONDS, background=False, sending=lambda: None
    )
    record = adapter.get(remote_id)
    if operation.kind != Kind.CREATE:
        return Found(record=record)
    new = _wanted(operation)
    same = who_is(new, record) is not Who.OTHER
    doubt = "" if same else "Name or birth date are not those of the person who was to be registered."
    return Found(record=record, doubt=doubt, others=_others(adapter, new, record))


def by_hand(operation: Operation, *, remote_id: str, reason: str, by: User) -> Found:
    """Mark it as done, with the record that is there (its number in its system; the operation's own record
    where there is one). Returns what was found, so that a second record can be told of. Raises
    :class:`NotNow` where the record is somebody else's."""
    row = operation
    if row.kind in SEEN_BY_LOOKING:
        raise NotNow("Have it tried now: the portal looks whether it has happened.")
    remote_id = row.record.remote_id if row.record is not None else remote_id
    found = find(row, remote_id, by=by)
    if found.doubt:
        raise NotNow(found.doubt)
    with _deciding(operation, by, "operation.done_by_hand", reason, holding=True) as row:
        if not has_role(by, Role.ADMIN):
            raise NotNow("Only an admin can mark this as done.")
        _check_over(row)
        row.record = arriving.taken_in(row, found.record)
        _end(row, Operation.State.DONE, Why.NONE)
        row.details = {HAND: True}
        row.save()
        claims.let_go(row.patient)
    return found


def signed_in_again(user: User, system: str) -> None:
    """Let what waited for somebody's sign-in go on."""
    waiting = Operation.objects.filter(acts_for=user, system=system, why=Why.NO_TOKEN)
    waiting.filter(state__in=(Operation.State.WAITING, Operation.State.UNKNOWN)).update(due_at=clock.now())


# --- helpers --------------------------------------------------------------------------------


@contextmanager
def _deciding(
    operation: Operation, by: User, action: str, reason: str = "", *, holding: bool = False
) -> Iterator[Operation]:
    """The operation as it is now, locked, with one event about the decision. ``holding``: the index is
    written too, and is held before the row is."""
    with transaction.atomic():
        if holding:
            one_writer.hold()
        rows = Operation.objects.select_for_update(of=("self",)).defer(*queue.SEALED)
        row = rows.select_related("patient", "record").get(pk=operation.pk)
        if not (has_role(by, Role.ADMIN) or row.asked_by_id == by.pk):
            raise NotNow("Only who asked for it, or an admin, can decide about it.")
        if row.state == Operation.State.SENDING:
            raise NotNow("It is being sent at this moment. Look again in a minute.")
        if row.state not in _OPEN:
            raise NotNow("It has ended already.")
        yield row
        arriving.note(action, row, by=by, reason=reason)


def _go_on(row: Operation) -> None:
    """Due at once; a request that may be under way is waited for all the same (``step``)."""
    now = clock.now()
    row.state = Operation.State.WAITING if row.left_at is None else Operation.State.UNKNOWN
    row.why, row.problem, row.next_step = Why.NONE, "", ""
    row.due_at = row.changed_at = now
    row.tries = row.in_vain = 0
    row.save()


def _end(row: Operation, state: str, why: Why) -> None:
    now = clock.now()
    row.state, row.why, row.due_at = state, why, None
    row.problem, row.next_step = words_of(why, label_of(row.system))
    row.left_at, row.late_until, row.changed_at, row.ended_at = None, None, now, now


def _check_over(row: Operation) -> None:
    late: datetime | None = row.late_until
    now = clock.now()
    if late is not None and late > now:
        seconds = max(1, round((late - now).total_seconds()))
        raise NotNow(
            f"{label_of(row.system)} may still be at it: a request has left and nobody answered. "
            f"Decide in {seconds} seconds, when it is certain that nothing more comes of it."
        )


def _overrule(row: Operation, seen: int | None, by: User) -> None:
    """What stands against it does so no more: it was seen, and a reason was given."""
    if not (has_role(by, Role.ADMIN) or row.acts_for_id == by.pk):
        raise NotNow("It is sent in somebody else's name by now: they decide, or an admin.")
    if row.record is not None and row.record.version != seen:
        raise NotNow("The record was changed once more. Look at what it holds now, then decide.")
    try:
        wish = wishes.kept(row.kind, row.wanted)
    except Undecryptable:
        raise NotNow("What was to be written cannot be deciphered.") from None
    if isinstance(wish, Change) and row.record is not None:
        wish = replace(wish, pending=shown_of(whole_of(row.record)))
    elif isinstance(wish, Identify):
        row.prepared = None  # what is there now is what is added to, and taken from
    elif isinstance(wish, Create):
        numbers = [each.partition(":")[2] for each in row.details.get("records", [])]
        wish = replace(wish, apart=tuple(dict.fromkeys([*wish.apart, *numbers])))
    row.wanted = wishes.to_keep(wish)


def _wanted(operation: Operation) -> NewRecord:
    try:
        wish = wishes.kept(operation.kind, operation.wanted)
    except Undecryptable:
        raise NotNow("What was to be written cannot be deciphered.") from None
    assert isinstance(wish, Create)  # noqa: S101 (the kind says so)
    return wish.new


def _others(adapter: System, new: NewRecord, record: RemotePatient) -> int:
    """How many other records there seem to be of the person; none where that cannot be found out."""
    try:
        found = adapter.created(new)
    except IntegrationError:
        return 0
    return sum(each.id != record.id and who_is(new, each) is not Who.OTHER for each in found)
