"""The whole onboarding of one person, from its begin to their being connected: a page that can be left and
taken up again, since everything on it is told from what has happened."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from integrations.errors import IntegrationError
from integrations.registry import label_of
from patients.forms.lookup import LookUpForm
from patients.forms.studying import Sealed
from patients.models import Patient, Place, Study
from patients.services import hand_links, visibility
from patients.services.hand_links import Side
from patients.services.lookup import Gone
from patients.services.onboarding import course, testing
from patients.services.onboarding.course import Course, How, Step
from patients.services.opening import address_now
from patients.services.portrait import Identity
from patients.services.registering import drafts, gate
from patients.services.registering.awaited import awaited
from patients.services.seals import Broken
from patients.services.studies import allowed, following, places
from patients.services.studies.allowed import Refusal, Refused
from patients.services.studies.places import OutOfReach
from portal.accounts.access import is_allowed, who_may
from portal.web.htmx import redirect_after, render_page, wants_part
from portal.web.requests import PortalRequest

from .endings import sent
from .enrolling import as_refusal, person_page
from .operations import UNCHANGED
from .shown_onboarding import shown_stages
from .study_pages import StudyPage, refused_with

OPENED = "person.onboarding_opened"  # what the trail calls opening such a page


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Whom such a page is about. ``side`` is ``None`` of somebody of whom there is no record yet."""

    patient: Patient
    identity: Identity = field(repr=False)
    side: Side | None = field(default=None, repr=False)


@require_safe
def begin(request: PortalRequest, study_id: str) -> HttpResponse:
    """Look the person up, or register somebody new; or try it with somebody made up."""
    at = onboarding_study(request, study_id)
    places.note_chosen(at.own, at.study, by=request.user)
    context = at.context | {
        "form": LookUpForm(),
        "refused": _refused(request, at),
        "system_label": label_of(at.study.system),
    }
    return render_page(request, "patients/onboarding/begin.html", context=context)


@require_POST
def make_test(request: PortalRequest, study_id: str) -> HttpResponse:
    """Ask for somebody made up, and go on with their onboarding."""
    at = onboarding_study(request, study_id)
    try:
        patient = testing.make(at.study, by=request.user, reach=at.reach)
    except Refused as refused:
        return _begin_again(request, at, refused.refusal)
    except gate.Stopped:
        messages.error(request, "Somebody was found by chance who may be the one made up. Try once more.")
        return redirect_after(request, "patients:onboarding_begin", study_id)
    except IntegrationError as fault:
        return _begin_again(request, at, as_refusal(fault))
    return redirect_after(request, "patients:onboarding", study_id, patient.public_id)


@require_safe
def onboarding(request: PortalRequest, study_id: str, whom: str) -> HttpResponse:
    """How far somebody is, and the next step; of a form that is not sent yet, the way back to it."""
    at = onboarding_study(request, study_id)
    if (now := address_now(whom)) != whom:
        return redirect_after(request, "patients:onboarding", study_id, now)
    draft = drafts.own(whom, by=request.user)
    if draft is not None and draft.sent_as is not None:
        return redirect_after(request, "patients:onboarding", study_id, draft.sent_as.public_id)
    if draft is not None:
        return redirect_after(request, "patients:register_draft", whom)
    who = _who(request, whom, look=True)
    far = course.course_of(at.study, who.patient, reach=at.reach)
    places.note_chosen(at.own, at.study, by=request.user)
    return render_page(request, "patients/onboarding/course.html", context=_context(request, at, who, far))


@require_safe
def standing(request: PortalRequest, study_id: str, whom: str) -> HttpResponse:
    """Whether somebody has come further, asked of the system where that is waited for; names nobody, and
    says nothing where nothing has moved."""
    at = onboarding_study(request, study_id)
    if not wants_part(request):
        return redirect_after(request, "patients:onboarding", study_id, whom)
    if address_now(whom) != whom:
        return HttpResponseClientRefresh()
    far = course.course_of(at.study, _who(request, whom, look=False).patient, reach=at.reach)
    if far.invitation is not None and following.can_follow(far.invitation):
        following.look(far.invitation, by=request.user)
        far = course.course_of(at.study, far.patient, reach=at.reach)
    if stamp_of(far) != request.GET.get("seen", ""):
        return HttpResponseClientRefresh()
    return HttpResponse(status=UNCHANGED)


@require_http_methods(["GET", "POST"])
def remove_test(request: PortalRequest, study_id: str, whom: str) -> HttpResponse:
    """Somebody made up, gone again: what goes with them is shown, and one word does it."""
    at = onboarding_study(request, study_id)
    who = _who(request, whom, look=False)
    far = course.course_of(at.study, who.patient, reach=at.reach)
    if who.side is None or far.record is None or not far.record.is_test:
        raise Http404
    refused: Broken | Refusal | None = testing.why_not_removed(
        far.record, at.study, by=request.user, reach=at.reach
    )
    form = Sealed(sent(request))
    if form.is_bound and form.is_valid() and refused is None:
        refused = _remove(request, at, far, form)
        if refused is None:
            messages.success(request, f"{label_of(at.study.system)} is asked to delete the test participant.")
            return redirect_after(request, at.context["back_url"])
    hand_links.note_look(OPENED, who.side, by=request.user)
    context = _context(request, at, who, far) | {"name": who.side.name}
    if not isinstance(refused, Refusal) or request.method == "POST":
        context |= _going(request, at, far, who.side)
    return person_page(request, "patients/onboarding/remove.html", context, refused)


# --- helpers --------------------------------------------------------------------------------


def onboarding_study(request: PortalRequest, study_id: str) -> StudyPage:
    """The study, of an own organization. Raises ``Http404`` for any other, after one event."""
    reach = visibility.reach_of(request.user)
    study = Study.objects.filter(public_id=study_id, vanished_at=None).first()
    try:
        if study is None:
            visibility.require_told(reach)
            raise OutOfReach
        row = Place.objects.filter(system=study.system, organization=study.organization).first()
        own = places.own_place(row.pk if row is not None else 0, reach)
    except OutOfReach:
        places.note_refused("study.listed", by=request.user, key=study_id)
        raise Http404 from None
    return StudyPage(own=own, study=study, reach=reach)


def _who(request: PortalRequest, public_id: str, *, look: bool) -> Who:
    """The person at an address, with a record or without one yet. Raises ``Http404``."""
    coming = awaited(public_id, by=request.user, look=look)
    if coming is not None:
        return Who(patient=coming.patient, identity=coming.identity)
    try:
        side = hand_links.side(public_id, by=request.user, reach=visibility.reach_of(request.user))
    except Gone:
        hand_links.note_refused(OPENED, public_id, by=request.user)
        raise Http404 from None
    if look:
        hand_links.note_look(OPENED, side, by=request.user)
    return Who(patient=side.patient, identity=side.identity, side=side)


def _refused(request: PortalRequest, at: StudyPage) -> Any:
    refusal = allowed.why_not(at.study, by=request.user, reach=at.reach)
    return refused_with(refusal, place=at.own.name) if refusal is not None else None


def _begin_again(request: PortalRequest, at: StudyPage, refusal: Refusal) -> HttpResponse:
    context = at.context | {
        "form": LookUpForm(),
        "refused": refused_with(refusal, place=at.own.name),
        "system_label": label_of(at.study.system),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return render_page(request, "patients/onboarding/begin.html", context=context, status=status)


def _context(request: PortalRequest, at: StudyPage, who: Who, far: Course) -> dict[str, Any]:
    refused = _refused(request, at)
    args = [at.study.public_id, who.patient.public_id]
    is_test = far.record is not None and far.record.is_test
    moves = any(each.how is How.UNDER_WAY for each in far.stages)
    waits = far.invitation is not None and following.can_follow(far.invitation)
    return at.context | {
        "identity": who.identity,
        "stages": shown_stages(far, may=refused is None, place=at.own.name, by=request.user),
        "is_over": far.is_over,
        "refused": refused,
        "every": "1s" if moves else "3s" if waits and far.stage(Step.CONNECT).how is How.WAITS else "",
        "standing_url": f"{reverse('patients:onboarding_standing', args=args)}?seen={stamp_of(far)}",
        "course_url": reverse("patients:onboarding", args=args),
        "person_url": reverse("patients:patient", args=[who.patient.public_id]),
        "begin_url": reverse("patients:onboarding_begin", args=[at.study.public_id]),
        "is_test": is_test,
        "remove_url": reverse("patients:onboarding_remove", args=args) if _may_remove(request, far) else "",
    }


def _may_remove(request: PortalRequest, far: Course) -> bool:
    may = is_allowed(request.user, who_may("patients:onboarding_remove", "POST"))
    return may and far.record is not None and testing.is_made_up(far.record)


def _going(request: PortalRequest, at: StudyPage, far: Course, side: Side) -> dict[str, Any]:
    """What goes with somebody made up, counted now; why it could not be counted, if so."""
    assert far.record is not None  # noqa: S101 (the caller looked)
    try:
        going = testing.going(far.record, at.study, side, by=request.user)
    except IntegrationError as fault:
        return {"fault": fault}
    form = Sealed(initial={"seal": going.seal})
    return {"going": going, "form": form}


def _remove(request: PortalRequest, at: StudyPage, far: Course, form: Sealed) -> Broken | Refusal | None:
    """Ask for it; why not, if so."""
    assert far.record is not None  # noqa: S101 (the caller looked)
    try:
        testing.remove(
            far.record, at.study, sealed=form.sealed, numbers=request.POST.get("numbers", ""),
            at=far.patient.public_id, by=request.user, reach=at.reach,
        )  # fmt: skip
    except Broken as broken:
        return broken
    except Refused as refused:
        return refused.refusal
    except IntegrationError as fault:
        return as_refusal(fault)
    return None


def stamp_of(far: Course) -> str:
    """The same as long as nobody has come further."""
    said = [f"{each.how}.{each.operation.state if each.operation else ''}" for each in far.stages]
    return "-".join(said).replace(" ", "_")
