"""``manage.py onboard``: a list of people registered, enrolled in a study and invited. It tells no patient's
details: people are named by the line in which they stand."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError

from integrations.errors import IntegrationError
from patients.models import Invitation, Study
from patients.services import visibility
from patients.services.csv_files import csv_text
from patients.services.onboarding import choosing, driving, lists, testing
from patients.services.onboarding.driving import Drive, Order
from patients.services.operations.wishes import Kind
from patients.services.registering import gate
from patients.services.studies.allowed import Refused
from patients.services.studies.inviting import Offer
from portal.accounts.models import User
from portal.management.accounts import account_of
from portal.management.onboarding import (
    HEADER,
    Outcome,
    Verdict,
    outcome_of,
    passengers_of,
    rehearsed,
    status_of,
)

NOTHING_DONE, INTERRUPTED = 3, 130
NONE, EMAIL, LETTER = "none", "email", "letter"
_CHANNELS = {EMAIL: Invitation.Channel.EMAIL, LETTER: Invitation.Channel.LETTER}
SAID_EVERY = 1.0  # seconds between lines of progress


class Command(BaseCommand):
    """Everything is done in the name of the account that is given, with its rights, and stands in the trail.

    May be ended at any time, by whatever means: the same file once more goes on where it was and repeats
    nothing. Ends with 0 when everybody is through, 2 where a person has to decide about somebody or something
    is wrong with a line, 3 where nothing was done, 4 where writes are on their way still, 130 after Ctrl-C.
    """

    help = "Registers, enrols and invites the people of a CSV file."
    stealth_options = ("stdin",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whom, into which study, in whose name."""
        columns = ", ".join(f"{name} ({what})" if what else name for name, what in lists.COLUMNS.items())
        parser.add_argument(
            "file", nargs="?", help=f"CSV in UTF-8, “-” for standard input. Columns: {columns}"
        )
        parser.add_argument(
            "--study", required=True, metavar="ID", help="its number in its system, or its id here"
        )
        parser.add_argument("--by", required=True, metavar="ACCOUNT", help="in whose name: e-mail or number")
        parser.add_argument(
            "--invite", choices=[EMAIL, LETTER, NONE], default=NONE, help="how (default: not)"
        )
        parser.add_argument(
            "--app", default="", metavar="ID", help="to which app, where the study has several"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, ask for nothing")
        parser.add_argument("--test-patient", action="store_true", help="somebody made up, instead of a file")
        parser.add_argument(
            "--output", metavar="FILE", help="what came of each, as CSV (default: standard output)"
        )
        parser.add_argument(
            "--wait", type=float, default=60.0, metavar="SECONDS", help="end when nothing moved so long"
        )

    def handle(self, *, by: str, study: str, **options: Any) -> None:
        """Do it; the exit code says how it went."""
        user = account_of(by)
        if options["test_patient"] == bool(options["file"]):
            self._refuse("Name a file, or ask for a test patient.")
        if not options["output"] and options["dry_run"] and options["test_patient"]:
            self._refuse("There is nothing to try with a test patient: it is one.")
        found = self._study(study, user)
        order = self._order(found, user, options)
        self._said_at = 0.0
        if options["test_patient"]:
            outcomes = self._with_test_patient(order)
        else:
            lines = self._lines(options)
            outcomes = (self._rehearse if options["dry_run"] else self._drive)(order, lines)
        self._write(outcomes, options["output"])
        self._sum_up(outcomes)

    # --- what is asked for ------------------------------------------------------------------

    def _study(self, name: str, user: User) -> Study:
        try:
            return choosing.study_named(name, by=user, reach=visibility.reach_of(user))
        except choosing.NoSuchStudy as none:
            self._refuse(str(none))
        except IntegrationError as fault:
            self._refuse(f"{fault.for_staff} {fault.next_step}".rstrip())

    def _order(self, study: Study, user: User, options: dict[str, Any]) -> Order:
        offer = None
        try:
            if options["invite"] != NONE:
                app = choosing.app_of(study, options["app"])
                offer = Offer(app=app, channel=_CHANNELS[options["invite"]])
            order = Order(study=study, by=user, offer=offer, wait=max(options["wait"], 0.0))
            driving.require(order)
        except choosing.ChooseApp as apps:
            self._refuse(f"{apps} (--app)")
        except Refused as refused:
            self._refuse(f"{refused.refusal.sentence} {refused.refusal.step}".rstrip())
        return order

    def _lines(self, options: dict[str, Any]) -> list[lists.Line]:
        name = options["file"]
        try:
            source = (
                (options.get("stdin") or sys.stdin.buffer).read() if name == "-" else Path(name).read_bytes()
            )
            return lists.read(source)
        except OSError as fault:
            self._refuse(f"The file cannot be read: {fault.strerror}.")
        except lists.Unreadable as unreadable:
            self._refuse(str(unreadable))

    # --- doing it ---------------------------------------------------------------------------

    def _drive(self, order: Order, lines: Sequence[lists.Line]) -> list[Outcome]:
        passengers = passengers_of(order, lines)
        drive = Drive(order, self._progress)
        try:
            drive.run(list(passengers.values()))
        except KeyboardInterrupt:
            self.stderr.write("\nEnded. The same file once more goes on from here.")
            sys.exit(INTERRUPTED)
        self._tell_bulks(drive)
        invites = order.offer is not None
        return [
            outcome_of(each.at, passengers[each.key(order.study, by=order.by)], drive, invites=invites)
            for each in lines
        ]

    def _rehearse(self, order: Order, lines: Sequence[lists.Line]) -> list[Outcome]:
        passengers = passengers_of(order, lines)
        outcomes = []
        for done, each in enumerate(lines, 1):
            passenger = passengers[each.key(order.study, by=order.by)]
            outcomes.append(rehearsed(each.at, passenger, invites=order.offer is not None))
            self._progress("looked up", done, len(lines))
        return outcomes

    def _with_test_patient(self, order: Order) -> list[Outcome]:
        """Somebody made up, through the same steps."""
        try:
            patient = testing.make(order.study, by=order.by, reach=visibility.reach_of(order.by))
        except gate.Stopped as stopped:
            self._refuse(str(stopped))
        except Refused as refused:
            self._refuse(f"{refused.refusal.sentence} {refused.refusal.step}".rstrip())
        except IntegrationError as fault:
            self._refuse(f"{fault.for_staff} {fault.next_step}".rstrip())
        drive = Drive(order, self._progress)
        passenger = driving.made_up(patient)
        drive.run([passenger])
        return [outcome_of(0, passenger, drive, invites=order.offer is not None)]

    # --- what is said -----------------------------------------------------------------------

    def _progress(self, what: str, done: int, total: int) -> None:
        """At most a line a second, and the last one."""
        now = time.monotonic()
        if done == total or now - self._said_at >= SAID_EVERY:
            self._said_at = now
            self.stderr.write(f"{done} of {total} {what}")

    def _tell_bulks(self, drive: Drive) -> None:
        for kind, bulks in drive.bulks.items():
            for each in bulks:
                self.stderr.write(f"{kind}: /writes/bulks/{each.public_id}")
                if (
                    kind == Kind.INVITE
                    and drive.order.offer
                    and drive.order.offer.channel == Invitation.Channel.LETTER
                ):
                    self.stderr.write(
                        f"Letters, to be printed within the hour: /writes/bulks/{each.public_id}/letters"
                    )

    def _write(self, outcomes: Iterable[Outcome], path: str | None) -> None:
        text = csv_text(HEADER, [each.cells for each in outcomes])
        if not path:
            self.stdout.write(text.removeprefix("\ufeff"), ending="")
            return
        try:
            Path(path).write_text(text, encoding="utf-8", newline="")
        except OSError as fault:
            raise CommandError(
                f"What came of it cannot be written: {fault.strerror}.", returncode=1
            ) from None

    def _sum_up(self, outcomes: Sequence[Outcome]) -> None:
        counts = {verdict: sum(each.verdict is verdict for each in outcomes) for verdict in Verdict}
        self.stderr.write(", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count))
        if status := status_of(outcomes):
            sys.exit(status)

    def _refuse(self, *sentences: str) -> NoReturn:
        for each in sentences:
            self.stderr.write(each)
        self.stderr.write("Nothing was done.")
        sys.exit(NOTHING_DONE)
