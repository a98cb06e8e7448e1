"""Make an account for a member of staff."""

from __future__ import annotations

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.urls import reverse

from portal.accounts.models import User
from portal.accounts.opening import AccountExists, open_account
from portal.accounts.roles import Role


class Command(BaseCommand):
    """Without ``--password`` it prints an address at which the person sets their own, once."""

    help = "Make an account for a member of staff."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """E-mail, role, name, and where the password comes from."""
        parser.add_argument("email")
        parser.add_argument("role", choices=[role.value for role in Role])
        parser.add_argument("--name", default="", help="as pages and the audit trail show it")
        parser.add_argument(
            "--password", action="store_true", help="ask for a password, or read one line of standard input"
        )
        parser.add_argument(
            "--address",
            default="",
            help="address of the portal, to print the whole link (https://portal.example.org)",
        )

    def handle(
        self, *, email: str, role: str, name: str, password: bool, address: str, **options: Any
    ) -> None:
        """Make the account, give the role, say how to sign in."""
        try:
            validate_email(email)
        except ValidationError:
            raise CommandError("This is no e-mail address.") from None
        secret = _ask() if password else None
        try:
            user = open_account(email=email, name=name, role=Role(role), password=secret)
        except AccountExists:
            message = "This person has an account. To change their role: manage.py give_role"
            raise CommandError(message) from None
        except ValidationError as refusal:
            raise CommandError(" ".join(refusal.messages)) from None
        self.stdout.write(f"{user.email} has an account: {role}.")
        if secret is None:
            self.stdout.write(f"To set a password, once: {address.rstrip('/')}{_link(user)}")


def _ask() -> str:
    return getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")


def _link(user: User) -> str:
    key = default_token_generator.make_token(user)
    return reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(user), "key": key})
