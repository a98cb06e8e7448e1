"""Taking many people out of a study: those ticked on its page, and those selected in the people list."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from integrations.errors import IntegrationError
from integrations.registry import label_of
from patients.forms.studying import TakeOutForm
from patients.services import selection, visibility
from patients.services.studies import allowed, enrolling, joining, outcomes, places
from patients.services.studies.allowed import Because, Refusal, Refused
from portal import audit
from portal.web.htmx import redirect_after, render_page
from portal.web.requests import PortalRequest

from .enrolling import UNENROL, as_refusal
from .people_state import ListState
from .study_pages import StudyPage, refused_with, study_page

SELECTED = "selected"


@require_safe
def take_out_selected(request: PortalRequest) -> HttpResponse:
    """Out of which study: those in which people who are selected take part."""
    reach = visibility.reach_of(request.user)
    chosen = selection.followed(ListState(request.session).chosen)
    own = {(each.system, each.organization): each for each in places.own_places(reach)}
    counted = joining.count_taking_part(chosen, reach=reach)
    audit.look("study.people_listed", by=request.user, details={"count": len(chosen)})
    context = {
        "count": len(chosen),
        "studies": [
            {
                "study": study,
                "own": place,
                "count": count,
                "url": f"{reverse('patients:study_take_out', args=[place.place.pk, study.public_id])}"
                f"?who={SELECTED}",
            }
            for study, count in counted
            if (place := own.get((study.system, study.organization))) is not None
        ],
        "back_url": reverse("patients:people"),
    }
    return render_page(request, "patients/enrolling/take_out_selected.html", context=context)


@require_http_methods(["GET", "POST"])
def take_out(request: PortalRequest, place: int, study_id: str) -> HttpResponse:
    """What follows from it, and the participants to tick; of those selected in the people list all are."""
    page = study_page(request, place, study_id)
    among = selection.followed(ListState(request.session).chosen) if _is_of_selected(request) else None
    form = TakeOutForm(request.POST if request.method == "POST" else None)
    refused = allowed.why_not(page.study, by=request.user, reach=page.reach)
    if form.is_bound and form.is_valid() and refused is None:
        came = _ask(request, page, form.cleaned_data["reason"])
        if not isinstance(came, Refusal):
            return redirect_after(request, "patients:study_asked", *page.at, came)
        refused = came
    people, total = joining.taking_part(page.study, among, by=request.user, reach=page.reach)
    ticked = set(request.POST.getlist("tick"))
    context = page.context | {
        "form": form,
        "people": [
            {
                "listed": each,
                "ticked": str(each.record) in ticked if form.is_bound else among is not None,
            }
            for each in people
        ],
        "total": total,
        "most": joining.MOST,
        "is_of_selected": among is not None,
        "system_label": label_of(page.study.system),
        "refused": refused_with(refused) if refused else None,
        "may": refused is None or form.is_bound,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if refused and form.is_bound else None
    return render_page(request, "patients/enrolling/take_out.html", context=context, status=status)


def _is_of_selected(request: PortalRequest) -> bool:
    return request.GET.get("who", "") == SELECTED


def _ask(request: PortalRequest, page: StudyPage, reason: str) -> str | Refusal:
    """Take out those who are ticked; the key of what came of it, or why nothing did."""
    numbers = [int(each) for each in request.POST.getlist("tick") if each.isdecimal()]
    records = joining.chosen(page.study, numbers, reach=page.reach)
    if not records:
        return Refusal(because=Because.GONE, sentence="Tick who is to be taken out.")
    try:
        asked = enrolling.unenrol_many(page.study, records, reason=reason, by=request.user, reach=page.reach)
    except Refused as refused:
        return refused.refusal
    except IntegrationError as fault:
        return as_refusal(fault)
    return outcomes.keep(UNENROL, page.study, asked, by=request.user)
