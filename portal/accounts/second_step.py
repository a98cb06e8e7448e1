"""Who has to have a second step, and whether they have one (one-time codes or a passkey)."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser

from .roles import role_of

SECOND_STEPS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


def is_missing(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Whether the person's role asks for a second step that they have not set up.

    People without a role are not asked: nothing is open to them.
    """
    return role_of(user) in settings.SECOND_FACTOR_ROLES and not has_one(user)


def has_one(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Whether the person can be asked for a second step."""
    enabled: bool = is_mfa_enabled(user, SECOND_STEPS)
    return enabled
