"""Who looked: the question, the answer, the sheet to hand over, the file."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from patients.forms.audit import AskForm, ReasonForm
from patients.models import Inquiry
from patients.services import inquiries
from patients.services.inquiries import MOST_EXPORTED, MOST_ON_A_SHEET, Listing
from patients.services.questions import Asked, Gone
from portal.web.htmx import redirect_after, render_page
from portal.web.requests import PortalRequest


@require_http_methods(["GET", "POST"])
def ask(request: PortalRequest) -> HttpResponse:
    """Put a question to the trail. What is asked is sent in a POST and leads to an opaque address."""
    form = AskForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        inquiry = inquiries.start(form.asked(), by=request.user)
        return redirect_after(request, "patients:audit_found", inquiry.pk)
    return render_page(request, "patients/audit/ask.html", context={"form": form})


@require_safe
def found(request: PortalRequest, inquiry_id: str) -> HttpResponse:
    """The events asked for, newest first; ``?older=`` and ``?newer=`` go on from an event."""
    inquiry = _reopen(request, inquiry_id)
    try:
        listing = inquiries.page(
            inquiry,
            by=request.user,
            older=request.GET.get("older", ""),
            newer=request.GET.get("newer", ""),
        )
    except Gone:
        raise Http404 from None
    context = {
        "listing": listing,
        "title": _title(listing),
        "form": AskForm(initial=listing.asked.to_json()),
        "most_counted": inquiries.MOST_COUNTED,
        "most_exported": MOST_EXPORTED,
    }
    return render_page(request, "patients/audit/found.html", context=context)


@require_safe
def sheet(request: PortalRequest, inquiry_id: str) -> HttpResponse:
    """Everybody who looked at one person, on one clean page to hand over."""
    inquiry = _reopen(request, inquiry_id)
    try:
        listing = inquiries.sheet(inquiry, by=request.user)
    except Gone:
        raise Http404 from None
    context = {
        "listing": listing,
        "identity": listing.subject.identity if listing.subject else None,
        "most": MOST_ON_A_SHEET,
        "back_url": reverse("patients:audit_found", args=[inquiry_id]),
        "printed_at": timezone.now(),
    }
    return render_page(request, "patients/audit/sheet.html", context=context)


@require_http_methods(["GET", "POST"])
def export(request: PortalRequest, inquiry_id: str) -> HttpResponse:
    """Ask for the reason, then hand the events over as CSV."""
    inquiry = _reopen(request, inquiry_id)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            text = inquiries.export(inquiry, reason=form.cleaned_data["reason"], by=request.user)
        except Gone:
            raise Http404 from None
        except inquiries.TooMany:
            form.add_error(
                None,
                f"There are more than {MOST_EXPORTED:,} events. Ask for a shorter time, then export that.",
            )
        else:
            return _file(text)
    context = {
        "form": form,
        "most": MOST_EXPORTED,
        "back_url": reverse("patients:audit_found", args=[inquiry_id]),
    }
    return render_page(request, "patients/audit/export.html", context=context)


def _reopen(request: PortalRequest, inquiry_id: str) -> Inquiry:
    try:
        return inquiries.reopen(inquiry_id, by=request.user)
    except Gone:
        raise Http404 from None


def _title(listing: Listing) -> str:
    asked: Asked = listing.asked
    if asked.is_about_a_person:
        return "Who looked at this person"
    return f"What {listing.account} did" if listing.account else "What happened"


def _file(text: str) -> HttpResponse:
    name = f"trail-{timezone.localdate():%Y-%m-%d}.csv"
    return HttpResponse(
        text,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
