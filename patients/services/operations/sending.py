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
from patients.models import Operation
from patients.services.connections import is_set_up
from patients.services.sync_runs import new_owner

from . import queue
from .step import Step

log = structlog.get_logger(__name__)

THREADS = 3  # for each system; a request takes most of its time waiting for the answer
IDLE_SECONDS = 0.1  # between looks for what is due in one system
TROUBLED_SECONDS = 2.0  # where the database refuses


def work(ended: threading.Event) -> list[threading.Thread]:
    """Begin to send what is due, until ``ended``; each thread finishes the try at hand. Of a system's threads
    one looks at a time, and hands that on before it sends: many looks for each of them would be no sooner."""
    loops = [
        partial(_loop, name, ended, looking)
        for name in system_names()
        if is_set_up(name)
        for looking in [threading.Lock()]
        for _ in range(THREADS)
    ]
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


def _loop(system: str, ended: threading.Event, looking: threading.Lock) -> None:
    owner = new_owner()
    while not ended.is_set():
        try:
            operation = _next(system, owner, ended, looking)
            if operation is not None:
                Step(operation).run()
        except DatabaseError as fault:  # the lease ends by itself, and somebody looks again
            log.warning("sending waits for the database", system=system, error=type(fault).__name__)
            ended.wait(TROUBLED_SECONDS)
        except Exception as fault:
            log.error("sending failed", system=system, exc_info=fault)
            ended.wait(TROUBLED_SECONDS)
    connection.close()


def _next(system: str, owner: str, ended: threading.Event, looking: threading.Lock) -> Operation | None:
    """What is due, claimed; none after a pause where nothing is, or where ``ended`` meanwhile."""
    with looking:
        if ended.is_set():
            return None
        close_old_connections()
        operation = queue.claim(system, owner)
        if operation is None:
            ended.wait(IDLE_SECONDS)
        return operation
