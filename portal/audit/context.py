"""Who is acting and from where, so that callers of the trail need not pass it on.

The web's middleware binds a request; a worker binds the person it works for. Threads see it
only through ``contextvars.copy_context().run``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser


def _nobody() -> AbstractBaseUser | None:
    return None


def _no_session() -> str:
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ambient:
    """``person`` and ``session`` are asked when an event is made: both change at sign-in."""

    request_id: str = ""
    ip: str = ""
    person: Callable[[], AbstractBaseUser | None] = field(default=_nobody, repr=False)
    session: Callable[[], str] = field(default=_no_session, repr=False)


_EMPTY = Ambient()
_ambient: ContextVar[Ambient] = ContextVar("audit_ambient", default=_EMPTY)


def current() -> Ambient:
    """What is bound now; empty outside a request."""
    return _ambient.get()


@contextmanager
def bound(ambient: Ambient) -> Iterator[None]:
    """Bind ``ambient`` for the length of a block."""
    token = _ambient.set(ambient)
    try:
        yield
    finally:
        _ambient.reset(token)
