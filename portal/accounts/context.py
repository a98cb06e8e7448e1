"""What every page may say about the session."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from . import locking
from .access import is_allowed, who_may
from .roles import role_of


def session(request: HttpRequest) -> dict[str, Any]:
    """Context processor: ``session`` (seconds until the lock, its addresses), ``role_label``, and
    whether they ``can_register`` people."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    role = role_of(user)
    return {
        "role_label": role.value.capitalize() if role else "",
        "can_register": is_allowed(user, who_may("patients:register_start", "POST")),
        "session": {
            "idle_seconds": max(locking.seconds_left(request.session), 0),
            "is_locked": locking.is_locked(request.session),
            "lock_url": reverse("accounts:lock"),
            "unlock_url": reverse("accounts:unlock"),
            "draft_url": reverse("accounts:draft"),
        },
    }
