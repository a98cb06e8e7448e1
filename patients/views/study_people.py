"""What is done with the people of a study from its board: exported, and given their number."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from patients.forms.studies import NumberForm, StudyExportForm
from patients.models import Participant, Study
from patients.services import hand_links, visibility
from patients.services.exporting import Refused
from patients.services.hand_links import Side, name_of
from patients.services.lookup import Gone
from patients.services.people_list import sight_of
from patients.services.seals import Broken
from patients.services.studies import board, numbers
from patients.services.studies.exporting import export
from patients.services.studies.places import OwnPlace
from patients.services.visibility import Reach
from portal.web.htmx import redirect_after, render_page, wants_part
from portal.web.requests import PortalRequest

from .shown_board import tags_of
from .shown_links import refusal_of
from .study_board import may_number, study_at
from .study_state import BoardState


@require_http_methods(["GET", "POST"])
def export_study(request: PortalRequest, place: int, study_id: str) -> HttpResponseBase:
    """The board as it is filtered, as a file: with a reason, up to a cap, recorded before it leaves."""
    _, found, reach = study_at(request, place, study_id)
    state, sight = BoardState(request.session, found), sight_of(request.user, reach)
    form = StudyExportForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            pieces = export(sight, found, state.filters, state.order, reason=form.cleaned_data["reason"])
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return _file(pieces)
    context = {
        "form": form,
        "study": found,
        "tags": tags_of(state.filters),
        "count": board.find(found, reach, state.filters).count(),
        "cap": settings.EXPORT_CAP,
        "back_url": reverse("patients:study", args=[place, study_id]),
    }
    return render_page(request, "patients/studies/export.html", context=context)


def _file(pieces: Any) -> StreamingHttpResponse:
    response = StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8")
    name = f"study-{timezone.localdate().isoformat()}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


# --- a participant's number -----------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def participant_number(request: PortalRequest, place: int, study_id: str, number: int) -> HttpResponse:
    """A participant's number in the study: a small form in place of the number, or a page of its own."""
    own, found, reach = study_at(request, place, study_id)
    participant, whole = _participant(request, own, found, reach, number)
    blank = {"seal": numbers.seal_number(whole, participant, by=request.user), "number": participant.number}
    form = NumberForm(request.POST if request.method == "POST" else None, initial=blank)
    refused: Broken | None = None
    try:
        if _is_set(request, form, participant, whole):
            return _done(request, own, found, participant)
    except Broken as broken:
        refused = broken
        form = NumberForm(initial=blank | {"number": str(form.data.get("number", ""))})
    context = {
        "form": form,
        "key": participant.pk,
        "study": found,
        "refusal": refusal_of(refused, whole.name),
        "number_url": request.path,
        "back_url": reverse("patients:study", args=[place, study_id]),
    }
    if not wants_part(request):
        hand_links.note_look("person.number_opened", whole, by=request.user)
        context["identity"] = whole.identity
    status = HTTPStatus.CONFLICT if refused and not wants_part(request) else None
    if refused and wants_part(request):
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    return render_page(
        request, "patients/studies/number.html", part="patients/studies/_number_form.html",
        context=context, status=status,
    )  # fmt: skip


def _participant(
    request: PortalRequest, own: OwnPlace, found: Study, reach: Reach, number: int
) -> tuple[Participant, Side]:
    """The participant and the person. Raises ``Http404`` where somebody may not give numbers here, or does
    not reach this person."""
    row = (
        visibility.participants(reach)
        .filter(study=found, pk=number)
        .select_related("record__patient")
        .first()
    )
    if row is None or not may_number(request, own):
        raise Http404
    public_id = row.record.patient.public_id
    try:
        return row, hand_links.side(public_id, by=request.user, reach=reach)
    except Gone:
        hand_links.note_refused("person.number_opened", public_id, by=request.user)
        raise Http404 from None


def _is_set(request: PortalRequest, form: NumberForm, participant: Participant, whole: Side) -> bool:
    """Whether the number was sent and is kept. Raises :class:`Broken`."""
    if not form.is_bound or not form.is_valid():
        return False
    try:
        numbers.set_number(
            participant, form.cleaned_data["number"], sealed=form.sealed, at=whole.patient.public_id,
            name=name_of(whole.identity), by=request.user,
        )  # fmt: skip
    except numbers.Taken:
        form.add_error("number", "Somebody else in this study has this number.")
        return False
    return True


def _done(request: PortalRequest, own: OwnPlace, found: Study, participant: Participant) -> HttpResponse:
    participant.refresh_from_db(fields=["number"])
    if not wants_part(request):
        messages.success(request, "The number is kept.")
        return redirect_after(request, "patients:study", own.place.pk, found.public_id)
    context = {
        "key": participant.pk,
        "number": participant.number,
        "number_url": request.path,
        "may_number": True,
        "is_new": True,
    }
    return render(request, "patients/studies/_number.html", context)
