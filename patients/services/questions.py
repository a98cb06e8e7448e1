"""What is asked of the trail, and the events that answer it, in one order: newest first, then by id."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from portal.audit.models import Event, EventRecord

from .abouts import Pair, system_label
from .portrait import Identity


class Gone(Exception):
    """No such inquiry or place in it, or none of this user's, or not any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked. ``person`` is a person's own address in the index, ``system`` and ``record_id`` a source
    record that the index does not know; ``actor`` is an account's id; ``in_system`` narrows."""

    person: str = ""
    system: str = ""
    record_id: str = ""
    actor: str = ""
    since: date | None = None
    until: date | None = None
    action: str = ""
    outcome: str = ""
    in_system: str = ""

    def to_json(self) -> dict[str, Any]:
        """For keeping, encrypted."""
        return asdict(self)

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Asked:
        """The inverse of :meth:`to_json`."""
        days = {name: date.fromisoformat(kept[name]) for name in ("since", "until") if kept.get(name)}
        return cls(**{**kept, "since": None, "until": None, **days})

    @property
    def is_about_a_person(self) -> bool:
        """Whether one person is asked about."""
        return bool(self.person or self.record_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The person asked about. ``identity`` is ``None`` where no record is within the admin's reach."""

    records: tuple[Pair, ...]
    keys: tuple[str, ...]
    identity: Identity | None = field(repr=False)

    @property
    def labels(self) -> list[str]:
        """The records in words."""
        return [f"{system_label(system)} {number}" for system, number in self.records]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is asked for without its time, and the time: beginning (``None``: from the first event) and end.

    The end is where the question was put, so that the list stands still. One bound a side, always: a
    database that is given two searches by the wider one.
    """

    events: QuerySet[Event]
    begin: datetime | None
    end: datetime

    def all(self) -> QuerySet[Event]:
        """Newest first."""
        since = Q(at__gte=self.begin) if self.begin else Q()
        return self.events.filter(since, at__lt=self.end).order_by("-at", "-id")

    def older(self, mark: Event) -> QuerySet[Event]:
        """Those after a mark, newest first."""
        since = Q(at__gte=self.begin) if self.begin else Q()
        after = self.events.filter(since, at__lte=mark.at).exclude(at=mark.at, id__gte=mark.pk)
        return after.order_by("-at", "-id")

    def newer(self, mark: Event) -> QuerySet[Event]:
        """Those before a mark, oldest first."""
        before = self.events.filter(at__gte=mark.at, at__lt=self.end).exclude(at=mark.at, id__lte=mark.pk)
        return before.order_by("at", "id")

    def mark(self, event_id: str) -> Event:
        """An event to go on from. Raises :class:`Gone` where it is not within the time."""
        try:
            event = Event.objects.get(pk=UUID(event_id))
        except (ValueError, Event.DoesNotExist):
            raise Gone from None
        if event.at >= self.end or (self.begin and event.at < self.begin):
            raise Gone
        return event


def found_for(asked: Asked, subject: Subject | None, before: datetime) -> Found:
    events = Event.objects.all()
    if subject is not None:
        events = events.filter(pk__in=_ids_about(subject))
    for column in ("actor", "action", "outcome"):
        if wanted := getattr(asked, column):
            events = events.filter(**{column: wanted})
    if asked.in_system:
        its_records = EventRecord.objects.filter(event=OuterRef("pk"), system=asked.in_system)
        events = events.filter(Q(system=asked.in_system) | Exists(its_records))
    return Found(
        events=events,
        begin=start_of(asked.since) if asked.since else None,
        end=min(before, start_of(asked.until + timedelta(days=1))) if asked.until else before,
    )


def start_of(day: date) -> datetime:
    """The first moment of a day, in local time."""
    return timezone.make_aware(datetime.combine(day, time()))


def _ids_about(subject: Subject) -> QuerySet[Any, Any]:
    """Events about one of the person's records, and those that name the person by our own key."""
    parts: list[QuerySet[Any, Any]] = [
        EventRecord.objects.filter(system=system, record_id=number).values("event_id")
        for system, number in subject.records
    ]
    parts.append(Event.objects.filter(subject_key__in=subject.keys).order_by().values("pk"))
    return parts[0].union(*parts[1:])
