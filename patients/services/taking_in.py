"""Records that were read live go into the index too, behind the backs of pages: none waits for it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog
from django.db import DatabaseError
from django.utils import timezone

from integrations.parallel import start
from integrations.types import RemotePatient

from . import index, installations, key_making

log = structlog.get_logger(__name__)

# One thread: what is stored by several at once would only wait for each other.
_pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="taking-in")
MOST_WAITING = 200  # answers; more than are stored in a few seconds are left to syncing


@dataclass(slots=True)
class _Waiting:
    """How many answers are to be stored still, in this process."""

    count: int = 0


_waiting = _Waiting()
_lock = threading.Lock()


def take_in(records: Sequence[RemotePatient], *, read_at: datetime | None = None) -> None:
    """Have records stored soon. Never raises: what is lost here is read again by syncing."""
    if not records:
        return
    with _lock:
        if _waiting.count >= MOST_WAITING:
            return
        _waiting.count += 1
    work = start(_pool, partial(_store, tuple(records), read_at or timezone.now()))
    work.add_done_callback(_done)


def take_in_now(records: Sequence[RemotePatient], *, read_at: datetime | None = None) -> None:
    """Have records stored before this returns. Raises ``DatabaseError``."""
    if not records:
        return
    key_making.note_first()
    fit = installations.of_known(each.system for each in records)
    index.store([each for each in records if each.system in fit], read_at=read_at or timezone.now())


def is_idle() -> bool:
    """Whether everything that was to be stored is."""
    with _lock:
        return _waiting.count == 0


def _store(records: Sequence[RemotePatient], read_at: datetime) -> None:
    try:
        take_in_now(records, read_at=read_at)
    except (DatabaseError, ValueError) as fault:
        log.warning("records not taken in", error=type(fault).__name__, count=len(records))


def _done(_: object) -> None:
    with _lock:
        _waiting.count -= 1
