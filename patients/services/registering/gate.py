"""The gate before every creation: the index and the systems are searched, and what was found decides.

    look = gate.look(details, by=user)          # a page shows whom it met, with ``gate.seal(look, by=user)``
    passed = gate.let_through(sealed, details, by=user, reason=…)
    recording.register(records, passed=passed, by=user)

Who has no page (the command line, an import) goes by :func:`check`, which looks and lets through in one go.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from functools import partial

from django.conf import settings
from django.core import signing

from integrations.errors import IntegrationError
from integrations.registry import label_of, system_names
from integrations.types import CannotSearch, RemotePatient, SearchQuery
from integrations.writes import Details, NewRecord
from patients.models import Patient
from patients.services import taking_in, visibility
from patients.services.asking import Question, ask_all
from patients.services.connections import is_set_up, open_system
from portal import audit
from portal.accounts.models import User
from portal.web.crypto import keyed_hash

from .meeting import Meeting, meet
from .passing import Doubt, Nearness, Passed

HOLDS_FOR = timedelta(minutes=30)
_SALT = "search before registering"


class Verdict(StrEnum):
    """What a look means for creating.

    ``clear``: nobody, or relatives only. ``doubtful``: a reason is needed. ``same``: they are held already,
    by NHS number or by names and birth date. ``conflict``: somebody else holds the NHS number.
    """

    CLEAR = "clear"
    DOUBTFUL = "doubtful"
    SAME = "same"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True, kw_only=True)
class Silent:
    """A system that did not say whom it holds, and why: a sentence for staff."""

    system: str
    sentence: str

    @property
    def label(self) -> str:
        """The system's label."""
        return label_of(self.system)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Whom the new person may be, and which systems did not say. ``of``: who gets one more record."""

    details: Details = field(repr=False)
    meeting: Meeting
    of: Patient | None = None
    silent: tuple[Silent, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """What it means."""
        return _verdict(self.meeting.doubts)

    @property
    def number_is_held(self) -> bool:
        """Whether somebody holds the NHS number that was given."""
        return any(each.by_number for each in self.meeting.doubts)


class LookAgain(Exception):
    """The search has to be shown again: ``look`` is what it finds now."""

    def __init__(self, look: Look) -> None:
        super().__init__("look again")
        self.look = look


class Stopped(Exception):
    """Nobody is created as things stand: ``look`` says beside whom, the text what is missing."""

    def __init__(self, look: Look, sentence: str) -> None:
        super().__init__(sentence)
        self.look = look


def look(details: Details, *, by: User, of: Patient | None = None, live: bool = True) -> Look:
    """Search the systems (``live``) and the index for whom the details may be; one event. ``of`` is who gets
    one more record: whoever else is found may be the same person still."""
    silent = tuple(_ask_systems(details, by=by)) if live else ()
    reach = visibility.reach_of(by)
    found = Look(details=details, meeting=meet(details, by=by, reach=reach, of=of), of=of, silent=silent)
    audit.look(
        "register.searched",
        by=by,
        subject_key=of.public_id if of else "",
        details={
            "verdict": str(found.verdict),
            "people": len(found.meeting.doubts),
            "silent": [each.system for each in silent],
        },
    )
    return found


def seal(found: Look, *, by: User, beside: str = "") -> str:
    """What a page carries that has shown a look; ``beside`` is what it reads back besides the details."""
    doubts = [[each.patient, int(each.nearness)] for each in found.meeting.doubts]
    return signing.dumps([by.pk, _digest(found.details, found.of, beside), doubts], salt=_SALT)


def let_through(
    sealed: str,
    details: Details,
    *,
    by: User,
    of: Patient | None = None,
    beside: str = "",
    reason: str = "",
    urgent: bool = False,
) -> Passed:
    """What creating needs, after a page has shown the look of ``sealed``, and read back all of this.

    ``reason`` is why it is another person than those who were shown; ``urgent`` that care cannot wait, so
    that they are created without the NHS number that is somebody else's. Raises :class:`LookAgain` where the
    page was about other details, is too old, or somebody has come to be found since; :class:`Stopped`.
    """
    shown = _shown(sealed, [by.pk, _digest(details, of, beside)])
    now = look(details, by=by, of=of, live=shown is None)
    news = [
        each for each in _in_doubt(now.meeting.doubts) if each.nearness > (shown or {}).get(each.patient, 0)
    ]
    if shown is None or news:
        raise LookAgain(now)
    return _passed(now, reason, urgent=urgent)


def check(details: Details, *, by: User, reason: str = "", live: bool = True) -> Passed:
    """Look and let through in one go, for who has no page. Raises :class:`Stopped`."""
    return _passed(look(details, by=by, live=live), reason, urgent=False)


# --- the systems ----------------------------------------------------------------------------


def _ask_systems(details: Details, *, by: User) -> Iterator[Silent]:
    """Have every system searched, and what it finds taken into the index; yields who did not say."""
    questions = {
        name: Question(
            system=name,
            operation="search before creating",
            seconds=settings.SYSTEMS[name]["DEADLINE"],
            work=partial(_found_in, name, details, by),
        )
        for name in system_names()
        if is_set_up(name)
    }
    for name, answer in ask_all(questions).items():
        if isinstance(answer, IntegrationError):
            yield Silent(system=name, sentence=answer.for_staff)
        else:
            taking_in.take_in_now(answer)


def _found_in(system: str, details: Details, by: User) -> Sequence[RemotePatient]:
    """Whoever agrees in a detail that says who somebody is, and whoever a search by name finds."""
    adapter = open_system(system, by=by)
    found = {each.id: each for each in adapter.created(NewRecord(details=details))}
    answer = adapter.search(
        SearchQuery(
            given_name=details.given_name,
            family_name=details.family_name,
            birth_dates=(details.birth_date,) if details.birth_date else (),
        )
    )
    if not isinstance(answer, CannotSearch):
        found = {each.id: each for each in answer.records} | found
    return tuple(found.values())


# --- letting through ------------------------------------------------------------------------


def _shown(sealed: str, about: list[object]) -> dict[int, int] | None:
    """Whom the page has shown, person → nearness; ``None`` where it was not about this."""
    try:
        *was_about, doubts = signing.loads(sealed, salt=_SALT, max_age=HOLDS_FOR)
    except signing.BadSignature:
        return None
    if was_about != about:
        return None
    return {int(patient): int(nearness) for patient, nearness in doubts}


def _passed(found: Look, reason: str, *, urgent: bool) -> Passed:
    verdict, reason = found.verdict, reason.strip()
    unanswered = tuple(each.system for each in found.silent)
    if verdict is Verdict.CLEAR:
        return Passed(details=found.details, unanswered=unanswered)
    if not reason:
        raise Stopped(found, _MISSING[verdict])
    doubts = tuple(_in_doubt(found.meeting.doubts))
    is_namesake = any(each.nearness is Nearness.HIGH for each in doubts)
    details, contested = found.details, ""
    if found.number_is_held:
        if not urgent:
            raise Stopped(found, _MISSING[Verdict.CONFLICT])
        details, contested = replace(details, nhs_number=""), details.nhs_number
    return Passed(
        details=details,
        reason=reason,
        doubts=doubts,
        is_namesake=is_namesake,
        contested=contested,
        unanswered=unanswered,
    )


_MISSING = {
    Verdict.DOUBTFUL: "Say why this is another person than those who were found.",
    Verdict.SAME: "They are held already. Open them, or say why this is another person.",
    Verdict.CONFLICT: "Somebody holds this NHS number already. Clear up first whose it is.",
}


def _in_doubt(doubts: Sequence[Doubt]) -> list[Doubt]:
    return [each for each in doubts if each.nearness > Nearness.FAMILY]


def _verdict(doubts: Sequence[Doubt]) -> Verdict:
    nearest = max((each.nearness for each in _in_doubt(doubts)), default=None)
    if nearest is None:
        return Verdict.CLEAR
    return {Nearness.CONFLICT: Verdict.CONFLICT, Nearness.HIGH: Verdict.SAME}.get(nearest, Verdict.DOUBTFUL)


def _digest(details: Details, of: Patient | None, beside: str) -> str:
    """All that a page has read back: it holds for this alone."""
    about = [asdict(details), of.public_id if of else "", beside]
    return keyed_hash(json.dumps(about, default=str), purpose=_SALT)
