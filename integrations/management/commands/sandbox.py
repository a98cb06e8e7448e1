"""``manage.py sandbox``: the three systems on loopback, full of made-up people."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations.sandbox.jhe import CURRENT, DIALECTS
from integrations.sandbox.run import SYSTEMS, Sandbox


class Command(BaseCommand):
    """Starts the sandbox, prints its addresses, and serves until it is told to stop."""

    help = "Serves Jump, JHE and Impilo on loopback, full of made-up people, until Ctrl-C."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to keep the states, which ports to take, which generation of JHE to speak."""
        parser.add_argument("--state-dir", type=Path, help="keep the states here (else they are lost)")
        for name in (*SYSTEMS, "control"):
            parser.add_argument(f"--{name}-port", type=int, default=0, help="0 takes a free one")
        parser.add_argument(
            "--redirect-uri",
            action="append",
            default=[],
            help="one more address that JHE's sign-in may return to; may be given several times",
        )
        parser.add_argument("--dialect", choices=DIALECTS, default=CURRENT, help="the generation of JHE")

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until SIGINT or SIGTERM."""
        ended = threading.Event()
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, lambda *_: ended.set())
        ports = {name: options[f"{name}_port"] for name in (*SYSTEMS, "control")}
        uris = tuple(options["redirect_uri"])
        sandbox = Sandbox(options["state_dir"], ports, options["dialect"], redirect_uris=uris)
        try:
            sandbox.start()
        except OSError as error:
            raise CommandError(f"The sandbox cannot start: {error.strerror}. Choose another port.") from error
        try:
            self._say_addresses(sandbox)
            ended.wait()
        finally:
            sandbox.stop()
        self.stdout.write("The sandbox has stopped.")

    def _say_addresses(self, sandbox: Sandbox) -> None:
        self.stdout.write("Sandbox, synthetic people. Ctrl-C stops it.")
        for name in sandbox.servers:
            self.stdout.write(f"{name:8} {sandbox.url(name)}")
        self.stdout.write(f"{'control':8} {sandbox.control.url}")
        self.stdout.flush()
