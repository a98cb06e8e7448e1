"""How invitations stand, read as far back as something has changed: a system tells everybody's, in one list.

The list is believed to be the newest change first where a whole pass showed it so. Once a day, and where
somebody is new in the study, it is read to its end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from django.utils import timezone

from integrations.studies import Invitation
from patients.models import Study, StudyReading

from . import mirror, readings

TOGETHER = 500  # invitations after which the lease begins anew
WHOLE_EVERY = timedelta(days=1)
OVERLAP = timedelta(minutes=10)  # read once more: what was left to a write that was on its way


def read(every: Iterable[Invitation], study: Study, reading: StudyReading) -> None:
    """Read and keep what is news of the study's people."""
    now = timezone.now()
    known = reading.invitations_pass
    until = None
    if known and known["until"] and not _is_due(known, study, now):
        until = datetime.fromisoformat(known["until"]) - OVERLAP
    found = _News(every, until, lambda: readings.keep(reading))
    mirror.keep_invitations(study, found)
    kept = {
        "until": found.latest.isoformat() if found.latest and found.in_order else "",
        "whole_at": known["whole_at"] if known and until else now.isoformat(),
    }
    readings.keep(reading, invitations_pass=kept)


def _is_due(known: dict[str, str], study: Study, now: datetime) -> bool:
    whole_at = datetime.fromisoformat(known["whole_at"])
    is_somebody_new = study.participants.filter(left_at=None, since_at__gte=whole_at).exists()
    return is_somebody_new or now - whole_at > WHOLE_EVERY


class _News:
    """Invitations as long as they are news, and whether they came in the order of their changes."""

    def __init__(
        self, every: Iterable[Invitation], until: datetime | None, alive: Callable[[], None]
    ) -> None:
        self.every, self.until, self.alive = every, until, alive
        self.latest: datetime | None = None
        self.in_order = True

    def __iter__(self) -> Iterator[Invitation]:
        last: datetime | None = None
        for count, each in enumerate(self.every, start=1):
            if count % TOGETHER == 0:
                self.alive()
            at = each.changed_at
            if at is None or (last is not None and at > last):
                self.in_order = False
            elif self.until is not None and self.in_order and at < self.until:
                return
            last = at or last
            self.latest = max(filter(None, (self.latest, at)), default=None)
            yield each
