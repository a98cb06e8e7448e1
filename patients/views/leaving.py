"""Taking a record out of an organization: what would be lost, counted now, and the form that asks for it."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from integrations.errors import IntegrationError
from patients.forms.endings import DeleteForm, LeaveForm
from patients.models import Place
from patients.services import hand_links
from patients.services.ending import counted, leaving, removing
from patients.services.ending.counted import Read
from patients.services.lookup import Gone
from patients.services.people_rows import called
from patients.services.seals import Broken
from portal.web.htmx import redirect_after
from portal.web.requests import PortalRequest

from .endings import OPENED, About, about, ending_page, is_asked, renew, sent, written
from .links import gone
from .shown_operations import words_of


@require_http_methods(["GET", "POST"])
def leave(request: PortalRequest, public_id: str, number: int, place: int) -> HttpResponse:
    """What an organization holds of somebody, read at this moment; out of the last one all of it goes."""
    try:
        it, where = _about(request, public_id, number, place)
    except Gone:
        return gone(request, leaving.LEAVE, [public_id], part=f"{number} in {place}", action=OPENED)
    form: LeaveForm | None = None
    refused: Broken | None = None
    if request.method == "POST":
        form = _kind(request)(sent(request))
        try:
            if is_asked(form, lambda: _ask(request, it, where, form)):
                return _asked(request, it, form)
        except Broken as broken:
            refused = broken
    return _page(request, it, where, form, refused)


@require_POST
def export(request: PortalRequest, public_id: str, number: int, place: int) -> HttpResponseBase:
    """Everything that would be lost, as a file; recorded before it leaves."""
    try:
        it, where = _about(request, public_id, number, place)
    except Gone:
        raise Http404 from None
    try:
        pieces = leaving.export(it.record, where, by=request.user)
    except IntegrationError as fault:
        messages.error(request, f"Nothing could be exported. {words_of(fault)}")
        return redirect_after(request, "patients:leave", public_id, number, place)
    response = StreamingHttpResponse(pieces, content_type="application/x-ndjson")
    name = f"record-{timezone.localdate().isoformat()}.jsonl"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _about(request: PortalRequest, public_id: str, number: int, place: int) -> tuple[About, Place]:
    """The record, and the organization that it is to leave. Raises ``Gone``."""
    it = about(request, public_id, number)
    places = leaving.places_of(it.record, by=request.user, reach=it.reach)
    where = next((each for each in places if each.pk == place), None)
    if where is None:
        raise Gone
    return it, where


def _kind(request: PortalRequest) -> type[LeaveForm]:
    return DeleteForm if "typed" in request.POST else LeaveForm


def _ask(request: PortalRequest, it: About, where: Place, form: LeaveForm | None) -> None:
    """Raises :class:`Broken`, ``Refused`` and ``Forbidden``."""
    assert form is not None  # noqa: S101 (called with what was sent)
    told = form.cleaned_data
    common = {"sealed": form.sealed, "numbers": told["numbers"], "reason": told["reason"]}
    if isinstance(form, DeleteForm):
        removing.ask(
            **common, typed=told["typed"], record=it.record, place=where, by=request.user, reach=it.reach
        )
    else:
        leaving.leave(**common, record=it.record, place=where, by=request.user, reach=it.reach)


def _asked(request: PortalRequest, it: About, form: LeaveForm | None) -> HttpResponse:
    if isinstance(form, DeleteForm):
        text = "Nothing is deleted yet: it waits for a second person, who finds it on their home page."
    else:
        text = f"{it.label} is asked to take the record out of it. This page says what becomes of that."
    messages.success(request, text)
    return redirect_after(request, "patients:patient", it.whole.patient.public_id)


def _page(
    request: PortalRequest, it: About, where: Place, form: LeaveForm | None, refused: Broken | None
) -> HttpResponse:
    """What is there now, read anew, with a form that rests on it; one event."""
    read, fault = read_now(request, it, where)
    hand_links.note_look(OPENED, it.whole, by=request.user)
    removal = removing.open_of(it.record)
    is_last = read is not None and read.counted.last is True
    context = it.context(request) | {
        "organization": called(where),
        "read": read,
        "fault": fault,
        "is_last": is_last,
        "can_delete": leaving.can_delete(it.record),
        "removal": removal,
        "removal_url": reverse("patients:removal", args=[removal.public_id]) if removal else "",
        "form": None if read is None or removal else _form_for(request, it, where, read, form, refused),
        "problems": form.non_field_errors() if form else (),
        "again_url": request.path,
        "export_url": reverse(
            "patients:leave_export", args=[it.whole.patient.public_id, it.record.pk, where.pk]
        ),
    }
    return ending_page(request, "patients/endings/leave.html", context, refused)


def _form_for(
    request: PortalRequest,
    it: About,
    where: Place,
    read: Read,
    form: LeaveForm | None,
    refused: Broken | None,
) -> LeaveForm | None:
    """The form that the numbers allow: none where some are missing; what was written stays in it."""
    if not read.is_whole:
        return None
    kind = DeleteForm if read.counted.last else LeaveForm
    part = leaving.about(it.record, where)
    fresh = {
        "seal": leaving.seal_leaving(it.whole, it.record, where, by=request.user),
        "numbers": counted.sealed(read.counted, about=part, by=request.user),
    }
    if form is None or refused or type(form) is not kind:
        return kind(initial=(written(form) if form else {}) | fresh)
    renew(form, fresh)
    return form


def read_now(request: PortalRequest, it: About, where: Place) -> tuple[Read | None, str]:
    """What was counted just now, or why nothing could be."""
    try:
        return leaving.read(it.record, where, by=request.user), ""
    except IntegrationError as fault:
        return None, words_of(fault)
