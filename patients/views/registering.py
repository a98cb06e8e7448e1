"""The form for registering somebody: kept as it is typed, with whom the index knows beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import replace_url

from integrations.registry import label_of
from integrations.sentences import listed
from patients.entering.systems import ORGANIZATION
from patients.entering.typed import blank
from patients.forms.lookup import LookUpForm
from patients.forms.registering import DRAFT, STOOD_IN, SYSTEMS, RegisterForm
from patients.models import Draft, Study
from patients.services import hand_links, suggesting, visibility
from patients.services import lookup as lookups
from patients.services.lookup import Gone
from patients.services.operations import story
from patients.services.registering import adding, awaited, drafts, offers, starting
from patients.services.registering.drafts import STUDY
from patients.services.registering.meeting import Meeting, meet
from patients.services.understanding import Asked
from patients.services.visibility import Reach
from portal.accounts.locking import kept_as
from portal.web.htmx import redirect_after, render_page, wants_part
from portal.web.requests import PortalRequest

from .shown_registering import shown_meeting

WAIT_SECONDS = 1.0  # what the form waits for a system to say where somebody may register


@require_http_methods(["GET", "POST"])
def register(request: PortalRequest) -> HttpResponse:
    """A new form; or what was typed into one, on its way to the search."""
    reach = visibility.reach_of(request.user, wait=WAIT_SECONDS)
    if request.method == "POST":
        return _sent(request, reach)
    known = offers.offers_for(request.user, reach)
    usual = offers.usual_systems(request.user, known)
    form = RegisterForm(offers=known, initial={SYSTEMS: list(usual)})
    return _page(request, form, None, reach)


@require_safe
def draft(request: PortalRequest, draft_id: str) -> HttpResponse:
    """A form that was kept, to go on with."""
    mine = open_draft(request, draft_id)
    if mine.sent_as is not None:
        return HttpResponseRedirect(reverse("patients:patient", args=[mine.sent_as.public_id]))
    reach = visibility.reach_of(request.user, wait=WAIT_SECONDS)
    form = form_of(request, mine, reach)
    drafts.note_opened(mine, by=request.user)
    return _page(request, form, mine, reach)


@kept_as("patients:register")
@require_POST
def typed(request: PortalRequest) -> HttpResponse:
    """Keep what is typed so far, and say what is to be said of it: parts of the form's page, for htmx."""
    if not wants_part(request):
        return redirect_after(request, "patients:register")
    reach = visibility.reach_of(request.user, wait=suggesting.WAIT_SECONDS)
    mine, form = _bound(request, reach)
    met, not_kept = Meeting(), ""
    kept: Draft | None = mine
    if not blank(form.typed()) and (mine is None or mine.sent_as is None):
        try:
            kept = _keep(request, form, mine, turn=form.turn)
        except drafts.TooMany as many:
            not_kept = str(many)
        met = meet(form.details, by=request.user, reach=reach, of=mine.patient if mine else None)
        _note_typing(request, met, kept)
    context = _context(form, kept, reach) | {"known": shown_meeting(met), "is_typing": True}
    context["not_kept"] = not_kept
    response = render(request, "patients/registering/_typed.html", context)
    if kept is not None and mine is None:
        replace_url(response, reverse("patients:register_draft", args=[kept.public_id]))
    return response


@require_POST
def start(request: PortalRequest) -> HttpResponse:
    """Begin a form with something known: a look-up (its line, or its address), somebody who has a record
    already, or a registration that was refused."""
    sent = request.POST
    also: dict[str, Any] = {}
    patient = None
    reach = visibility.reach_of(request.user)
    known = offers.offers_for(request.user, reach)
    try:
        if person := sent.get("person", ""):
            side = hand_links.side(person, by=request.user, reach=reach)
            hand_links.note_look("person.add_opened", side, by=request.user)
            filled, patient = starting.from_person(starting.held_of(side), starting.NOTHING), side.patient
            also = {SYSTEMS: sent.getlist(SYSTEMS), "joins": sent.get("joins", "")}
        elif operation := sent.get("operation", ""):
            asked = awaited.asked_in(story.find(operation, by=request.user), by=request.user)
            if asked is None:
                raise Gone
            filled = starting.from_asked(asked.wish)
            patient = asked.patient if asked.patient.records.exists() else None
            also = {SYSTEMS: [asked.system], ORGANIZATION: asked.wish.new.organization_id}
        else:
            filled = starting.from_line(_looked_up(request))
            also = {SYSTEMS: list(offers.usual_systems(request.user, known))}
        also |= _for_study(request, reach)
        mine = drafts.keep(filled, by=request.user, patient=patient, also=also)
    except Gone:
        raise Http404 from None
    except drafts.TooMany as many:
        messages.error(request, str(many))
        return redirect_after(request, "patients:search")
    page = "patients:register_check" if also.get("joins") else "patients:register_draft"
    return redirect_after(request, page, mine.public_id)


# --- what the pages of registering share --------------------------------------------------------


def open_draft(request: PortalRequest, draft_id: str) -> Draft:
    """A form of one's own. Raises ``Http404``."""
    try:
        mine = drafts.open_draft(draft_id, by=request.user)
    except Gone:
        raise Http404 from None
    if mine.kind != Draft.Kind.REGISTER:
        raise Http404
    return mine


def form_of(request: PortalRequest, mine: Draft, reach: Reach) -> RegisterForm:
    """The form as it was kept; empty, with a word about it, where it cannot be deciphered any more."""
    known = offers.offers_for(request.user, reach, of=mine.patient)
    kept = drafts.read(mine)
    if kept is None:
        messages.error(request, "What you had typed cannot be deciphered any more. Please enter it again.")
        return RegisterForm(offers=known, initial={DRAFT: mine.public_id})
    return RegisterForm.of_kept(
        kept.typed, kept.also, draft=mine.public_id, offers=known, adds=mine.patient_id is not None
    )


def _sent(request: PortalRequest, reach: Reach) -> HttpResponse:
    """What was typed, kept whatever is wrong with it; then on to the search."""
    mine, form = _bound(request, reach)
    if mine is not None and mine.sent_as is not None:
        return redirect_after(request, "patients:patient", mine.sent_as.public_id)
    if "take" in request.POST:
        form = form.shown_anew()
    elif "park" not in request.POST:
        form = form.with_stand_ins(_also(mine).get(STOOD_IN, {}))
    try:
        kept = _keep(request, form, mine)
    except drafts.TooMany as many:
        form.add_error(None, str(many))
        return _page(request, form, mine, reach)
    if "park" in request.POST:
        messages.success(request, "Parked: the form waits for you on your home page.")
        return redirect_after(request, "patients:search")
    form = form.kept_under(kept.public_id)
    if form.is_bound and form.is_valid():
        another = adding.another_person(form.details, kept.patient) if kept.patient is not None else ""
        if not another:
            return redirect_after(request, "patients:register_check", kept.public_id)
        form.add_error(None, another)
    return _page(request, form, kept, reach)


def _bound(request: PortalRequest, reach: Reach) -> tuple[Draft | None, RegisterForm]:
    """The form as it was sent, and the draft that it is of, where that is one's own still."""
    mine = drafts.own(request.POST.get(DRAFT, ""), by=request.user)
    known = offers.offers_for(request.user, reach, of=mine.patient if mine else None)
    return mine, RegisterForm(request.POST, offers=known, adds=bool(mine and mine.patient_id))


def _keep(
    request: PortalRequest, form: RegisterForm, mine: Draft | None, *, turn: int | None = None
) -> Draft:
    kept = _also(mine)
    also = {name: kept[name] for name in ("joins", STUDY, STOOD_IN) if name in kept} | form.also()
    number = mine.public_id if mine else form.new_draft
    try:
        return drafts.keep(form.typed(), by=request.user, public_id=number, also=also, turn=turn)
    except Gone:  # handed over meanwhile, or sent from another window: nothing typed is lost
        return drafts.keep(form.typed(), by=request.user, also=also)


def _also(mine: Draft | None) -> Mapping[str, Any]:
    """What a form holds besides the person; nothing where there is none, or it cannot be deciphered."""
    kept = drafts.read(mine) if mine is not None else None
    return kept.also if kept is not None else {}


def _page(request: PortalRequest, form: RegisterForm, mine: Draft | None, reach: Reach) -> HttpResponse:
    context = _context(form, mine, reach)
    return render_page(request, "patients/registering/form.html", context=context)


def _context(form: RegisterForm, mine: Draft | None, reach: Reach) -> dict[str, Any]:
    return {
        "form": form,
        "draft": mine,
        "sections": form.sections(form.needed()),
        "offers": form.offers,
        "organization_needed_by": listed(map(label_of, form.needed().get(ORGANIZATION, ()))),
        "kept": [] if mine else None,
    }


def _note_typing(request: PortalRequest, met: Meeting, kept: Draft | None) -> None:
    """One event a run of typing, and a minute, before names show."""
    if kept is None or not met.met:
        return
    typing = f"registering:{request.user.pk}:{kept.public_id}"
    if cache.get(typing) is None and cache.add(typing, 1, suggesting.RUN_SECONDS):
        drafts.note_typing(kept, by=request.user)


def _for_study(request: PortalRequest, reach: Reach) -> dict[str, Any]:
    """Where somebody is registered who is to take part in a study: in its system and organization."""
    study = Study.objects.filter(public_id=request.POST.get(STUDY, ""), vanished_at=None).first()
    if study is None or study.organization not in reach.writable.get(study.system, ()):
        return {}
    return {SYSTEMS: [study.system], ORGANIZATION: study.organization, STUDY: study.public_id}


def _looked_up(request: PortalRequest) -> Asked:
    """The line that stands in the look-up box, or the look-up that found nobody."""
    if lookup_id := request.POST.get("lookup", ""):
        return Asked.from_json(lookups.reopen(lookup_id, by=request.user).asked)
    form = LookUpForm(request.POST)
    form.is_valid()
    return form.asked()
