"""One person: every source record side by side, on the page and on paper."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from patients.services import lookup as lookups
from patients.services.answers import Outcome, State
from patients.services.comparison import compare
from patients.services.portrait import cautions_of, identity_of
from portal.web.htmx import render_page
from portal.web.requests import PortalRequest

from .shown import found_at, panel_of, shown_cautions


@require_safe
def person(request: PortalRequest, lookup_id: str, number: int) -> HttpResponse:
    """The person's page: identity first, then what each system holds, differences in words."""
    context = _context(request, lookup_id, number, action="person.viewed")
    context["back_url"] = reverse("patients:found", args=[lookup_id])
    context["print_url"] = reverse("patients:print", args=[lookup_id, number])
    return render_page(request, "patients/person/page.html", context=context)


@require_safe
def print_view(request: PortalRequest, lookup_id: str, number: int) -> HttpResponse:
    """The same for paper; opening it is an event of its own kind."""
    context = _context(request, lookup_id, number, action="person.print_opened")
    context["back_url"] = reverse("patients:person", args=[lookup_id, number])
    context["printed_at"] = timezone.now()
    return render_page(request, "patients/person/print.html", context=context)


def _context(request: PortalRequest, lookup_id: str, number: int, *, action: str) -> dict[str, Any]:
    try:
        lookup = lookups.reopen(lookup_id, by=request.user)
        result, shown = lookups.open_person(lookup, number, by=request.user, action=action)
    except lookups.Gone:
        raise Http404 from None
    holding = {each.record.system for each in shown.kept}
    others = [_about(outcome) for outcome in result.outcomes if outcome.system not in holding]
    return {
        "identity": identity_of(shown),
        "comparison": compare(shown),
        "cautions": shown_cautions(cautions_of(shown, result.people), found_at(lookup_id)),
        "panels": [panel_of(outcome, lookup_id) for outcome in others if outcome.state != State.ASKING],
    }


def _about(outcome: Outcome) -> Outcome:
    """A system that found other people only: about this person it has answered "nobody"."""
    if outcome.state is not State.FOUND:
        return outcome
    others = "What it found was taken for somebody else: see the list of people found."
    return replace(outcome, state=State.NOBODY, sentence=others)
