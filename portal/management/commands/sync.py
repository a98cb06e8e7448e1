"""``manage.py sync``: read the systems into the index now, with progress."""

from __future__ import annotations

import os
import signal
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations.errors import IntegrationError
from integrations.registry import label_of, system_names
from patients.models import SyncRun
from patients.services import installations, key_making, reading, sync, sync_runs, sync_schedule
from patients.services.connections import is_set_up
from patients.services.sync import Outcome

FAILED, LATER, INTERRUPTED = 1, 3, 130
SAID_EVERY = 1.0  # seconds between lines of progress
TURN_SECONDS = 5.0
WAIT_SECONDS = 0.5  # between looks at a run that another process works on

Kind = SyncRun.Kind


class Command(BaseCommand):
    """May be ended at any time, by whatever means: the next run, or the worker, goes on where it stopped.

    Ends with 0 when all is read, 1 where somebody has to mend something, 3 where a system can be read
    on only later (its quota is used up, or it does not answer: the worker goes on by itself), and 130
    after Ctrl-C.
    """

    help = "Reads the systems into the index: short rows of everybody first, then whole records."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which systems, and how much of them."""
        parser.add_argument("systems", nargs="*", metavar="system", help="by default all that are set up")
        parser.add_argument("--full", action="store_true", help="everybody, also where changes would do")
        parser.add_argument(
            "--same-installation",
            action="store_true",
            help="the address of the named systems is new, the installation is not",
        )
        depth = parser.add_mutually_exclusive_group()
        depth.add_argument("--rows", action="store_true", help="only short rows, no whole records")
        depth.add_argument("--whole", action="store_true", help="only whole records, no rows")

    def handle(self, *, systems: list[str], full: bool, rows: bool, whole: bool, **options: Any) -> None:
        """Read rows of all, then whole records of all; say how it ended."""
        if options["same_installation"]:
            self._accept(systems)
        self._owner = sync_runs.new_owner()
        self._statuses = {0}
        self._is_ending = False
        try:
            with self._listening():
                if not key_making.is_finished():
                    self.stderr.write(NOT_FITTING)
                names = [name for name in self._chosen(systems) if self._is_on(name, named=bool(systems))]
                for name in names if not whole else ():
                    self._read(name, Kind.FULL if full else sync_schedule.kind_of_rows(name))
                for name in names if not rows else ():
                    self._read_whole(name)
        except KeyboardInterrupt:
            self.stderr.write("\nEnded. The next sync, or the worker, goes on from here.")
            sys.exit(INTERRUPTED)
        if FAILED in self._statuses or LATER in self._statuses:
            sys.exit(FAILED if FAILED in self._statuses else LATER)

    def _accept(self, systems: list[str]) -> None:
        if not systems:
            raise CommandError("Name the systems whose address is new.")
        for name in self._chosen(systems):
            if installations.accept(name):
                self.stdout.write(
                    f"{label_of(name)}: its address of now belongs to the installation read before."
                )

    def _chosen(self, systems: list[str]) -> list[str]:
        known = system_names()
        if unknown := sorted(set(systems) - set(known)):
            raise CommandError(f"No such system: {', '.join(unknown)}. There are: {', '.join(known)}.")
        return [name for name in known if name in systems or not systems]

    def _is_on(self, system: str, *, named: bool) -> bool:
        """Whether a system can be read; says why not. Only who names a system is told off for it."""
        if not is_set_up(system) and not named:
            return False
        try:
            reading.background(system)
        except IntegrationError as fault:
            off = fault.reason == "off"
            self.stderr.write(
                f"{label_of(system)}: {'off. ' if off else ''}{fault.for_staff} {fault.next_step}"
            )
            self._statuses.add(0 if off and not named else LATER if fault.retryable else FAILED)
            return False
        return True

    def _read(self, system: str, kind: str) -> Outcome:
        """Finish the run that is open, and do one of this kind."""
        while (run := sync_runs.open_run(system)) and run.kind != kind:
            if (outcome := self._finish(run)) is not Outcome.ENDED:
                return outcome
        return self._finish(sync_runs.begin(system, kind, source=SyncRun.Source.COMMAND))

    def _read_whole(self, system: str) -> None:
        while sync.due_whole(system).exists():
            outcome = self._read(system, Kind.WHOLE)
            last = sync_runs.last_run(system, Kind.WHOLE)
            if outcome is not Outcome.ENDED or last is None or not (last.read or last.vanished):
                return

    def _finish(self, run: SyncRun) -> Outcome:
        """Work on a run until it ends or waits; where another process works on it, until that is done."""
        sync_runs.hasten(run)
        said = _Said(self)

        def after_a_step(run: SyncRun) -> None:
            said.progress(run)
            self._end_if_asked()

        while not run.ended_at:
            self._end_if_asked()
            outcome = sync.work(run, self._owner, seconds=TURN_SECONDS, then=after_a_step)
            if outcome in {Outcome.WAITING, Outcome.STOPPED}:
                self._say_end(run, LATER if outcome is Outcome.WAITING else FAILED)
                return outcome
            if outcome is Outcome.TAKEN:
                said.once(f"{label_of(run.system)}: another process is reading it. Waiting for that.")
                time.sleep(WAIT_SECONDS)
                run.refresh_from_db()
        self._say_end(run, 0 if run.is_complete else FAILED)
        return Outcome.ENDED

    @contextmanager
    def _listening(self) -> Iterator[None]:
        before = {each: signal.signal(each, self._ask_to_end) for each in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def _ask_to_end(self, *_: Any) -> None:
        """Remember a first signal until the step is done: raised in the middle of a transaction, Django
        may not be able to undo it. A second one does not wait."""
        if self._is_ending:
            raise KeyboardInterrupt
        self._is_ending = True
        os.write(sys.stderr.fileno(), ENDING)

    def _end_if_asked(self) -> None:
        if self._is_ending:
            raise KeyboardInterrupt

    def _say_end(self, run: SyncRun, status: int) -> None:
        self._statuses.add(status)
        self.stdout.write(_line(run, "ended" if run.ended_at else "stopped"))
        if run.problem:
            self.stderr.write(f"{label_of(run.system)}: {run.problem} {run.next_step}")


NOT_FITTING = (
    "The index was keyed with another SECRET_KEY, or by another version, or making its keys anew did not "
    "come to its end: people are not found by it. Run manage.py rekey."
)
ENDING = b"\nEnding after this step. Press Ctrl-C once more to end at once.\n"
_WORDS = {Kind.FULL: "everybody", Kind.CHANGES: "what changed", Kind.WHOLE: "whole records"}


class _Said:
    """What was said of one run, and when."""

    def __init__(self, command: Command) -> None:
        self._command = command
        self._said_at = time.monotonic()
        self._texts: set[str] = set()

    def progress(self, run: SyncRun) -> None:
        """A line, if the last one was a while ago."""
        if time.monotonic() - self._said_at >= SAID_EVERY:
            self._said_at = time.monotonic()
            self._command.stdout.write(_line(run, "so far"))
            self._command.stdout.flush()

    def once(self, text: str) -> None:
        """A line, unless it was said."""
        if text not in self._texts:
            self._texts.add(text)
            self._command.stdout.write(text)


def _line(run: SyncRun, how: str) -> str:
    counts = f"{run.read} read, {run.new} new, {run.changed} changed, {run.vanished} gone"
    more = [f"{run.joined} joined"] if run.joined else []
    more += [f"{run.errors} errors"] if run.errors else []
    more += [f"{run.long_blocks} details shared by too many to compare"] if run.long_blocks else []
    more += [f"about {run.left} to go"] if run.left else []
    return f"{label_of(run.system)}, {_WORDS[Kind(run.kind)]}, {how}: {', '.join([counts, *more])}"
