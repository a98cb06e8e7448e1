"""Editing somebody: one form for all systems, and what has to be answered before anything is written."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from integrations.registry import label_of
from integrations.sentences import listed
from patients.forms.editing import EditForm
from patients.forms.sent import PAGE, SEAL
from patients.models.ids import opaque_id
from patients.services import hand_links
from patients.services.editing import pages, saving
from patients.services.editing.copies import Copies, copies_of, note_look
from patients.services.editing.outcomes import Asked, Saved
from patients.services.editing.pages import page_of
from patients.services.editing.saving import seal_of
from patients.services.lookup import Gone
from patients.services.opening import address_now
from patients.services.operations.wording import field_label
from patients.services.registering import drafts
from patients.services.seals import Broken, Trouble
from portal.web.htmx import redirect_after, render_page
from portal.web.requests import PortalRequest

from .kept_edits import Kept, form_of_draft, keep, keep_away
from .shown_editing import ShownAsked, open_questions, shown_asked, shown_copies, shown_questions
from .shown_links import KEPT, refusal_of

LOOK = "person.edit_opened"


@require_http_methods(["GET", "POST"])
def edit(request: PortalRequest, public_id: str) -> HttpResponse:
    """The form about a person; and what was entered, on its way to the systems."""
    now = address_now(public_id)
    if now != public_id and request.method == "GET":
        return HttpResponseRedirect(f"{reverse('patients:edit', args=[now])}?{request.GET.urlencode()}")
    try:
        copies = copies_of(now, by=request.user)
    except Gone:
        return _gone(request, now)
    if request.method == "POST":
        if now != public_id:
            return _refused(request, copies, public_id, Broken(Trouble.STALE))
        return _sent(request, copies, public_id)
    form = form_of_draft(request, copies) or EditForm(copies=copies, page=page_of(copies, by=request.user))
    return _page(request, form)


# --- sending ----------------------------------------------------------------------------------


def _sent(request: PortalRequest, copies: Copies, public_id: str) -> HttpResponse:
    user = request.user
    try:
        page = pages.unsealed(request.POST.get(PAGE, ""), public_id=public_id, by=user)
    except Broken as broken:
        return _refused(request, copies, public_id, broken)
    form = EditForm(request.POST, copies=copies, page=page)
    before = drafts.own(form.draft, by=user)
    if before is not None and before.sent_as_id is not None:
        messages.info(request, "This form was sent already: nothing was written a second time.")
        return redirect_after(request, "patients:patient", public_id)
    kept = keep(request, page, typed=form.typed())
    if "park" in request.POST:
        return _parked(request, form, kept)
    if {"take", "back"} & request.POST.keys():
        if "back" in request.POST:
            saving.note_left(public_id, by=user)
        return _page(request, form.shown_anew())
    if not form.is_valid():
        return _page(request, form, not_kept=kept.why_not, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        result = saving.save(
            page, form.wanted(), form.answers(), sealed=request.POST.get(SEAL, ""), by=user, draft=form.draft
        )
    except Broken as broken:
        return _refused(request, copies, public_id, broken)
    except Gone:
        return _gone(request, public_id)
    if isinstance(result, Asked):
        return _asked(request, form, result)
    say_saved(request, result)
    return redirect_after(request, "patients:patient", public_id)


def _parked(request: PortalRequest, form: EditForm, kept: Kept) -> HttpResponse:
    """Home, where the form waits; or the form itself, where it could not be kept: nothing is ever sent."""
    if kept.draft is not None:
        messages.success(request, "Parked: the form waits for you on your home page.")
        return redirect_after(request, "patients:search")
    messages.error(request, f"Not parked. {kept.why_not}")
    return _page(request, form.shown_anew(draft=opaque_id()), status=HTTPStatus.CONFLICT)


def _asked(request: PortalRequest, form: EditForm, result: Asked) -> HttpResponse:
    """The form again, with what has to be answered."""
    again = EditForm(request.POST, copies=result.copies, page=result.page)
    again.is_valid()
    stopped = result.is_stopped(form.answers())
    for sentence in open_questions(result, is_stopped=stopped):
        again.add_error(None, sentence)
    shown = shown_asked(result, again, is_stopped=stopped)
    refusal = refusal_of(result.refusal, result.copies.name)
    status = HTTPStatus.CONFLICT if refusal else HTTPStatus.UNPROCESSABLE_ENTITY
    return _page(request, again, asked=shown, refusal=refusal, status=status)


def _refused(request: PortalRequest, copies: Copies, public_id: str, broken: Broken) -> HttpResponse:
    """A form that is none of ours, or about somebody else: both names. What was typed is kept in the form
    where that was about this person, against what it showed, and else among the forms that are not sent
    yet: values of one person are never put into another's form."""
    try:
        hand_links.check(request.POST.get(SEAL, ""), purpose=saving.EDIT, at=[public_id], by=request.user)
    except Broken as told:
        broken = told
    try:
        if broken.trouble in (Trouble.ANOTHER_ADDRESS, Trouble.UNREADABLE):
            raise broken
        carried = pages.carried(request.POST.get(PAGE, ""), copies, by=request.user)
    except Broken:
        form = EditForm(copies=copies, page=page_of(copies, by=request.user))
        words = _KEPT_AWAY if keep_away(request) else _NOT_KEPT
    else:
        sent = EditForm(request.POST, copies=copies, page=carried.page)
        form, words = sent.shown_anew(carried=carried), KEPT
    refusal = refusal_of(broken, copies.name, kept=words)
    return _page(request, form, refusal=refusal, status=HTTPStatus.CONFLICT)


_KEPT_AWAY = "what you wrote waits on your home page, as a form about the person it was about"
_NOT_KEPT = "this page shows the person as they are now"


def say_saved(request: PortalRequest, saved: Saved) -> None:
    """What becomes of it, on the person's page."""
    if saved.confirmed:
        parts = listed([field_label(part).lower() for part in saved.confirmed])
        messages.success(request, f"Noted as confirmed today: {parts}.")
    if not saved.operations:
        if not saved.confirmed:
            messages.info(request, "Nothing was changed, so nothing was written.")
        return
    labels = list(dict.fromkeys(label_of(each.system) for each in saved.operations))
    text = f"Saved, and being written to {listed(labels)}. This page shows what comes of it."
    messages.success(request, text)
    for sentence in saved.left_out:
        messages.info(request, sentence)
    for label in saved.unread:
        messages.warning(
            request, f"{label} did not answer just now. What it holds is compared before anything is written."
        )


# --- showing ----------------------------------------------------------------------------------


def _gone(request: PortalRequest, public_id: str) -> HttpResponse:
    """The person is out of reach, or cannot be shown just now; what was sent is kept."""
    hand_links.note_refused(LOOK, public_id, by=request.user)
    if request.method != "POST" or not keep_away(request):
        raise Http404
    messages.error(request, "This person cannot be shown now. Nothing was written: what you wrote waits.")
    return redirect_after(request, "patients:search")


def _page(
    request: PortalRequest, form: EditForm, *, asked: ShownAsked | None = None, refusal: Any = None,
    not_kept: str = "", status: int | None = None,
) -> HttpResponse:  # fmt: skip
    copies, page = form.copies, form.page
    note_look(LOOK, copies, by=request.user)
    public_id = copies.patient.public_id
    context = {
        "identity": copies.identity,
        "form": form,
        "asked": asked,
        "refusal": refusal,
        "carried": form.carried([each.name for each in asked.questions] if asked else ()),
        "sections": form.sections(),
        "records": shown_copies(copies),
        "questions": shown_questions(copies),
        "customs": form.shown_custom(),
        "identifiers": form.shown_identifiers(),
        "fixed": form.fixed(),
        "untold": copies.untold,
        "not_kept": not_kept,
        "draft": drafts.own(form.draft, by=request.user),
        "page_seal": pages.sealed(page),
        "seal": seal_of(copies, by=request.user),
        "back_url": reverse("patients:patient", args=[public_id]),
        "edit_url": reverse("patients:edit", args=[public_id]),
        "typed_url": reverse("patients:edit_typed", args=[public_id]),
    }
    return render_page(request, "patients/editing/edit.html", context=context, status=status)
