"""The board of one study: its people shown, counted, narrowed and in order.

Nothing about a person is in an address: filters come in a POST and stay in the session, addresses hold plain
page numbers.
"""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import resolve_url
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from patients.forms.studies import BoardFilterForm
from patients.models import Study, StudyReading
from patients.services.people_list import SIZES, sight_of
from patients.services.studies import board, listing, places, readings
from patients.services.studies.board import Filters
from patients.services.studies.board_rows import board_rows
from patients.services.studies.places import OutOfReach, OwnPlace
from patients.services.studies.plans import plan_of
from patients.services.studies.scopes import asked_for
from patients.services.visibility import Reach
from portal import audit
from portal.accounts.access import is_allowed, who_may
from portal.web.htmx import redirect_after, render_page, wants_part
from portal.web.requests import PortalRequest

from .people_list import page_number
from .shown_board import columns_of, facets_of, funnel_of, numbers_of_people, shown_row, tags_of
from .shown_people import numbers_of
from .shown_studies import shown_place, shown_state
from .studies import place_at, told_when_read
from .study_state import BoardState


@require_http_methods(["GET", "POST"])
def study(request: PortalRequest, place: int, study_id: str) -> HttpResponse:
    """The board. A POST changes how it is shown, and leads back to it."""
    own, found, reach = study_at(request, place, study_id)
    state = BoardState(request.session, found)
    if request.method != "POST":
        return _shown(request, own, found, reach, state, number=page_number(request.GET.get("page")))
    form = BoardFilterForm(request.POST) if "filter" in request.POST else None
    if form is not None and not form.is_valid():
        return _shown(request, own, found, reach, state, number=1, form=form)
    number = _act(request, state, form)
    state.save()
    if wants_part(request):
        turned = "page" in request.POST
        response = _shown(request, own, found, reach, state, number=number, turned=turned)
        response["HX-Push-Url"] = _address(place, study_id, number)
        return response
    return redirect_after(request, _address(place, study_id, number))


@require_http_methods(["GET", "POST"])
def study_reading(request: PortalRequest, place: int, study_id: str) -> HttpResponse:
    """How reading a study goes, a part for htmx; sending has it go on now, whatever stood in the way."""
    own, found, _ = study_at(request, place, study_id)
    reading = StudyReading.objects.filter(study=found).first()
    if request.method == "POST" and reading is not None:
        readings.ask_again(reading, by=request.user)
    if not wants_part(request):
        return redirect_after(request, "patients:study", place, study_id)
    state = _state(own, found, reading)
    response = render_page(request, "patients/studies/_reading.html", context={"state": state})
    return told_when_read(response, state.is_under_way)


def study_at(request: PortalRequest, place: int, study_id: str) -> tuple[OwnPlace, Study, Reach]:
    """A study of an organization in which somebody holds a role. Raises ``Http404`` for any other, after one
    event."""
    own, reach = place_at(request, place)
    try:
        return own, places.study_at(own, study_id), reach
    except OutOfReach:
        places.note_refused("study.listed", by=request.user, key=study_id)
        raise Http404 from None


# --- doing ----------------------------------------------------------------------------------


def _act(request: PortalRequest, state: BoardState, form: BoardFilterForm | None) -> int:
    """Do what a button of the page stands for; returns the page to show then."""
    sent = request.POST
    if form is not None:
        state.filters = form.filters()
    elif "only" in sent:
        picked = BoardFilterForm(dict([sent["only"].split(":", 1)]) if ":" in sent["only"] else {})
        state.filters = picked.filters() if picked.is_valid() else state.filters
    elif "clear" in sent:
        state.filters = Filters()
    elif "drop" in sent:
        state.filters = state.filters.without(sent["drop"])
    elif "sort" in sent:
        state.sort_by(sent["sort"])
    elif "size" in sent:
        state.show(sent["size"])
    else:
        return page_number(sent.get("page") or sent.get("jump") or sent.get("here"))
    return 1


# --- showing --------------------------------------------------------------------------------


def _shown(
    request: PortalRequest,
    own: OwnPlace,
    found: Study,
    reach: Reach,
    state: BoardState,
    *,
    number: int,
    form: BoardFilterForm | None = None,
    turned: bool = False,
) -> HttpResponse:
    """The board, or its part: all below the title, or what was read anew. ``turned``: another page was asked
    for, which then has the focus."""
    counts = board.counts_of(found, reach)
    page = board.page_of(
        board.find(found, reach, state.filters), state.order, number=number, size=state.size,
        total=None if state.filters.names else counts.total,
    )  # fmt: skip
    audit.look("study.listed", by=request.user, system=found.system, details=_details(found, state, page))
    sight = sight_of(request.user, reach)
    reading = readings.ask_for_study(found, by=request.user, wanted=page.ids)
    places.note_chosen(own, found, by=request.user)
    numbers_url = numbers_of_people(own, found) if may_number(request, own) else ""
    context = {
        "place": shown_place(own),
        "study": found,
        "study_url": reverse("patients:study", args=[own.place.pk, found.public_id]),
        "onboarding_url": reverse("patients:onboarding_begin", args=[found.public_id]),
        "scopes": asked_for(found, plan_of(found)),
        "state": _state(own, found, reading),
        "counts": counts,
        "funnel": funnel_of(counts, state.filters),
        "facets": facets_of(counts, state.filters),
        "form": form or BoardFilterForm(initial=state.filters.to_json()),
        "tags": tags_of(state.filters),
        "tests": state.filters.tests,
        "page": page,
        "rows": [shown_row(each, numbers_url) for each in board_rows(sight, found, page.ids)],
        "columns": columns_of(state.order),
        "numbers": numbers_of(page),
        "sizes": SIZES,
        "turned": turned,
        "may_export": is_allowed(request.user, who_may("patients:study_export", "GET")),
        "may_number": bool(numbers_url),
        "untold": list(reach.untold.values()),
    }
    part = "_rows" if request.htmx and request.htmx.target == "rows" else "_board"
    return render_page(
        request, "patients/studies/board.html", part=f"patients/studies/{part}.html", context=context
    )


def may_number(request: PortalRequest, own: OwnPlace) -> bool:
    """Whether somebody may give participants a number: as they may change people of the organization."""
    return own.may_write and is_allowed(request.user, who_may("patients:participant_number", "POST"))


def _state(own: OwnPlace, found: Study, reading: StudyReading | None) -> Any:
    url = reverse("patients:study_reading", args=[own.place.pk, found.public_id])
    return shown_state(listing.state_of(reading), url)


def _details(found: Study, state: BoardState, page: Any) -> dict[str, Any]:
    return {
        "study": found.public_id,
        "count": len(page.ids),
        "total": page.total,
        "page": page.number,
        "sort": str(state.order.by),
        "filters": state.filters.names,
    }


def _address(place: int, study_id: str, number: int) -> str:
    url = resolve_url("patients:study", place, study_id)
    return url if number == 1 else f"{url}?page={number}"
