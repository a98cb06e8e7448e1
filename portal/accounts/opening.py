"""Making accounts for staff: by an admin's command, and for the demo."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.db import transaction

from portal import audit

from .models import User, fold_email
from .roles import Role, give_role


class AccountExists(Exception):
    """Somebody has an account by this e-mail address already."""


def open_account(*, email: str, name: str, role: Role, password: str | None = None) -> User:
    """Make an account with a role; without a password its person cannot sign in by one yet.

    Raises :class:`AccountExists`, and ``ValidationError`` for a password that is too easy to guess;
    then nothing is made.
    """
    with transaction.atomic():
        user = _new_account(email, name)
        give_role(user=user, role=role, by=None)
        if password is not None:
            validate_password(password, user)
            user.set_password(password)
            user.save(update_fields=["password"])
            audit.write("account.password_set", details={"account": str(user.pk)})
    return user


def _new_account(email: str, name: str) -> User:
    if User.objects.filter(email=fold_email(email)).exists():
        raise AccountExists
    given, _, family = name.partition(" ")
    user = User.objects.create_user(email, first_name=given, last_name=family)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    audit.write("account.created", details={"account": str(user.pk)})
    return user
