"""The people list: shown, narrowed, sorted and ticked; printed; exported.

Nothing about a person is in an address: filters come in a POST and stay in the session, addresses
hold plain page numbers.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render, resolve_url
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from patients.forms.people_list import ExportForm, FilterForm
from patients.services import namesakes, selection
from patients.services.exporting import Format, Refused, Scope, export
from patients.services.people_list import (
    COUNTED,
    SIZES,
    Filters,
    Page,
    find,
    own_organizations,
    page_of,
    sight_of,
)
from patients.services.people_rows import called, rows_of
from patients.services.studies.within import studies_within
from patients.services.visibility import Sight
from portal import audit
from portal.accounts.access import is_allowed, who_may
from portal.web.htmx import redirect_after, render_page, wants_part
from portal.web.numbers import whole_number
from portal.web.requests import PortalRequest

from .people_state import ListState
from .shown_people import columns_of, numbers_of, sentence_of, shown_row, tags_of

MOST_PAGES = 10_000_000
CONTENT_TYPES = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
FULL = f"A selection holds at most {selection.MOST:,} people. Nobody was added."


@require_http_methods(["GET", "POST"])
def people(request: PortalRequest) -> HttpResponse:
    """The list. A POST changes how it is shown or who is selected, and leads back to it."""
    state, sight = ListState(request.session), sight_of(request.user)
    if request.method != "POST":
        return _shown(request, state, sight, number=page_number(request.GET.get("page")))
    form = _filter_form(sight, request.POST if "filter" in request.POST else None)
    if form.is_bound and not form.is_valid():
        return _shown(request, state, sight, number=1, form=form)
    number = _act(request, state, sight, form)
    state.save()
    if request.htmx and request.htmx.target == "selection":
        context = {"chosen": len(state.chosen), "may_enrol": _may_enrol(request)}
        return render(request, "patients/people_list/_selection.html", context)
    if wants_part(request):
        response = _shown(request, state, sight, number=number, turned="page" in request.POST)
        response["HX-Push-Url"] = _address(number)
        return response
    return redirect_after(request, _address(number))


@require_safe
def print_view(request: PortalRequest) -> HttpResponse:
    """One page of the list for paper; opening it is an event of its own kind."""
    state, sight = ListState(request.session), sight_of(request.user)
    context = _look(request, state, sight, page_number(request.GET.get("page")), action="people.print_opened")
    context |= {"back_url": _address(context["page"].number), "printed_at": timezone.now()}
    context["sorted"] = sentence_of(state.order)
    return render_page(request, "patients/people_list/print.html", context=context)


@require_http_methods(["GET", "POST"])
def export_people(request: PortalRequest) -> HttpResponseBase:
    """The list, or the selection, as a file: with a reason, up to a cap, recorded before it leaves."""
    state, sight = ListState(request.session), sight_of(request.user)
    form = ExportForm(request.POST or None, scopes=_scopes(state))
    if request.method == "POST" and form.is_valid():
        try:
            return _file(state, sight, form)
        except Refused as refusal:
            form.add_error("scope", str(refusal))
    context = {
        "form": form,
        "tags": tags_of(state.filters, sight),
        "cap": settings.EXPORT_CAP,
        "back_url": resolve_url("patients:people"),
    }
    return render_page(request, "patients/people_list/export.html", context=context)


# --- doing ----------------------------------------------------------------------------------


def _act(request: PortalRequest, state: ListState, sight: Sight, form: FilterForm) -> int:
    """Do what a button of the page stands for; returns the page to show then."""
    sent = request.POST
    if "filter" in sent:
        state.filters = form.filters()
        return 1
    if "clear" in sent:
        state.filters = Filters()
        return 1
    _tick(request, state, sight)
    if "drop" in sent:
        state.filters = state.filters.without(*sent["drop"].split(":", 1))
        return 1
    if "sort" in sent:
        state.sort_by(sent["sort"])
        return 1
    if "size" in sent:
        state.show(sent["size"])
        return 1
    return page_number(sent.get("page") or sent.get("jump") or sent.get("here"))


def _tick(request: PortalRequest, state: ListState, sight: Sight) -> None:
    """Take in which of the people shown are ticked; those of other pages stay as they were."""
    if "none" in request.POST:
        state.chosen, state.filters = [], state.filters.without("chosen")
        return
    shown = request.POST.get("shown", "").split()
    ticked = set(shown) if "all" in request.POST else set(shown) & set(request.POST.getlist("tick"))
    try:
        state.chosen = selection.with_ticks(
            state.chosen,
            shown=selection.ids_of(sight, shown),
            ticked=selection.ids_of(sight, ticked),
        )
    except selection.TooMany:
        messages.warning(request, FULL)


def _file(state: ListState, sight: Sight, form: ExportForm) -> HttpResponseBase:
    kind = Format(form.cleaned_data["format"])
    pieces = export(
        sight,
        state.filters,
        state.order,
        chosen=selection.followed(state.chosen),
        scope=Scope(form.cleaned_data["scope"]),
        format=kind,
        reason=form.cleaned_data["reason"],
    )
    response = StreamingHttpResponse(pieces, content_type=CONTENT_TYPES[kind])
    name = f"people-{timezone.localdate().isoformat()}.{kind}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


# --- showing --------------------------------------------------------------------------------


def _shown(
    request: PortalRequest,
    state: ListState,
    sight: Sight,
    *,
    number: int,
    form: FilterForm | None = None,
    turned: bool = False,
) -> HttpResponse:
    """The list, or its part. ``turned``: another page was asked for, which then has the focus."""
    context = _look(request, state, sight, number, action="people.listed")
    context |= {
        "form": form or _filter_form(sight, initial=state.filters),
        "columns": columns_of(state.order),
        "numbers": numbers_of(context["page"]),
        "sizes": SIZES,
        "chosen": len(state.chosen),
        "turned": turned,
        "may_export": is_allowed(request.user, who_may("patients:people_export", "GET")),
        "may_enrol": _may_enrol(request),
    }
    return render_page(
        request, "patients/people_list/page.html", part="patients/people_list/_list.html", context=context
    )


def _look(
    request: PortalRequest, state: ListState, sight: Sight, number: int, *, action: str
) -> dict[str, Any]:
    """What the list and its print view show; one audit event, before any of it is shown."""
    state.chosen = selection.followed(state.chosen)
    page = page_of(find(sight, state.filters, state.chosen), state.order, number=number, size=state.size)
    audit.look(action, by=request.user, details=_details(state, page))
    chosen = set(state.chosen)
    rows = rows_of(sight, page.ids, tests=state.filters.tests, studies=True)
    found = namesakes.of_people(
        [each.patient for each in rows], by=request.user, reach=sight.reach, perhaps_same=False
    )
    return {
        "page": page,
        "counted": COUNTED,
        "rows": [shown_row(each, chosen, found.get(each.patient, ())) for each in rows],
        "tags": tags_of(state.filters, sight),
        "tests": state.filters.tests,
        "untold": list(sight.reach.untold.values()),
    }


def _may_enrol(request: PortalRequest) -> bool:
    return is_allowed(request.user, who_may("patients:enrol_selected", "POST"))


def _details(state: ListState, page: Page) -> dict[str, Any]:
    return {
        "count": len(page.ids),
        "total": page.total,
        "more": page.more,
        "page": page.number,
        "sort": str(state.order.by),
        "filters": state.filters.names,
    }


def _filter_form(sight: Sight, data: Any = None, initial: Filters | None = None) -> FilterForm:
    values = {name: getattr(initial, name) for name in initial.names} if initial else None
    organizations = [(each.pk, called(each)) for each in own_organizations(sight)]
    studies = [(each.public_id, each.name) for each in studies_within(sight.reach)]
    return FilterForm(data, initial=values, organizations=organizations, studies=studies)


def _scopes(state: ListState) -> list[tuple[str, str]]:
    scopes = [(Scope.LIST, "Everybody in the list as it is filtered now")]
    if state.chosen:
        people_selected = "The 1 person" if len(state.chosen) == 1 else f"The {len(state.chosen):,} people"
        scopes.insert(0, (Scope.SELECTION, f"{people_selected} selected, whatever the filters"))
    return [(str(scope), text) for scope, text in scopes]


def page_number(text: str | None) -> int:
    """A page's number; 1 for anything else."""
    return whole_number(text, most=MOST_PAGES) or 1


def _address(number: int) -> str:
    url = resolve_url("patients:people")
    return url if number == 1 else f"{url}?page={number}"
