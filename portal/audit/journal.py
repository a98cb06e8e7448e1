"""The fallback for events that the database refuses: encrypted, append-only files.

``VAR_DIR/audit-journal/<process id>.journal`` (0600) holds one Fernet token a line, each forced
to the disk before the event counts as kept. A lock on the file stands between a process that
appends and one that merges; a file that was merged is removed while the lock is held, and a
writer that waited for it starts a new one.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings

from portal.web import crypto

log = structlog.get_logger(__name__)

SUFFIX = ".journal"


def directory() -> Path:
    """Where the journal's files are."""
    return Path(settings.VAR_DIR) / "audit-journal"


def files() -> list[Path]:
    """The journal's files that wait to be merged."""
    return sorted(directory().glob(f"*{SUFFIX}"))


def append(row: dict[str, Any]) -> None:
    """Keep one event. Raises ``OSError`` where it cannot be forced to the disk."""
    directory().mkdir(mode=0o700, parents=True, exist_ok=True)
    line = crypto.encrypt(json.dumps(row)).encode()
    with _locked(directory() / f"{os.getpid()}{SUFFIX}") as descriptor:
        # A line of its own even after one that a full disk cut short.
        data = b"\n" + line + b"\n"
        if os.write(descriptor, data) != len(data):
            raise OSError("the journal's disk is full")
        os.fsync(descriptor)
    _sync_directory()


def drain(path: Path, keep: Callable[[list[dict[str, Any]]], None]) -> int:
    """Hand a file's events to ``keep`` and remove the file once ``keep`` returned.

    Lines that cannot be read stay in a file beside it (``.unreadable``) for a person to look at.
    Returns how many events were handed over; what ``keep`` raises passes through and leaves all.
    """
    if not path.exists():
        return 0
    with _locked(path) as descriptor:
        rows, unreadable = _parse(os.pread(descriptor, os.fstat(descriptor).st_size, 0))
        if rows:
            keep(rows)
        if unreadable:
            _set_aside(path, unreadable)
        path.unlink()
    return len(rows)


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    """An open descriptor of the file, locked, and still the one that bears the name."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.fstat(descriptor).st_nlink:
                yield descriptor
                return
        finally:
            os.close(descriptor)


def _parse(content: bytes) -> tuple[list[dict[str, Any]], list[bytes]]:
    rows: list[dict[str, Any]] = []
    unreadable: list[bytes] = []
    for line in filter(None, content.split(b"\n")):
        try:
            rows.append(json.loads(crypto.decrypt(line.decode("ascii"))))
        except (crypto.Undecryptable, ValueError):
            unreadable.append(line)
    return rows, unreadable


def _set_aside(path: Path, lines: list[bytes]) -> None:
    descriptor = os.open(path.with_suffix(".unreadable"), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, b"\n".join(lines) + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    log.error("audit journal unreadable", count=len(lines))


def _sync_directory() -> None:
    descriptor = os.open(directory(), os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
