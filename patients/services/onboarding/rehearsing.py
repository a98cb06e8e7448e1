"""What a list would come to: everybody is looked up as for registering, and nothing is asked for or kept."""

from __future__ import annotations

from patients.services import visibility
from patients.services.registering import gate

from . import bringing_in, course, lists
from .bringing_in import Bringing, Brought, Came
from .course import Course, How, Step

_WOULD = {
    Step.REGISTER: "would be registered",
    Step.BELONG: "would be added to the organization",
    Step.ENROL: "would be enrolled",
    Step.INVITE: "would be invited",
}


def rehearse(line: Bringing) -> tuple[Brought, Course | None]:
    """What would become of a line. Raises :mod:`integrations.errors` errors."""
    reach = visibility.reach_of(line.by)
    known = bringing_in.kept(line)
    if known is not None:
        return Brought(came=Came.FOUND, patient=known), course.course_of(line.study, known, reach=reach)
    wrong = bringing_in.wrong_in(line)
    if wrong:
        return Brought(came=Came.WRONG, sentence=" ".join(wrong), advice=lists.PUT_RIGHT), None
    look = gate.look(line.entered.details, by=line.by)
    who = bringing_in.whom(look)
    sentence = bringing_in.stands_against(line, look, who, reach)
    if sentence:
        return Brought(
            came=Came.DECIDE, sentence=sentence, advice="Run it without --dry-run to decide."
        ), None
    if who is None:
        return Brought(came=Came.ASKED), None
    return Brought(came=Came.FOUND, patient=who), course.course_of(line.study, who, reach=reach)


def would(at: Course | None, *, invites: bool) -> str:
    """What would be done for somebody, in words; empty where nothing would."""
    wanted = [step for step in _WOULD if invites or step is not Step.INVITE]
    if at is not None:
        wanted = [each for each in wanted if at.stage(each).how in (How.NEXT, How.LATER)]
    else:
        wanted.remove(Step.BELONG)  # who is registered for the study is registered in its organization
    return ", ".join(_WOULD[each] for each in wanted)
