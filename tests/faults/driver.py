"""Asks for writes over HTTP, column by column, and waits until each is over."""

from __future__ import annotations

import itertools
import math
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import requests
from django.db import OperationalError

from integrations.sandbox.faults import ActiveFault, Fault, FaultKind

from . import studies
from .columns import Column
from .databases import Database
from .intents import OVER, Effect, Held, Intent, Verb
from .judging import Key
from .kinds import CHAIN, Kind, edits_of_phones, phone_of_somebody_else
from .people import Made, People
from .processes import Portal
from .staff import NoAnswer, Staff
from .systems import Systems, SystemsClock

ASKERS = 6  # at a time
ONE_BY_ONE = frozenset({"invite"})  # nobody is invited once more while an invitation is on its way
AGAIN_SECONDS = 0.2  # after an ask that was not answered
AGES_SECONDS = 1200.0  # for one write that fails again and again before the next is asked for
GIVE_UP_SECONDS = 120.0  # on an ask that nobody answers
POLL_SECONDS = 0.3
BACKLOG = 24  # writes whose turn it is: more are not asked for until some are over
FAULT_SECONDS = 90.0  # that a column's faults stay set at most
STUCK_SECONDS = 300.0  # after the faults end, at the queue's own pace
INDEXED = 100  # records taken into the index at a time
# Every second write of a column meets its fault: a system that fails at all of them is left alone by the
# portal, and asked once a minute.
CREATE_SHARE = 0.85  # of the creations, until there were enough
# ... where it is sent again at once: five in vain for one person are for somebody to look at.
AT_ONCE_SHARE = 0.3
RETRIED_SHARE = 0.5  # of the requests for a record, where the fault comes before the effect

Unit = tuple[dict[str, Any], list[Intent]]  # one ask, and the writes that it asks for


@dataclass(slots=True, kw_only=True)
class Meanwhile:
    """What somebody else writes into a record while a form about it is open, and what is chosen then."""

    system: str
    values: Mapping[str, str] = field(repr=False)
    choice: str
    done: bool = False


@dataclass(slots=True, kw_only=True)
class Counted:
    """What one cell of the table says."""

    writes: int = 0
    met: int = 0  # requests that met the fault


@dataclass(slots=True, kw_only=True)
class Driver:
    """One run. ``intents`` is its own list; ``before`` the records as they were put in.

    ``go_on``: while it says so a column asks for more than its share (processes are being killed still).
    """

    systems: Systems
    clock: SystemsClock
    portal: Portal
    database: Database
    token: str = field(repr=False)
    cookie: str = field(repr=False)
    pace: float
    each: int
    kills_wanted: int
    people: People
    intents: list[Intent] = field(default_factory=list)
    before: dict[Key, Held] = field(default_factory=dict)
    cells: dict[tuple[str, str], Counted] = field(default_factory=dict)
    taken: int = 0
    conflicts: int = 0  # edits while which somebody else changed the same, and the page asked
    unasked: int = 0  # ... and it did not
    tried_again: int = 0  # what failed so often that who asked for it has it tried again
    go_on: Callable[[], bool] | None = None
    _numbers: Any = field(default_factory=lambda: itertools.count(1))
    _local: Any = field(default_factory=threading.local)

    # --- one column ---------------------------------------------------------------------

    def run(self, column: Column, kinds: Sequence[Kind]) -> None:
        """Ask for writes of these kinds under a fault, lift it, and wait until they are over."""
        asked: list[Intent] = []
        active: list[tuple[Kind, ActiveFault]] = []
        with column.around(self) if column.around else nullcontext():
            while True:
                rounds = self._plan(column, kinds)
                intents = [each for lane in rounds for _, units in lane for each in units]
                active += self._set_faults(column, kinds, intents)
                self._ask_all(rounds)
                asked += intents
                if self.go_on is None or not self.go_on():
                    break
            self._wait(asked, FAULT_SECONDS)
        self._lift(active)
        self._wait(asked, STUCK_SECONDS * self.pace)
        self.intents += asked
        self._count(asked, active)

    def settle(self, intents: Iterable[Intent]) -> None:
        """Wait until writes are over, as long as they may take."""
        self._wait(list(intents), STUCK_SECONDS * self.pace)

    # --- planning -----------------------------------------------------------------------

    def _plan(self, column: Column, kinds: Sequence[Kind]) -> list[list[Unit]]:
        """What is to be asked: lanes, each one ask after the other."""
        twice = 2 if column.fault is not None else 1
        creating = [each for each in kinds if each.creates]
        people = twice * self.each if creating else 0
        lanes = [[self.creation(column, creating, self.people.one())] for _ in range(people)]
        put_in: list[Key] = []
        taking_part: list[str] = []
        together = [each for each in kinds if each.phone and not each.put]
        several = math.ceil(twice * self.each / CHAIN / 2) if len(together) > 1 else 0
        for _ in range(several):
            lane, records = self._edits_in_several(column, together)
            lanes.append(lane)
            put_in += records
        for kind in kinds:
            if not kind.creates:
                wanted = twice * math.ceil(self.each / (CHAIN if kind.chained else 1))
                for _ in range(wanted - (several if kind in together else 0)):
                    lane, record = self._changes(column, kind)
                    lanes.append(lane)
                    put_in.append((kind.system, record))
                    if kind.in_study:
                        taking_part.append(record)
                    if kind.deletes:  # somebody beside, who has to stay
                        put_in.append((kind.system, self.systems.put_in(kind.system, self.people.one())))
        self._know(put_in, taking_part)
        random.Random(column.name).shuffle(lanes)
        return lanes

    def creation(self, column: Column, kinds: Sequence[Kind], made: Made) -> Unit:
        """One person, registered in several systems at once."""
        records: dict[str, Any] = {}
        intents = []
        for kind in kinds:
            ((ask, effects),) = kind.steps(made)
            records[kind.system] = ask
            intents.append(self._intent(column, kind, made, "", effects))
        return {"verb": "create", "records": records}, intents

    def _changes(self, column: Column, kind: Kind) -> tuple[list[Unit], str]:
        made = self.people.one()
        record = self.systems.put_in(kind.system, made, in_second=kind.in_second, in_study=kind.in_study)
        lane = []
        for ask, effects in kind.steps(made):
            intent = self._intent(column, kind, made, record, effects)
            if ask["verb"] == "edit":
                where: dict[str, Any] = {"records": {kind.system: record}}
            else:
                where = {"system": kind.system, "record": record}
            lane.append(({**ask, **where}, [intent]))
        if "phone" in lane[0][0].get("details", ()):
            _change_meanwhile(lane[0], kind, made)
        return lane, record

    def _edits_in_several(self, column: Column, kinds: Sequence[Kind]) -> tuple[list[Unit], list[Key]]:
        """Somebody whom several systems hold, edited everywhere at once."""
        made = self.people.one()
        records = {each.system: self.systems.put_in(each.system, made) for each in kinds}
        lane = []
        for ask, effects in edits_of_phones(made, [each.phone for each in kinds]):
            intents = [
                self._intent(column, each, made, records[each.system], (effects[each.phone],))
                for each in kinds
            ]
            lane.append(({**ask, "records": records}, intents))
        _change_meanwhile(lane[0], kinds[made.number % len(kinds)], made)
        return lane, list(records.items())

    def _intent(
        self, column: Column, kind: Kind, made: Made, record: str, effects: tuple[Effect, ...]
    ) -> Intent:
        return Intent(
            number=next(self._numbers),
            kind=kind.name,
            fault=column.name,
            system=kind.system,
            person=made.family,
            record=record,
            effects=effects,
        )

    def _know(self, records: Sequence[Key], taking_part: Sequence[str] = ()) -> None:
        """Let the index know records that were put in, and who takes part; remember them as they are."""
        from patients.services import index

        for start in range(0, len(records), INDEXED):
            read = [self.systems.as_portal_reads(*each) for each in records[start : start + INDEXED]]
            _until_it_can(partial(index.store, read))
        for each in taking_part:
            _until_it_can(partial(studies.know, self.systems.groups, [each]))
        held = self.systems.read((), records)
        self.before |= {key: held[key] for key in records}

    # --- faults -------------------------------------------------------------------------

    def _set_faults(
        self, column: Column, kinds: Sequence[Kind], intents: Sequence[Intent]
    ) -> list[tuple[Kind, ActiveFault]]:
        """A fault for each creation that is asked for, and for each record's requests."""
        active = []
        for kind in kinds:
            records = sorted({each.record for each in intents if each.kind == kind.name})
            board = self.systems.faults[kind.system]
            if kind.put:  # the server of these records knows no PATCH
                for each in map(kind.pattern, records):
                    board.add(Fault(kind=FaultKind.STATUS, status=405, method="PATCH", path=each))
            never = column.reason(kind, self.database.vendor, self.systems.dialect)
            if column.fault is None or never:
                continue
            for record, often in self._often(column.fault, kind, records):
                path = kind.pattern(record)
                fault = replace(column.fault, method=kind.method, path=path, **often)
                active.append((kind, board.add(fault)))
        return active

    def _often(
        self, fault: Fault, kind: Kind, records: Sequence[str]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """Which records' requests meet a fault, and how often. In a chain where nothing is done, so that
        the same is sent again, by chance: the first write would have it all."""
        if kind.creates or kind.shared:
            is_at_once = fault.kind is FaultKind.HALF_DONE or (fault.status == 500 and not fault.after_effect)
            yield "", {"times": self.each, "share": AT_ONCE_SHARE if is_at_once else CREATE_SHARE}
            return
        if kind.chained and not _takes_effect(fault):
            yield from ((each, {"times": CHAIN, "share": RETRIED_SHARE}) for each in records)
            return
        yield from ((each, {"times": CHAIN if kind.chained else 1}) for each in records[::2])

    def _lift(self, active: Sequence[tuple[Kind, ActiveFault]]) -> None:
        for kind, fault in active:
            self.systems.faults[kind.system].remove(fault.id)

    def _count(self, asked: Sequence[Intent], active: Sequence[tuple[Kind, ActiveFault]]) -> None:
        for intent in asked:
            self.cells.setdefault(intent.cell, Counted()).writes += 1
        for kind, fault in active:
            for intent in asked:
                if intent.kind == kind.name:
                    self.cells[intent.cell].met += fault.hits
                    break

    # --- asking -------------------------------------------------------------------------

    def _ask_all(self, lanes: Sequence[Sequence[Unit]]) -> None:
        """Ask lane by lane, no faster than the portal works: else a system that fails for a while would
        only be asked for what it fails at."""
        begun: list[list[Intent]] = []
        looked = threading.Lock()

        def work(lane: Sequence[Unit]) -> None:
            while True:
                with looked:
                    waiting = [_first_open(each) for each in begun]
                    if sum(each is not None and each.state != "unknown" for each in waiting) < BACKLOG:
                        begun.append([each for _, intents in lane for each in intents])
                        break
                    self._look([each for lane in begun for each in lane])
                time.sleep(POLL_SECONDS / 3)
            before: Sequence[Intent] = ()
            for ask, intents in lane:
                if ask["verb"] in ONE_BY_ONE:
                    self._until_done(before)
                self.ask(ask, intents)
                before = intents

        with ThreadPoolExecutor(ASKERS) as pool:
            list(pool.map(work, lanes))

    def _until_done(self, intents: Sequence[Intent]) -> None:
        """Wait until these are over; one that failed so often that it is held is tried again, as who asked
        for it would."""
        ends = time.monotonic() + AGES_SECONDS
        while time.monotonic() < ends:
            is_open = self._look(intents)
            held = [each for each in intents if each.state == "held"]
            if held:
                self.post("again", {"operations": [each.operation for each in held]})
                self.tried_again += len(held)
                for each in held:
                    each.state = "waiting"
            elif not is_open:
                return
            time.sleep(POLL_SECONDS)

    def ask(self, ask: dict[str, Any], intents: Sequence[Intent]) -> None:
        """Ask until somebody answers: the number makes a second time harmless."""
        body = {**ask, "number": f"ask-{intents[0].number}", "parks": bool(intents[0].number % 2)}
        ends = time.monotonic() + GIVE_UP_SECONDS
        while time.monotonic() < ends:
            answer = self._answer(body)
            if answer is None:
                time.sleep(AGAIN_SECONDS)
                continue
            if "operations" not in answer:
                self.taken += 1
                return
            for intent in intents:
                self._note(intent, answer, body.get("meanwhile"))
            return

    def _note(self, intent: Intent, answer: dict[str, Any], meanwhile: Meanwhile | None) -> None:
        """Keep what was answered; where what somebody else wrote was to stay, that is what is wanted. Where
        nothing was recorded for another reason, it is found as lost."""
        intent.answered = True
        if intent.system in answer["operations"]:
            intent.operation, own_id = answer["operations"][intent.system]
            intent.effects = tuple(
                replace(each, value=own_id) if each.value is None else each for each in intent.effects
            )
        else:
            intent.state = "done"
        if meanwhile is not None and meanwhile.system == intent.system:
            effects = {effect.field: effect for effect in intent.effects}
            others = {
                name: Effect(Verb.SET, name, value)
                for name, value in meanwhile.values.items()
                if name not in effects or not intent.operation
            }
            intent.effects = tuple((effects | others).values())

    def _answer(self, body: dict[str, Any]) -> dict[str, Any] | None:
        """Registrations and edits go by the forms of staff, all else by the door."""
        try:
            if body["verb"] == "create":
                return self.staff().register(body["number"], body["records"], parks=body["parks"])
            if body["verb"] == "edit":
                return self._edited(body)
        except NoAnswer:
            return None
        return self.post("ask", body)

    def _edited(self, body: dict[str, Any]) -> dict[str, Any]:
        """Once, while the form is open, somebody else changes the same in one of the systems."""
        meanwhile: Meanwhile | None = body.get("meanwhile")
        begun = meanwhile is None or meanwhile.done

        def happen() -> None:
            if meanwhile is not None and not meanwhile.done:
                meanwhile.done = True
                for name, value in meanwhile.values.items():
                    record = body["records"][meanwhile.system]
                    self.systems.set_elsewhere(meanwhile.system, record, name, value)

        answer = self.staff().edit(
            body["number"],
            body["records"],
            body["details"],
            parks=body["parks"],
            meanwhile=happen,
            choice=meanwhile.choice if meanwhile else "mine",
        )
        if not begun:
            self.conflicts += bool(answer["asked"])
            self.unasked += not answer["asked"]
        return answer

    def staff(self) -> Staff:
        """The browser of this thread."""
        mine: Staff | None = getattr(self._local, "staff", None)
        if mine is None:
            mine = self._local.staff = Staff(self.portal.address, self.cookie)
        return mine

    def post(self, view: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """The door's answer, ``None`` where none came or the portal is in trouble. Raises for a mistake."""
        try:
            reply = self._session().post(f"{self.portal.address}/faults/{view}", json=body, timeout=30)
        except requests.RequestException:
            self._local.session = None
            return None
        if reply.status_code == 503:
            return None
        if reply.status_code not in (200, 201, 409):
            raise RuntimeError(f"the door answered {reply.status_code}")
        answer: dict[str, Any] = reply.json()
        return answer

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            session.trust_env = False
            session.headers["X-Faults-Token"] = self.token
        return session

    # --- waiting ------------------------------------------------------------------------

    def _wait(self, intents: Sequence[Intent], seconds: float) -> None:
        """Return when all that were answered are over, or after so many seconds."""
        ends = time.monotonic() + seconds
        while self._look(intents) and time.monotonic() < ends:
            time.sleep(POLL_SECONDS)

    def _look(self, intents: Sequence[Intent]) -> int:
        """Take in how far writes are; returns how many are not over."""
        open_ones = {each.operation: each for each in intents if each.answered and each.state not in OVER}
        told = self.post("states", {"operations": list(open_ones)}) if open_ones else {}
        for operation, (state, why) in (told or {}).items():
            open_ones[operation].state, open_ones[operation].why = state, why
        return sum(each.state not in OVER for each in open_ones.values())


def _until_it_can(work: Callable[[], object]) -> None:
    """Again and again while the database is being held up, which is meant for the portal."""
    while True:
        try:
            work()
            return
        except OperationalError:
            continue


def _change_meanwhile(unit: Unit, kind: Kind, made: Made) -> None:
    """While every second form is open somebody else changes the same, and something beside it."""
    if made.number % 4 < 2:
        ask, _ = unit
        values = {kind.phone: phone_of_somebody_else(made)}
        if kind.beside:
            values[kind.beside] = f"meanwhile {made.number}"
        choice = "theirs" if made.number % 8 < 2 else "mine"
        ask["meanwhile"] = Meanwhile(system=kind.system, values=values, choice=choice)


def _first_open(lane: Sequence[Intent]) -> Intent | None:
    return next((each for each in lane if each.state not in OVER), None)


def _takes_effect(fault: Fault) -> bool:
    kinds = (FaultKind.DELAY, FaultKind.TRUNCATED, FaultKind.WRONG_TYPES, FaultKind.HALF_DONE)
    return fault.after_effect or fault.kind in kinds
