"""Somebody's own desk: the people they have seen lately, and those they have parked.

Kept by person, never by name: names come from the index, within the user's reach as it is now. What was
being done with somebody who is parked is kept encrypted, and shown to nobody else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from django.db import DatabaseError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from patients.models import Parked, Patient, Seen
from portal import audit
from portal.accounts.models import User

from . import visibility
from .people_rows import Row, rows_of
from .seals import Named, held, seal
from .visibility import Sight

log = structlog.get_logger(__name__)

SEEN_FOR = timedelta(days=7)
MOST_SEEN = 20
PARKED_FOR = timedelta(days=30)
MOST_PARKED = 20
LONGEST = 200  # characters of what was being done
PARK = "park"  # the kind of form


class TooMany(Exception):
    """Somebody has parked as many people as they may; the text says so, for staff."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDesk:
    """Somebody on a desk. ``row`` is ``None`` where they are out of sight by now; ``doing`` is empty of
    those who are not parked."""

    public_id: str
    at: datetime
    row: Row | None = field(default=None, repr=False)
    doing: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A desk: who is parked, the one parked first at the top, and who was seen, the latest first.

    Nobody parked is among those seen. ``untold`` are sentences on systems that did not say whom one may see.
    """

    parked: tuple[OnDesk, ...] = ()
    seen: tuple[OnDesk, ...] = ()
    untold: tuple[str, ...] = ()

    @property
    def names_anybody(self) -> bool:
        """Whether anybody on it is shown by name."""
        return any(each.row for each in (*self.parked, *self.seen))


# --- who was seen ---------------------------------------------------------------------------


def note_seen(patient: Patient, *, by: User) -> None:
    """Remember that somebody opened a person's page. Never raises: nothing depends on it."""
    try:
        with transaction.atomic():
            Seen.objects.update_or_create(user=by, patient=patient, defaults={"seen_at": timezone.now()})
            mine = Seen.objects.filter(user=by).order_by("-seen_at", "-pk")
            if older := list(mine.values_list("pk", flat=True)[MOST_SEEN:]):
                Seen.objects.filter(pk__in=older).delete()
    except DatabaseError as fault:
        log.warning("not remembered as seen", error=type(fault).__name__)


def throw_away_old() -> int:
    """Forget who was seen and who was parked long ago; returns how many rows went."""
    now = timezone.now()
    gone = Seen.objects.filter(seen_at__lt=now - SEEN_FOR).delete()[0]
    return gone + Parked.objects.filter(parked_at__lt=now - PARKED_FOR).delete()[0]


# --- who is parked --------------------------------------------------------------------------


def seal_park(named: Named, *, by: User) -> str:
    """What the form carries that parks somebody."""
    return seal(named, purpose=PARK, by=by)


def park(*, sealed: str, at: Sequence[str], name: str, doing: str, by: User) -> None:
    """Put a person aside with what was being done; parking again writes it anew. ``name`` is what they
    are called now: a page that has corrected itself since the form was made is not stale by that.

    Raises :class:`~patients.services.seals.Broken`, :class:`TooMany`.
    """
    with held(sealed, purpose=PARK, at=at, by=by, still_named=name) as [patient]:
        others = _current_parked(by).exclude(patient=patient)
        if others.count() >= MOST_PARKED:
            raise TooMany(f"You have parked {MOST_PARKED} people. Take somebody off your list first.")
        Parked.objects.update_or_create(
            user=by, patient=patient, defaults={"doing": doing[:LONGEST], "parked_at": timezone.now()}
        )
        audit.write("person.parked", by=by, subject_key=patient.public_id)


def unpark(public_id: str, *, by: User) -> bool:
    """Take a person off one's own list; whether they were on it."""
    with transaction.atomic():
        mine = Parked.objects.filter(user=by)
        gone = mine.filter(patient__public_id=public_id) | mine.filter(
            patient__merged_into__public_id=public_id
        )
        count = gone.delete()[0]
        if count:
            audit.write("person.unparked", by=by, subject_key=public_id[:64])
    return bool(count)


def parked_by(user: User, patient: Patient) -> OnDesk | None:
    """The person as this user has parked them, if they have."""
    mine = _current_parked(user)
    found = (mine.filter(patient=patient) | mine.filter(patient__merged_into=patient)).first()
    if found is None:
        return None
    return OnDesk(public_id=patient.public_id, at=found.parked_at, doing=found.doing)


# --- the desk -------------------------------------------------------------------------------


def desk_of(user: User, sight: Sight) -> Desk:
    """The desk as it is now; one audit event where it names anybody. A handful of statements."""
    parked = list(_current_parked(user).select_related("patient__merged_into").order_by("parked_at", "pk"))
    since = timezone.now() - SEEN_FOR
    mine = Seen.objects.filter(user=user, seen_at__gte=since).select_related("patient__merged_into")
    seen = list(mine.order_by("-seen_at", "-pk")[:MOST_SEEN])
    rows = _rows(sight, [*map(_now, parked), *map(_now, seen)])
    aside = [_on_desk(_now(each), each.parked_at, rows, doing=each.doing) for each in parked]
    taken = {each.public_id for each in aside}
    lately: dict[str, OnDesk] = {}
    for each in seen:
        now = _now(each)
        if now.pk in rows and now.public_id not in taken:
            lately.setdefault(now.public_id, _on_desk(now, each.seen_at, rows))
    desk = Desk(parked=tuple(aside), seen=tuple(lately.values()), untold=tuple(sight.reach.untold.values()))
    if desk.names_anybody:
        audit.look("people.desk_opened", by=user, details={"rows": len(desk.parked) + len(desk.seen)})
    return desk


def _current_parked(user: User) -> QuerySet[Parked]:
    return Parked.objects.filter(user=user, parked_at__gte=timezone.now() - PARKED_FOR)


def _now(each: Seen | Parked) -> Patient:
    """The person as they are known now, linked with somebody else since or not."""
    patient: Patient = each.patient
    survivor: Patient | None = patient.merged_into
    return survivor or patient


def _rows(sight: Sight, people: Iterable[Patient]) -> dict[int, Row]:
    """The people who may be seen now, by id."""
    ids = {each.pk for each in people}
    visible = list(visibility.people(sight.user, sight.reach).filter(pk__in=ids).values_list("pk", flat=True))
    return {row.patient: row for row in rows_of(sight, visible)}


def _on_desk(patient: Patient, at: datetime, rows: dict[int, Row], *, doing: str = "") -> OnDesk:
    return OnDesk(public_id=patient.public_id, at=at, row=rows.get(patient.pk), doing=doing)
