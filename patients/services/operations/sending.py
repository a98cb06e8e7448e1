"""The threads that work the queue off: some for each system, so that none waits for another.

They look for what is due all the time: no message that something waits has to arrive for it to be sent.
Which of several workers sends an operation is decided by its lease (``queue``).
"""

from __future__ import annotations

import threading
from functools import partial

import structlog
from django.db import DatabaseError, close_old_connections, connection

from integrations.registry import system_names
from patients.services.connections import is_set_up
from patients.services.sync_runs import new_owner

from . import queue
from .step import Step

log = structlog.get_logger(__name__)

THREADS = 3  # for each system; a request takes most of its time waiting for the answer
IDLE_SECONDS = 0.5  # between looks for what is due
TROUBLED_SECONDS = 2.0  # where the database refuses


def work(ended: threading.Event) -> list[threading.Thread]:
    """Begin to send what is due, until ``ended``; each thread finishes the try at hand. A system's threads
    begin one after the other, so that they look in turns: what is asked for waits for the next of them."""
    names = [name for name in system_names() if is_set_up(name)]
    turns = [IDLE_SECONDS * number / THREADS for number in range(THREADS)]
    loops = [partial(_loop, name, ended, after=turn) for name in names for turn in turns]
    threads = [threading.Thread(target=loop, name="sending", daemon=True) for loop in loops]
    for each in threads:
        each.start()
    return threads


def send_next(system: str, owner: str) -> bool:
    """Try the next operation of a system that is due; whether there was one."""
    operation = queue.claim(system, owner)
    if operation is None:
        return False
    Step(operation).run()
    return True


def send_due() -> int:
    """Try what is due in every system, one after the other, in this thread; returns how many tries."""
    owner, tries = new_owner(), 0
    for system in [name for name in system_names() if is_set_up(name)]:
        while send_next(system, owner):
            tries += 1
    return tries


def _loop(system: str, ended: threading.Event, *, after: float) -> None:
    owner = new_owner()
    ended.wait(after)
    while not ended.is_set():
        try:
            close_old_connections()
            pause = 0.0 if send_next(system, owner) else IDLE_SECONDS
        except DatabaseError as fault:  # the lease ends by itself, and somebody looks again
            log.warning("sending waits for the database", system=system, error=type(fault).__name__)
            pause = TROUBLED_SECONDS
        except Exception as fault:
            log.error("sending failed", system=system, exc_info=fault)
            pause = TROUBLED_SECONDS
        if pause:
            ended.wait(pause)
    connection.close()
