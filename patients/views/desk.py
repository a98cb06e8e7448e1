"""Home: the look-up first, then what waits, how the systems are, and one's own people; parking somebody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from patients.forms.desk import ParkForm
from patients.forms.lookup import LookUpForm
from patients.services import desk, hand_links, visibility, worklist
from patients.services.hand_links import Side, name_of
from patients.services.lookup import Gone
from patients.services.opening import Opened, address_now
from patients.services.operations import attention
from patients.services.people_list import sight_of
from patients.services.portrait import identity_of
from patients.services.registering import drafts, unfinished
from patients.services.seals import Broken, Named
from patients.services.studies import places
from patients.services.visibility import Reach, Sight
from patients.services.worklist import How, SystemLine, Waiting, What
from portal.accounts.roles import Role, has_role
from portal.web.htmx import redirect_after, render_page
from portal.web.requests import PortalRequest

from . import lookup
from .shown_links import refusal_of
from .shown_operations import shown_groups
from .shown_people import ShownRow, shown_row
from .unsent import shown_draft


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownOnDesk:
    """Somebody on a desk; without ``person`` where they are out of sight."""

    person: ShownRow | None = field(repr=False)
    at: datetime
    doing: str = field(repr=False)
    unpark_url: str


WAIT_SECONDS = 0.4  # what home waits for a system to say whom one may see


@require_http_methods(["GET", "POST"])
def home(request: PortalRequest) -> HttpResponse:
    """The worklist; what is sent from it is a look-up."""
    if request.method == "POST":
        return lookup.search(request)
    reach = visibility.reach_of(request.user, wait=WAIT_SECONDS)
    sight = sight_of(request.user, reach)
    mine = desk.desk_of(request.user, sight)
    context = {
        "form": LookUpForm(),
        "unsent": [shown_draft(each) for each in drafts.of(request.user)],
        "incomplete": [_incomplete(each) for each in incomplete_of(request, sight)],
        "parked": [_shown(each) for each in mine.parked],
        "seen": [_shown(each) for each in mine.seen],
        "untold": mine.untold,
        "waiting": [_waiting(each) for each in worklist.waiting_for(request.user, reach)],
        "writes": shown_groups(attention.needing(request.user)),
        "systems": [_system(each) for each in worklist.systems()],
        "seen_days": desk.SEEN_FOR.days,
        "begins": _begins(request, reach),
    }
    return render_page(request, "home.html", context=context)


def _begins(request: PortalRequest, reach: Reach) -> dict[str, str] | None:
    """Where somebody begins with a new participant of the study that they opened last, if they may."""
    chosen = places.chosen(reach, by=request.user)
    own, study = chosen if chosen is not None else (None, None)
    if own is None or study is None or study.vanished_at is not None or not own.may_write:
        return None
    return {"study": study.name, "url": reverse("patients:onboarding_begin", args=[study.public_id])}


@require_http_methods(["GET", "POST"])
def park(request: PortalRequest, public_id: str) -> HttpResponse:
    """Put somebody aside with what was being done."""
    try:
        one = hand_links.side(public_id, by=request.user, reach=visibility.reach_of(request.user))
    except Gone:
        return _gone(request, public_id)
    form = ParkForm(request.POST if request.method == "POST" else None, initial=_blank(one.named, request))
    refused: Broken | None = None
    try:
        if _is_parked(request, form, one):
            messages.success(request, "Parked: they wait for you on your home page.")
            return redirect_after(request, "patients:patient", public_id)
    except Broken as broken:
        refused = broken
        form = ParkForm(initial=_blank(one.named, request) | form.typed)
    return _park_page(request, one, form, refused)


def _park_page(request: PortalRequest, one: Side, form: ParkForm, refused: Broken | None) -> HttpResponse:
    """The form on a page of its own; one event."""
    hand_links.note_look("person.park_opened", one, by=request.user)
    context = {
        "identity": one.identity,
        "form": form,
        "refusal": refusal_of(refused, one.name),
        "back_url": reverse("patients:patient", args=[one.patient.public_id]),
    }
    status = HTTPStatus.CONFLICT if refused else None
    return render_page(request, "patients/desk/park.html", context=context, status=status)


@require_POST
def unpark(request: PortalRequest, public_id: str) -> HttpResponse:
    """Take somebody off one's own list, from home or from their page.

    No sealed form: it names nobody else, changes nothing about them, and must work whatever has changed.
    """
    if desk.unpark(public_id, by=request.user):
        messages.success(request, "Taken off your list.")
    if "stay" in request.POST:
        return redirect_after(request, "patients:patient", public_id)
    return redirect_after(request, "patients:search")


def parking(request: PortalRequest, opened: Opened) -> dict[str, Any]:
    """What the person's page says of parking."""
    patient = opened.patient
    named = Named(patient, name_of(identity_of(opened.person)))
    return {
        "park_form": ParkForm(initial=_blank(named, request)),
        "park_url": reverse("patients:park", args=[patient.public_id]),
        "parked_here": desk.parked_by(request.user, patient),
        "unpark_url": reverse("patients:unpark", args=[patient.public_id]),
    }


def _is_parked(request: PortalRequest, form: ParkForm, one: Side) -> bool:
    """Whether the form was sent, is whole, and was written. Raises :class:`Broken`."""
    if not form.is_valid():
        return False
    try:
        desk.park(
            sealed=form.sealed,
            at=[one.patient.public_id],
            name=one.name,
            doing=form.cleaned_data["doing"],
            by=request.user,
        )
    except desk.TooMany as many:
        form.add_error(None, str(many))
        return False
    return True


def _blank(named: Named, request: PortalRequest) -> dict[str, str]:
    return {"seal": desk.seal_park(named, by=request.user)}


def _gone(request: PortalRequest, public_id: str) -> HttpResponse:
    """Nobody at the address; or somebody who was linked since, and is to be looked at anew first."""
    now = address_now(public_id)
    if now == public_id:
        hand_links.note_refused("person.park_opened", public_id, by=request.user)
        raise Http404
    if request.method == "POST":
        messages.error(request, "Not parked: this person was linked with another one meanwhile. Look again.")
    return HttpResponseRedirect(reverse("patients:patient", args=[now]))


_TONES = {How.GOOD: "good", How.UNSURE: "warn", How.BAD: "bad", How.OFF: "outline", How.UNKNOWN: "neutral"}


def _system(line: SystemLine) -> dict[str, Any]:
    return {
        "label": line.label,
        "how": str(line.how),
        "tone": _TONES[line.how],
        "text": line.text,
        "read": line.read,
        "checked_at": line.checked_at,
    }


def incomplete_of(request: PortalRequest, sight: Sight) -> Sequence[unfinished.Incomplete]:
    """People of whom something is missing still: for those who could mend it."""
    return unfinished.incomplete(sight) if has_role(request.user, Role.ADMIN, Role.CLINIC_STAFF) else ()


def _incomplete(each: unfinished.Incomplete) -> dict[str, Any]:
    return {
        "person": shown_row(each.row, ()),
        "kind": each.unfinished.get_kind_display(),
        "missing": each.missing,
        "at": each.unfinished.registered_at,
    }


def _waiting(each: Waiting) -> dict[str, str]:
    if each.what is What.REMOVAL:
        url = reverse("patients:removal", args=[each.removal])
    elif each.what is What.REVIEW and each.month:
        url = reverse("patients:review", args=[f"{each.month:%Y-%m}"])
    else:
        url = reverse("patients:connections")
    return {"title": each.title, "text": each.text, "url": url}


def _shown(each: desk.OnDesk) -> ShownOnDesk:
    return ShownOnDesk(
        person=shown_row(each.row, ()) if each.row else None,
        at=each.at,
        doing=each.doing,
        unpark_url=reverse("patients:unpark", args=[each.public_id]),
    )
