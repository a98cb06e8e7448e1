"""What the connections page says of reading each system into the index, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.utils import timezone
from django.utils.formats import date_format

from integrations.errors import NotConfigured
from patients.models import SourceRecord, SyncRun

from . import key_making, reading, sync_runs
from .asking import Question, ask_all
from .reading import Reader

ASK_SECONDS = 3.0  # what the page waits for a system to say whether it gives out keys
Kind = SyncRun.Kind


class State(StrEnum):
    """How reading a system stands."""

    OFF = "off"
    NEVER = "not read yet"
    RUNNING = "being read"
    WAITING = "waiting"
    STOPPED = "stopped"
    FAILED = "incomplete"
    DONE = "up to date"


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncStatus:
    """How reading one system stands: sentences for admins, and one for all staff.

    ``done`` and ``total`` are records of the run that is going on, 0 where nobody can tell.
    """

    system: str
    state: State
    sentences: tuple[str, ...] = ()
    problem: str = ""
    next_step: str = ""
    for_staff: str = ""
    done: int = 0
    total: int = 0

    @property
    def is_on(self) -> bool:
        """Whether it can be read at all."""
        return self.state is not State.OFF

    @property
    def is_running(self) -> bool:
        """Whether it is being read now, or is about to be."""
        return self.state is State.RUNNING


def status_of(system: str) -> SyncStatus:
    """How reading a system stands now."""
    off = _why_off(system)
    last = sync_runs.last_run(system, Kind.FULL, Kind.CHANGES)
    run = sync_runs.open_run(system)
    sentences = [*([_going_on(run)] if run else []), *([_ended(last)] if last else []), *_held(system)]
    problem, step = _problem(run, last)
    state = State.OFF if off else _state(run, last)
    if off:
        sentences = [f"Off: {off.for_staff}", *sentences[bool(run) :]]
        problem, step = "", off.next_step
    return SyncStatus(
        system=system,
        state=state,
        sentences=tuple(sentences),
        problem=problem,
        next_step=step,
        for_staff=_last_read(last),
        done=run.read if run else 0,
        total=run.read + run.left if run and run.left else 0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncNote:
    """How reading a system stands, as far as it is written down here: the system is not asked."""

    for_staff: str
    problem: str = ""
    next_step: str = ""


def note_of(system: str) -> SyncNote:
    """How reading a system stands, by the runs that were kept."""
    last = sync_runs.last_run(system, Kind.FULL, Kind.CHANGES)
    problem, next_step = _problem(sync_runs.open_run(system), last)
    return SyncNote(for_staff=_last_read(last), problem=problem, next_step=next_step)


def _last_read(last: SyncRun | None) -> str:
    return f"Its people were last read {_when(last)}." if last else "Its people were not read yet."


def _why_off(system: str) -> NotConfigured | None:
    """Why the system is not read, where it is not; a system that does not say is not off."""
    question: Question[Reader] = Question(
        system=system,
        operation="sync",
        seconds=ASK_SECONDS,
        work=lambda: reading.background(system, seconds=ASK_SECONDS),
    )
    answer = ask_all({system: question})[system]
    return answer if isinstance(answer, NotConfigured) else None


def _state(run: SyncRun | None, last: SyncRun | None) -> State:
    if run is not None:
        if not run.problem:
            return State.RUNNING
        return State.STOPPED if run.failures else State.WAITING
    if last is None:
        return State.NEVER
    return State.DONE if last.is_complete else State.FAILED


def _problem(run: SyncRun | None, last: SyncRun | None) -> tuple[str, str]:
    if not key_making.fits():
        return (
            "The index was keyed with another SECRET_KEY, or by another version: nobody is found by it.",
            "Run manage.py rekey on the server.",
        )
    if not key_making.is_finished():
        return (
            "The index was being keyed anew, and that has not come to its end: some people are not found.",
            "Run manage.py rekey on the server, or let it go on where it runs.",
        )
    if run is not None and run.problem:
        on = f"It goes on by itself {_at(run)}." if run.resume_at else ""
        return run.problem, f"{run.next_step} {on}".strip()
    if run is None and last is not None and last.problem:
        return last.problem, last.next_step
    return "", ""


_WHAT = {Kind.FULL: "everybody", Kind.CHANGES: "what changed", Kind.WHOLE: "whole records"}


def _going_on(run: SyncRun) -> str:
    so_far = f"{run.read:,} so far" + (f", about {run.left:,} to go" if run.left else "")
    if run.phase == SyncRun.Phase.MISSING:
        so_far = f"{run.read:,} read; asking for those that did not come"
    began = f"begun {_clock(run.started_at)} {_by(run)}"
    return f"Reading {_WHAT[Kind(run.kind)]}, {began}: {so_far}{_counts(run)}."


def _ended(run: SyncRun) -> str:
    what = "Everybody read" if run.kind == Kind.FULL else "Changes read"
    return f"{what} {_when(run)} {_by(run)}: {run.read:,} {_plural(run.read, 'record')}{_counts(run)}."


def _counts(run: SyncRun) -> str:
    told = {
        "new": run.new,
        "changed": run.changed,
        "gone": run.vanished,
        "come back": run.returned,
        "linked to people known already": run.joined,
        "not read": run.errors,
        "links stopped that would have joined unlike people": run.stopped,
        "details shared by too many people to compare them all": run.long_blocks,
    }
    return "".join(f", {count:,} {word}" for word, count in told.items() if count)


def _held(system: str) -> list[str]:
    mine = SourceRecord.objects.filter(system=system, vanished_at=None)
    total = mine.count()
    if not total:
        return []
    short = mine.filter(whole_at=None).count()
    if not short:
        return [f"The index holds {total:,} {_plural(total, 'record')}, all of them whole."]
    return [
        f"The index holds {total:,} {_plural(total, 'record')}; {short:,} of them by name and birth date "
        "only so far. The rest follows as fast as the system allows."
    ]


def _by(run: SyncRun) -> str:
    if run.started_by:
        return f"by {run.started_by}"
    return "by command" if run.source == SyncRun.Source.COMMAND else "by schedule"


def _when(run: SyncRun | None) -> str:
    return _clock(run.ended_at or run.started_at) if run else ""


def _at(run: SyncRun) -> str:
    return _clock(run.resume_at) if run.resume_at and run.resume_at > timezone.now() else "shortly"


def _clock(moment: datetime) -> str:
    """``at 14:05``, with the day where it is not today."""
    local = timezone.localtime(moment)
    on = "" if local.date() == timezone.localdate() else f"on {date_format(local, 'd-M-Y')} "
    return f"{on}at {local:%H:%M}"


def _plural(number: int, noun: str) -> str:
    return noun if number == 1 else f"{noun}s"
