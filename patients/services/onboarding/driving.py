"""A whole list onboarded: everybody found or registered, then enrolled, then invited, phase by phase.

What has happened is told from the portal's own rows before each phase, so that a run that was ended by
whatever means goes on where it was, and asks for nothing twice. What is asked for is sent from here too,
under the same leases as by workers: it gets on whether or not one is running.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from django.db.models import Q

from integrations.errors import IntegrationError
from patients.models import Bulk, Operation, Participant, Patient, SourceRecord, Study
from patients.services import visibility
from patients.services.operations import sending
from patients.services.operations.standing import MOVING
from patients.services.operations.wishes import Kind
from patients.services.studies import adding, allowed, enrolling, inviting, numbers
from patients.services.studies.allowed import Refused
from patients.services.studies.inviting import Offer
from patients.services.studies.many import AskedMany
from patients.services.sync_runs import new_owner
from portal.accounts.models import User

from . import bringing_in, course
from .bringing_in import Bringing, Brought, Came
from .course import Course, How, Step

TOGETHER = 500  # people of one bulk
IDLE_SECONDS = 0.5  # between looks at what others are sending
COUNTED_EVERY = 2.0  # seconds, while there is something to be sent: counting takes the longer the list is
#: The kinds of write of which an onboarding consists.
_KINDS = (Kind.CREATE, Kind.JOIN, Kind.ENROL, Kind.INVITE)
Tell = Callable[[str, int, int], None]  # what is being done, how many of how many


@dataclass(slots=True, kw_only=True)
class Passenger:
    """One line on its way; ``line`` is ``None`` of somebody made up. ``sentence`` and ``advice`` say why it
    does not go on, where it does not."""

    at: int
    number: str = field(default="", repr=False)
    line: Bringing | None = field(default=None, repr=False)
    brought: Brought | None = None
    sentence: str = ""
    advice: str = ""

    @property
    def patient(self) -> Patient | None:
        """Whom it is about, once that is known."""
        return self.brought.patient if self.brought is not None else None

    def stop(self, sentence: str, advice: str = "") -> None:
        """Let the others go on without this one."""
        self.sentence, self.advice = sentence, advice


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is wanted for a list: ``offer`` is how everybody is invited, ``None`` where nobody is. ``wait`` is
    for how long nothing may move before a run ends, in seconds."""

    study: Study
    by: User
    offer: Offer | None = None
    wait: float = 60.0


@dataclass(slots=True)
class Drive:
    """One run over a list. ``bulks`` are what it asked for by the hundred, by what they do."""

    order: Order
    tell: Tell
    bulks: dict[Kind, list[Bulk]] = field(default_factory=dict)

    def run(self, passengers: Sequence[Passenger]) -> None:
        """Every phase, for whoever can go on."""
        for done, each in enumerate(passengers, 1):
            self._bring_in(each)
            self.tell("looked up", done, len(passengers))
        self._settle(passengers)
        self._enrol(passengers)
        self._settle(passengers)
        self._number(passengers)
        if self.order.offer is not None:
            self._invite(passengers, self.order.offer)
            self._settle(passengers)

    def course_of(self, passenger: Passenger) -> Course | None:
        """How far somebody is by now."""
        if passenger.patient is None:
            return None
        patient = Patient.objects.select_related("merged_into").get(pk=passenger.patient.pk)
        reach = visibility.reach_of(self.order.by)
        return course.course_of(self.order.study, patient.merged_into or patient, reach=reach)

    # --- the phases -------------------------------------------------------------------------

    def _bring_in(self, passenger: Passenger) -> None:
        if passenger.line is None or passenger.brought is not None:
            return
        try:
            passenger.brought = brought = bringing_in.bring_in(passenger.line)
        except IntegrationError as fault:
            brought = Brought(came=Came.REFUSED, sentence=fault.for_staff, advice=fault.next_step)
            passenger.brought = brought
        if brought.patient is None:
            passenger.stop(brought.sentence, brought.advice)

    def _enrol(self, passengers: Sequence[Passenger]) -> None:
        """Whoever has a record and takes no part; into the organization first, who is in another one."""
        at_it = [(who, at) for who, at in self._going(passengers) if at.stage(Step.ENROL).how is not How.DONE]
        inside: dict[SourceRecord, Passenger] = {}
        outside: dict[SourceRecord, Passenger] = {}
        for who, at in at_it:
            if at.record is None or at.is_on_its_way(Step.BELONG) or at.is_on_its_way(Step.ENROL):
                continue
            is_inside = at.stage(Step.BELONG).how is How.DONE
            (inside if is_inside else outside)[at.record] = who
        self._ask(inside, Kind.ENROL, enrolling.enrol_many)
        self._ask(outside, Kind.ENROL, _add_and_enrol)

    def _number(self, passengers: Sequence[Passenger]) -> None:
        """The participants' own numbers, where the list names them."""
        for who, at in self._going(passengers):
            if at.participant is not None and who.number and at.participant.number != who.number:
                _give_number(who, at.participant, by=self.order.by)

    def _invite(self, passengers: Sequence[Passenger], offer: Offer) -> None:
        """Whoever takes part, and has neither an invitation that leads somewhere nor connected yet."""
        found = {
            at.record: who
            for who, at in self._going(passengers)
            if at.participant is not None
            and at.record is not None
            and at.stage(Step.INVITE).how in (How.NEXT, How.STUCK)
            and not at.is_on_its_way(Step.INVITE)
        }

        def ask(
            study: Study, records: Sequence[SourceRecord], *, by: User, reach: visibility.Reach
        ) -> AskedMany:
            return inviting.invite_many(study, records, offer, by=by, reach=reach)

        self._ask(found, Kind.INVITE, ask)

    def _ask(self, wanted: dict[SourceRecord, Passenger], kind: Kind, ask: Callable[..., AskedMany]) -> None:
        """Ask for many, some hundred at a time; who is refused something says why, and goes no further."""
        by, records = self.order.by, list(wanted)
        for start in range(0, len(records), TOGETHER):
            some = records[start : start + TOGETHER]
            try:
                asked = ask(self.order.study, some, by=by, reach=visibility.reach_of(by))
            except Refused as refused:
                for each in some:
                    wanted[each].stop(refused.refusal.sentence, refused.refusal.step)
                continue
            if asked.bulk is not None:
                self.bulks.setdefault(kind, []).append(asked.bulk)
            for outcome in asked.refused:
                if outcome.refusal is not None:
                    wanted[outcome.record].stop(outcome.refusal.sentence, outcome.refusal.step)

    def _going(self, passengers: Sequence[Passenger]) -> Iterator[tuple[Passenger, Course]]:
        """Whoever was not stopped, with how far they are."""
        for each in passengers:
            at = self.course_of(each) if not each.sentence else None
            if at is not None:
                yield each, at

    # --- waiting ----------------------------------------------------------------------------

    def _settle(self, passengers: Sequence[Passenger]) -> None:
        """Send what is due until nothing of these people moves any more, or nothing has moved for a while."""
        people = [each.patient.pk for each in passengers if each.patient is not None]
        owner, system, idle = new_owner(), self.order.study.system, threading.Event()
        left, since, counted = -1, time.monotonic(), -COUNTED_EVERY
        was_sent = False
        while True:
            if not was_sent or time.monotonic() - counted >= COUNTED_EVERY:
                now, counted = _moving(people, system), time.monotonic()
                if not now:
                    return
                if now != left:
                    left, since = now, counted
            self.tell("sent", len(people) - min(left, len(people)), len(people))
            if was_sent := sending.send_next(system, owner):
                continue
            if time.monotonic() - since >= self.order.wait:
                return
            idle.wait(min(IDLE_SECONDS, self.order.wait))


def _moving(people: Sequence[int], system: str) -> int:
    """How many writes for these people go on by themselves, whoever they have become meanwhile."""
    became = Patient.objects.filter(pk__in=people, merged_into__isnull=False)
    now = [*people, *became.values_list("merged_into", flat=True)]
    whose = Q(patient__in=now) | Q(asked_for__in=now)
    return Operation.objects.filter(whose, system=system, kind__in=_KINDS, state__in=MOVING).count()


def _add_and_enrol(
    study: Study, records: Sequence[SourceRecord], *, by: User, reach: visibility.Reach
) -> AskedMany:
    _, enrolled = adding.add_and_enrol_many(study, records, by=by, reach=reach)
    return enrolled


def _give_number(who: Passenger, participant: Participant, *, by: User) -> None:
    if participant.number:
        who.stop("The participant has another number in the study than the list says.", "Put either right.")
        return
    try:
        numbers.give(participant, who.number, by=by)
    except numbers.Taken:
        who.stop("Somebody else in the study has this number.", "Put the number right in the file.")


def made_up(patient: Patient) -> Passenger:
    """Somebody who stands in no file."""
    return Passenger(at=0, brought=Brought(came=Came.ASKED, patient=patient))


def require(order: Order) -> None:
    """Raise :class:`~patients.services.studies.allowed.Refused` where the account may change nothing."""
    allowed.require(order.study, by=order.by, reach=visibility.reach_of(order.by))
