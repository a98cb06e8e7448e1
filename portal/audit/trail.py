"""Making events, and reading them back."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import structlog
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from portal.web.crypto import keyed_hash

from . import context, journal
from .errors import AuditUnavailable

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

    from .models import Event

log = structlog.get_logger(__name__)

Value = str | int | bool | None | list[str] | list[int]


class About(TypedDict, total=False):
    """What an event is about, beside its action.

    ``by`` is the acting person, by default whoever is signed in. ``system`` and ``record_id`` name
    a source record, ``subject_key`` a person of ours by an opaque key. ``outcome`` is ``done``,
    ``refused`` or ``failed``. ``details`` holds counts, field names and our own ids.
    """

    by: AbstractBaseUser | None
    system: str
    record_id: str
    subject_key: str
    reason: str
    outcome: str
    details: Mapping[str, Value]


def write(action: str, **about: Unpack[About]) -> Event:
    """Record a change inside the change's own transaction: both are kept or neither.

    Raises ``RuntimeError`` outside a transaction, ``DatabaseError`` where the event is refused.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("audit.write belongs inside the transaction of the change it records")
    event = _event(action, about)
    _keep([event])
    return event


def write_all(events: Iterable[tuple[str, About]]) -> None:
    """As :func:`write`, for many changes of one transaction at once: (action, what it is about)."""
    if not connection.in_atomic_block:
        raise RuntimeError("audit.write_all belongs inside the transaction of the changes it records")
    _keep([_event(action, about) for action, about in events])


def look(action: str, **about: Unpack[About]) -> Event:
    """Record that something was looked at, opened or refused, before it is shown.

    Uses a transaction of its own (``RuntimeError`` inside another one) and falls back to the
    journal where the database refuses. Raises :class:`AuditUnavailable` if that fails too.
    """
    event = _event(action, about)
    try:
        with transaction.atomic(durable=True):
            _keep([event])
    except DatabaseError as refusal:
        _to_journal(event, refusal)
    return event


def events_of_request(request_id: str) -> list[Event]:
    """The events of one request (its ``X-Request-Id``), oldest first."""
    from .models import Event

    return list(Event.objects.filter(request_id=request_id).order_by("at", "id"))


def merge_journal() -> int:
    """Bring journalled events into the table, each exactly once; returns how many were read.

    Safe to run at any time and in several processes: events are known by their id.
    Raises ``DatabaseError`` while the database still refuses; nothing is lost then.
    """
    return sum(journal.drain(path, _insert) for path in journal.files())


def _insert(rows: list[dict[str, Any]]) -> None:
    from .models import Event

    events = {row["id"]: Event(**row | {"at": datetime.fromisoformat(row["at"])}) for row in rows}
    with transaction.atomic():
        kept = {str(pk) for pk in Event.objects.filter(pk__in=events).values_list("pk", flat=True)}
        _keep([event for pk, event in events.items() if pk not in kept])


def _keep(events: Sequence[Event]) -> None:
    """Events with what they are about; inside a transaction, so that it is all or none."""
    from .models import Event, EventRecord

    Event.objects.bulk_create(events)
    EventRecord.objects.bulk_create(
        EventRecord(
            event=event, system=_clip("system", system), record_id=_clip("record_id", number), at=event.at
        )
        for event in events
        for system, number in event.every_record
    )


def _to_journal(event: Event, refusal: DatabaseError) -> None:
    row = {field.attname: getattr(event, field.attname) for field in event._meta.concrete_fields}
    try:
        journal.append(row | {"id": str(event.id), "at": event.at.isoformat()})
    except (OSError, ValueError, ImproperlyConfigured) as fault:
        log.error("audit unavailable", error=type(fault).__name__)
        raise AuditUnavailable from None
    log.error("audit event journalled", error=type(refusal).__name__)


def _event(action: str, about: About) -> Event:
    from .models import Event

    ambient = context.current()
    actor = about.get("by") or ambient.person()
    session = ambient.session()
    return Event(
        id=uuid.uuid4(),
        at=timezone.now(),
        actor=str(actor.pk) if actor is not None else "",
        actor_label=_clip("actor_label", str(actor) if actor is not None else ""),
        action=_clip("action", action),
        outcome=about.get("outcome", Event.Outcome.DONE),
        system=_clip("system", about.get("system", "")),
        record_id=_clip("record_id", about.get("record_id", "")),
        subject_key=_clip("subject_key", about.get("subject_key", "")),
        reason=_clip("reason", about.get("reason", "")),
        request_id=_clip("request_id", ambient.request_id),
        ip=_valid_ip(ambient.ip),
        session=keyed_hash(session, purpose="audit session") if session else "",
        details=dict(about.get("details", {})),
    )


def _clip(field_name: str, text: str) -> str:
    """Cut to the column: PostgreSQL would refuse the event, the journal keep it for ever."""
    from .models import Event

    field = Event._meta.get_field(field_name)
    return text.replace("\x00", "")[: getattr(field, "max_length", None)]


def _valid_ip(text: str) -> str | None:
    try:
        return str(ip_address(text))
    except ValueError:
        return None
