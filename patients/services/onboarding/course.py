"""How far one person is in one study: five steps, each told from rows that are there anyway.

Nothing of it is kept, so that it cannot say anything else than the systems do: whoever leaves it half done
finds it again where it is by then, whoever went on with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from integrations.registry import label_of
from integrations.studies import InvitationState
from integrations.types import RecordStatus
from patients.models import Invitation, Operation, Participant, Patient, SourceRecord, Study
from patients.services import visibility
from patients.services.operations import clock, queue
from patients.services.operations.standing import standing_of
from patients.services.operations.study_wishes import Enrol
from patients.services.operations.whom import wish_of
from patients.services.operations.wishes import Join, Kind
from patients.services.studies import allowed, invitations, participants
from patients.services.visibility import Reach

State = Operation.State
Standing = Participant.Standing
_ASIDE = (RecordStatus.MERGED, RecordStatus.ARCHIVED)


class Step(StrEnum):
    """What has to have happened, in this order."""

    REGISTER = "register"
    BELONG = "belong"
    ENROL = "enrol"
    INVITE = "invite"
    CONNECT = "connect"


class How(StrEnum):
    """How a step stands. ``stuck``: a person has to decide, or it was refused. ``waits``: for the person who
    is invited. ``later``: what goes before it is not done."""

    DONE = "done"
    NEXT = "next"
    UNDER_WAY = "under way"
    STUCK = "stuck"
    WAITS = "waits"
    LATER = "later"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One step as it stands, with a sentence and a next step for staff where there is something to say.
    ``operation`` is the write that does it, where one is open or was refused."""

    step: Step
    how: How
    sentence: str = ""
    advice: str = ""
    operation: Operation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """All steps of one person in one study. ``record`` is the one that takes part, or would."""

    study: Study
    patient: Patient
    record: SourceRecord | None = field(repr=False)
    participant: Participant | None
    invitation: Invitation | None
    stages: tuple[Stage, ...]

    def stage(self, step: Step) -> Stage:
        """How one step stands."""
        return next(each for each in self.stages if each.step is step)

    @property
    def now(self) -> Stage | None:
        """The step at which it is; ``None`` where all are done."""
        return next((each for each in self.stages if each.how is not How.DONE), None)

    @property
    def is_over(self) -> bool:
        """Whether everything is done."""
        return self.now is None

    def is_on_its_way(self, step: Step) -> bool:
        """Whether a write for a step is open, so that another one would only wait behind it."""
        operation = self.stage(step).operation
        return operation is not None and operation.ended_at is None

    @property
    def has_begun(self) -> bool:
        """Whether the person takes part, or is about to."""
        enrolment = self.stage(Step.ENROL)
        return enrolment.how in (How.DONE, How.UNDER_WAY, How.STUCK)


def course_of(study: Study, patient: Patient, *, reach: Reach) -> Course:
    """How far a person is in a study, as far as somebody's roles reach; some six statements."""
    record = record_of(study, patient, reach=reach)
    participant = participants.current(study, record) if record is not None else None
    invitation = _latest(participant) if participant is not None else None
    told = [
        _registered(study, patient, record),
        _belongs(study, record, participant),
        _enrolled(study, record, participant),
        _invited(study, participant, invitation),
        _connected(study, participant, invitation),
    ]
    return Course(
        study=study, patient=patient, record=record, participant=participant, invitation=invitation,
        stages=tuple(_in_turn(told)),
    )  # fmt: skip


def record_of(study: Study, patient: Patient, *, reach: Reach) -> SourceRecord | None:
    """The record of a person that takes part in a study; else one that could, in its organization first."""
    rows = visibility.records(reach).filter(patient=patient, system=study.system, vanished_at=None)
    found = list(rows.exclude(status__in=_ASIDE).select_related("patient").defer("held").order_by("pk"))
    if len(found) > 1:
        inside = set(rows.filter(memberships__organization=study.organization).values_list("pk", flat=True))
        part = set(
            rows.filter(participations__study=study, participations__left_at=None).values_list(
                "pk", flat=True
            )
        )
        found.sort(key=lambda each: (each.pk not in part, each.pk not in inside, each.pk))
    return found[0] if found else None


# --- step by step ---------------------------------------------------------------------------


def _in_turn(stages: list[Stage]) -> Iterator[Stage]:
    """A step that could be taken is one for later while one before it is not done."""
    is_open = True
    for each in stages:
        yield each if is_open or each.how is not How.NEXT else Stage(step=each.step, how=How.LATER)
        is_open = is_open and each.how is How.DONE


def _registered(study: Study, patient: Patient, record: SourceRecord | None) -> Stage:
    if record is not None:
        return Stage(step=Step.REGISTER, how=How.DONE)
    rows = Operation.objects.filter(patient=patient, system=study.system, kind=Kind.CREATE)
    creation = rows.defer(*queue.SEALED).select_related("bulk").order_by("-pk").first()
    return _by(creation, Step.REGISTER, study)


def _belongs(study: Study, record: SourceRecord | None, participant: Participant | None) -> Stage:
    """In the organization that runs the study: JHE enrols nobody else."""
    if record is None:
        return Stage(step=Step.BELONG, how=How.LATER)
    if participant is not None or record.memberships.filter(organization=study.organization).exists():
        return Stage(step=Step.BELONG, how=How.DONE)
    joining = _last(
        record, Kind.JOIN, lambda wish: isinstance(wish, Join) and wish.organization_id == study.organization
    )
    if joining is not None and joining.state != State.DONE:
        return _by(joining, Step.BELONG, study)
    name = allowed.name_of(study.system, study.organization)
    label = label_of(study.system)
    sentence = f"The record is in another {label} organization: only people of {name} can be enrolled."
    return Stage(step=Step.BELONG, how=How.NEXT, sentence=sentence)


def _enrolled(study: Study, record: SourceRecord | None, participant: Participant | None) -> Stage:
    if participant is not None:
        return Stage(step=Step.ENROL, how=How.DONE)
    if record is None:
        return Stage(step=Step.ENROL, how=How.LATER)
    enrolment = _last(
        record, Kind.ENROL, lambda wish: isinstance(wish, Enrol) and wish.study_id == study.remote_id
    )
    # One that is done and left no participant was taken back since.
    is_news = enrolment is not None and enrolment.state != State.DONE
    return _by(enrolment if is_news else None, Step.ENROL, study)


def _invited(study: Study, participant: Participant | None, invitation: Invitation | None) -> Stage:
    if participant is None:
        return Stage(step=Step.INVITE, how=How.LATER)
    asked = invitation.operation if invitation is not None and not invitation.state else None
    if asked is not None and asked.state != State.DONE:
        return _by(asked, Step.INVITE, study)
    if _is_connected(participant, invitation):
        return Stage(step=Step.INVITE, how=How.DONE)
    if invitation is not None and _leads_nowhere(invitation):
        return Stage(
            step=Step.INVITE, how=How.NEXT, advice="Invite the person again.",
            sentence="The last invitation leads nowhere any more: it has expired or was cancelled.",
        )  # fmt: skip
    was_invited = invitation is not None or participant.invited_at is not None
    return Stage(step=Step.INVITE, how=How.DONE if was_invited else How.NEXT)


def _connected(study: Study, participant: Participant | None, invitation: Invitation | None) -> Stage:
    if participant is None:
        return Stage(step=Step.CONNECT, how=How.LATER)
    if _is_connected(participant, invitation):
        return Stage(step=Step.CONNECT, how=How.DONE, sentence=Standing(participant.standing).label + ".")
    if participant.invited_at is None and invitation is None:
        return Stage(step=Step.CONNECT, how=How.LATER)
    if study.tells_states is False:
        label = label_of(study.system)
        sentence = (
            f"This version of {label} does not tell whether a link was used: the first decision or data do."
        )
        return Stage(step=Step.CONNECT, how=How.WAITS, sentence=sentence)
    return Stage(step=Step.CONNECT, how=How.WAITS, sentence="The person’s app has not used the link yet.")


# --- helpers --------------------------------------------------------------------------------


def _by(operation: Operation | None, step: Step, study: Study) -> Stage:
    """A step as the write for it stands; in the system's own words where it is for the study's organization,
    since a registration may be another one's."""
    if operation is None:
        return Stage(step=step, how=How.NEXT)
    is_own = operation.organization == study.organization
    standing = standing_of(operation, behind=queue.before(operation), in_full=is_own)
    how = How.UNDER_WAY if standing.is_moving or operation.state == State.DONE else How.STUCK
    return Stage(step=step, how=how, sentence=standing.sentence, advice=standing.step, operation=operation)


def _last(record: SourceRecord, kind: Kind, is_it: Callable[[object], bool]) -> Operation | None:
    """The last write of a kind about a record that is about this study or organization."""
    rows = Operation.objects.filter(record=record, kind=kind).select_related("bulk").order_by("-pk")
    return next((each for each in rows[:20] if is_it(wish_of(each))), None)


def _latest(participant: Participant) -> Invitation | None:
    rows = participant.invitations.defer("link").select_related("operation__bulk")
    return rows.order_by("-pk").first()


def _is_connected(participant: Participant, invitation: Invitation | None) -> bool:
    """Whether the person's app has shown itself: consent that staff wrote down is no sign of it."""
    was_used = invitation is not None and invitation.state == InvitationState.REDEEMED
    return was_used or participant.connected_at is not None


def _leads_nowhere(invitation: Invitation) -> bool:
    if not invitation.state:
        return False
    is_late = invitation.expires_at is not None and invitation.expires_at <= clock.now()
    is_used = invitation.state == InvitationState.REDEEMED
    return not is_used and (is_late or invitation.state not in invitations.LIVE)
