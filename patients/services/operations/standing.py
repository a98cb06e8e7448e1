"""How an operation stands, for people: a word, one sentence of why, one next step."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from patients.models import Bulk, Operation
from patients.services.visibility import Reach
from portal.accounts.models import User

from . import breaker, clock, queue, readers
from .kinds.inviting import MAIL_UNSURE
from .settling import HAND
from .whys import Why, words_of
from .wishes import Kind
from .wording import system_label

State = Operation.State
MOVING = (State.WAITING, State.SENDING, State.UNKNOWN)
#: Of what takes something away, or hangs on a record.
_DONE: Mapping[str, str] = {
    Kind.LEAVE: "In {system} the record is out of the organization.",
    Kind.REMOVE: "{system} does not hold the record any more.",
    Kind.ENROL: "In {system} the person takes part in the study.",
    Kind.UNENROL: "In {system} the person takes part in the study no more.",
    Kind.INVITE: "{system} has made the invitation.",
    Kind.CANCEL_INVITATION: "The invitation leads nowhere any more.",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """``word`` is the state; sentence and step may be empty."""

    state: str
    word: str
    sentence: str = ""
    step: str = ""

    @property
    def is_moving(self) -> bool:
        """Whether the portal goes on with it by itself."""
        return self.state in MOVING


def standing_of(
    operation: Operation,
    *,
    behind: Operation | None,
    in_full: bool,
    left_alone: Collection[str] | None = None,
) -> Standing:
    """How it stands. ``behind`` is the operation that goes before it, if any; ``left_alone`` are the systems
    to which nothing is sent now, where they are known already. Only ``in_full`` are the systems' own
    sentences said: they speak to who asked, and may name organizations (``readers.reads``)."""
    if operation.state == State.WAITING:
        is_left = operation.system in (breaker.left_alone() if left_alone is None else left_alone)
        sentence, step = _waiting(operation, behind, in_full=in_full, is_left_alone=is_left)
    else:
        sentence, step = _says(operation, in_full=in_full)
    return Standing(operation.state, operation.get_state_display(), sentence, step)


def standings(operations: Sequence[Operation], *, by: User, reach: Reach) -> dict[int, Standing]:
    """How many stand, by operation, as one reader may know it: two queries whatever their number."""
    before, left_alone = _before(operations), breaker.left_alone()
    return {
        each.pk: standing_of(
            each,
            behind=before.get(each.pk),
            in_full=readers.reads(each, by=by, reach=reach),
            left_alone=left_alone,
        )
        for each in operations
    }


def _before(operations: Sequence[Operation]) -> dict[int, Operation]:
    """For those that wait behind another one, that other one: the first open one of their lane."""
    waiting = [each for each in operations if each.state in queue.OPEN]
    people = {each.patient_id for each in waiting}
    lanes = Operation.objects.filter(patient__in=people, state__in=queue.OPEN).defer(*queue.SEALED)
    first: dict[tuple[int, str], Operation] = {}
    for each in lanes.order_by("pk"):
        first.setdefault((each.patient_id, each.system), each)
    found = {each.pk: first.get((each.patient_id, each.system)) for each in waiting}
    return {pk: each for pk, each in found.items() if each is not None and each.pk < pk}


def _says(operation: Operation, *, in_full: bool) -> tuple[str, str]:
    match operation.state:
        case State.SENDING:
            return _sending(operation)
        case State.UNKNOWN:
            return _unknown(operation, in_full=in_full)
        case State.REFUSED if operation.why == Why.GIVEN_UP:
            return _given_up(operation)
        case State.DONE:
            label = system_label(operation.system)
            if operation.details.get(MAIL_UNSURE):
                return (
                    f"{label} has made the invitation, and did not say whether its e-mail was sent.",
                    "Ask the person. If it has not come, invite them again.",
                )
            by_hand = operation.details.get(HAND)
            done = _DONE.get(operation.kind, "{system} holds it.").format(system=label)
            return ("An admin marked it as done by hand." if by_hand else done), ""
        case _:
            return _problem(operation, in_full=in_full)


def _problem(operation: Operation, *, in_full: bool) -> tuple[str, str]:
    """Why it stands there, and what to do; not in the system's words for who may not read them."""
    if in_full:
        return operation.problem, operation.next_step
    label = system_label(operation.system)
    own = words_of(Why(operation.why), label)
    if own[0] or not operation.problem:
        return own
    return f"What {label} said of it is for who asked, and for who holds a role in its organization.", ""


def _waiting(
    operation: Operation, behind: Operation | None, *, in_full: bool, is_left_alone: bool
) -> tuple[str, str]:
    label = system_label(operation.system)
    if behind is not None:
        needs = behind.state == State.HELD
        step = "Decide about that one first." if needs else "It goes on by itself when that one has ended."
        return f"Another write for the same person in {label} goes before it.", step
    if operation.bulk is not None and operation.bulk.state == Bulk.State.PAUSED:
        return "It is paused together with others.", "It goes on when they do."
    if operation.why:
        return _problem(operation, in_full=in_full)
    if is_left_alone:
        return f"{label} failed several times in a row.", "It is tried again by itself in a minute."
    return "It has not been sent yet.", "It is sent by itself, as a rule within seconds."


def _sending(operation: Operation) -> tuple[str, str]:
    if operation.lease_until is not None and operation.lease_until < clock.now():
        return "The worker that was sending it has ended.", "Another one goes on with it by itself."
    return "It is being sent at this moment.", ""


def _unknown(operation: Operation, *, in_full: bool) -> tuple[str, str]:
    label = system_label(operation.system)
    sentence = _problem(operation, in_full=in_full)[0] if operation.why else ""
    sentence = sentence or f"{label} has not said whether it took effect."
    looks = "The portal looks before it sends anything again."
    return sentence, f"{looks} Do not enter it in {label} meanwhile."


def _given_up(operation: Operation) -> tuple[str, str]:
    label = system_label(operation.system)
    if operation.details.get("in_part"):
        return "It was given up after it had taken effect in part.", f"Look at the record in {label}."
    if not operation.details.get("unknown"):
        return "It was given up.", ""
    return "It was given up, and it is not known whether it took effect.", f"Look at the record in {label}."
