"""Marking a record as a test record, and taking the mark back: one page with a sealed form."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from integrations.registry import label_of
from patients.forms.links import SealedForm
from patients.models import Patient, SourceRecord
from patients.services import hand_links, marks, visibility
from patients.services.hand_links import Side
from patients.services.linking import Refused
from patients.services.lookup import Gone
from patients.services.opening import Opened
from patients.services.seals import Broken
from portal.accounts.roles import Role, has_role
from portal.web.htmx import redirect_after, render_page
from portal.web.requests import PortalRequest

from .shown_links import refusal_of

_DONE = {
    marks.MARK: "The record is marked as a test record: it counts nowhere now, and is linked with nobody.",
    marks.UNMARK: "The record is a person's again. What had been linked by hand is to be linked anew.",
}


@require_http_methods(["GET", "POST"])
def mark_test(request: PortalRequest, public_id: str, number: int) -> HttpResponse:
    """One record of a person, and the form that marks it or takes the mark back."""
    whole, record = _record(request, public_id, number)
    purpose = marks.purpose_of(record)
    blank = {"seal": marks.seal_mark(whole, record, by=request.user)}
    form = SealedForm(request.POST if request.method == "POST" else None, initial=blank)
    refused: Broken | None = None
    try:
        if now := _written(request, form, public_id, number, purpose):
            messages.success(request, _DONE[purpose])
            return redirect_after(request, "patients:patient", now.public_id)
    except Broken as broken:
        refused = broken
        form = SealedForm(initial=blank | {"reason": str(form.data.get("reason", ""))})
    hand_links.note_look("person.mark_opened", whole, by=request.user)
    context = {
        "identity": whole.identity,
        "record": f"{label_of(record.system)} {record.remote_id}",
        "is_marked": record.marked_test,
        "is_alone": len(whole.rows) == 1,
        "form": form,
        "refusal": refusal_of(refused, whole.name),
        "back_url": reverse("patients:patient", args=[public_id]),
    }
    status = HTTPStatus.CONFLICT if refused else None
    return render_page(request, "patients/marks/page.html", context=context, status=status)


def marking(request: PortalRequest, opened: Opened) -> dict[str, Any]:
    """What the person's page offers admins: each record within reach, and whether it is marked."""
    if not has_role(request.user, Role.ADMIN) or opened.refused:
        return {}
    rows = visibility.records(opened.reach).filter(patient=opened.patient, vanished_at=None)
    return {
        "test_marks": [
            {
                "label": f"{label_of(row.system)} {row.remote_id}",
                "is_marked": row.marked_test,
                "url": reverse("patients:mark_test", args=[opened.patient.public_id, row.pk]),
            }
            for row in rows.defer("held").order_by("pk")
            if not marks.says_itself(row)
        ]
    }


def _record(request: PortalRequest, public_id: str, number: int) -> tuple[Side, SourceRecord]:
    """The person and the record. Raises ``Http404`` where there is nothing to mark."""
    try:
        whole = hand_links.side(public_id, by=request.user, reach=visibility.reach_of(request.user))
    except Gone:
        hand_links.note_refused("person.mark_opened", public_id, by=request.user)
        raise Http404 from None
    record = next((row for row in whole.rows if row.pk == number), None)
    if record is None or marks.says_itself(record):
        raise Http404
    return whole, record


def _written(
    request: PortalRequest, form: SealedForm, public_id: str, number: int, purpose: str
) -> Patient | None:
    """Whose the record is after the form was written; ``None`` where it was not. Raises :class:`Broken`."""
    if not form.is_valid():
        return None
    reason = form.cleaned_data["reason"]
    try:
        return marks.set_mark(
            sealed=form.sealed, at=public_id, number=number, purpose=purpose, reason=reason, by=request.user
        )
    except Refused as refused:
        form.add_error(None, str(refused))
        return None
