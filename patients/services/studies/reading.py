"""Reading studies, step by step; any process can go on after any step.

An organization's list comes first, then who takes part, how invitations stand, which data came, and what the
people decided whom a page shows; what all others decided follows at the system's pace.
"""

from __future__ import annotations

import threading
import time
from typing import cast

import structlog
from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone

from integrations.abilities import Capability, HasStudies, Invites, KeepsConsents, System
from integrations.errors import Forbidden, IntegrationError, NotFound, Unauthorised
from integrations.registry import label_of, systems_with
from patients.models import Participant, Study, StudyReading
from patients.services import reading as background_reading
from patients.services.connections import is_set_up, open_system
from patients.services.operations import clock
from patients.services.sync_runs import new_owner
from portal.accounts.models import PersonToken

from . import arrivals, everybody, mirror, news_of_invitations, readings
from .readings import DECISIONS_HOLD, FRESH_FOR, LostLease, Phase

log = structlog.get_logger(__name__)

IDLE_SECONDS = 0.5  # between looks for what is to be read
TROUBLED_SECONDS = 2.0  # where the database refuses
TURN_SECONDS = 3.0  # of one reading; then another that waits goes first
STEP_SECONDS = 60.0  # what one step may take, retries and waiting for its turn included
DECISIONS_TOGETHER_SECONDS = 2.0


# --- in the worker --------------------------------------------------------------------------


def work(ended: threading.Event) -> list[threading.Thread]:
    """Begin to read what is asked for, until ``ended``; each thread finishes the step at hand."""
    names = [name for name in systems_with(Capability.STUDIES) if is_set_up(name)]
    threads = [
        threading.Thread(target=_loop, args=(name, ended), name="reading studies", daemon=True)
        for name in names
    ]
    for each in threads:
        each.start()
    return threads


def _loop(system: str, ended: threading.Event) -> None:
    owner = new_owner()
    while not ended.is_set():
        try:
            close_old_connections()
            pause = 0.0 if take_turn(system, owner) else IDLE_SECONDS
        except DatabaseError as fault:  # the lease ends by itself, and somebody looks again
            log.warning("reading studies waits for the database", system=system, error=type(fault).__name__)
            pause = TROUBLED_SECONDS
        except Exception as fault:
            log.error("reading studies failed", system=system, exc_info=fault)
            pause = TROUBLED_SECONDS
        if pause:
            ended.wait(pause)
    connection.close()


def take_turn(system: str, owner: str, *, seconds: float = TURN_SECONDS) -> bool:
    """Work for a moment on the reading that waits longest; whether there was one."""
    reading = readings.claim(system, owner)
    if reading is None:
        return False
    ends = time.monotonic() + seconds
    try:
        while _Steps(reading).one() and time.monotonic() < ends:
            continue
    except LostLease:
        log.info("reading taken over", system=system)
    except IntegrationError as fault:
        log.warning("reading waits", system=system, operation=fault.operation, error=type(fault).__name__)
        readings.pause(reading, fault)
    except Exception:
        ours = IntegrationError(
            system=system, operation="studies", label=label_of(system), reason="our fault"
        )
        readings.pause(reading, ours)
        raise
    finally:
        readings.release(reading)
    return True


def read_all(owner: str = "in turn") -> int:
    """Read everything that is asked for, in this thread; returns how many turns that took."""
    turns = 0
    for system in [name for name in systems_with(Capability.STUDIES) if is_set_up(name)]:
        while take_turn(system, owner):
            turns += 1
    return turns


# --- steps ----------------------------------------------------------------------------------


class _Steps:
    """The next step of one reading."""

    def __init__(self, reading: StudyReading) -> None:
        self.reading = reading

    def one(self) -> bool:
        """Take it; false where the reading has ended with it. Where the sign-in of who asked has ended, the
        portal's own access goes on."""
        try:
            return self._one(self._adapter())
        except Unauthorised:
            if self.reading.asked_by is None:
                raise
            readings.keep(self.reading, asked_by=None)
            return True

    def _one(self, adapter: System) -> bool:
        study: Study | None = self.reading.study
        if study is None:
            return self._list(adapter)
        if self.reading.phase in (Phase.SHOWN, Phase.DECISIONS):
            return self._decisions(adapter, study)
        steps = {
            Phase.PLAN: self._plan,
            Phase.PEOPLE: self._people,
            Phase.INVITATIONS: self._invitations,
            Phase.DATA: self._data,
        }
        steps[Phase(self.reading.phase)](adapter, study)
        return True

    def _adapter(self) -> System:
        """With the access of who asked last, who reaches the organization; else with the portal's own."""
        by, system = self.reading.asked_by, self.reading.system
        if by is not None and by.is_active and PersonToken.objects.filter(user=by, system=system).exists():
            return open_system(system, by=by, seconds=STEP_SECONDS, background=True)
        return background_reading.background(system, seconds=STEP_SECONDS).adapter

    def _list(self, adapter: System) -> bool:
        """The organization's studies with what each asks for; the people of each are counted after."""
        reading, now = self.reading, timezone.now()
        studies = cast(HasStudies, adapter)
        rows = mirror.keep_studies(
            reading.system, reading.organization, studies.studies(reading.organization), now
        )
        for study in rows:
            self._keep_plan(adapter, study)
            readings.keep(reading)
        reading.refresh_from_db(fields=["asked_by", "with_people"])
        by = reading.asked_by
        for study in rows if reading.with_people else ():
            readings.ask_for_study(study, by=by, hold=readings.COUNTS_HOLD)
        readings.end(reading, fresh_at=now)
        return False

    def _plan(self, adapter: System, study: Study) -> None:
        self._keep_plan(adapter, study)
        readings.go_on(self.reading, Phase.PEOPLE)

    def _keep_plan(self, adapter: System, study: Study) -> None:
        plan = cast(HasStudies, adapter).study_plan(study.remote_id, study.organization)
        tells = isinstance(adapter, Invites) and adapter.tells_states()
        mirror.keep_plan(study, plan, tells_states=tells, now=timezone.now())

    def _people(self, adapter: System, study: Study) -> None:
        everybody.read(cast(HasStudies, adapter), study, alive=lambda: readings.keep(self.reading))
        readings.go_on(self.reading, Phase.INVITATIONS)

    def _invitations(self, adapter: System, study: Study) -> None:
        if isinstance(adapter, Invites) and adapter.tells_states():
            news_of_invitations.read(adapter.every_invitation(), study, self.reading)
        readings.go_on(self.reading, Phase.DATA, fresh_at=timezone.now())

    def _data(self, adapter: System, study: Study) -> None:
        """What a step has time for; whoever waits for decisions does not wait for the rest."""
        arrivals.read(cast(HasStudies, adapter), study, self.reading)
        readings.go_on(self.reading, Phase.SHOWN)

    # --- decisions --------------------------------------------------------------------------

    def _decisions(self, adapter: System, study: Study) -> bool:
        """Those of people whom a page shows, then all others', the oldest first; some a step."""
        reading = self.reading
        reading.refresh_from_db(fields=["wanted", "phase", "with_decisions", "asked_at"])
        if (
            reading.with_decisions
            and isinstance(adapter, KeepsConsents)
            and self._some_decisions(adapter, study)
        ):
            return True
        if reading.phase == Phase.SHOWN:
            readings.go_on(reading, Phase.DECISIONS, fresh_at=timezone.now())
            return True
        if reading.data_pass:
            arrivals.read(cast(HasStudies, adapter), study, reading)
            return True
        readings.end(reading)
        return False

    def _some_decisions(self, adapter: KeepsConsents, study: Study) -> bool:
        """Read some that are due; false where there are none of those that this phase is for. What was read
        shortly before somebody asked is not due, so that this ends however slow the system is."""
        reading = self.reading
        rows = mirror.due_decisions(study, before=reading.asked_at - FRESH_FOR, first=reading.wanted)
        everybodys = reading.asked_at - DECISIONS_HOLD
        if not rows and reading.phase == Phase.DECISIONS:
            rows = mirror.due_decisions(study, before=everybodys)
        until = time.monotonic() + DECISIONS_TOGETHER_SECONDS
        for row in rows:
            self._read_decisions(adapter, row)
            if time.monotonic() > until:
                break
        if rows:
            readings.keep(reading, left=mirror.count_due(study, before=everybodys))
        return bool(rows)

    def _read_decisions(self, adapter: KeepsConsents, row: Participant) -> None:
        now, study = clock.now(), row.study
        try:
            found = adapter.decisions(row.record.remote_id, study.organization)
        except (Forbidden, NotFound):
            mirror.passed_over(row, now)
        else:
            mirror.keep_decisions(row, found.by_study.get(study.remote_id, ()), now)
