"""What the domain does when the accounts below it tell of something."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver

from patients.services import lookup
from patients.services.operations import settling
from portal.accounts.models import User
from portal.accounts.signals import token_received


@receiver(user_logged_out)
def forget_lookups(user: User | None, **_: Any) -> None:
    """Whoever sits down next finds no results, as the page of signing out says."""
    if user is not None:
        lookup.throw_away_of(user)


@receiver(token_received)
def go_on_writing(user: User, system: str, **_: Any) -> None:
    """What waited for somebody's sign-in at a system goes on."""
    settling.signed_in_again(user, system)
