"""The monthly review of the trail: the months, one month's findings, the sign-off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from patients.forms.audit import NoteForm, SignForm
from patients.services import reviews
from patients.services.findings import Reason, month_after
from patients.services.reviews import Month, Refused, Reviewed
from portal.web.htmx import redirect_after, render_page
from portal.web.requests import PortalRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFinding:
    """A finding with the form for its note."""

    slug: str
    reviewed: Reviewed
    form: NoteForm


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownReason:
    """A reason with what was found for it."""

    reason: Reason
    findings: list[ShownFinding]


@require_safe
def months(request: PortalRequest) -> HttpResponse:
    """Every month of the trail, and whether somebody has signed it off."""
    rows = [
        {"first": first, "signed": signed, "is_over": month_after(first) <= timezone.localdate()}
        for first, signed in reviews.months()
    ]
    return render_page(request, "patients/audit/months.html", context={"rows": rows})


@require_http_methods(["GET", "POST"])
def month(request: PortalRequest, month: str) -> HttpResponse:
    """One month: what should be looked at more closely, and notes about it."""
    first = _first_of(month)
    if request.method == "POST":
        forms = {slug: NoteForm(request.POST, prefix=slug) for slug in _slugs(request)}
        if all(form.is_valid() for form in forms.values()):
            return _note(request, first, forms)
    return _page(request, reviews.open_month(first, by=request.user), SignForm())


@require_POST
def sign(request: PortalRequest, month: str) -> HttpResponse:
    """Sign a month off."""
    first = _first_of(month)
    form = SignForm(request.POST)
    if not form.is_valid():
        return _page(request, reviews.open_month(first, by=request.user), form)
    try:
        reviews.sign_off(month=first, text=form.cleaned_data["text"], by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{first:%B %Y} is signed off.")
    return redirect_after(request, "patients:review", month)


def _slugs(request: PortalRequest) -> list[str]:
    """The findings whose notes were sent, as their fields are called."""
    ending = "-text"
    return [name.removesuffix(ending) for name in request.POST if name.endswith(ending)]


def _note(request: PortalRequest, first: date, forms: Mapping[str, NoteForm]) -> HttpResponse:
    notes = {
        slug.replace("-", ":"): (form.cleaned_data["verdict"], form.cleaned_data["text"])
        for slug, form in forms.items()
        if form.cleaned_data["verdict"]
    }
    try:
        made = reviews.note_all(month=first, notes=notes, by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        words = "1 note is saved" if made == 1 else f"{made or 'No'} notes are saved"
        messages.success(request, f"{words}.")
    return redirect_after(request, "patients:review", f"{first:%Y-%m}")


def _page(request: PortalRequest, state: Month, sign_form: SignForm) -> HttpResponse:
    data = request.POST if request.method == "POST" and not sign_form.is_bound else None
    shown = [_shown(each, data) for each in state.findings]
    refused = next((each.form for each in shown if each.form.is_bound and each.form.errors), None)
    context = {
        "state": state,
        "month": f"{state.first:%Y-%m}",
        "last": month_after(state.first) - timedelta(days=1),
        "reasons": [
            ShownReason(
                reason=reason,
                findings=[each for each in shown if each.reviewed.finding.reason == reason.key],
            )
            for reason in state.reasons
        ],
        "sign_form": sign_form,
        "refused": refused,
    }
    status = 422 if sign_form.is_bound or refused else None
    return render_page(request, "patients/audit/month.html", context=context, status=status)


def _shown(reviewed: Reviewed, data: QueryDict | None) -> ShownFinding:
    slug = reviewed.finding.key.replace(":", "-")
    note = reviewed.note if reviewed.is_noted else None
    initial = {"verdict": note.verdict, "text": note.text} if note else {}
    return ShownFinding(slug=slug, reviewed=reviewed, form=NoteForm(data, prefix=slug, initial=initial))


def _first_of(text: str) -> date:
    """The first day of a month like 2026-11; 404 for anything else, and for what is yet to come."""
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        raise Http404 from None
    if len(text) != 7 or first > timezone.localdate():
        raise Http404
    return first
