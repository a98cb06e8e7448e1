"""What the domain does when the accounts below it tell of something."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver

from patients.services import lookup
from portal.accounts.models import User


@receiver(user_logged_out)
def forget_lookups(user: User | None, **_: Any) -> None:
    """Whoever sits down next finds no results, as the page of signing out says."""
    if user is not None:
        lookup.throw_away_of(user)
