"""Forms that edit somebody and are not sent yet: kept as they are typed, and taken up again."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from patients.entering.typed import Typed
from patients.forms.editing import EditForm
from patients.forms.sent import DRAFT, PAGE, draft_in, to_keep, turn_in, typed_in
from patients.models import Draft, Patient
from patients.services.editing import pages
from patients.services.editing.copies import Copies, copies_held
from patients.services.editing.pages import Page, page_of
from patients.services.lookup import Gone
from patients.services.registering import drafts
from patients.services.seals import Broken
from patients.services.visibility import NotTold
from portal.accounts.locking import kept_as
from portal.web.htmx import redirect_after, wants_part
from portal.web.requests import PortalRequest

_ELSEWHERE = "This form was sent, or handed over, meanwhile: what is typed here is not kept any more."
_UNREADABLE = (
    "What you had typed cannot be set against what is held now. It stays among the forms that are not sent; "
    "this page shows the person as they are."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """That a form is kept; without a ``draft``, ``why_not`` in a sentence for staff."""

    draft: Draft | None = None
    why_not: str = ""


@kept_as("patients:edit")
@require_POST
def typed(request: PortalRequest, public_id: str) -> HttpResponse:
    """Keep what is typed so far, and say what is to be said of it: parts of the form's page, for htmx. It is
    kept whatever became of the person meanwhile, and no system is asked."""
    if not wants_part(request):
        return redirect_after(request, "patients:edit", public_id)
    try:
        page = pages.unsealed(request.POST.get(PAGE, ""), public_id=public_id, by=request.user)
    except Broken:
        return HttpResponse(status=HTTPStatus.NO_CONTENT)  # said when the form is sent
    kept = keep(request, page, turn=turn_in(request.POST))
    context = {"draft": kept.draft, "not_kept": kept.why_not, "sections": _sections(request, page)}
    return render(request, "patients/editing/_typed.html", context)


def _sections(request: PortalRequest, page: Page) -> list[object]:
    """What is said of each field; nothing where the person is out of reach, or somebody else's by now."""
    try:
        copies = copies_held(page.public_id, by=request.user)
    except (Gone, NotTold):
        return []
    return [*EditForm(request.POST, copies=copies, page=page).sections()]


# --- keeping ----------------------------------------------------------------------------------


def keep(request: PortalRequest, page: Page, *, typed: Typed | None = None, turn: int | None = None) -> Kept:
    """Keep a form as it was sent, about whom its page was about."""
    patient = Patient.objects.filter(public_id=page.public_id).first()
    sent = request.POST
    try:
        draft = drafts.keep(
            typed or typed_in(sent, page.details), by=request.user, public_id=draft_in(sent),
            kind=Draft.Kind.EDIT, patient=patient, also=to_keep(sent), turn=turn,
        )  # fmt: skip
    except Gone:
        return Kept(why_not=_ELSEWHERE)
    except drafts.TooMany as many:
        return Kept(why_not=str(many))
    return Kept(draft=draft)


def keep_away(request: PortalRequest) -> bool:
    """Keep a form that cannot be shown at its address, as one about whom it was about; whether that can be
    told, and it is kept."""
    page = pages.about(request.POST.get(PAGE, ""), by=request.user)
    return page is not None and keep(request, page).draft is not None


# --- taking up again --------------------------------------------------------------------------


def form_of_draft(request: PortalRequest, copies: Copies) -> EditForm | None:
    """The form as it was kept, against what it was shown then; ``None`` where there is none, or it cannot be
    shown about this person: what was typed is never set against anything else."""
    mine = drafts.own(request.GET.get(DRAFT, ""), by=request.user)
    if mine is None or mine.kind != Draft.Kind.EDIT or mine.sent_as_id is not None:
        return None
    if mine.patient is None or copies.patient.pk not in (mine.patient.pk, mine.patient.merged_into_id):
        messages.error(request, "That form is about somebody else: open it from your home page.")
        return None
    kept = drafts.read(mine)
    if kept is None:
        messages.error(request, "What you had typed cannot be deciphered any more. Please enter it again.")
        return None
    try:
        if PAGE in kept.also:
            carried = pages.carried(str(kept.also[PAGE]), copies, by=request.user)
        else:  # begun elsewhere, and never shown yet
            carried = pages.Carried(page_of(copies, by=request.user))
    except Broken:
        messages.warning(request, _UNREADABLE)
        return None
    return EditForm.of_kept(kept.typed, kept.also, draft=mine.public_id, copies=copies, carried=carried)
