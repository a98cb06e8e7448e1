"""What waits for somebody, and how the systems are: what is written down here alone, no system is asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from django.conf import settings
from django.utils import timezone

from integrations.registry import label_of, system_names
from portal.accounts.models import User
from portal.accounts.roles import Role, has_role
from portal.worker import beats

from . import connections, reviews, sync_status
from .connections import Look
from .ending import removing
from .visibility import Reach

MOST_MONTHS = 12  # reviews that are named one by one


class What(StrEnum):
    """What waits."""

    REVIEW = "review"
    SYNC = "sync"
    WORKER = "worker"
    REMOVAL = "removal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Something that waits: a month's review, a system that could not be read, a worker that is gone, a
    deletion that somebody has to confirm (``removal`` is its public id). One sentence each for what it is and
    what to do."""

    what: What
    title: str
    text: str = ""
    month: date | None = None
    removal: str = ""


class How(StrEnum):
    """How a system is."""

    GOOD = "answering"
    UNSURE = "needs a look"
    BAD = "not answering"
    OFF = "not connected"
    UNKNOWN = "not looked at yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemLine:
    """How one system was when it was last looked at, and when its people were last read."""

    system: str
    label: str
    how: How
    text: str
    read: str
    checked_at: datetime | None = None


def waiting_for(user: User, reach: Reach) -> list[Waiting]:
    """What waits for somebody beside the people they have parked: what takes a second person, and what is
    for admins."""
    second = [
        Waiting(what=What.REMOVAL, title=each.title, text=each.text, removal=each.removal.public_id)
        for each in removing.waiting_for(user, reach)
    ]
    if not has_role(user, Role.ADMIN):
        return second
    return [*second, *_worker(), *_reviews(), *_sync_problems()]


def _worker() -> Iterator[Waiting]:
    if beats.is_missing():
        yield Waiting(
            what=What.WORKER,
            title="The portal's worker is not running",
            text="Nothing is read from the systems or tidied up by itself. Start it on the server again.",
        )


def _reviews() -> Iterator[Waiting]:
    """Months that are over and not signed off, the oldest first."""
    this_month = timezone.localdate().replace(day=1)
    unsigned = sorted(month for month, signed in reviews.months() if signed is None and month < this_month)
    for month in unsigned[:MOST_MONTHS]:
        yield Waiting(
            what=What.REVIEW,
            title=f"Review who looked in {month:%B %Y}",
            text="The month is over and nobody has signed it off.",
            month=month,
        )


def _sync_problems() -> Iterator[Waiting]:
    for system in filter(connections.is_set_up, system_names()):
        note = sync_status.note_of(system)
        if note.problem:
            title = f"{label_of(system)} was not read to the end"
            yield Waiting(what=What.SYNC, title=title, text=f"{note.problem} {note.next_step}".strip())


def systems() -> list[SystemLine]:
    """Every system, in order of display."""
    looks = connections.kept_looks()
    return [_line(system, looks.get(system)) for system in system_names()]


def _line(system: str, look: Look | None) -> SystemLine:
    how, text = _how(system, look)
    return SystemLine(
        system=system,
        label=label_of(system),
        how=how,
        text=text,
        read="" if how is How.OFF else sync_status.note_of(system).for_staff,
        checked_at=look.checked_at if look and how is not How.OFF else None,
    )


def _how(system: str, look: Look | None) -> tuple[How, str]:
    if not settings.SYSTEMS[system]["URL"]:
        return How.OFF, "Nobody is looked up there."
    if look is None:
        return How.UNKNOWN, "It is asked with the first look-up."
    health = look.health
    if not health.reachable:
        return How.BAD, "Go on working: its records are shown as last read, and say so."
    if health.authorised is False or health.problem:
        return How.UNSURE, "Some of it may be missing. Admins can see why under Connections."
    return How.GOOD, ""
