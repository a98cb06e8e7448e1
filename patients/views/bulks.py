"""Many writes that were asked for at once: how far they are, and pausing, cancelling or repeating them."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from integrations.errors import IntegrationError
from patients.forms.operations import DecisionForm
from patients.models import Bulk, Operation
from patients.services.lookup import Gone
from patients.services.operations import bulk_pages
from patients.services.operations import bulks as many
from patients.services.operations.settling import NotNow
from patients.services.studies.allowed import Refusal
from portal.web.crypto import Undecryptable
from portal.web.htmx import redirect_after, render_page, wants_part
from portal.web.numbers import whole_number
from portal.web.requests import PortalRequest

from .operations import UNCHANGED
from .shown_operations import shown_bulk, shown_line, words_of

_MOST_PAGES = 100_000


@require_safe
def bulks(request: PortalRequest) -> HttpResponse:
    """The latest of them."""
    listed = [shown_bulk(each) for each in bulk_pages.listed(by=request.user)]
    context = {"bulks": listed, "most": bulk_pages.MOST}
    return render_page(request, "patients/operations/bulks.html", context=context)


@require_safe
def bulk(request: PortalRequest, public_id: str) -> HttpResponse:
    """One of them, with what came of whom."""
    asked, state = request.GET.get("page", ""), request.GET.get("state", "")
    state = state if state in Operation.State.values else ""
    number = whole_number(asked, most=_MOST_PAGES) or 1
    try:
        page = bulk_pages.open_bulk(public_id, state=state, number=number, by=request.user)
    except Gone:
        raise Http404 from None
    context = {
        "bulk": shown_bulk(page.told),
        "lines": [shown_line(each) for each in page.lines],
        "states": Operation.State.choices,
        "state": state,
        "number": number,
        "newer": number - 1,
        "older": number + 1 if page.has_next else 0,
    }
    return render_page(request, "patients/operations/bulk.html", context=context)


@require_safe
def progress(request: PortalRequest, public_id: str) -> HttpResponse:
    """How far it is since: a part of the page that names nobody, and nothing where nothing has moved."""
    if not wants_part(request):
        return redirect_after(request, "patients:bulk", public_id)
    told = bulk_pages.told(_find(request, public_id), by=request.user)
    if request.GET.get("seen") == told.stamp:
        return HttpResponse(status=UNCHANGED)
    return render(request, "patients/operations/_bulk.html", {"bulk": shown_bulk(told)})


@require_POST
def turn(request: PortalRequest, public_id: str) -> HttpResponse:
    """Pause it, let it go on, or ask again for what was refused.

    No sealed form: it shows nobody, and what it asks for is refused where it is so already.
    """
    bulk = _find(request, public_id)
    try:
        if "again" in request.POST:
            asked = many.again(bulk, by=request.user)
            messages.success(request, _asked_again(asked))
            return redirect_after(request, "patients:bulk", asked.bulk.public_id)
        if "resume" in request.POST:
            many.resume(bulk, by=request.user)
            messages.success(request, "It goes on.")
        else:
            many.pause(bulk, by=request.user)
            messages.success(request, "It is paused. What has left already is followed up.")
    except (NotNow, IntegrationError) as refused:
        messages.error(request, words_of(refused))
    except Undecryptable:
        messages.error(request, "What was to be written cannot be deciphered: the older key is missing.")
    return redirect_after(request, "patients:bulk", public_id)


@require_http_methods(["GET", "POST"])
def cancel(request: PortalRequest, public_id: str) -> HttpResponse:
    """End what has not been sent, after a page that says what that means."""
    bulk = _find(request, public_id)
    form = DecisionForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            count = many.cancel(bulk, by=request.user)
        except NotNow as refused:
            form.add_error(None, str(refused))
        else:
            writes = "1 write is" if count == 1 else f"{count or 'No'} writes are"
            messages.success(request, f"{writes} cancelled.")
            return redirect_after(request, "patients:bulk", public_id)
    context = {"bulk": shown_bulk(bulk_pages.told(bulk, by=request.user)), "form": form}
    status = HTTPStatus.CONFLICT if form.is_bound else None
    return render_page(request, "patients/operations/cancel.html", context=context, status=status)


def _find(request: PortalRequest, public_id: str) -> Bulk:
    try:
        return bulk_pages.find(public_id, by=request.user)
    except Gone:
        raise Http404 from None


def _asked_again(asked: many.Asked) -> str:
    made = sum(isinstance(each, Operation) for each in asked.outcomes)
    left = len(asked.outcomes) - made
    words = "1 write is" if made == 1 else f"{made} writes are"
    if not left:
        return f"{words} asked for again."
    why = {
        each.sentence if isinstance(each, Refusal) else str(each)
        for each in asked.outcomes
        if not isinstance(each, Operation)
    }
    return f"{words} asked for again. {left} could not be asked for: {' '.join(sorted(why))}"
