"""One try instead of a thousand time-outs: a system that fails several writes in a row is left alone.

From ``FAULTS`` faults in a row on nothing is sent to it for a while, the longer the oftener it fails; then
one operation goes first. Whoever asks the system and gets any answer, a refusal too, closes it again.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from django.db.models import F, Q

from patients.models import Breaker

from . import clock

FAULTS = 3
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 60.0  # seconds
PROBE = 60.0  # seconds that one operation has to go first; then another may


class Passage(Enum):
    """Whether an operation may go to a system now; first: alone, to see whether it answers again."""

    NO = "no"
    FREELY = "freely"
    FIRST = "first"


def passage(system: str, now: datetime) -> Passage:
    """Whether an operation may go now. While the system is left alone one in so many seconds may."""
    row = Breaker.objects.filter(system=system, faults__gte=FAULTS).first()
    if row is None or row.open_until is None:
        return Passage.FREELY
    if row.open_until > now:
        return Passage.NO
    probing = Breaker.objects.filter(system=system, open_until=row.open_until)
    return Passage.FIRST if probing.update(open_until=now + clock.span(PROBE)) else Passage.NO


def let_one_go(system: str) -> None:
    """Let the next operation go first at once: whoever had the right never came to ask, or somebody wants
    it tried now."""
    Breaker.objects.filter(system=system, faults__gte=FAULTS).update(open_until=clock.now())


def answered(system: str) -> None:
    """The system gave an answer."""
    Breaker.objects.filter(~Q(faults=0), system=system).update(faults=0, open_until=None)


def failed(system: str) -> None:
    """The system did not answer, or not as itself."""
    Breaker.objects.get_or_create(system=system)
    Breaker.objects.filter(system=system).update(faults=F("faults") + 1)
    row = Breaker.objects.get(system=system)
    if row.faults >= FAULTS:
        pause = min(FIRST_PAUSE * 2 ** min(row.faults - FAULTS, 10), LONGEST_PAUSE)
        Breaker.objects.filter(system=system).update(open_until=clock.now() + clock.span(pause))


def open_until(system: str) -> datetime | None:
    """Until when nothing is sent to a system; ``None`` where it is not left alone."""
    row = Breaker.objects.filter(system=system, faults__gte=FAULTS, open_until__gt=clock.now()).first()
    return row.open_until if row else None


def left_alone() -> frozenset[str]:
    """The systems to which nothing is sent now."""
    rows = Breaker.objects.filter(faults__gte=FAULTS, open_until__gt=clock.now())
    return frozenset(rows.values_list("system", flat=True))
