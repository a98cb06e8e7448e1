"""What is done with the people of a study from its board: exported, and given their number."""

from __future__ import annotations

from dataclasses import dataclass
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
from patients.services.hand_links import Side
from patients.services.lookup import Gone
from patients.services.people_list import sight_of
from patients.services.seals import Broken
from patients.services.studies import board, numbers
from patients.services.studies.exporting import export
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
    """A participant's number in the study, on a page of its own; one event."""
    one = _numbered(request, place, study_id, number)
    form, refused = _written(request, one)
    if form is None:
        messages.success(request, "The number is kept.")
        return redirect_after(request, "patients:study", place, study_id)
    hand_links.note_look("person.number_opened", one.whole, by=request.user)
    context = {
        "identity": one.whole.identity,
        "study": one.study,
        "form": form,
        "refusal": refusal_of(refused, one.whole.name),
        "back_url": reverse("patients:study", args=[place, study_id]),
    }
    status = HTTPStatus.CONFLICT if refused else None
    return render_page(request, "patients/studies/number.html", context=context, status=status)


@require_http_methods(["GET", "POST"])
def number_in_row(request: PortalRequest, place: int, study_id: str, number: int) -> HttpResponse:
    """The same as a small form in the place of the number, in a row that says who it is: a part, for htmx. It
    names nobody, and is of the board's own event."""
    if not wants_part(request):
        return redirect_after(request, "patients:participant_number", place, study_id, number)
    one = _numbered(request, place, study_id, number)
    form, refused = _written(request, one)
    context = {
        "key": one.participant.pk,
        "number": one.participant.number,
        "number_url": reverse("patients:participant_number", args=[place, study_id, number]),
        "row_url": request.path,
        "may_number": True,
        "is_new": True,
    }
    if form is None:
        return render(request, "patients/studies/_number.html", context)
    context |= {"form": form, "refusal": refusal_of(refused, one.whole.name)}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if refused or form.errors else None
    return render(request, "patients/studies/_number_form.html", context, status=status)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Numbered:
    """A participant whose number somebody may change, and the person."""

    study: Study
    participant: Participant
    whole: Side


def _numbered(request: PortalRequest, place: int, study_id: str, number: int) -> _Numbered:
    """Raises ``Http404`` where somebody may not give numbers, or does not reach this person."""
    own, found, reach = study_at(request, place, study_id)
    rows = visibility.participants(reach).filter(study=found, pk=number)
    row = rows.select_related("record__patient").defer("record__held").first()
    if row is None or not may_number(request, own):
        raise Http404
    public_id = row.record.patient.public_id
    try:
        whole = hand_links.side(public_id, by=request.user, reach=reach)
    except Gone:
        hand_links.note_refused("person.number_opened", public_id, by=request.user)
        raise Http404 from None
    return _Numbered(study=found, participant=row, whole=whole)


def _written(request: PortalRequest, one: _Numbered) -> tuple[NumberForm | None, Broken | None]:
    """The form to show and why it was refused; no form where the number was sent and is kept now."""
    participant = one.participant
    blank = {
        "seal": numbers.seal_number(one.whole, participant, by=request.user),
        "number": participant.number,
    }
    form = NumberForm(request.POST if request.method == "POST" else None, initial=blank)
    if not form.is_bound or not form.is_valid():
        return form, None
    try:
        numbers.set_number(
            participant, form.cleaned_data["number"], sealed=form.sealed, at=one.whole.patient.public_id,
            name=one.whole.name, by=request.user,
        )  # fmt: skip
    except numbers.Taken:
        form.add_error("number", "Somebody else in this study has this number.")
        return form, None
    except Broken as broken:
        return NumberForm(initial=blank | {"number": str(form.data.get("number", ""))}), broken
    participant.refresh_from_db(fields=["number"])
    return None, None
