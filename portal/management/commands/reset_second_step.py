"""Let somebody who lost their phone or passkey set up a new second step."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.accounts.ending import reset_second_step
from portal.management.accounts import account_of

LONGEST_REASON = 200  # letters: a sentence or two; an event holds 500


class Command(BaseCommand):
    """Make sure first that it is really this person who asks: from then on their password is enough."""

    help = "Remove somebody's passkeys, one-time codes and recovery codes, and sign them out everywhere."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Who, and why."""
        parser.add_argument("person", help="e-mail address, or the account's number")
        parser.add_argument("--reason", required=True, help="stays in the audit trail; no patient's name")

    def handle(self, *, person: str, reason: str, **options: Any) -> None:
        """Reset, and say what the person does next."""
        reason = reason.strip()
        if not reason:
            raise CommandError("Say why: --reason 'lost her phone, known to me'. Nothing was changed.")
        if len(reason) > LONGEST_REASON:
            raise CommandError(f"The reason has more than {LONGEST_REASON} letters. Nothing was changed.")
        user = account_of(person)
        steps, ended = reset_second_step(user=user, reason=reason, by=None)
        self.stdout.write(
            f"{user}: passkeys, one-time codes and recovery codes removed ({steps}); "
            f"sign-ins ended ({ended})."
        )
        self.stdout.write(
            "Tell them to sign in now by password or JHE: the portal then leads them to setting up a new "
            "second step. Until they have, whoever can sign in as them is not asked for one."
        )
