"""Checks that run before somebody who signed in at a system is let in here.

``settings.SIGN_IN_CHECKS`` names callables of upper layers by dotted path, so that this layer
need not know them: ``(user, system, subject, access_token) -> None``. ``user`` is ``None`` for
an account that is new here. One that raises :class:`RefusedSignIn` ends the sign-in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.module_loading import import_string

from .models import PersonToken, User
from .signals import token_received


class RefusedSignIn(Exception):
    """This account of the system is not let in. The text is one sentence for the person."""

    def __init__(self, for_person: str = "This sign-in is for participants, not staff.") -> None:
        self.for_person = for_person
        super().__init__(for_person)


class SignInCheck(Protocol):
    """What ``settings.SIGN_IN_CHECKS`` names."""

    def __call__(self, user: User | None, system: str, subject: str, access_token: str, /) -> None:
        """Raise :class:`RefusedSignIn` to refuse."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshToken:
    """What a system has just given: only while one request lasts, then encrypted in its row."""

    system: str
    subject: str
    access: str = field(repr=False)
    refresh: str = field(default="", repr=False)
    scope: str = ""
    expires_at: datetime | None = None


def check(user: User | None, token: FreshToken) -> None:
    """Run every check. Raises :class:`RefusedSignIn`."""
    for path in settings.SIGN_IN_CHECKS:
        inspect: SignInCheck = import_string(path)
        inspect(user, token.system, token.subject, token.access)


def keep_token(user: User, token: FreshToken) -> PersonToken:
    """Put a person's token into their row, in place of an older one, and send ``token_received``."""
    values = {
        "subject": token.subject,
        "access": token.access,
        "refresh": token.refresh,
        "scope": token.scope,
        "expires_at": token.expires_at,
    }
    with transaction.atomic():
        row, created = PersonToken.objects.select_for_update().get_or_create(
            user=user, system=token.system, defaults=values
        )
        if not created:
            for name, value in values.items():
                setattr(row, name, value)
            row.version = F("version") + 1
            row.save()
            row.refresh_from_db()
    token_received.send(sender=PersonToken, user=user, system=token.system)
    return row
