"""Sign-in, roles and who may open which page."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.core.management import call_command
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    """Connects the receivers and makes what every database of the portal needs."""

    name = "portal.accounts"

    def ready(self) -> None:
        """Connect the signals."""
        from . import receivers, roles  # noqa: F401  importing connects the receivers

        post_migrate.connect(roles.create_groups, sender=self)
        post_migrate.connect(create_cache_table, sender=self)


def create_cache_table(*, using: str, **_: Any) -> None:
    """Make the table that counts sign-in attempts; one step less to forget."""
    call_command("createcachetable", database=using, verbosity=0)
