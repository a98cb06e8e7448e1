"""What is to be read of studies: asked for by whoever opens a page, worked on by one process at a time.

A page shows what is kept, says how old it is, and asks for a reading where that is more than a minute. One
row an organization and one a study say how far reading is (:class:`StudyReading`); a lease keeps two workers
from one row, and whoever dies holding it loses it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, Q, QuerySet, When
from django.utils import timezone

from integrations.errors import IntegrationError, RateLimited
from patients.models import Participant, Study, StudyReading
from patients.services.sync_runs import wait_after
from portal.accounts.models import User

from .places import OwnPlace

Phase = StudyReading.Phase

FRESH_FOR = timedelta(minutes=1)  # what is older is read anew when somebody looks
COUNTS_HOLD = timedelta(minutes=10)  # how many take part, on the list of studies
DECISIONS_HOLD = timedelta(minutes=15)  # what people decided who are not on a page that somebody looks at
LEASE = timedelta(seconds=120)  # longer than one step takes
MOST_WANTED = 100


class LostLease(Exception):
    """Somebody else has taken the reading over."""


# --- asking ---------------------------------------------------------------------------------


def ask_for_place(
    own: OwnPlace, *, by: User, hold: timedelta = FRESH_FOR, with_people: bool = True
) -> StudyReading:
    """Have an organization's studies read where what is kept is older than ``hold``: with how many take part
    in each, or what they ask for alone."""
    reading, _ = StudyReading.objects.get_or_create(
        system=own.system, organization=own.organization, study=None,
        defaults={"asked_at": timezone.now(), "with_people": with_people},
    )  # fmt: skip
    if with_people and not reading.with_people:  # what was read so far is not all
        StudyReading.objects.filter(pk=reading.pk).update(with_people=True, fresh_at=None)
        reading.with_people, reading.fresh_at = True, None
    elif reading.with_people and not (with_people or reading.is_open or is_fresh(reading, hold)):
        StudyReading.objects.filter(pk=reading.pk, is_open=False).update(with_people=False)
        reading.with_people = False
    return _asked(reading, by=by, hold=hold)


def ask_for_study(
    study: Study, *, by: User | None, wanted: Sequence[int] = (), hold: timedelta = FRESH_FOR
) -> StudyReading:
    """Have a study read where what is kept is older than ``hold``. ``wanted`` are participants whose
    decisions come first; without any, decisions are not read for this."""
    reading, _ = StudyReading.objects.get_or_create(
        study=study,
        defaults={"system": study.system, "organization": study.organization, "asked_at": timezone.now()},
    )
    return _asked(reading, by=by, wanted=_stale(study, wanted), hold=hold)


def _stale(study: Study, wanted: Sequence[int]) -> list[int]:
    """Those of some participants whose decisions were read longer ago than pages show them, or never."""
    if not wanted:
        return []
    young = timezone.now() - FRESH_FOR
    rows = Participant.objects.filter(study=study, pk__in=wanted[:MOST_WANTED])
    fresh = set(rows.filter(checked_at__gte=young).values_list("pk", flat=True))
    return [each for each in wanted if each not in fresh]


def ask_again(reading: StudyReading, *, by: User) -> None:
    """Read now, whatever stood in the way."""
    StudyReading.objects.filter(pk=reading.pk).update(resume_at=None, fresh_at=None)
    reading.refresh_from_db()
    _asked(reading, by=by, wanted=reading.wanted)


def _asked(
    reading: StudyReading, *, by: User | None, wanted: Sequence[int] = (), hold: timedelta = FRESH_FOR
) -> StudyReading:
    """Open the reading, or leave it as it is where it is fresh. What is under way goes on, with the rights of
    who asked last: these are known to reach it."""
    now = timezone.now()
    changes: dict[str, Any] = {}
    if not is_fresh(reading, hold) and (not reading.is_open or reading.phase == Phase.DECISIONS):
        changes = {"is_open": True, "phase": Phase.PLAN, "asked_at": now}
    if wanted and set(wanted) != set(reading.wanted):
        changes |= {"wanted": list(wanted), "with_decisions": True}
        if not changes.get("is_open") and (not reading.is_open or reading.phase == Phase.DECISIONS):
            changes |= {"is_open": True, "phase": Phase.SHOWN, "asked_at": now}
    if wanted and not reading.with_decisions:
        changes["with_decisions"] = True
    if by is not None and reading.asked_by_id != by.pk and (changes or reading.is_open):
        changes |= {"asked_by": by, "resume_at": None}
    if changes:
        StudyReading.objects.filter(pk=reading.pk).update(**changes)
        for name, value in changes.items():
            setattr(reading, name, value)
    return reading


def stuck(system: str, organization: str) -> list[StudyReading]:
    """The readings of an organization and its studies that something stands in the way of."""
    rows = StudyReading.objects.filter(system=system, organization=organization, is_open=True)
    return list(rows.exclude(resume_at=None).order_by("pk"))


def is_fresh(reading: StudyReading, hold: timedelta = FRESH_FOR) -> bool:
    """Whether what is kept is young enough."""
    return reading.fresh_at is not None and timezone.now() - reading.fresh_at < hold


def is_under_way(reading: StudyReading) -> bool:
    """Whether a page has something to wait for: reading goes on, and nothing stands in its way."""
    return reading.is_open and reading.phase != Phase.DECISIONS and reading.resume_at is None


# --- working on it --------------------------------------------------------------------------


def claim(system: str, owner: str) -> StudyReading | None:
    """Take the reading of a system that waits longest; what pages wait for goes before the rest."""
    now = timezone.now()
    for reading in _due(system)[:5]:
        took = _due(system).filter(pk=reading.pk)
        if took.update(owner=owner, lease_until=now + LEASE):
            reading.refresh_from_db()
            return reading
    return None


def _due(system: str) -> QuerySet[StudyReading]:
    now = timezone.now()
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    goes_on = Q(resume_at=None) | Q(resume_at__lte=now)
    rows = StudyReading.objects.filter(free, goes_on, system=system, is_open=True)
    behind = Case(When(phase=Phase.DECISIONS, then=1), default=0)
    return rows.order_by(behind, "asked_at", "pk")


def keep(reading: StudyReading, **values: Any) -> None:
    """Keep how far a reading is, and begin its lease anew. Raises :class:`LostLease`."""
    changes = {"lease_until": timezone.now() + LEASE, **values}
    if not _mine(reading).update(**changes):
        raise LostLease
    for name, value in changes.items():
        setattr(reading, name, value)


def go_on(reading: StudyReading, phase: str, **values: Any) -> None:
    """One phase is done; nothing stands in the way any more. Raises :class:`LostLease`."""
    keep(reading, phase=phase, problem="", next_step="", failures=0, resume_at=None, **values)


def end(reading: StudyReading, **values: Any) -> None:
    """All is read that was wanted; nothing ends where somebody has asked anew meanwhile."""
    ended = _mine(reading).filter(phase=reading.phase).update(
        is_open=False, phase=Phase.PLAN, left=None, wanted=[], with_decisions=False, problem="",
        next_step="", failures=0, resume_at=None, **values,
    )  # fmt: skip
    if ended:
        reading.is_open = False


def release(reading: StudyReading) -> None:
    """Leave the reading to whoever goes on with it."""
    _mine(reading).update(owner="", lease_until=None)


@transaction.atomic
def pause(reading: StudyReading, fault: IntegrationError) -> None:
    """Say why reading does not go on now, and when it is tried again."""
    failures = reading.failures + (not isinstance(fault, RateLimited))
    _mine(reading).update(
        problem=fault.for_staff[:500],
        next_step=fault.next_step[:500],
        failures=failures,
        resume_at=timezone.now() + wait_after(fault, failures),
    )


def _mine(reading: StudyReading) -> QuerySet[StudyReading]:
    return StudyReading.objects.filter(pk=reading.pk, owner=reading.owner)
