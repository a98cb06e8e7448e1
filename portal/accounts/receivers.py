"""What happens when somebody signs in, out, or fails to; each makes one event."""

from __future__ import annotations

from typing import Any, Unpack

from allauth.account.signals import password_changed, password_reset
from allauth.mfa.signals import authenticator_added, authenticator_removed
from allauth.socialaccount.signals import social_account_added, social_account_removed
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import connection
from django.dispatch import receiver
from django.http import HttpRequest

from portal import audit
from portal.audit.trail import About

from . import locking


def _note(action: str, **about: Unpack[About]) -> None:
    """One event. Libraries send their signals inside and outside transactions."""
    record = audit.write if connection.in_atomic_block else audit.look
    record(action, **about)


@receiver(user_logged_in)
def signed_in(request: HttpRequest | None, user: Any, **_: Any) -> None:
    """The session's clocks start."""
    if request is not None:
        locking.start(request.session)
    _note("session.started", by=user)


@receiver(user_logged_out)
def signed_out(user: Any, **_: Any) -> None:
    """By hand or because the session was over."""
    if user is not None:
        _note("session.ended", by=user)


@receiver(user_login_failed)
def sign_in_failed(**_: Any) -> None:
    """Without what was typed: a password may have been typed into the wrong field."""
    _note("sign_in.failed", outcome="failed")


@receiver(social_account_added)
def connected(request: HttpRequest, sociallogin: Any, **_: Any) -> None:
    """Somebody joined an account of a system to theirs: keep its token."""
    from .sign_in import keep_token

    keep_token(sociallogin.user, sociallogin.fresh_token)
    _note("account.connected", by=sociallogin.user, system=sociallogin.fresh_token.system)


@receiver(social_account_removed)
def disconnected(request: HttpRequest, socialaccount: Any, **_: Any) -> None:
    """The token goes with the connection."""
    from .jhe import SYSTEM
    from .models import PersonToken

    PersonToken.objects.filter(user=socialaccount.user, system=SYSTEM).delete()
    _note("account.disconnected", by=socialaccount.user, system=SYSTEM)


@receiver(authenticator_added)
@receiver(authenticator_removed)
@receiver(password_changed)
@receiver(password_reset)
def credentials_changed(signal: Any, user: Any, **_: Any) -> None:
    """Somebody changed how they sign in."""
    kinds = {
        authenticator_added: "account.second_step_added",
        authenticator_removed: "account.second_step_removed",
        password_changed: "account.password_changed",
        password_reset: "account.password_reset",
    }
    _note(kinds[signal], by=user)
