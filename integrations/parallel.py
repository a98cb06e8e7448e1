"""Several requests of one adapter side by side, each seeing the caller's log context."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import TypeVar

from django.db import close_old_connections

T = TypeVar("T")
R = TypeVar("R")

# Long-lived: leaving a `with ThreadPoolExecutor` block waits for the slowest thread. One for each
# system: the threads of one that hangs are all taken, and another must not wait for them.
THREADS = 24
_pools: dict[str, ThreadPoolExecutor] = {}
_pools_lock = threading.Lock()


def _pool(name: str) -> ThreadPoolExecutor:
    with _pools_lock:
        if name not in _pools:
            _pools[name] = ThreadPoolExecutor(THREADS, thread_name_prefix=f"requests-{name}")
        return _pools[name]


def start(pool: ThreadPoolExecutor, work: Callable[[], R]) -> Future[R]:
    """Run ``work`` in ``pool`` with the caller's context.

    The thread's database connection is treated as a request's is: kept for the next piece of work
    for as long as the settings say (connecting takes longer than most of what is asked).
    """
    context = copy_context()

    def run() -> R:
        close_old_connections()
        try:
            return context.run(work)
        finally:
            close_old_connections()

    return pool.submit(run)


def side_by_side(work: Callable[[T], R], items: Iterable[T], *, pool: str) -> list[R | Exception]:
    """``work`` for each item at once; in order, each its result or the exception it raised.

    ``pool`` is the system's name: systems do not share threads. Not from within ``work``: threads
    that wait for threads of the same pool can wait for ever.
    """
    todo = [partial(work, item) for item in items]
    if len(todo) < 2:
        return [_outcome(each) for each in todo]
    futures = [start(_pool(pool), each) for each in todo]
    return [_outcome(future.result) for future in futures]


def _outcome(get: Callable[[], R]) -> R | Exception:
    try:
        return get()
    except Exception as error:  # handed to the caller, who knows which of them it may pass over
        return error
