"""The idle lock and the end of a session: what is kept in the session about them.

The session is encrypted in its row (``accounts.sessions``), so typing that met the lock may wait
in it. Activity is written at most every fortieth of the idle time, which locks up to that much
early and never late.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase, UpdateError
from django.http import HttpRequest
from django.urls import reverse

STARTED, ACTIVE, LOCKED, RETURN, KEPT, DRAFT = (
    "signed_in_at", "active_at", "locked_at", "lock_return", "lock_kept", "lock_draft",
)  # fmt: skip

#: Longer typing is not kept; the page says so.
LONGEST_KEPT = 200_000

V = TypeVar("V", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class KeptPost:
    """A form that was sent to a locked screen: where to, and its fields in order."""

    path: str
    fields: list[tuple[str, str]]


def start(session: SessionBase) -> None:
    """Somebody has just signed in."""
    session[STARTED] = session[ACTIVE] = time.time()
    for key in (LOCKED, RETURN, KEPT, DRAFT):
        session.pop(key, None)


def is_over(session: SessionBase) -> bool:
    """Whether the sign-in is older than a session may become."""
    return bool(time.time() - float(session.get(STARTED, 0)) > settings.SESSION_MAX_SECONDS)


def is_locked(session: SessionBase) -> bool:
    """Whether the screen is locked, by hand or because nobody did anything for too long."""
    return bool(session.get(LOCKED)) or seconds_left(session) <= 0


def seconds_left(session: SessionBase) -> int:
    """Seconds until the screen locks by itself."""
    return int(float(session.get(ACTIVE, 0)) + settings.IDLE_LOCK_SECONDS - time.time())


def note_activity(session: SessionBase) -> None:
    """Somebody is there.

    Saved at once and not at the end of the request: a slow one would write its old session over
    a lock that came meanwhile. Raises ``UpdateError`` where the session has been ended; a database that
    is busy ends nobody's work: the next request notes it.
    """
    now = time.time()
    if now - float(session.get(ACTIVE, 0)) < settings.IDLE_LOCK_SECONDS / 40:
        return
    was_modified = session.modified
    session[ACTIVE] = now
    try:
        session.save()
    except UpdateError:  # of any failing statement
        if not session.exists(session.session_key or ""):
            raise
    finally:
        session.modified = was_modified


def lock(session: SessionBase, *, return_to: str = "", kept: KeptPost | None = None) -> bool:
    """Lock, and remember the first page and the first form that met this lock.

    Returns whether it was open until now.
    """
    opened = LOCKED not in session
    if opened:
        session[LOCKED] = time.time()
        session.pop(RETURN, None)
    if return_to and RETURN not in session:
        session[RETURN] = return_to
    if kept is not None and session.get(KEPT, {}).get("locked_at") != session[LOCKED]:
        session[KEPT] = {"path": kept.path, "fields": kept.fields, "locked_at": session[LOCKED]}
    return opened


def keep_draft(session: SessionBase, page: str, text: str) -> None:
    """Keep what was typed into a page and not sent, as the page's own script wrote it."""
    if len(text) <= LONGEST_KEPT:
        session[DRAFT] = {"page": page, "fields": text}


def take_draft(session: SessionBase) -> dict[str, Any]:
    """The unsent typing, once."""
    draft: dict[str, Any] = session.pop(DRAFT, {})
    return draft


def locked_since(session: SessionBase) -> float:
    """When the screen locked, in seconds since 1970."""
    return float(session.get(LOCKED) or float(session.get(ACTIVE, 0)) + settings.IDLE_LOCK_SECONDS)


def unlock(session: SessionBase) -> str:
    """Open the screen again; returns the path to go to: the page before, or its waiting form."""
    session.pop(LOCKED, None)
    session[ACTIVE] = time.time()
    if KEPT in session:
        return reverse("accounts:continue")
    return str(session.pop(RETURN, "/"))


def kept_post(session: SessionBase) -> KeptPost | None:
    """The form that waits, if one does."""
    kept = session.get(KEPT)
    if kept is None:
        return None
    return KeptPost(path=kept["path"], fields=[(name, value) for name, value in kept["fields"]])


def drop_kept_post(session: SessionBase) -> str:
    """Forget the form that waits; returns the page it was typed into."""
    session.pop(KEPT, None)
    return str(session.pop(RETURN, "/"))


def kept_as(view_name: str) -> Callable[[V], V]:
    """For a view that answers while somebody types: what meets the lock is kept as if it had been sent
    to another view, the one that the finished form goes to."""

    def mark(view: V) -> V:
        view.__dict__["kept_as"] = view_name
        return view

    return mark


def post_to_keep(request: HttpRequest, view: Callable[..., object]) -> KeptPost | None:
    """The form of a POST to a view that met the lock, without its token; ``None`` if it is too long.

    Files are not kept. Nor is anything sent to the pages of sign-in: those hold passwords.
    """
    if request.path.startswith("/accounts/"):
        return None
    fields = [
        (name, value)
        for name, values in request.POST.lists()
        for value in values
        if name != "csrfmiddlewaretoken"
    ]
    if sum(len(name) + len(value) for name, value in fields) > LONGEST_KEPT:
        return None
    other = getattr(view, "kept_as", "")
    match = request.resolver_match
    path = reverse(other, kwargs=match.kwargs if match else {}) if other else request.get_full_path()
    return KeptPost(path=path, fields=fields)
