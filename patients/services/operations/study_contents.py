"""What a write about a study says, line by line; never an invitation's link."""

from __future__ import annotations

from collections.abc import Iterator

from patients.models import Invitation, Operation, Study
from patients.services.studies import authority, plans

from .study_wishes import CancelInvitation, Decide, Enrol, Invite, StudyWish, Unenrol

Line = tuple[str, str]


def study_lines(operation: Operation, wish: StudyWish) -> Iterator[Line]:
    """Label and value."""
    if isinstance(wish, CancelInvitation):
        yield "Invitation", f"number {wish.invitation_id}"
        return
    study = Study.objects.filter(system=operation.system, remote_id=wish.study_id).first()
    yield "Study", study.name if study is not None and study.name else f"study {wish.study_id}"
    plan = plans.plan_of(study) if study is not None else plans.Plan()
    match wish:
        case Enrol():
            return
        case Unenrol():
            yield "What goes with it", "Every decision about this study's data; the portal keeps them"
            if wish.reason:
                yield "Reason", wish.reason
        case Decide():
            yield from _decision(wish, plan)
        case Invite():
            yield from _invitation(operation, wish, plan)


def _decision(wish: Decide, plan: plans.Plan) -> Iterator[Line]:
    scope = plan.scope(wish.scope)
    yield "Kind of data", scope.text if scope is not None and scope.text else wish.scope_code
    yield "Decision", "Agreed" if wish.agreed else "Declined"
    yield from authority.lines(wish.authority)


def _invitation(operation: Operation, wish: Invite, plan: plans.Plan) -> Iterator[Line]:
    app = plan.app(wish.app_id)
    if wish.app_id:
        yield "App", app.name if app is not None and app.name else f"app {wish.app_id}"
    yield "How it reaches the person", Invitation.Channel(wish.channel).label
    if wish.reason:
        yield "Reason for an e-mail", wish.reason
    row = Invitation.objects.filter(operation=operation).defer("link").first()
    if row is not None and row.state:
        yield "How it stands", row.state
