"""How allauth is bent to this portal: nobody signs up, tokens stay out of sessions, secrets encrypted."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from portal import audit
from portal.web import crypto

from . import locking, sign_in
from .jhe import SYSTEM, JheProvider
from .models import User, fold_email
from .second_step import has_one


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Local accounts are made by an admin (``manage.py create_account``)."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Not for setting up the first second step right after signing in."""
        request = context.request
        if request.user.is_authenticated and app == "allauth.mfa" and not has_one(request.user):
            fresh_until = float(request.session.get(locking.STARTED, 0)) + 300
            if time.time() < fresh_until:
                return False
        required: bool = super().is_reauthentication_required(app=app, **kwargs)
        return required


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets of one-time codes and recovery codes are encrypted at rest."""

    def encrypt(self, text: str) -> str:
        """What is stored."""
        return crypto.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        """The secret. Raises ``crypto.Undecryptable``."""
        return crypto.decrypt(encrypted_text)

    def get_totp_issuer(self) -> str:
        """How an authenticator app names this portal."""
        return str(settings.SITE_NAME)


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Signing in at JHE: keyed by subject, checked, its token kept encrypted."""

    def get_provider(self, request: HttpRequest, provider: str, client_id: str | None = None) -> Any:
        """Our provider for JHE."""
        if provider == SYSTEM:
            return JheProvider(request, app=self.get_app(request, provider=provider, client_id=client_id))
        return super().get_provider(request, provider, client_id)

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """A JHE account that is new here gets an account without a role."""
        return True

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> User:
        """An account may have no e-mail address: the older JHE tells none."""
        user: User = super().populate_user(request, sociallogin, data)
        user.email = fold_email(user.email)
        return user

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Take the token, check the account, and only then let allauth go on."""
        token = _take_token(sociallogin)
        user = sociallogin.user if sociallogin.is_existing else None
        try:
            _compare_subjects(sociallogin, token)
            _refuse_behind_lock(request, user)
            _refuse_switched_off(user)
            sign_in.check(user, token)
            if user is None and sociallogin.state.get("process") != "connect":
                _refuse_taken_email(sociallogin)
        except sign_in.RefusedSignIn as refusal:
            raise ImmediateHttpResponse(_refused(request, refusal)) from None
        if user is None:
            sociallogin.fresh_token = token  # kept by ``save_user`` or the receiver, same request
            return
        if request.user.is_authenticated and request.user != user:
            return  # allauth refuses to connect an account of somebody else
        sign_in.keep_token(user, token)
        if request.user == user and locking.is_locked(request.session):
            raise ImmediateHttpResponse(_unlock(request, sociallogin))

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> User:
        """A new account, and its token."""
        user: User = super().save_user(request, sociallogin, form)
        sign_in.keep_token(user, sociallogin.fresh_token)
        return user


def _take_token(sociallogin: Any) -> sign_in.FreshToken:
    """Out of allauth's hands: it would put the token in plain text into the session."""
    token, sociallogin.token = sociallogin.token, None
    return sign_in.FreshToken(
        system=SYSTEM,
        subject=sociallogin.account.uid,
        access=token.token,
        refresh=token.token_secret or "",
        scope=getattr(token, "portal_scope", ""),
        expires_at=token.expires_at,
    )


def _compare_subjects(sociallogin: Any, token: sign_in.FreshToken) -> None:
    """Both answers of the system must be about one account: allauth looks at one only."""
    data = sociallogin.account.extra_data
    subjects = {str(part["sub"]) for part in (data.get("userinfo"), data.get("id_token")) if part}
    if subjects != {token.subject}:
        raise sign_in.RefusedSignIn("The answers about your sign-in do not fit together. Try again.")


def _refuse_behind_lock(request: HttpRequest, user: User | None) -> None:
    """A locked screen answers its own person alone: whoever stands before it could otherwise connect a
    login of theirs with that person's account, and open the screen with it."""
    if request.user.is_authenticated and request.user != user and locking.is_locked(request.session):
        raise sign_in.RefusedSignIn(
            "This screen is locked, and only the person who locked it can open it. "
            "To sign in yourself, go back and sign them out first."
        )


def _refuse_switched_off(user: User | None) -> None:
    """allauth asks for this only after the token would have been kept."""
    if user is not None and not user.is_active:
        raise sign_in.RefusedSignIn(
            "This account is switched off. Ask your administrator if you should have access."
        )


def _refuse_taken_email(sociallogin: Any) -> None:
    email = fold_email(sociallogin.user.email)
    if email and User.objects.filter(email=email).exists():
        raise sign_in.RefusedSignIn(
            "You have an account here already. Sign in with your password, "
            "then connect JHE under Your account."
        )


def _refused(request: HttpRequest, refusal: sign_in.RefusedSignIn) -> HttpResponse:
    audit.look("sign_in.refused", system=SYSTEM, outcome="refused")
    return render(request, "accounts/refused.html", {"sentence": refusal.for_person}, status=403)


def _unlock(request: HttpRequest, sociallogin: Any) -> HttpResponse:
    """Signing in at the system again opens a locked screen, if it really asked the person again."""
    signed_in_at = (sociallogin.account.extra_data.get("id_token") or {}).get("auth_time")
    if signed_in_at is None or float(signed_in_at) < locking.locked_since(request.session) - 60:
        refusal = sign_in.RefusedSignIn("JHE did not ask who you are. Sign out here, then sign in again.")
        return _refused(request, refusal)
    audit.look("session.unlocked", system=SYSTEM, details={"with": "sign-in"})
    return HttpResponseRedirect(locking.unlock(request.session))
