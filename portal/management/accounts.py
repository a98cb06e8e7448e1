"""Whom a command is about."""

from __future__ import annotations

from django.core.management.base import CommandError

from portal.accounts.models import User, fold_email


def account_of(person: str) -> User:
    """The account of this e-mail address or number. Raises ``CommandError`` where there is none."""
    by_number = {"pk": int(person)} if person.isdigit() else {"email": fold_email(person)}
    user = User.objects.filter(**by_number).first()
    if user is None:
        raise CommandError("Nobody here has this e-mail address or account number.")
    return user
