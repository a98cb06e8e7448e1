"""One run against one database, from an empty one to the verdict."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from django.core.management import call_command

from patients.models import Attempt
from portal.accounts.models import PersonToken, User
from portal.accounts.opening import open_account
from portal.accounts.roles import Role

from . import FULL, KILLS, proving, report, studies, twenty
from .columns import COLUMNS, Column
from .databases import Database
from .door import token_for
from .driver import Driver
from .intents import OPEN_TO_PEOPLE, OVER, Intent
from .judging import Finding, counts, judge
from .kinds import kinds_for
from .people import People
from .processes import Portal
from .staff import signed_in
from .studies import kinds_of_studies
from .systems import Systems, SystemsClock

SHORT = 2


class Run:
    """One run. Everything that it prints is Markdown, notes and one JSON line."""

    def __init__(
        self,
        options: argparse.Namespace,
        *,
        systems: Systems,
        clock: SystemsClock,
        database: Database,
        folder: Path,
    ) -> None:
        self.options = options
        self.systems = systems
        self.clock = clock
        self.database = database
        self.folder = folder
        columns = [each for each in COLUMNS if not (options.jhe and each.by_clock)]
        self.columns = [each for each in columns if _is_named(each.name, options.faults)]
        self.kinds = [
            each
            for each in (*kinds_for(systems.groups), *kinds_of_studies(systems.groups, systems.dialect))
            if each.system in systems.faults and _is_named(each.name, options.kinds)
        ]
        self.problems: list[str] = []
        if options.prove:
            self.columns, options.each = [COLUMNS[0]], SHORT

    def run(self) -> int:
        """Do all of it; the exit code."""
        begun = time.monotonic()
        user = self._prepared()
        workers = self.options.workers or (2 if self.database.vendor == "sqlite" else 4)
        portal = Portal({}, self.folder, workers=workers)
        driver = Driver(
            systems=self.systems,
            clock=self.clock,
            portal=portal,
            database=self.database,
            people=People(self.options.seed),
            token=token_for(user.pk),
            cookie=signed_in(user),
            pace=self.options.pace,
            each=self.options.each,
            kills_wanted=KILLS if self.options.each >= FULL else min(KILLS, self.options.each),
        )
        try:
            portal.start()
            for column in [] if self.options.twenty else self.columns:
                self._column(driver, column)
            # With part of the faults somebody is looking into those.
            if self.options.twenty or (len(self.columns) == len(COLUMNS) and not self.options.kinds):
                self.problems = list(twenty.problems(driver, user.pk))
        finally:
            portal.stop()
        if self.options.twenty:
            return self._of_twenty()
        return self._verdict(driver, time.monotonic() - begun)

    def _of_twenty(self) -> int:
        for line in self.problems:
            _say(line)
        _say(json.dumps({"database": self.database.vendor, "twenty_at_once": not self.problems}))
        return int(bool(self.problems))

    def _prepared(self) -> User:
        """An empty database, and an account that may write everywhere."""
        call_command("migrate", run_syncdb=True, verbosity=0)
        call_command("createcachetable", verbosity=0)
        user = open_account(email="driver@example.org", name="Drew Driver", role=Role.CLINIC_STAFF)
        subject, access, refresh = self.systems.tokens()
        PersonToken.objects.create(user=user, system="jhe", subject=subject, access=access, refresh=refresh)
        if self.systems.groups.study:
            studies.prepare(self.systems.groups, self.systems.dialect)
        return user

    def _column(self, driver: Driver, column: Column) -> None:
        if self.database.vendor not in column.databases:
            return
        begun = time.monotonic()
        before = len(driver.intents)
        known = self.systems.dialect == "current"
        driver.run(column, [each for each in self.kinds if known or not each.not_before_2026])
        asked_for = driver.intents[before:]
        states = {state: sum(each.state == state for each in asked_for) for state in OVER}
        _say(f"- {column.name}: {len(asked_for)} writes, {states}, {time.monotonic() - begun:.0f} s")

    # --- the verdict --------------------------------------------------------------------

    def _verdict(self, driver: Driver, seconds: float) -> int:
        after = self.systems.read(driver.intents, driver.before)
        findings = judge(driver.intents, driver.before, after)
        unproven = [] if findings else proving.missed(driver.intents, driver.before, after)
        stuck = [each for each in driver.intents if each.answered and each.state not in OVER]
        self._print(driver, findings, stuck, unproven)
        for line in self.problems:
            _say(f"Twenty at once: {line}")
        kept = list(self.systems.problems(driver.intents, self.folder))
        for line in kept:
            _say(f"The portal keeps it wrong: {line}")
        numbers = self._numbers(driver, findings, stuck, seconds)
        _say(json.dumps(numbers))
        short = self._too_few(driver, numbers)
        for line in short:
            _say(f"Too few: {line}")
        told = driver.taken or driver.unasked or self.problems or kept
        return int(bool(findings or stuck or short or unproven or told))

    def _numbers(
        self, driver: Driver, findings: list[Finding], stuck: list[Intent], seconds: float
    ) -> dict[str, object]:
        answered = [each for each in driver.intents if each.answered]
        return {
            "database": self.database.vendor,
            "jhe": self.systems.dialect,
            "writes": len(answered),
            "not_answered": len(driver.intents) - len(answered),
            "faulted": sum(each.met for each in driver.cells.values()),
            "unknown_outcomes": Attempt.objects.filter(sent=True, outcome="not known").count(),
            "cut_off": Attempt.objects.filter(ended_at=None).count(),
            "kills": driver.portal.kills,
            "locks": self.database.locks,
            **counts(findings),
            "stuck": len(stuck),
            "held": sum(each.state == "held" for each in answered),
            "behind": sum(each.state == "behind" for each in answered),
            "tried_again": driver.tried_again,
            "refused": sum(each.state == "refused" for each in answered),
            "taken": driver.taken,
            "conflicts": driver.conflicts,
            "unasked": driver.unasked,
            "seconds": round(seconds),
        }

    def _print(
        self, driver: Driver, findings: list[Finding], stuck: list[Intent], unproven: list[str]
    ) -> None:
        dialect, vendor = self.systems.dialect, self.database.vendor
        _say("")
        _say(
            report.table(
                driver.cells,
                findings,
                kinds=self.kinds,
                columns=self.columns,
                database=vendor,
                dialect=dialect,
            )
        )
        _say("")
        for finding in findings:
            _say(str(finding))
        held = [each for each in driver.intents if each.state in OPEN_TO_PEOPLE]
        for intent in (*held, *stuck):
            place = f"{intent.kind} × {intent.fault} · intent {intent.number}"
            _say(f"{intent.state or 'never told'} {intent.why} · {place} {intent.operation}")
        for line in unproven:
            _say(f"The judge is not proven: {line}")

    def _too_few(self, driver: Driver, numbers: dict[str, object]) -> list[str]:
        if self.options.prove:
            return []
        short = report.too_few(
            driver.cells,
            kinds=self.kinds,
            columns=self.columns,
            database=self.database.vendor,
            dialect=self.systems.dialect,
            each=self.options.each,
        )
        names = {each.name for each in self.columns}
        for which, kills in driver.portal.kills.items():
            if f"{which} killed" in names and kills < driver.kills_wanted:
                short.append(f"{which} processes killed: {kills}")
        return short


def _is_named(name: str, wanted: list[str] | None) -> bool:
    return not wanted or any(each in name for each in wanted)


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 (what it is run for)
