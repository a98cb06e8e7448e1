"""Waiting for another process or thread: until something holds, never for a fixed time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

POLL_SECONDS = 0.02


def until(holds: Callable[[], bool], *, what: str, seconds: float = 30.0) -> None:
    """Return as soon as ``holds()`` is true. Raises ``AssertionError`` with ``what`` after ``seconds``."""
    ends = time.monotonic() + seconds
    pause = threading.Event()
    while not holds():
        assert time.monotonic() < ends, f"waited {seconds} s in vain: {what}"
        pause.wait(POLL_SECONDS)
