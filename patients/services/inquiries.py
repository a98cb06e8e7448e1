"""Who looked: questions that admins put to the trail, by person, by member of staff and by time.

Every answer is an event itself. Lists are in one order, newest first and by id within a moment, and go on
from an event and not from a count: a page costs the same wherever it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from patients.models import Inquiry, SourceRecord
from portal import audit
from portal.accounts.models import User
from portal.audit.models import Event

from . import csv_files
from .abouts import About, Names, identity_within, system_label, whole_person
from .event_words import OUTCOMES, action_in_words, details_in_words
from .questions import Asked, Found, Gone, Subject, found_for
from .visibility import Reach, reach_of

PAGE = 50
MOST_COUNTED = 1_000
MOST_ON_A_SHEET = 1_000
MOST_EXPORTED = 20_000


class TooMany(Exception):
    """More events than one file may hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One event as a page shows it."""

    id: UUID
    at: datetime
    who: str
    action: str
    what: str
    outcome: str
    reason: str
    details: str
    abouts: tuple[About, ...] = field(repr=False)
    systems: tuple[str, ...]
    ip: str
    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A part of the answer. ``count`` stops at :data:`MOST_COUNTED`; ``newer`` and ``older`` are the
    events from which the neighbouring pages go on."""

    inquiry: Inquiry
    asked: Asked
    subject: Subject | None
    account: User | None
    lines: tuple[Line, ...]
    count: int
    newer: UUID | None = None
    older: UUID | None = None

    @property
    def is_counted_out(self) -> bool:
        """Whether there are more events than were counted."""
        return self.count > MOST_COUNTED


def start(asked: Asked, *, by: User) -> Inquiry:
    """Keep what is asked; reading the answer is what makes an event."""
    if asked.record_id and not asked.person:
        known = SourceRecord.objects.filter(system=asked.system, remote_id=asked.record_id)
        person = known.values_list("patient__public_id", flat=True).first()
        if person is not None:
            asked = Asked(**{**asdict(asked), "person": person, "system": "", "record_id": ""})
    return Inquiry.objects.create(user=by, asked=asked.to_json())


def reopen(inquiry_id: str, *, by: User) -> Inquiry:
    """An inquiry of this admin's. Raises :class:`Gone`; for somebody else's after one audit event."""
    inquiry = Inquiry.objects.filter(pk=inquiry_id, ends_at__gt=timezone.now()).first()
    if inquiry is None:
        raise Gone
    if inquiry.user_id != by.pk:
        audit.look("audit.reopened", by=by, subject_key=inquiry.pk, outcome="refused")
        raise Gone
    return inquiry


def page(inquiry: Inquiry, *, by: User, older: str = "", newer: str = "") -> Listing:
    """One page of the answer, beginning after an event (``older``) or before one; one audit event.

    Raises :class:`Gone` where the event is not there.
    """
    asked = Asked.from_json(inquiry.asked)
    reach = reach_of(by)
    subject = _subject(asked, reach)
    found = found_for(asked, subject, inquiry.created_at)
    rows, has_newer, has_older = _slice(found, older, newer)
    _record("audit.person_viewed" if subject else "audit.viewed", inquiry, subject, by, len(rows))
    return Listing(
        inquiry=inquiry,
        asked=asked,
        subject=subject,
        account=_account(asked),
        lines=_lines(rows, reach),
        count=found.all()[: MOST_COUNTED + 1].count(),
        newer=rows[0].pk if has_newer and rows else None,
        older=rows[-1].pk if has_older and rows else None,
    )


def sheet(inquiry: Inquiry, *, by: User) -> Listing:
    """Everything about one person on one page to hand over, up to :data:`MOST_ON_A_SHEET` events; one event.

    Raises :class:`Gone` where no person is asked about.
    """
    asked = Asked.from_json(inquiry.asked)
    reach = reach_of(by)
    subject = _subject(asked, reach)
    if subject is None:
        raise Gone
    found = found_for(asked, subject, inquiry.created_at).all()
    rows = list(found[:MOST_ON_A_SHEET])
    _record("audit.sheet_opened", inquiry, subject, by, len(rows))
    return Listing(
        inquiry=inquiry,
        asked=asked,
        subject=subject,
        account=None,
        lines=_lines(rows, reach),
        count=found[: MOST_COUNTED + 1].count(),
    )


def export(inquiry: Inquiry, *, reason: str, by: User) -> str:
    """The answer as CSV, with ids and no names; one audit event with the reason and the number of lines.

    Raises :class:`TooMany`, after one event too.
    """
    asked = Asked.from_json(inquiry.asked)
    subject = _subject(asked, Reach(organizations={}))
    found = found_for(asked, subject, inquiry.created_at)
    rows = list(found.all()[: MOST_EXPORTED + 1])
    if len(rows) > MOST_EXPORTED:
        _record("audit.exported", inquiry, subject, by, 0, reason=reason, outcome="refused")
        raise TooMany
    accounts = _labels()
    text = csv_files.csv_text(_HEADER, (_cells(event, accounts) for event in rows))
    _record("audit.exported", inquiry, subject, by, len(rows), reason=reason)
    return text


def throw_away_ended() -> int:
    """Delete inquiries whose time is over; returns how many went."""
    return Inquiry.objects.filter(ends_at__lte=timezone.now()).delete()[0]


def _record(
    action: str,
    inquiry: Inquiry,
    subject: Subject | None,
    by: User,
    events: int,
    *,
    reason: str = "",
    outcome: str = "done",
) -> None:
    first = subject.records[0] if subject and subject.records else ("", "")
    records = [f"{system}:{number}" for system, number in subject.records] if subject else []
    audit.look(
        action,
        by=by,
        system=first[0],
        record_id=first[1],
        subject_key=subject.keys[0] if subject and subject.keys else inquiry.pk,
        reason=reason,
        outcome=outcome,
        details={"records": records, "events": events} if subject else {"events": events},
    )


def _subject(asked: Asked, reach: Reach) -> Subject | None:
    if asked.record_id:
        return Subject(records=((asked.system, asked.record_id),), keys=(), identity=None)
    if not asked.person:
        return None
    found = whole_person(asked.person)
    if found is None:
        raise Gone
    patient, joined = found
    records = patient.records.order_by("pk").values_list("system", "remote_id")
    return Subject(
        records=tuple(records),
        keys=(patient.public_id, *(each.public_id for each in joined)),
        identity=identity_within(reach, patient),
    )


def _slice(found: Found, older: str, newer: str) -> tuple[list[Event], bool, bool]:
    """A page of events, and whether there are newer and older ones."""
    if newer:
        rows = list(found.newer(found.mark(newer))[: PAGE + 1])
        return rows[:PAGE][::-1], len(rows) > PAGE, True
    events = found.older(found.mark(older)) if older else found.all()
    rows = list(events[: PAGE + 1])
    return rows[:PAGE], bool(older), len(rows) > PAGE


def _lines(events: Sequence[Event], reach: Reach) -> tuple[Line, ...]:
    names = Names((pair for event in events for pair in event.records), reach)
    accounts = _labels()
    return tuple(
        Line(
            id=event.pk,
            at=event.at,
            who=event.actor_label or "The portal",
            action=event.action,
            what=action_in_words(event.action),
            outcome=event.outcome,
            reason=event.reason,
            details=details_in_words(event.details, accounts),
            abouts=names.abouts(event.records),
            systems=tuple(_systems(event)),
            ip=event.ip or "",
            request_id=event.request_id,
        )
        for event in events
    )


def _systems(event: Event) -> Iterator[str]:
    named = [system for system, _ in event.records] or ([event.system] if event.system else [])
    return (system_label(each) for each in dict.fromkeys(named))


_HEADER = (
    "When", "Who", "Account", "What", "Outcome", "Records", "Reason", "Details", "Address", "Request id",
)  # fmt: skip


def _cells(event: Event, accounts: dict[str, str]) -> tuple[object, ...]:
    return (
        timezone.localtime(event.at).isoformat(timespec="seconds"),
        event.actor_label or "The portal",
        event.actor,
        action_in_words(event.action),
        OUTCOMES.get(event.outcome, event.outcome),
        " ".join(f"{system}:{number}" for system, number in event.records),
        event.reason,
        details_in_words(event.details, accounts),
        event.ip,
        event.request_id,
    )


def _labels() -> dict[str, str]:
    """Accounts by the id that events hold."""
    return {str(user.pk): str(user) for user in User.objects.only("first_name", "last_name", "email")}


def _account(asked: Asked) -> User | None:
    return User.objects.filter(pk=asked.actor).first() if asked.actor.isdecimal() else None
