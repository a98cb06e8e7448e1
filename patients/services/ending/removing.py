"""Deleting a record with its last organization: one person asks, a second one confirms, then it is sent.

Nothing is sent, and nothing recorded for sending, before somebody else has confirmed it, who may write in
the same organization and has seen what would be lost as it is then. A removal that nobody has confirmed
within a week ends by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Q, QuerySet

from integrations.registry import label_of
from patients.models import Place, Removal, SourceRecord
from patients.services import visibility
from patients.services.hand_links import Side
from patients.services.lookup import Gone
from patients.services.operations import clock, recording, rights
from patients.services.seals import held, seal
from patients.services.visibility import Reach
from portal import audit
from portal.accounts.models import User
from portal.web.crypto import Undecryptable

from . import GONE, Refused, counted, leaving
from .counted import Counted

DECIDE = "decide about a removal"  # the kind of form
WRONG_NUMBER = "This is not the number of the record. Type it as the page shows it."
ASKED_ALREADY = "Its deletion was asked for already, and waits for a second person."
NOT_ALONE = "Somebody else has to confirm it: it takes two people."
State = Removal.State
#: Read when they are needed: one that cannot be deciphered must not break a page.
_SEALED = ("counted", "record__held")


# --- asking ---------------------------------------------------------------------------------


def ask(
    *, sealed: str, numbers: str, record: SourceRecord, place: Place, typed: str, reason: str,
    by: User, reach: Reach,
) -> Removal:  # fmt: skip
    """Ask for the deletion of a record that belongs to this organization alone; nothing is sent.

    ``typed`` is the record's number as somebody has typed it. Raises
    :class:`~patients.services.seals.Broken` and :class:`~.Refused`.
    """
    with leaving.asking(sealed, numbers, record=record, place=place, by=by, reach=reach) as (now, lost):
        if lost.last is not True or not leaving.can_delete(now):
            raise Refused("This is not the record's only organization: it would not be deleted.")
        if typed.strip() != now.remote_id:
            raise Refused(WRONG_NUMBER)
        expire_old()  # one that is over stands in nobody's way
        if open_of(now) is not None:
            raise Refused(ASKED_ALREADY)
        removal = Removal.objects.create(
            record=now,
            organization=place.organization,
            counted=counted.to_keep(lost),
            reason=reason,
            asked_by=by,
            asked_at=clock.now(),
        )
        _note("removal.asked", removal, by=by, reason=reason)
        return removal


def open_of(record: SourceRecord) -> Removal | None:
    """The removal of a record that waits for a second person, if there is one."""
    rows = Removal.objects.filter(record=record, state=State.ASKED).defer("counted")
    found = rows.select_related("asked_by").first()
    return None if found is None or found.is_over(clock.now()) else found


# --- seeing ---------------------------------------------------------------------------------


def within(reach: Reach, *, by: User) -> QuerySet[Removal]:
    """The removals that are somebody's business: of records in organizations where they may write."""
    mine = Q(pk__in=[])
    for system, organizations in reach.writable.items():
        if rights.may_write(by, system):
            mine |= Q(record__system=system, organization__in=organizations)
    rows = Removal.objects.filter(mine, record__in=visibility.records(reach)).defer(*_SEALED)
    return rows.select_related("record__patient", "asked_by", "decided_by")


def find(public_id: str, *, by: User, reach: Reach) -> Removal:
    """A removal that somebody may see. Raises ``Gone``, after one event where it is others' business."""
    removal = within(reach, by=by).filter(public_id=public_id).first()
    if removal is None:
        visibility.require_told(reach)
        if Removal.objects.filter(public_id=public_id).exists():
            audit.look("removal.viewed", by=by, outcome="refused", details={"removal": public_id})
        raise Gone
    return removal


def place_of(removal: Removal) -> Place:
    """The organization that it is about. Raises ``Gone`` where the index does not know it any more."""
    found = Place.objects.filter(system=removal.record.system, organization=removal.organization).first()
    if found is None:
        raise Gone
    return found


def counted_then(removal: Removal) -> Counted | None:
    """What was shown to be lost when it was asked for; ``None`` where it cannot be read any more."""
    try:
        return counted.kept(removal.counted)
    except (ValueError, Undecryptable):  # kept by an older portal, or the key for it is missing
        return None


def note_look(removal: Removal, *, by: User) -> None:
    """One event for a page that shows whom it is about."""
    record = removal.record
    audit.look(
        "removal.viewed",
        by=by,
        system=record.system,
        record_id=record.remote_id,
        subject_key=record.patient.public_id,
        details={"removal": removal.public_id, "records": [str(record)]},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A removal in a line of somebody's home page, without a name."""

    removal: Removal
    title: str
    text: str = field(default="", repr=False)


def waiting_for(user: User, reach: Reach) -> Iterator[Waiting]:
    """What waits for somebody as the second person; and how those stand that they have asked for."""
    since = clock.now() - Removal.LASTS_FOR
    rows = within(reach, by=user).order_by("asked_at", "pk")
    for each in rows.filter(state=State.ASKED, asked_at__gte=since):
        label = label_of(each.record.system)
        if each.asked_by_id == user.pk:
            yield Waiting(
                removal=each,
                title=f"A record in {label} that you want deleted waits for a second person",
                text="Somebody else who may write in the organization has to confirm it.",
            )
        else:
            yield Waiting(
                removal=each,
                title=f"A record in {label} is to be deleted: it waits for a second person",
                text=f"Asked for by {each.asked_by}. Look at what would be lost, then confirm or decline.",
            )
    ended = rows.filter(state__in=(State.DECLINED, State.EXPIRED), asked_by=user, decided_at__gte=since)
    for each in ended:
        label = label_of(each.record.system)
        why = f"{each.decided_by}: {each.decision}" if each.decided_by else "Nobody confirmed it in a week."
        yield Waiting(removal=each, title=f"The deletion of a record in {label} {_WAS[each.state]}", text=why)


_WAS: Mapping[str, str] = {State.DECLINED: "was declined", State.EXPIRED: "was confirmed by nobody"}


# --- deciding -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Possible:
    """What one person can do about a removal now."""

    confirm: bool = False
    decline: bool = False
    withdraw: bool = False


def possible(removal: Removal, *, by: User) -> Possible:
    """Whoever asked may withdraw it, everybody else whose business it is confirm or decline it."""
    if removal.state != State.ASKED or removal.is_over(clock.now()):
        return Possible()
    own = removal.asked_by_id == by.pk
    return Possible(confirm=not own, decline=not own, withdraw=own)


def seal_decision(whole: Side, removal: Removal, *, by: User) -> str:
    """The seal of the form that decides about it."""
    return seal(whole.named, purpose=DECIDE, part=removal.public_id, by=by)


def confirm(removal: Removal, *, sealed: str, numbers: str, by: User) -> Removal:
    """Have the record deleted: as the second person, who has seen what would be lost now (``numbers``).

    Of two who confirm at once, one does. Raises :class:`~patients.services.seals.Broken`,
    :class:`~.Refused`, and ``Forbidden`` where who asked may not any more.
    """
    with _deciding(removal, sealed, by=by) as row:
        if not possible(row, by=by).confirm:
            raise Refused(_why_not(row, by=by))
        lost = counted.unsealed(numbers, about=row.public_id, by=by)
        if lost is None:
            raise Refused(leaving.TOO_OLD)
        if lost.last is not True:
            raise Refused("The record belongs to another organization too by now: it would not be deleted.")
        _decide(row, State.CONFIRMED, by=by)
        try:
            row.operation = recording.ask_confirmed(row)
        except recording.Nobody:
            raise Refused(GONE) from None
        row.save()
        _note("removal.confirmed", row, by=by)
        return row


def decline(removal: Removal, *, sealed: str, reason: str, by: User) -> Removal:
    """Say as the second person that it is not to be done. Raises as :func:`confirm` does."""
    with _deciding(removal, sealed, by=by) as row:
        if not possible(row, by=by).decline:
            raise Refused(_why_not(row, by=by))
        return _ended(row, State.DECLINED, "removal.declined", reason=reason, by=by)


def withdraw(removal: Removal, *, sealed: str, reason: str, by: User) -> Removal:
    """Take back what one has asked for. Raises as :func:`confirm` does."""
    with _deciding(removal, sealed, by=by) as row:
        if not possible(row, by=by).withdraw:
            raise Refused(_why_not(row, by=by))
        return _ended(row, State.WITHDRAWN, "removal.withdrawn", reason=reason, by=by)


def expire_old() -> int:
    """End those that nobody has confirmed in time, each with an event; returns how many."""
    now = clock.now()
    with transaction.atomic():
        late = Removal.objects.filter(state=State.ASKED, asked_at__lt=now - Removal.LASTS_FOR)
        rows = late.select_related("record__patient").defer(*_SEALED).order_by("pk")
        found = list(rows.select_for_update(of=("self",)))
        for each in found:
            each.state, each.decided_at = State.EXPIRED, now
            each.save()
            _note("removal.expired", each, by=None)
    return len(found)


# --- helpers --------------------------------------------------------------------------------


@contextmanager
def _deciding(removal: Removal, sealed: str, *, by: User) -> Iterator[Removal]:
    """The removal as it is now, locked, with its person as the form showed them."""
    at = [removal.record.patient.public_id]
    with held(sealed, purpose=DECIDE, at=at, by=by, part=removal.public_id) as [patient]:
        rows = Removal.objects.select_for_update(of=("self",)).select_related("record", "asked_by")
        row = rows.defer(*_SEALED).get(pk=removal.pk)
        if row.record.patient_id != patient.pk:
            raise Refused(GONE)
        yield row


def _why_not(row: Removal, *, by: User) -> str:
    if row.state == State.ASKED:
        is_own = row.asked_by_id == by.pk
        return NOT_ALONE if is_own else "It was asked for more than a week ago: ask for it anew."
    return f"It was {row.get_state_display().lower()} meanwhile."


def _decide(row: Removal, state: str, *, by: User, decision: str = "") -> None:
    row.state, row.decision = state, decision
    row.decided_by, row.decided_at = by, clock.now()


def _ended(row: Removal, state: str, action: str, *, reason: str, by: User) -> Removal:
    _decide(row, state, by=by, decision=reason)
    row.save()
    _note(action, row, by=by, reason=reason)
    return row


def _note(action: str, removal: Removal, *, by: User | None, reason: str = "") -> None:
    record = removal.record
    sent = {"operation": removal.operation.public_id} if removal.operation else {}
    audit.write(
        action,
        by=by,
        reason=reason,
        system=record.system,
        record_id=record.remote_id,
        subject_key=record.patient.public_id,
        details={"removal": removal.public_id, **sent},
    )
