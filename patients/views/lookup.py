"""Look somebody up: the form, the list, one system's answer."""

from __future__ import annotations

from dataclasses import replace

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from integrations.registry import system_names
from patients.forms.lookup import LookUpForm
from patients.models import LookUp
from patients.services import lookup as lookups
from patients.services import namesakes, suggesting, visibility
from patients.services.results import Result, remember, result
from patients.services.understanding import DETAILS, Asked, details_of, read
from portal.accounts.locking import kept_as
from portal.web.htmx import redirect_after, render_page, wants_part
from portal.web.requests import PortalRequest

from .pages import FoundPage
from .shown import ShownLookUp, panel_of, shown_lookup, shown_suggestions
from .shown_namesakes import with_namesakes


@require_http_methods(["GET", "POST"])
def search(request: PortalRequest) -> HttpResponse:
    """The look-up box. What is typed is sent in a POST and leads to an opaque address."""
    form = LookUpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return redirect_after(request, "patients:found", lookups.start(form.asked(), by=request.user).pk)
    details_given = any(form.data.get(name) for name in DETAILS)
    return render_page(
        request,
        "patients/lookup/search.html",
        part="patients/lookup/_search.html",
        context={"form": form, "open_details": details_given},
    )


@kept_as("patients:search")
@require_POST
def typed(request: PortalRequest) -> HttpResponse:
    """Whom the index knows by what is in the box so far: a part of the look-up page, for htmx alone."""
    form = LookUpForm(request.POST)
    if not wants_part(request):
        return redirect_after(request, "patients:search")
    if not form.is_valid():
        return render(request, "patients/lookup/_typed.html")
    user, run = request.user, form.cleaned_data["run"]
    reach = visibility.reach_of(user, wait=suggesting.WAIT_SECONDS)
    known = suggesting.suggest(form.understood.to_query(), run=run, by=user, reach=reach)
    found = namesakes.of_people(
        [each.patient_id for each in known.people], by=user, reach=reach, perhaps_same=False
    )
    near = {key: found.get(each.patient_id, []) for each in known.people for key in each.person.group.keys}
    people = with_namesakes(shown_suggestions(known), [each.person for each in known.people], near)
    context = {"people": people, "more": known.more}
    return render(request, "patients/lookup/_typed.html", context)


@require_safe
def found(request: PortalRequest, lookup_id: str) -> HttpResponse:
    """The people found, the index's at once. With ``?all=1`` every system that has not answered is
    asked first; with ``?more=1`` more than the first ten are shown."""
    kept_lookup = _reopen(request, lookup_id)
    if request.GET.get("all"):
        remember(kept_lookup, by=request.user)
        lookups.complete(kept_lookup, by=request.user)
    found_now = result(kept_lookup, by=request.user, anew=True)
    page = FoundPage.made(found_now.outcomes, more="more" in request.GET)
    context = {"lookup": _shown(request, found_now, page), "form": LookUpForm(initial=_typed(kept_lookup))}
    return render_page(request, "patients/lookup/found.html", context=context)


@require_safe
def answer(request: PortalRequest, lookup_id: str, system: str) -> HttpResponse:
    """One system's answer, asked anew with ``?again=1``: its panel and, out of band, the list, in the
    order of the page that asks (:class:`~patients.views.pages.FoundPage`)."""
    kept_lookup = _reopen(request, lookup_id)
    if system not in system_names():
        raise Http404
    if not wants_part(request):
        return redirect_after(request, "patients:found", lookup_id)
    if request.GET.get("again"):
        lookups.ask(kept_lookup, [system], by=request.user)
    else:
        lookups.wait_for(kept_lookup, [system], by=request.user)
    page = FoundPage.read(request.GET)
    found_now = result(kept_lookup, by=request.user, page=page.systems)
    outcome = next(each for each in found_now.outcomes if each.system == system)
    context = {"lookup": _shown(request, found_now, page), "panel": panel_of(outcome, lookup_id, page)}
    return render(request, "patients/lookup/_answer.html", context)


def _shown(request: PortalRequest, found_now: Result, page: FoundPage) -> ShownLookUp:
    """The list, with the namesakes whom the index knows."""
    shown = shown_lookup(found_now, page)
    if not shown.people:
        return shown
    listed = {each.key for each in shown.people}
    keys = [key for each in found_now.people if each.number in listed for key in each.group.keys]
    reach = visibility.reach_of(request.user, wait=suggesting.WAIT_SECONDS)
    near = namesakes.of_records(keys, by=request.user, reach=reach)
    return replace(shown, people=with_namesakes(shown.people, found_now.people, near))


def _reopen(request: PortalRequest, lookup_id: str) -> LookUp:
    try:
        return lookups.reopen(lookup_id, by=request.user)
    except lookups.Gone:
        raise Http404 from None


def _typed(kept_lookup: LookUp) -> dict[str, str]:
    """What was understood as separate fields, for correcting."""
    details = details_of(read(Asked.from_json(kept_lookup.asked)))
    return {name: getattr(details, name) for name in DETAILS}
