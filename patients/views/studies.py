"""Studies: where somebody begins, and the list of one organization."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from patients.services import visibility
from patients.services.studies import listing, places, readings
from patients.services.studies.places import OutOfReach, OwnPlace
from patients.services.visibility import Reach
from portal.accounts.access import is_allowed, who_may
from portal.web.htmx import redirect_after, render_page, wants_part
from portal.web.requests import PortalRequest

from .shown_studies import shown_place, shown_state, shown_study


@require_safe
def begin(request: PortalRequest) -> HttpResponse:
    """To the study that was open last, or the only organization; else a choice. ``?choose=1`` always offers
    the choice."""
    reach = visibility.reach_of(request.user)
    chosen = None if "choose" in request.GET else places.chosen(reach, by=request.user)
    if chosen is not None:
        own, study = chosen
        if study is not None and study.vanished_at is None:
            return redirect("patients:study", own.place.pk, study.public_id)
        return redirect("patients:study_list", own.place.pk)
    own_places = places.own_places(reach)
    if len(own_places) == 1 and "choose" not in request.GET:
        return redirect("patients:study_list", own_places[0].place.pk)
    context = {
        "places": [shown_place(each) for each in own_places],
        "untold": list(reach.untold.values()),
    }
    return render_page(request, "patients/studies/organizations.html", context=context)


@require_safe
def study_list(request: PortalRequest, place: int) -> HttpResponse:
    """The studies of one organization; what is older than a minute is read anew behind the page."""
    own, reach = place_at(request, place)
    readings.ask_for_place(own, by=request.user)
    places.note_chosen(own, None, by=request.user)
    studies = [shown_study(own, each) for each in listing.studies_of(own, reach)]
    may_word = is_allowed(request.user, who_may("patients:wordings", "GET"))
    context = _around(own) | {
        "studies": studies,
        "wordings_url": reverse("patients:wordings", args=[own.place.pk]) if may_word else "",
    }
    return render_page(
        request, "patients/studies/list.html", part="patients/studies/_list.html", context=context
    )


@require_http_methods(["GET", "POST"])
def list_reading(request: PortalRequest, place: int) -> HttpResponse:
    """How reading the list goes, a part for htmx; sending has it go on now, whatever stood in the way."""
    own, _ = place_at(request, place)
    if request.method == "POST":
        for each in readings.stuck(own.system, own.organization):
            readings.ask_again(each, by=request.user)
    if not wants_part(request):
        return redirect_after(request, "patients:study_list", place)
    context = _around(own)
    response = render_page(request, "patients/studies/_reading.html", context=context)
    return told_when_read(response, context["state"].is_under_way)


def place_at(request: PortalRequest, number: int) -> tuple[OwnPlace, Reach]:
    """An organization in which somebody holds a role, and what else they reach. Raises ``Http404`` for any
    other, after one event."""
    reach = visibility.reach_of(request.user)
    try:
        return places.own_place(number, reach), reach
    except OutOfReach:
        places.note_refused("study.listed", by=request.user, key=f"organization {number}")
        raise Http404 from None


def told_when_read(response: HttpResponse, is_under_way: bool) -> HttpResponse:
    """The same, with word to the page that reading has ended, so that it shows what was read."""
    if not is_under_way and response.status_code == HTTPStatus.OK:
        response["HX-Trigger"] = "study-read"
    return response


def _around(own: OwnPlace) -> dict[str, Any]:
    return {
        "place": shown_place(own),
        "state": shown_state(
            listing.state_of_list(own), reverse("patients:study_list_reading", args=[own.place.pk])
        ),
    }
