"""One person of the index: at once as last read, corrected as each system answers; and on paper."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe
from django_htmx.http import reswap, retarget

from integrations.registry import label_of, system_names
from patients.services import history as histories
from patients.services import opening, viewing
from patients.services.checklist import checklist_of
from patients.services.comparison import compare
from patients.services.lookup import Gone
from patients.services.opening import Opened, Withheld
from patients.services.operations import attention
from patients.services.portrait import identity_of
from patients.services.viewing import View
from portal.accounts.roles import Role, has_role
from portal.web.htmx import redirect_after, render_page, wants_part
from portal.web.numbers import whole_number
from portal.web.requests import PortalRequest

from .desk import parking
from .marks import marking
from .person import FROM, came_from
from .shown_actions import actions_for, missing_of
from .shown_awaited import awaited_context, awaited_page
from .shown_confirming import shown_confirming
from .shown_disagreements import disagreement_url
from .shown_endings import record_actions
from .shown_links import shown_links
from .shown_namesakes import banner_of
from .shown_onboarding import courses_of, next_step_of
from .shown_operations import shown_item
from .shown_participations import shown_participations
from .shown_studying import study_actions


@require_safe
def patient(request: PortalRequest, public_id: str) -> HttpResponse:
    """The person's page. With ``?read=all`` every system is asked before it answers."""
    now = opening.address_now(public_id)
    if now != public_id:
        address = reverse("patients:patient", args=[now])
        return HttpResponseRedirect(f"{address}?{request.GET.urlencode()}".rstrip("?"))
    coming = awaited_page(request, public_id)
    if coming is not None:
        return coming
    try:
        if request.GET.get("read") == "all":
            opened = opening.open_patient(public_id, by=request.user, view=_view(request, public_id))
        else:
            opened = opening.begin(public_id, by=request.user)
    except Gone:
        raise Http404 from None
    except Withheld:
        return render_page(request, "patients/person/withheld.html")
    context = _context(request, opened) | _around(request, opened)
    context |= parking(request, opened) | marking(request, opened)
    return render_page(request, "patients/person/page.html", context=context)


@require_safe
def coming(request: PortalRequest, public_id: str) -> HttpResponse:
    """How somebody's registration goes; leads to their page once there is a record. A part, for htmx."""
    context = awaited_context(request, public_id, look=False) if wants_part(request) else None
    if context is None:
        return redirect_after(request, "patients:patient", public_id)
    return render(request, "patients/registering/_awaited.html", context)


@require_safe
def live(request: PortalRequest, public_id: str) -> HttpResponse:
    """What the systems have answered since; a part of the page, which has recorded the view."""
    view = _view(request, public_id)
    if view is None or not wants_part(request):
        return redirect_after(request, "patients:patient", public_id)
    seen, again = (_systems(request, name) for name in ("seen", "again"))
    try:
        opened = opening.go_on(view, by=request.user, seen=seen, again=again)
    except Gone:
        raise Http404 from None
    except Withheld:
        return retarget(reswap(render(request, "patients/person/_withheld.html"), "innerHTML"), "#main")
    return render(request, "patients/person/_live.html", _context(request, opened, seen=seen))


@require_safe
def history(request: PortalRequest, public_id: str) -> HttpResponse:
    """What changed, and which links were made; a view of its own where it belongs to none."""
    number = request.GET.get("page", "1")
    try:
        found = opening.open_history(
            public_id,
            by=request.user,
            view=_view(request, public_id),
            number=whole_number(number, most=_MOST_PAGES) or 1,
        )
    except Gone:
        raise Http404 from None
    context = {
        "identity": identity_of(found.person),
        "history": found.history,
        "history_url": _address("patients:history", found.view, request, page=""),
        "back_url": _from_there(request, "patients:patient", public_id),
    }
    part = "patients/person/_history.html"
    return render_page(request, "patients/person/history.html", part=part, context=context)


@require_safe
def print_view(request: PortalRequest, public_id: str) -> HttpResponse:
    """The same for paper, read whole; opening it is an event of its own kind."""
    try:
        opened = opening.open_patient(public_id, by=request.user, action="person.print_opened")
    except Gone:
        raise Http404 from None
    context = _context(request, opened) | {
        "back_url": _from_there(request, "patients:patient", public_id),
        "printed_at": timezone.now(),
    }
    return render_page(request, "patients/person/print.html", context=context)


_MOST_PAGES = 1000


def _view(request: PortalRequest, public_id: str) -> View | None:
    return viewing.unsealed(request.GET.get("view", ""), public_id=public_id, by=request.user)


def _systems(request: PortalRequest, name: str) -> set[str]:
    return set(request.GET.get(name, "").split(",")).intersection(system_names())


def _context(request: PortalRequest, opened: Opened, *, seen: Collection[str] = ()) -> dict[str, Any]:
    public_id = opened.patient.public_id
    view = opened.view
    person = opened.person
    coming = attention.being_created(opened.patient)
    onboardings = () if opened.refused else courses_of(opened, by=request.user)
    former = histories.former_names(opened.patient, view.records, by=request.user)
    return {
        "identity": identity_of(person),
        "record_actions": (
            *study_actions(opened, by=request.user),
            *record_actions(opened, by=request.user),
        ),
        "comparison": compare(person, reach=opened.reach, asking=opened.asking_for, former=former),
        "checklist": checklist_of(person.kept, opened.refused, opened.reach, coming=coming),
        "onboardings": onboardings,
        "next_step": next_step_of(onboardings)
        or next(iter(missing_of(opened, by=request.user, coming=coming)), None),
        "untold": opened.untold,
        "is_asking": bool(opened.asking),
        "progress": _progress(opened, seen),
        "hide_around": bool(opened.refused),
        "live_url": _address("patients:live", view, request, seen=",".join(opened.answered)),
        "all_url": _address("patients:patient", view, request, read="all"),
        "again_url": _address("patients:live", view, request, seen=",".join(opened.answered), again=""),
        "history_url": _address("patients:history", view, request),
        "print_url": _from_there(request, "patients:patient_print", public_id),
        "public_id": public_id if has_role(request.user, Role.ADMIN) else "",
        **(came_from(request, opened) if FROM in request.GET else {}),
    }


def _around(request: PortalRequest, opened: Opened) -> dict[str, Any]:
    """What the index says beside the records; nothing where it may say more than a system shows."""
    if opened.refused:
        return {}
    patient, user, reach = opened.patient, request.user, opened.reach
    return {
        "actions": actions_for(opened, by=user),
        "disagreement_url": disagreement_url(
            patient, {each.number: each.record.system for each in opened.person.kept}, reach
        ),
        "confirmations": shown_confirming(patient, opened.person.kept, by=user),
        "studies": shown_participations(patient, reach, by=user),
        "links": shown_links(patient, by=user, reach=reach),
        "namesakes": banner_of(patient.pk, by=user, reach=reach),
        "writes": [shown_item(each) for each in attention.of_person(patient, by=user, reach=reach)],
    }


def _from_there(request: PortalRequest, name: str, public_id: str) -> str:
    """An address about a person that still knows the look-up that led here."""
    lookup = request.GET.get(FROM, "")
    address = reverse(name, args=[public_id])
    return f"{address}?{urlencode({FROM: lookup})}" if lookup else address


def _address(name: str, view: View, request: PortalRequest, **query: str) -> str:
    """An address of the page's, with its seal; the look-up that it was opened from stays known."""
    lookup = request.GET.get(FROM, "")
    asked = ({FROM: lookup} if lookup else {}) | {"view": viewing.sealed(view, by=request.user)} | query
    return f"{reverse(name, args=[view.public_id])}?{urlencode(asked, safe=',')}"


def _progress(opened: Opened, seen: Collection[str]) -> str:
    """How far reading is, in one sentence for everybody, screen readers included."""
    count = len(opened.answered) + len(opened.asking)
    failed = {each.record.system for each in opened.person.kept if each.problem}
    new = [label_of(name) for name in opened.answered if name not in seen and name not in failed]
    unread = [label_of(name) for name in opened.answered if name in failed]
    of_all = f"{len(opened.answered)} of {count}"
    if opened.asking:
        answered = (
            f"{' and '.join(new)} {'has' if len(new) == 1 else 'have'} answered; {of_all}." if new else ""
        )
        return answered or f"Shown as last read. Asking the systems: {of_all} have answered."
    if unread:
        return f"{' and '.join(unread)} could not be read now."
    return (
        "Every system that holds a record has answered."
        if count > 1
        else f"{label_of(opened.answered[0])} has answered."
    )
