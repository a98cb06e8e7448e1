"""Tasks that only tests enqueue."""

from __future__ import annotations

from pathlib import Path

from django_tasks import task


@task()
def read_pipe(path: str) -> str:
    """Wait until somebody writes into a named pipe; what they wrote."""
    return Path(path).read_text()


@task()
def fail(text: str) -> None:
    """Fail with an exception that quotes what it was given."""
    raise ValueError(f"cannot read {text}")
