"""What came of each line of a list, as ``manage.py onboard`` tells it: by line, never by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.urls import reverse

from integrations.errors import IntegrationError
from integrations.writes import Details
from patients.entering.reading import enter
from patients.forms.person import conventions
from patients.matching.contact import compared_email
from patients.matching.study_numbers import folded
from patients.services.onboarding import lists, rehearsing
from patients.services.onboarding.bringing_in import Bringing, Brought, Came
from patients.services.onboarding.course import Course, How, Stage, Step
from patients.services.onboarding.driving import Drive, Order, Passenger

HEADER = ("line", "outcome", "reached", "why", "next step", "address")
_DECIDED_BY_A_PERSON, _ON_ITS_WAY = 2, 4


class Verdict(StrEnum):
    """What became of somebody."""

    THROUGH = "through"
    UNDER_WAY = "on its way"
    DECIDE = "to be decided"
    WRONG = "wrong"
    REFUSED = "refused"
    WOULD = "would be done"


#: How far somebody is, by the first step that is not done.
_REACHED = {
    Step.REGISTER: "not registered",
    Step.BELONG: "registered",
    Step.ENROL: "registered",
    Step.INVITE: "enrolled",
    Step.CONNECT: "invited",
}
_CAME = {Came.DECIDE: Verdict.DECIDE, Came.WRONG: Verdict.WRONG, Came.REFUSED: Verdict.REFUSED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one line: in the order of the file's columns."""

    at: int
    verdict: Verdict
    reached: str = ""
    why: str = ""
    step: str = ""
    address: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        """As a line of CSV."""
        at = str(self.at) if self.at else ""
        return at, str(self.verdict), self.reached, self.why, self.step, self.address


def outcome_of(at: int, who: Passenger, drive: Drive, *, invites: bool) -> Outcome:
    """How far somebody came."""
    course = drive.course_of(who)
    if course is None:
        return _nobody(at, who.brought or Brought(came=Came.REFUSED))
    address = reverse("patients:onboarding", args=[course.study.public_id, course.patient.public_id])
    reached = _reached(course)
    stage = course.now
    wanted = (
        stage is not None and stage.step is not Step.CONNECT and (invites or stage.step is not Step.INVITE)
    )
    if who.sentence:
        return Outcome(
            at=at, verdict=Verdict.DECIDE, reached=reached, why=who.sentence, step=who.advice, address=address
        )
    if stage is None or not wanted:
        return Outcome(at=at, verdict=Verdict.THROUGH, reached=reached, address=address)
    return Outcome(
        at=at,
        verdict=_verdict(stage),
        reached=reached,
        why=stage.sentence,
        step=stage.advice,
        address=address,
    )


def rehearsed(at: int, who: Passenger, *, invites: bool) -> Outcome:
    """What would be done for somebody."""
    if who.brought is not None:
        return _nobody(at, who.brought)
    line = who.line
    assert line is not None  # noqa: S101 (somebody made up is not rehearsed)
    try:
        brought, course = rehearsing.rehearse(line)
    except IntegrationError as fault:
        return Outcome(at=at, verdict=Verdict.REFUSED, why=fault.for_staff, step=fault.next_step)
    if brought.came in _CAME:
        return _nobody(at, brought)
    would = rehearsing.would(course, invites=invites)
    reached = _reached(course) if course is not None else ""
    return Outcome(at=at, verdict=Verdict.WOULD if would else Verdict.THROUGH, reached=reached, why=would)


def status_of(outcomes: Iterable[Outcome]) -> int:
    """With which status the command ends: what a person has to decide goes before what is on its way."""
    verdicts = {each.verdict for each in outcomes}
    if verdicts & {Verdict.DECIDE, Verdict.WRONG, Verdict.REFUSED}:
        return _DECIDED_BY_A_PERSON
    return _ON_ITS_WAY if Verdict.UNDER_WAY in verdicts else 0


def _nobody(at: int, brought: Brought) -> Outcome:
    address = reverse("patients:register_check", args=[brought.draft]) if brought.draft else ""
    return Outcome(
        at=at, verdict=_CAME[brought.came], why=brought.sentence, step=brought.advice, address=address
    )


def _reached(course: Course) -> str:
    return _REACHED[course.now.step] if course.now is not None else "connected"


def _verdict(stage: Stage) -> Verdict:
    return Verdict.DECIDE if stage.how is How.STUCK else Verdict.UNDER_WAY


def passengers_of(order: Order, lines: Sequence[lists.Line]) -> dict[str, Passenger]:
    """Everybody of the file once, by the id of their line: who stands there twice is one."""
    now = conventions()
    found: dict[str, Passenger] = {}
    for each in lines:
        key = each.key(order.study, by=order.by)
        line = Bringing(key=key, entered=enter(each.typed, now), study=order.study, by=order.by)
        found.setdefault(key, Passenger(at=each.at, number=each.number, line=line))
    for passenger, sentence in _shared(found.values()):
        passenger.brought = Brought(came=Came.WRONG, sentence=sentence, advice=lists.PUT_RIGHT)
        passenger.stop(sentence, lists.PUT_RIGHT)
    return found


def _shared(passengers: Iterable[Passenger]) -> Iterator[tuple[Passenger, str]]:
    """Those who have in common what belongs to one person: of whom it is, nobody can tell from the file."""
    holders: dict[tuple[str, str], list[Passenger]] = {}
    for each in passengers:
        for name, value in _own(each):
            holders.setdefault((name, value), []).append(each)
    for (name, _), some in holders.items():
        for each in some if len(some) > 1 else ():
            others = ", ".join(str(other.at) for other in some if other is not each)
            yield each, f"{name}: the same as in line {others}."


def _own(passenger: Passenger) -> Iterator[tuple[str, str]]:
    """What of a line is one person's alone: the NHS number, the mailbox, the number in the study."""
    details = passenger.line.entered.details if passenger.line is not None else Details()
    values = {
        "nhs_number": details.nhs_number,
        "email": compared_email(details.email),
        lists.NUMBER: folded(passenger.number),
    }
    return ((name, value) for name, value in values.items() if value)
