"""From a filled form to a record: what will be created, the search that cannot be skipped, and creating."""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from integrations.errors import IntegrationError
from patients.forms.registering import CreateForm
from patients.models import Draft, Patient
from patients.services import visibility
from patients.services.lookup import Gone
from patients.services.operations.claims import Taken as BeingRegistered
from patients.services.portrait import Identity
from patients.services.registering import adding, drafts, gate, mailboxes, registration
from patients.services.registering.awaited import awaited
from patients.services.registering.drafts import Kept
from patients.services.registering.gate import Look
from patients.services.registering.registration import Plan
from patients.services.visibility import Reach
from portal.web.htmx import redirect_after, render_page, wants_part
from portal.web.requests import PortalRequest

from .registering import form_of, open_draft
from .shown_registering import ShownSearch, shown_details, shown_places, shown_search


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A form that is whole, and what it comes to."""

    draft: Draft
    plan: Plan
    reach: Reach


@require_safe
def check(request: PortalRequest, draft_id: str) -> HttpResponse:
    """What will be created, while the systems are being searched; with ``?all=1`` after they were."""
    ready = ready_of(request, draft_id)
    if isinstance(ready, HttpResponse):
        return ready
    drafts.note_opened(ready.draft, by=request.user)
    context = _review(ready)
    if request.GET.get("all"):
        context |= _searched(request, ready, _look(request, ready))
    return render_page(request, "patients/registering/check.html", context=context)


@require_safe
def found(request: PortalRequest, draft_id: str) -> HttpResponse:
    """Whom the systems and the index know who may be the person: a part of the page, for htmx."""
    ready = ready_of(request, draft_id)
    if isinstance(ready, HttpResponse) or not wants_part(request):
        return redirect_after(request, "patients:register_check", draft_id)
    context = _review(ready) | _searched(request, ready, _look(request, ready))
    return render(request, "patients/registering/_found.html", context)


@require_POST
def create(request: PortalRequest, draft_id: str) -> HttpResponse:
    """Ask for the records, once the search was shown; whatever is pressed twice, once."""
    mine = open_draft(request, draft_id)
    if mine.sent_as is not None:
        messages.info(request, "This form was sent already: nothing was done a second time.")
        return redirect_after(request, "patients:patient", mine.sent_as.public_id)
    study = drafts.study_of(mine)
    ready = ready_of(request, draft_id)
    if isinstance(ready, HttpResponse):
        return ready
    form = CreateForm(request.POST, asks_reason=True, is_contested=True)
    form.is_valid()
    told = form.cleaned_data
    try:
        patient = registration.register(
            ready.plan,
            draft=ready.draft,
            sealed=form.sealed,
            by=request.user,
            offered=form.shown_systems,
            reason=told.get("reason") or "",
            urgent=bool(told.get("urgent")),
        )
    except gate.LookAgain as again:
        return _again(request, ready, again.look, _CHANGED)
    except gate.Stopped as stopped:
        return _again(request, ready, stopped.look, str(stopped), field="reason")
    except adding.Refused as refused:
        return _again(request, ready, _look(request, ready), str(refused))
    except Gone:  # handed over meanwhile
        raise Http404 from None
    except BeingRegistered as taken:
        return _being_registered(request, ready, taken)
    except IntegrationError as fault:
        return _again(request, ready, _look(request, ready), f"{fault.for_staff} {fault.next_step}")
    except registration.NothingToDo:
        return redirect_after(request, "patients:register_check", draft_id)
    return go_on(request, study, patient)


# --- what they share ------------------------------------------------------------------------


def go_on(request: PortalRequest, study: str, patient: Patient) -> HttpResponse:
    """To the person; to their onboarding where they are to take part in a study."""
    if study:
        return redirect_after(request, "patients:onboarding", study, patient.public_id)
    return redirect_after(request, "patients:patient", patient.public_id)


_CHANGED = "Something has changed since this page was shown. Look at it once more, then press again."


def ready_of(request: PortalRequest, draft_id: str) -> Ready | HttpResponse:
    """The form, whole; else the way to where it is put right, or to whom it was about."""
    mine = open_draft(request, draft_id)
    if mine.sent_as is not None:
        return HttpResponseRedirect(reverse("patients:patient", args=[mine.sent_as.public_id]))
    reach = visibility.reach_of(request.user)
    form = form_of(request, mine, reach).checked()
    plan = form.plan()
    kept = drafts.read(mine)
    plan = replace(plan, joins=_joins(kept, mine, reach))
    if not form.is_valid() and not (plan.joins and not plan.systems):
        return HttpResponseRedirect(reverse("patients:register_draft", args=[draft_id]))
    return Ready(draft=mine, plan=plan, reach=reach)


def _joins(kept: Kept | None, mine: Draft, reach: Reach) -> str:
    """The organization to which a record of the person is to be added, where that can still be done."""
    organization = str(kept.also.get("joins", "")) if kept else ""
    is_theirs = any(organization in some for some in reach.writable.values())
    if not (organization and is_theirs and mine.patient is not None):
        return ""
    return organization if adding.can_join(mine.patient, organization) is not None else ""


def _look(request: PortalRequest, ready: Ready) -> Look:
    return gate.look(ready.plan.details, by=request.user, of=ready.draft.patient)


def _review(ready: Ready) -> dict[str, Any]:
    details = ready.plan.details
    draft_id = ready.draft.public_id
    return {
        "identity": _identity(ready),
        "label": "Who is to be registered",
        "is_known": ready.draft.patient_id is not None,
        "details": shown_details(ready.plan),
        "places": shown_places(ready.plan),
        "back_url": reverse("patients:register_draft", args=[draft_id]),
        "found_url": reverse("patients:register_found", args=[draft_id]),
        "all_url": f"{reverse('patients:register_check', args=[draft_id])}?all=1",
        "create_url": reverse("patients:register_create", args=[draft_id]),
        "is_person_url": reverse("patients:register_is", args=[draft_id]),
        "born": details.birth_date,
    }


def _identity(ready: Ready) -> Identity:
    details = ready.plan.details
    return Identity(
        family_name=details.family_name,
        given_name=details.given_name,
        middle_name=details.middle_name,
        title=details.title,
        preferred_name=details.preferred_name,
        birth_date=details.birth_date,
        nhs_number=details.nhs_number,
        sex=str(details.sex or ""),
    )


def _searched(request: PortalRequest, ready: Ready, look: Look) -> dict[str, Any]:
    """What a search found, and the form that goes on from it."""
    taken = mailboxes.taken(ready.plan.details, ready.plan.systems, by=request.user, reach=ready.reach)
    search = shown_search(look, ready.plan, taken)
    sealed = gate.seal(look, by=request.user, beside=ready.plan.beside)
    blank = CreateForm(
        initial={"seal": sealed, "systems": ",".join(search.systems)},
        asks_reason=search.asks_reason,
        is_contested=search.is_contested,
    )
    return {"search": search, "create_form": blank}


def _again(
    request: PortalRequest,
    ready: Ready,
    look: Look,
    sentence: str,
    *,
    field: str = "",
    being_url: str = "",
) -> HttpResponse:
    """The page once more with what is found now: what was written is kept, and what is missing is said."""
    context = _review(ready) | _searched(request, ready, look)
    search: ShownSearch = context["search"]
    blank: CreateForm = context["create_form"]
    data = {**blank.initial, "reason": request.POST.get("reason", "")}
    if request.POST.get("urgent"):
        data["urgent"] = "on"
    form = CreateForm(data, asks_reason=search.asks_reason, is_contested=search.is_contested)
    form.is_valid()
    form.add_error(field if field in form.fields else None, sentence)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if field else HTTPStatus.CONFLICT
    context |= {"create_form": form, "being_url": being_url}
    return render_page(request, "patients/registering/check.html", context=context, status=status)


def _being_registered(request: PortalRequest, ready: Ready, taken: BeingRegistered) -> HttpResponse:
    """Somebody else registers this person at this moment, or did so just now."""
    operation = taken.operation
    who = operation.asked_by if operation is not None else "A colleague"
    sentence = (
        f"{who} is registering somebody with these details, or did so just now. Nothing was created a second "
        "time."
    )
    known = awaited(taken.patient.public_id, by=request.user) is not None
    return _again(
        request, ready, _look(request, ready), sentence,
        being_url=reverse("patients:patient", args=[taken.patient.public_id]) if known else "",
    )  # fmt: skip
