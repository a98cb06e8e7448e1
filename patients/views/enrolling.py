"""Putting one person into a study, and taking them out: each a page of its own with a sealed form."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import resolve_url
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from integrations.errors import IntegrationError
from patients.forms.links import SealedForm
from patients.forms.studying import EnrolForm
from patients.models import Study
from patients.services import hand_links, seals
from patients.services.lookup import Gone
from patients.services.seals import Broken
from patients.services.studies import allowed, enrolling, offers, participants, places
from patients.services.studies.allowed import Refusal, Refused
from patients.services.studies.offers import Offer
from portal.web.htmx import redirect_after, render_page
from portal.web.requests import PortalRequest

from .endings import About, about, sent, written
from .links import gone
from .shown_links import refusal_of
from .shown_operations import words_of
from .study_pages import refused_with

ENROL, UNENROL = "enrol", "unenrol"
OPENED = "person.enrol_opened"  # what the trail calls opening such a page


@require_http_methods(["GET", "POST"])
def enrol(request: PortalRequest, public_id: str, number: int) -> HttpResponse:
    """The studies of one's organizations, to put a person into one of them."""
    try:
        it = about(request, public_id, number)
    except Gone:
        return gone(request, ENROL, [public_id], part=str(number), action=OPENED)
    if not offers.has_studies(it.record):
        raise Http404
    found = offers.offers_for(it.record, by=request.user, reach=it.reach)
    form = _enrol_form(request, it, found)
    refused: Broken | Refusal | None = None
    if form.is_bound and form.is_valid():
        chosen = next(each for each in found if each.study.public_id == form.cleaned_data["study"])
        refused = _enrol(request, it, form, chosen)
        if refused is None:
            messages.success(request, f"{it.label} is asked to enrol the person in {chosen.study.name}.")
            return redirect_after(request, "patients:invite", public_id, number, chosen.study.public_id)
        form = _enrol_form(request, it, found, fresh=written(form))
    return _enrol_page(request, it, found, form, refused)


@require_http_methods(["GET", "POST"])
def unenrol(request: PortalRequest, public_id: str, number: int, study_id: str) -> HttpResponse:
    """What follows from taking somebody out of a study, and the form that asks for it."""
    try:
        it = about(request, public_id, number)
    except Gone:
        return gone(request, UNENROL, [public_id], part=f"{number} {study_id}", action=OPENED)
    study = study_of(it, study_id)
    part = f"{number} {study_id}"
    blank = {"seal": seals.seal(it.whole.named, purpose=UNENROL, by=request.user, part=part)}
    form = SealedForm(sent(request), initial=blank)
    refused: Broken | Refusal | None = allowed.why_not(study, by=request.user, reach=it.reach)
    if form.is_bound and form.is_valid():
        refused = _unenrol(request, it, form, study)
        if refused is None:
            messages.success(request, f"{it.label} is asked to take the person out of {study.name}.")
            return redirect_after(request, "patients:patient", public_id)
        form = SealedForm(initial=blank | written(form))
    hand_links.note_look(OPENED, it.whole, by=request.user)
    context = it.context(request) | {
        "study": study,
        "form": form,
        "participant": participants.current(study, it.record),
    }
    return person_page(request, "patients/enrolling/unenrol.html", context, refused)


def study_of(it: About, study_id: str) -> Study:
    """A study of the record's system, in an organization within reach. Raises ``Http404``."""
    found = Study.objects.filter(system=it.record.system, public_id=study_id).first()
    if found is None or found.organization not in it.reach.organizations.get(found.system, ()):
        raise Http404
    return found


# --- asking ---------------------------------------------------------------------------------


def _enrol(request: PortalRequest, it: About, form: EnrolForm, offer: Offer) -> Broken | Refusal | None:
    """Ask for it; why not, if so."""
    user, at = request.user, it.whole.patient.public_id
    try:
        allowed.require(offer.study, by=user, reach=it.reach)
        with seals.held(form.sealed, purpose=ENROL, at=[at], by=user, part=str(it.record.pk)):
            enrolling.enrol(offer.study, it.record, by=user, reach=it.reach, add="add" in request.POST)
    except Broken as broken:
        return broken
    except Refused as refused:
        return refused.refusal
    except IntegrationError as fault:
        return as_refusal(fault)
    return None


def _unenrol(request: PortalRequest, it: About, form: SealedForm, study: Study) -> Broken | Refusal | None:
    user, at = request.user, it.whole.patient.public_id
    part = f"{it.record.pk} {study.public_id}"
    try:
        allowed.require(study, by=user, reach=it.reach)
        with seals.held(form.sealed, purpose=UNENROL, at=[at], by=user, part=part):
            reason = form.cleaned_data["reason"]
            enrolling.unenrol(study, it.record, reason=reason, by=user, reach=it.reach)
    except Broken as broken:
        return broken
    except Refused as refused:
        return refused.refusal
    except IntegrationError as fault:
        return as_refusal(fault)
    return None


def as_refusal(fault: IntegrationError) -> Refusal:
    """A fault as a refusal that a page shows."""
    return Refusal(because=allowed.Because.NOT_TOLD, sentence=words_of(fault))


# --- showing --------------------------------------------------------------------------------


def _enrol_form(
    request: PortalRequest, it: About, found: list[Offer], *, fresh: dict[str, str] | None = None
) -> EnrolForm:
    seal = seals.seal(it.whole.named, purpose=ENROL, by=request.user, part=str(it.record.pk))
    open_to = [each for each in found if not each.takes_part and each.on_its_way is None]
    initial = {"seal": seal, "study": _study_first(request, it, open_to)} | (fresh or {})
    studies = [(each.study.public_id, f"{each.study.name} ({each.own.name})") for each in open_to]
    return EnrolForm(None if fresh is not None else sent(request), initial=initial, studies=studies)


def _study_first(request: PortalRequest, it: About, open_to: list[Offer]) -> str:
    """The study that is chosen already: the one they come from, the only one, or the one opened last."""
    if named := request.GET.get("study", ""):
        return named
    if len(open_to) == 1:
        return str(open_to[0].study.public_id)
    _, last = places.chosen(it.reach, by=request.user) or (None, None)
    return str(last.public_id) if last in [each.study for each in open_to] else ""


def _enrol_page(
    request: PortalRequest, it: About, found: list[Offer], form: EnrolForm, refused: Broken | Refusal | None
) -> HttpResponse:
    chosen = next((each for each in found if each.study.public_id == str(form["study"].value() or "")), None)
    hand_links.note_look(OPENED, it.whole, by=request.user)
    context = it.context(request) | {
        "form": form,
        "can_choose": any(not each.takes_part and each.on_its_way is None for each in found),
        "taken": [_taken(it, each) for each in found if each.takes_part or each.on_its_way is not None],
        "again_url": request.path,
        "place": chosen.own.name if chosen else "",
    }
    return person_page(request, "patients/enrolling/enrol.html", context, refused)


def _taken(it: About, offer: Offer) -> dict[str, Any]:
    args = [it.whole.patient.public_id, it.record.pk, offer.study.public_id]
    return {
        "study": offer.study,
        "own": offer.own,
        "takes_part": offer.takes_part,
        "operation_url": resolve_url("patients:operation", offer.on_its_way.public_id)
        if offer.on_its_way
        else "",
        "invite_url": reverse("patients:invite", args=args),
    }


def person_page(
    request: PortalRequest, template: str, context: dict[str, Any], refused: Broken | Refusal | None
) -> HttpResponse:
    """A page about somebody, with why its form was refused or cannot be sent."""
    is_broken = isinstance(refused, Broken)
    context |= {
        "refusal": refusal_of(refused, context["name"]) if isinstance(refused, Broken) else None,
        "refused": refused_with(refused, urls=context.pop("fixes", None), place=context.get("place", ""))
        if isinstance(refused, Refusal)
        else None,
    }
    status = HTTPStatus.CONFLICT if is_broken else None
    if isinstance(refused, Refusal) and request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    return render_page(request, template, context=context, status=status)
