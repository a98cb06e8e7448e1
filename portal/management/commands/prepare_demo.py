"""``manage.py prepare_demo``: database and accounts of the demo, before its servers start."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from integrations.registry import system_names
from integrations.sandbox.run import Sandbox
from patients.services import installations
from patients.services.connections import is_set_up
from portal.demo.accounts import make_samples


class Command(BaseCommand):
    """Started by ``manage.py demo`` with the demo's settings; may run as often as one likes."""

    help = "Brings the demo's database up to date and makes the sample accounts that are missing."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where the sandbox keeps its states."""
        parser.add_argument("sandbox", type=Path)

    def handle(self, *, sandbox: Path, **options: Any) -> None:
        """Migrate, then make the accounts. Refuses to put published passwords anywhere else."""
        if not settings.DEMO:
            raise CommandError("This is not a demo: its accounts have a published password.")
        call_command("migrate", verbosity=0)
        for name in filter(is_set_up, system_names()):
            installations.accept(name)  # the sandbox is the same, whatever ports it has this time
        systems = Sandbox(sandbox, systems=("jhe",))
        make_samples(systems.stores["jhe"])
        systems.stop()
