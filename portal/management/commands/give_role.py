"""Give somebody another role, or none."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from portal.accounts.roles import Role, give_role
from portal.management.accounts import account_of

NONE = "none"


class Command(BaseCommand):
    """People who sign in at JHE have no role until they are given one here."""

    help = "Give somebody another role, or none."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Who, and which role."""
        parser.add_argument("person", help="e-mail address, or the account's number")
        parser.add_argument("role", choices=[*(role.value for role in Role), NONE])

    def handle(self, *, person: str, role: str, **options: Any) -> None:
        """Change the role; it holds from the person's next request."""
        user = account_of(person)
        give_role(user=user, role=None if role == NONE else Role(role), by=None)
        self.stdout.write(f"{user}: {role}.")
