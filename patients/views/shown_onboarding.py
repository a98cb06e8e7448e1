"""An onboarding as pages show it: each step with its word, and the page that takes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.urls import reverse

from integrations.registry import label_of
from patients.models import Participant, Study
from patients.services.onboarding import course
from patients.services.onboarding.bringing_in import SYSTEMS
from patients.services.onboarding.course import Course, How, Stage, Step
from patients.services.opening import Opened
from patients.services.registering.drafts import STUDY
from patients.services.studies import allowed, places, within
from portal.accounts.models import User

from .shown_actions import Action
from .shown_operations import story_url

MOST = 3  # onboardings on a person's page
Standing = Participant.Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownStage:
    """One step. ``url`` is the page that takes it, or a form's that sends ``fields`` where there are any;
    ``also`` is one more page about it."""

    key: str
    label: str
    how: str
    word: str
    tone: str
    icon: str
    sentence: str
    advice: str
    is_now: bool
    button: str = ""
    url: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    also: str = ""
    also_url: str = ""
    operation_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCourse:
    """An onboarding in a line of a person's page. ``step`` is what comes next."""

    study: str
    url: str
    done: int
    total: int
    step: str
    has_begun: bool


#: How → its word, tone and icon.
_HOW: Mapping[How, tuple[str, str, str]] = {
    How.DONE: ("done", "good", "good"),
    How.NEXT: ("next", "info", "asking"),
    How.UNDER_WAY: ("on its way", "info", "asking"),
    How.STUCK: ("needs a decision", "warn", "warn"),
    How.WAITS: ("waiting for the person", "info", "asking"),
    How.LATER: ("later", "neutral", "unknown"),
}


def shown_stages(far: Course, *, may: bool, place: str, by: User) -> list[ShownStage]:
    """The steps in order. ``may``: buttons are shown to who can act; ``place`` is the organization's name."""
    now = far.now
    return [_shown(far, each, is_now=each is now, may=may, place=place, by=by) for each in far.stages]


def courses_of(opened: Opened, *, by: User) -> list[ShownCourse]:
    """The onboardings of somebody that go on; else one that could begin, in the study that was open last."""
    patient, reach = opened.patient, opened.reach
    rows = within.participants_within(reach).filter(record__patient=patient, connected_at=None)
    studies = [each.study for each in rows.select_related("study").order_by("pk")[:MOST]]
    chosen = places.chosen(reach, by=by)
    study = chosen[1] if chosen is not None else None
    if study is not None and study.vanished_at is None and study not in studies:
        takes_part = Participant.objects.filter(record__patient=patient, study=study, left_at=None).exists()
        if not takes_part and allowed.why_not(study, by=by, reach=reach) is None:
            studies.append(study)
    return [_line(course.course_of(each, patient, reach=reach)) for each in studies]


def next_step_of(courses: Sequence[ShownCourse]) -> Action | None:
    """What comes next for somebody whose onboarding goes on."""
    begun = [each for each in courses if each.has_begun and each.step]
    return Action(label=f"{begun[0].step}, {begun[0].study}", url=begun[0].url) if begun else None


def label_of_step(step: Step, study: Study, place: str) -> str:
    """What a step is called."""
    return {
        Step.REGISTER: f"Registered in {label_of(study.system)}",
        Step.BELONG: f"In {place}",
        Step.ENROL: f"Enrolled in {study.name}",
        Step.INVITE: "Invited to the study’s app",
        Step.CONNECT: "Connected",
    }[step]


# --- helpers --------------------------------------------------------------------------------

_NEXT = {
    Step.REGISTER: "Register",
    Step.BELONG: "Add to the organization, and enrol",
    Step.ENROL: "Enrol",
    Step.INVITE: "Invite",
    Step.CONNECT: "Have their app connect",
}


def _line(far: Course) -> ShownCourse:
    now = far.now
    return ShownCourse(
        study=far.study.name,
        url=reverse("patients:onboarding", args=[far.study.public_id, far.patient.public_id]),
        done=sum(each.how is How.DONE for each in far.stages),
        total=len(far.stages),
        step=_NEXT[now.step] if now is not None else "",
        has_begun=far.has_begun,
    )


def _shown(far: Course, stage: Stage, *, is_now: bool, may: bool, place: str, by: User) -> ShownStage:
    word, tone, icon = _HOW[stage.how]
    shown = ShownStage(
        key=str(stage.step),
        label=label_of_step(stage.step, far.study, place),
        how=str(stage.how),
        word=word,
        tone=tone,
        icon=icon,
        sentence=stage.sentence,
        advice=stage.advice,
        is_now=is_now,
        operation_url=_story(stage, by),
    )
    is_open = stage.how in (How.NEXT, How.WAITS) or _was_refused(far, stage)
    return _with_button(shown, far, stage, place) if may and is_open else shown


def _was_refused(far: Course, stage: Stage) -> bool:
    """Whether a step can be asked for once more; a registration is, from its own story."""
    return stage.how is How.STUCK and stage.step is not Step.REGISTER and not far.is_on_its_way(stage.step)


def _story(stage: Stage, by: User) -> str:
    """Where the write for it is told, to whom it may be."""
    return story_url(stage.operation, by=by) if stage.operation is not None else ""


def _with_button(shown: ShownStage, far: Course, stage: Stage, place: str) -> ShownStage:
    """The step with the page that takes it."""
    study, patient = far.study.public_id, far.patient.public_id
    if stage.step is Step.REGISTER or far.record is None:
        fields = (("person", patient), (SYSTEMS, far.study.system), (STUDY, study))
        return replace(shown, button="Register them", url=reverse("patients:register_start"), fields=fields)
    at = [patient, far.record.pk]
    match stage.step:
        case Step.BELONG:
            url = f"{reverse('patients:enrol', args=at)}?study={study}"
            return replace(shown, button=f"Add to {place} and enrol", url=url)
        case Step.ENROL:
            url = f"{reverse('patients:enrol', args=at)}?study={study}"
            return replace(shown, button="Enrol them", url=url)
        case Step.INVITE:
            return replace(shown, button="Invite them", url=reverse("patients:invite", args=[*at, study]))
        case _:
            return _waiting(shown, far, at)


def _waiting(shown: ShownStage, far: Course, at: list[object]) -> ShownStage:
    if far.invitation is None:
        again = reverse("patients:invite", args=[*at, far.study.public_id])
        return replace(shown, button="Invite them again", url=again)
    own = [far.invitation.public_id]
    return replace(
        shown,
        button="Open the invitation",
        url=reverse("patients:invitation", args=own),
        also="The link does not work",
        also_url=reverse("patients:invitation_trouble", args=own),
    )
