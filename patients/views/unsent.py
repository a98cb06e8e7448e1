"""Forms that are not sent yet: handed over to a colleague, or thrown away."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from patients.forms.registering import HandOverForm
from patients.models import Draft
from patients.services.lookup import Gone
from patients.services.registering import drafts
from portal.web.htmx import redirect_after, render_page
from portal.web.requests import PortalRequest


@require_http_methods(["GET", "POST"])
def hand_over(request: PortalRequest, draft_id: str) -> HttpResponse:
    """Give a form to a colleague, who finds it on their home page."""
    mine = _own(request, draft_id)
    sent = request.POST if request.method == "POST" else None
    form = HandOverForm(sent, colleagues=drafts.colleagues_of(request.user))
    if form.is_bound and form.is_valid():
        to = form.cleaned_data["to"]
        try:
            drafts.hand_over(mine, to, by=request.user)
        except (drafts.NotTheirs, drafts.TooMany) as refused:
            form.add_error("to", str(refused))
        else:
            messages.success(request, f"Handed over: {to} finds it on their home page.")
            return redirect_after(request, "patients:search")
    return _page(request, "hand_over", mine, {"form": form})


@require_http_methods(["GET", "POST"])
def throw_away(request: PortalRequest, draft_id: str) -> HttpResponse:
    """Delete a form of one's own, asked first."""
    mine = _own(request, draft_id)
    if request.method == "POST":
        drafts.throw_away(mine.public_id, by=request.user)
        messages.success(request, "Thrown away. Nothing was sent to any system.")
        return redirect_after(request, "patients:search")
    return _page(request, "throw_away", mine, {})


def _page(request: PortalRequest, name: str, mine: Draft, context: dict[str, Any]) -> HttpResponse:
    drafts.note_opened(mine, by=request.user)
    shown = {"draft": mine, "name": drafts.name_of(mine), "back_url": address_of(mine)} | context
    return render_page(request, f"patients/unsent/{name}.html", context=shown)


def shown_draft(draft: Draft) -> dict[str, Any]:
    """A form in the list on home."""
    return {
        "name": drafts.name_of(draft),
        "what": _what(draft),
        "url": address_of(draft),
        "at": draft.kept_at,
        "from": str(draft.handed_by or ""),
    }


def _what(draft: Draft) -> str:
    if draft.kind == Draft.Kind.EDIT:
        return "Being edited"
    return "To be added to another system" if draft.patient_id else "To be registered"


def address_of(draft: Draft) -> str:
    """Where a form is gone on with."""
    if draft.kind == Draft.Kind.EDIT and draft.patient is not None:
        page = reverse("patients:edit", args=[draft.patient.public_id])
        return f"{page}?{urlencode({'draft': draft.public_id})}"
    return reverse("patients:register_draft", args=[draft.public_id])


def _own(request: PortalRequest, draft_id: str) -> Draft:
    try:
        mine = drafts.open_draft(draft_id, by=request.user)
    except Gone:
        raise Http404 from None
    if mine.sent_as_id is not None:
        raise Http404
    return mine
