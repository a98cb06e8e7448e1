"""Ending: one sign-in of one's own, and everything that an account may do."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
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
        ended = end_all_sessions(user)
        PersonToken.objects.filter(user=user).delete()
        audit.write("account.switched_off", by=by, details={"account": str(user.pk), "sessions": ended})


def switch_on(*, user: User, by: AbstractBaseUser | None) -> None:
    """Let an account be used again, with the role that it has."""
    with transaction.atomic():
        user.is_active = True
        user.save(update_fields=["is_active"])
        audit.write("account.switched_on", by=by, details={"account": str(user.pk)})


def reset_second_step(*, user: User, reason: str, by: AbstractBaseUser | None) -> tuple[int, int]:
    """Take every second step from somebody who lost theirs, and end their sign-ins at once.

    Passkeys, one-time codes and recovery codes go. Returns how many of them there were, and how many
    sign-ins ended. The person sets up a new one when they sign in next.
    """
    with transaction.atomic():
        steps = Authenticator.objects.filter(user=user).delete()[0]
        ended = end_all_sessions(user)
        details = {"account": str(user.pk), "second_steps": steps, "sessions": ended}
        audit.write("account.second_step_reset", by=by, reason=reason, details=details)
    return steps, ended


def end_all_sessions(user: User) -> int:
    """End every sign-in that the list of sign-ins knows; returns how many there were."""
    sessions = list(UserSession.objects.filter(user=user))
    for session in sessions:
        session.end()
    return len(sessions)


def end_session(*, number: int, user: User, current: SessionBase) -> bool:
    """End another sign-in of the person's own; whether there was one. The present one is left."""
    session = UserSession.objects.filter(pk=number, user=user).first()
    if session is None or session.session_key == current.session_key:
        return False
    with transaction.atomic():
        session.end()
        audit.write("session.ended_elsewhere", by=user)
    return True
