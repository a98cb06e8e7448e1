"""Make an account for a member of staff."""

from __future__ import annotations

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import transaction
from django.urls import reverse

from portal import audit
from portal.accounts.models import User, fold_email
from portal.accounts.roles import Role, give_role


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
        with transaction.atomic():
            user = _account(email, name)
            give_role(user=user, role=Role(role), by=None)
            if secret is not None:
                _set_password(user, secret)
        self.stdout.write(f"{user.email} has an account: {role}.")
        if secret is None:
            self.stdout.write(f"To set a password, once: {address.rstrip('/')}{_link(user)}")


def _account(email: str, name: str) -> User:
    if User.objects.filter(email=fold_email(email)).exists():
        raise CommandError("This person has an account. To change their role: manage.py give_role")
    given, _, family = name.partition(" ")
    user = User.objects.create_user(email, first_name=given, last_name=family)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    audit.write("account.created", details={"account": str(user.pk)})
    return user


def _set_password(user: User, password: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as refusal:
        raise CommandError(" ".join(refusal.messages)) from None
    user.set_password(password)
    user.save(update_fields=["password"])
    audit.write("account.password_set", details={"account": str(user.pk)})


def _ask() -> str:
    return getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")


def _link(user: User) -> str:
    key = default_token_generator.make_token(user)
    return reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(user), "key": key})
