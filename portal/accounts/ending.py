"""Ending: one sign-in of one's own, and everything that an account may do."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction

from portal import audit

from .models import PersonToken, User


def switch_off(*, user: User, by: AbstractBaseUser | None) -> None:
    """Let nobody use an account any more: its sign-ins end at once, its tokens are forgotten.

    What its person asked for and was not sent waits for an admin. Can be undone by :func:`switch_on`,
    after which the person signs in anew, at every system too.
    """
    with transaction.atomic():
        user.is_active = False
        user.save(update_fields=["is_active"])
        ended = 0
        for session in UserSession.objects.filter(user=user):
            session.end()
            ended += 1
        PersonToken.objects.filter(user=user).delete()
        audit.write("account.switched_off", by=by, details={"account": str(user.pk), "sessions": ended})


def switch_on(*, user: User, by: AbstractBaseUser | None) -> None:
    """Let an account be used again, with the role that it has."""
    with transaction.atomic():
        user.is_active = True
        user.save(update_fields=["is_active"])
        audit.write("account.switched_on", by=by, details={"account": str(user.pk)})


def end_session(*, number: int, user: User, current: SessionBase) -> bool:
    """End another sign-in of the person's own; whether there was one. The present one is left."""
    session = UserSession.objects.filter(pk=number, user=user).first()
    if session is None or session.session_key == current.session_key:
        return False
    with transaction.atomic():
        session.end()
        audit.write("session.ended_elsewhere", by=user)
    return True
