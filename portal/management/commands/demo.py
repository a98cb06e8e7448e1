"""``manage.py demo``: the whole portal with sandbox, worker and sample people, in one command."""

from __future__ import annotations

import signal
import socket
from argparse import ArgumentParser
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from integrations.sandbox.jhe import PASSWORD as JHE_PASSWORD
from portal.bootstrap import timed
from portal.demo.accounts import PASSWORD, SAMPLES
from portal.demo.examples import EXAMPLES
from portal.demo.place import HOST, CannotStart, Place, Ports, choose_ports
from portal.demo.processes import Died, Processes

WEB_PROCESSES = 2
THREADS = 8  # each; a look-up holds one for as long as the slowest system takes


class Command(BaseCommand):
    """Runs until Ctrl-C, SIGTERM or the terminal's end; then everything it started has ended too."""

    help = "Starts the portal with the sandbox and sample people, until Ctrl-C."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to keep things, and where to listen."""
        parser.add_argument(
            "--port",
            type=int,
            default=8000,
            help="the portal's; the sandbox takes the next four; 0: free ones",
        )
        parser.add_argument("--folder", type=Path, default=settings.BASE_DIR / "var" / "demo")

    def handle(self, *, port: int, folder: Path, **options: Any) -> None:
        """Start, say how to get in, and watch."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _interrupt)
        place = Place(folder.absolute())
        try:
            with place.held():
                self._run(place, choose_ports(port))
        except (CannotStart, Died) as problem:
            raise CommandError(str(problem)) from None
        except KeyboardInterrupt:
            self.stdout.write("\nThe demo has ended. What was entered is kept.")

    def _run(self, place: Place, ports: Ports) -> None:
        processes = Processes(place.write_environment(ports), place.log)
        try:
            self._start(processes, place, ports)
            place.say_running(ports)
            self._say_how_to_get_in(place, ports)
            processes.watch()
        finally:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)  # ending has begun
            processes.stop()

    def _start(self, processes: Processes, place: Place, ports: Ports) -> None:
        with timed("Database, accounts"):
            processes.start("preparation", "manage.py", "prepare_demo", str(place.sandbox))
            processes.finish("preparation")
        with timed("Sandbox, web server"):
            processes.start("sandbox", "manage.py", "sandbox", *_sandbox_options(place, ports))
            processes.start("web server", *_web_server(ports))
            processes.wait_until(
                lambda: all(_listens(each) for each in ports.sandbox.values()), name="sandbox"
            )
            processes.wait_until(lambda: _is_ready(ports.web), name="web server")
        processes.start("worker", "manage.py", "worker")  # looks at the systems first of all

    def _say_how_to_get_in(self, place: Place, ports: Ports) -> None:
        accounts = "\n".join(
            f"    {each.email:28}{each.role}{f', in JHE {each.jhe_login}' if each.jhe_login else ''}"
            for each in SAMPLES
        )
        examples = "\n".join(f"    {each.typed:28}{each.why}" for each in EXAMPLES)
        self.stdout.write(
            f"""
  Crosswalk is at {ports.address} with synthetic people. Ctrl-C ends it.

  Sign in, password for all: {PASSWORD}
{accounts}
    "Sign in with JHE" leads to the same accounts; JHE's password for all: {JHE_PASSWORD}

  Type into the look-up
{examples}

  What the three systems hold, and faults on demand: http://{HOST}:{ports.sandbox["control"]}
  Database, mails and logs: {place.folder}
"""
        )
        self.stdout.flush()


def _interrupt(*_: Any) -> NoReturn:
    raise KeyboardInterrupt


def _sandbox_options(place: Place, ports: Ports) -> list[str]:
    back = reverse("openid_connect_callback", args=["jhe"])
    return [
        f"--state-dir={place.sandbox}",
        *(f"--{name}-port={port}" for name, port in ports.sandbox.items()),
        *(f"--redirect-uri=http://{host}:{ports.web}{back}" for host in (HOST, "localhost")),
    ]


def _web_server(ports: Ports) -> list[str]:
    return [
        *("-m", "gunicorn", "portal.wsgi", f"--bind={HOST}:{ports.web}", "--no-control-socket"),
        *("--worker-class=gthread", f"--workers={WEB_PROCESSES}", f"--threads={THREADS}"),
    ]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def _is_ready(port: int) -> bool:
    """Whether the web server and its database answer; asked without a proxy that may be set."""
    connection = HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
