"""The page that follows a write gives it a moment: most are done before somebody could read that they wait.

Without it the page would come, ask, and come again. It holds a thread of the web server for as long as that,
once for each write that one person asks for, and never for one that was asked for earlier.
"""

from __future__ import annotations

import time

from django.conf import settings

from patients.models import Operation

from . import clock

FIRST_SECONDS, LONGEST_SECONDS = 0.02, 0.1  # between looks: most are done by the second or third
_MOVING = (Operation.State.WAITING, Operation.State.SENDING)


def for_a_moment(operation: Operation | None) -> bool:
    """Wait until a write has come to something, at most until ``settings.WRITES_AWAITED`` seconds after it
    was asked for. Whether it has while this waited: then what was read before is to be read again."""
    if operation is None or operation.bulk_id is not None or operation.state not in _MOVING:
        return False
    ends = time.monotonic() + settings.WRITES_AWAITED - (clock.now() - operation.asked_at).total_seconds()
    pause = FIRST_SECONDS
    while time.monotonic() < ends:
        if not Operation.objects.filter(pk=operation.pk, state__in=_MOVING).exists():
            return True
        time.sleep(pause)
        pause = min(pause * 1.5, LONGEST_SECONDS)
    return False
