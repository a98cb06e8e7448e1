"""Bringing a person's records into agreement, and confirming contact details with one click."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from patients.forms.agreeing import AgreeForm
from patients.forms.sent import PAGE, SEAL
from patients.services import hand_links, visibility
from patients.services.editing import agreement, confirming, pages, saving
from patients.services.editing.copies import Copies, copies_of, note_look
from patients.services.editing.outcomes import Asked
from patients.services.editing.pages import Page, page_of
from patients.services.editing.saving import AGREE, seal_of
from patients.services.lookup import Gone
from patients.services.opening import address_now
from patients.services.seals import Broken, Trouble
from portal.web.htmx import redirect_after, render_page, wants_part
from portal.web.requests import PortalRequest

from .editing import say_saved
from .shown_confirming import shown_confirming
from .shown_editing import ShownStop, open_questions, shown_copies, shown_stop
from .shown_links import refusal_of

LOOK = "person.agree_opened"


@require_http_methods(["GET", "POST"])
def agree(request: PortalRequest, public_id: str) -> HttpResponse:
    """The details in which a person's records differ, and what is copied to which."""
    now = address_now(public_id)
    if now != public_id and request.method == "GET":
        return HttpResponseRedirect(reverse("patients:agree", args=[now]))
    copies = _copies(request, now)
    if request.method == "POST":
        if now != public_id:
            return _refused(request, copies, public_id, Broken(Trouble.STALE))
        return _sent(request, copies, public_id)
    page = page_of(copies, by=request.user)
    return _page(request, copies, page, AgreeForm(differing=agreement.differences(copies, page)))


def _sent(request: PortalRequest, copies: Copies, public_id: str) -> HttpResponse:
    try:
        page = pages.unsealed(request.POST.get(PAGE, ""), public_id=public_id, by=request.user)
        differing = agreement.differences(copies, page)
        form = AgreeForm(request.POST, differing=differing)
        if not form.is_valid():
            return _page(request, copies, page, form)
        wanted, seal = agreement.wanted(differing, form.chosen()), request.POST.get(SEAL, "")
        result = saving.save(page, wanted, form.answers(), sealed=seal, by=request.user, purpose=AGREE)
    except Broken as broken:
        return _refused(request, copies, public_id, broken)
    except Gone:
        raise Http404 from None
    if isinstance(result, Asked):
        return _asked(request, form, result)
    say_saved(request, result)
    return redirect_after(request, "patients:patient", public_id)


def _asked(request: PortalRequest, form: AgreeForm, result: Asked) -> HttpResponse:
    """The page again: as the systems are now where anything moved, else with what has to be answered."""
    answers = form.answers()
    is_stopped = result.is_stopped(answers)
    refusal = refusal_of(result.refusal, result.copies.name)
    if result.moved or refusal:
        page = page_of(result.copies, by=request.user)
        form = AgreeForm(differing=agreement.differences(result.copies, page))
        for moved in result.moved:
            text = (
                f"{moved.label} is “{moved.now or 'nothing'}” in {moved.system_label} by now; "
                f"when you opened this page it was “{moved.shown or 'nothing'}”. Nothing was written."
            )
            messages.warning(request, f"{text} Choose once more.")
        status = HTTPStatus.CONFLICT if refusal else HTTPStatus.UNPROCESSABLE_ENTITY
        return _page(request, result.copies, page, form, refusal=refusal, status=status)
    for sentence in open_questions(result, is_stopped=is_stopped):
        form.add_error(None, sentence)
    stop = shown_stop(result, answers, is_another=bool(answers.other)) if is_stopped else None
    return _page(request, result.copies, result.page, form, stop=stop)


def _refused(request: PortalRequest, copies: Copies, public_id: str, broken: Broken) -> HttpResponse:
    try:
        hand_links.check(request.POST.get(SEAL, ""), purpose=AGREE, at=[public_id], by=request.user)
    except Broken as told:
        broken = told
    page = page_of(copies, by=request.user)
    form = AgreeForm(differing=agreement.differences(copies, page))
    refusal = refusal_of(broken, copies.name, kept="nothing is chosen below")
    return _page(request, copies, page, form, refusal=refusal, status=HTTPStatus.CONFLICT)


def _copies(request: PortalRequest, public_id: str) -> Copies:
    try:
        return copies_of(public_id, by=request.user)
    except Gone:
        hand_links.note_refused(LOOK, public_id, by=request.user)
        raise Http404 from None


def _page(
    request: PortalRequest, copies: Copies, page: Page, form: AgreeForm, *, stop: ShownStop | None = None,
    refusal: Any = None, status: int | None = None,
) -> HttpResponse:  # fmt: skip
    note_look(LOOK, copies, by=request.user)
    public_id = copies.patient.public_id
    context = {
        "identity": copies.identity,
        "form": form,
        "stop": stop,
        "refusal": refusal,
        "records": shown_copies(copies),
        "untold": copies.untold,
        "page_seal": pages.sealed(page),
        "seal": seal_of(copies, by=request.user, purpose=AGREE),
        "back_url": reverse("patients:patient", args=[public_id]),
        "agree_url": reverse("patients:agree", args=[public_id]),
    }
    return render_page(request, "patients/editing/agree.html", context=context, status=status)


# --- confirming -------------------------------------------------------------------------------


@require_POST
def confirm(request: PortalRequest, public_id: str) -> HttpResponse:
    """Note that a contact detail was confirmed today: the row for htmx, else back to the person's page."""
    try:
        confirming.confirm(public_id, request.POST.get("detail", ""), by=request.user)
    except Gone:
        hand_links.note_refused("person.confirmed", public_id, by=request.user)
        raise Http404 from None
    except confirming.Moved:
        messages.error(request, "This is not held any more. Look at what is there now, and confirm that.")
        return redirect_after(request, "patients:patient", public_id)
    if not wants_part(request):
        messages.success(request, "Confirmed today.")
        return redirect_after(request, "patients:patient", public_id)
    side = hand_links.side(public_id, by=request.user, reach=visibility.reach_of(request.user))
    context = {"confirmations": shown_confirming(side.patient, side.person.kept, by=request.user)}
    return render_page(request, "patients/editing/_confirmed.html", context=context)
