"""Adding participants to a study: people of its organization, and somebody of another one."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from integrations.errors import IntegrationError
from patients.forms.studying import EmailForm, NameForm
from patients.services.studies import allowed, elsewhere, enrolling, joining, outcomes
from patients.services.studies.allowed import Refusal, Refused
from patients.services.studies.elsewhere import Somebody
from portal.web.htmx import redirect_after, render_page
from portal.web.requests import PortalRequest

from .enrolling import as_refusal
from .study_pages import StudyPage, refused_with, study_page

ENROL = "enrol"
_MOST_PAGES = 100_000
_LONGEST_NUMBER = 18  # digits


@require_http_methods(["GET", "POST"])
def add(request: PortalRequest, place: int, study_id: str) -> HttpResponse:
    """People of the organization who take no part, to be ticked and enrolled."""
    page = study_page(request, place, study_id)
    form = NameForm(request.POST if "name" in request.POST else None)
    refused: Refusal | None = None
    if "enrol" in request.POST:
        came = _enrol(request, page)
        if not isinstance(came, Refusal):
            return redirect_after(request, "patients:study_asked", *page.at, came)
        refused = came
    name = form.cleaned_data["name"] if form.is_bound and form.is_valid() else ""
    found = joining.outside(page.study, name=name, number=_number(request), by=request.user, reach=page.reach)
    refused = refused or allowed.why_not(page.study, by=request.user, reach=page.reach)
    ticked = _ticked(request)
    elsewhere_ticked = sorted(ticked - {each.record for each in found.people})
    context = page.context | {
        "form": form,
        "page": found,
        "people": [
            {"listed": each, "ticked": "all" in request.POST or each.record in ticked}
            for each in found.people
        ],
        "name": name,
        "also": ",".join(map(str, elsewhere_ticked)),
        "also_count": len(elsewhere_ticked),
        "refused": refused_with(refused) if refused else None,
        "may": refused is None or "enrol" in request.POST,
        "elsewhere_url": reverse("patients:study_elsewhere", args=page.at),
        "add_url": request.path,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if refused and "enrol" in request.POST else None
    return render_page(request, "patients/enrolling/add.html", context=context, status=status)


@require_http_methods(["GET", "POST"])
def somebody_elsewhere(request: PortalRequest, place: int, study_id: str) -> HttpResponse:
    """Somebody of another organization, by e-mail; just enough is shown to recognise them."""
    page = study_page(request, place, study_id)
    form = EmailForm(request.POST if "email" in request.POST else None)
    found: list[Somebody] | None = None
    refused = allowed.why_not(page.study, by=request.user, reach=page.reach)
    try:
        if "who" in request.POST:
            elsewhere.add(request.POST["who"], page.study, by=request.user, reach=page.reach)
            messages.success(request, _ADDED.format(place=page.own.name, study=page.study.name))
            return redirect_after(request, "patients:study_elsewhere", *page.at)
        if refused is None and form.is_bound and form.is_valid():
            email = form.cleaned_data["email"]
            found = elsewhere.look_up(email, page.study, by=request.user, reach=page.reach)
    except Refused as refusal:
        refused = refusal.refusal
    except IntegrationError as fault:
        refused = as_refusal(fault)
    context: dict[str, Any] = page.context | {
        "form": form,
        "found": found,
        "refused": refused_with(refused) if refused else None,
        "may": not (refused and refused.because in (allowed.Because.ROLE, allowed.Because.PORTAL_ROLE)),
        "add_url": reverse("patients:study_add", args=page.at),
        "register_url": reverse("patients:register"),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if refused and request.method == "POST" else None
    return render_page(request, "patients/enrolling/elsewhere.html", context=context, status=status)


_ADDED = "Asked for: they are added to {place}, and then enrolled in {study}. It takes a moment."


def _enrol(request: PortalRequest, page: StudyPage) -> str | Refusal:
    """Enrol those who are ticked; the key of what came of it, or why nothing did."""
    records = joining.chosen(page.study, _ticked(request), reach=page.reach)
    if not records:
        return Refusal(because=allowed.Because.GONE, sentence="Tick who is to be enrolled.")
    try:
        asked = enrolling.enrol_many(page.study, records, by=request.user, reach=page.reach)
    except Refused as refused:
        return refused.refusal
    except IntegrationError as fault:
        return as_refusal(fault)
    return outcomes.keep(ENROL, page.study, asked, by=request.user)


def _ticked(request: PortalRequest) -> set[int]:
    """The records that are ticked on this page, and on those that were shown before it."""
    sent = [*request.POST.getlist("tick"), *request.POST.get("also", "").split(",")]
    return {int(each) for each in sent if each.isdecimal() and len(each) <= _LONGEST_NUMBER}


def _number(request: PortalRequest) -> int:
    asked = request.POST.get("page") or request.GET.get("page", "")
    return min(int(asked), _MOST_PAGES) if asked.isascii() and asked.isdecimal() else 1
