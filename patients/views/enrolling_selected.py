"""Enrolling the people who are selected in the people list."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from integrations.errors import IntegrationError
from integrations.registry import label_of
from patients.forms.studying import EnrolForm
from patients.models import Study
from patients.services import selection, visibility
from patients.services.studies import enrolling, joining, outcomes, places
from patients.services.studies.allowed import Because, Refusal, Refused
from patients.services.studies.places import OwnPlace
from patients.services.visibility import Reach
from portal import audit
from portal.web.htmx import redirect_after, render_page
from portal.web.requests import PortalRequest

from .adding import ENROL
from .enrolling import as_refusal
from .people_state import ListState
from .study_pages import refused_with


@require_http_methods(["GET", "POST"])
def enrol_selected(request: PortalRequest) -> HttpResponse:
    """Into which study; who has no record in its system is counted beforehand."""
    reach = visibility.reach_of(request.user)
    chosen = selection.followed(ListState(request.session).chosen)
    studies = _studies(reach)
    form = EnrolForm(
        request.POST if request.method == "POST" else None,
        studies=[(study.public_id, f"{study.name} ({own.name})") for own, study in studies],
    )
    refused: Refusal | None = None
    if form.is_bound and form.is_valid() and chosen:
        own, study = next(each for each in studies if each[1].public_id == form.cleaned_data["study"])
        came = _ask(request, study, chosen, reach)
        if not isinstance(came, Refusal):
            return redirect_after(request, "patients:study_asked", own.place.pk, study.public_id, came)
        refused = came
    audit.look("study.people_listed", by=request.user, details={"count": len(chosen)})
    context: dict[str, Any] = {
        "form": form,
        "count": len(chosen),
        "can_choose": bool(studies),
        "systems": _held(studies, chosen, reach),
        "refused": refused_with(refused) if refused else None,
        "back_url": reverse("patients:people"),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if refused else None
    return render_page(request, "patients/enrolling/selected.html", context=context, status=status)


def _ask(request: PortalRequest, study: Study, chosen: list[int], reach: Reach) -> str | Refusal:
    records = list(joining.records_of(chosen, study, reach=reach).values())
    if not records:
        label = label_of(study.system)
        return Refusal(
            because=Because.GONE,
            sentence=f"{label} holds no record of the people who are selected.",
            step=f"Register them in {label} first: each person's page offers it.",
        )
    try:
        asked = enrolling.enrol_many(study, records, by=request.user, reach=reach)
    except Refused as refused:
        return refused.refusal
    except IntegrationError as fault:
        return as_refusal(fault)
    return outcomes.keep(ENROL, study, asked, by=request.user)


def _studies(reach: Reach) -> list[tuple[OwnPlace, Study]]:
    """The studies of one's own organizations, by organization and name."""
    own = {(each.system, each.organization): each for each in places.own_places(reach)}
    rows = Study.objects.filter(
        system__in={system for system, _ in own}, organization__in={each for _, each in own}, vanished_at=None
    )
    found = [
        (own[each.system, each.organization], each)
        for each in rows
        if (each.system, each.organization) in own
    ]
    return sorted(found, key=lambda each: ([one.casefold() for one in each[0].path], each[1].name.casefold()))


def _held(studies: list[tuple[OwnPlace, Study]], chosen: list[int], reach: Reach) -> list[dict[str, Any]]:
    """For each system, of how many of those selected it holds a record that could take part."""
    first = {study.system: study for _, study in reversed(studies)}
    return [_held_in(system, study, chosen, reach) for system, study in first.items()]


def _held_in(system: str, study: Study, chosen: list[int], reach: Reach) -> dict[str, Any]:
    held = joining.records_of(chosen, study, reach=reach)
    return {"label": label_of(system), "count": len(held), "missing": len(chosen) - len(held)}
