"""A deletion that waits for a second person: who it is, what would be lost now, and their yes or no."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from patients.forms.endings import ConfirmForm
from patients.forms.links import SealedForm
from patients.models import Removal
from patients.services import hand_links, visibility
from patients.services.ending import counted, removing
from patients.services.ending.counted import Read
from patients.services.lookup import Gone
from patients.services.operations import queue
from patients.services.operations.standing import standing_of
from patients.services.people_rows import called
from patients.services.seals import Broken
from portal.web.htmx import redirect_after
from portal.web.requests import PortalRequest

from .endings import About, ending_page, is_asked, renew, written
from .leaving import read_now
from .shown_operations import TONES

CONFIRM, DECLINE, WITHDRAW = "confirm", "decline", "withdraw"
_DONE = {
    CONFIRM: "Confirmed: the record is being deleted. This page says what becomes of it.",
    DECLINE: "Declined: nothing is deleted. Whoever asked for it is told on their home page.",
    WITHDRAW: "Withdrawn: nothing is deleted.",
}


@require_http_methods(["GET", "POST"])
def removal(request: PortalRequest, public_id: str) -> HttpResponse:
    """The page, and the decision that is sent from it."""
    reach = visibility.reach_of(request.user)
    try:
        found = removing.find(public_id, by=request.user, reach=reach)
        whole = hand_links.side(found.record.patient.public_id, by=request.user, reach=reach)
    except Gone:
        raise Http404 from None
    it = About(whole=whole, record=found.record, reach=reach)
    decision = next((each for each in _DONE if each in request.POST), "")
    form = _FORMS[decision](request.POST, auto_id=_IDS.format(decision)) if decision else None
    refused: Broken | None = None
    if form is not None:
        try:
            if is_asked(form, lambda: _decide(request, found, decision, form)):
                messages.success(request, _DONE[decision])
                return redirect_after(request, "patients:removal", public_id)
        except Broken as broken:
            refused = broken
    return _page(request, it, found, {decision: form} if form else {}, refused)


_FORMS: dict[str, type[forms.Form]] = {CONFIRM: ConfirmForm, DECLINE: SealedForm, WITHDRAW: SealedForm}
_IDS = "id_{}_%s"  # several forms stand on one page


def _decide(request: PortalRequest, found: Removal, decision: str, form: forms.Form | None) -> None:
    """Raises :class:`Broken`, ``Refused`` and ``Forbidden``."""
    if isinstance(form, ConfirmForm):
        removing.confirm(found, sealed=form.sealed, numbers=form.cleaned_data["numbers"], by=request.user)
    elif isinstance(form, SealedForm):
        decide = removing.decline if decision == DECLINE else removing.withdraw
        decide(found, sealed=form.sealed, reason=form.cleaned_data["reason"], by=request.user)


def _page(
    request: PortalRequest,
    it: About,
    found: Removal,
    bound: dict[str, forms.Form],
    refused: Broken | None,
) -> HttpResponse:
    """Everything as it is now; of one that is over what became of it. One event."""
    found.refresh_from_db(fields=["state", "decided_by", "decided_at", "decision", "operation"])
    removing.note_look(found, by=request.user)
    possible = removing.possible(found, by=request.user)
    context = it.context(request) | {
        "removal": found,
        "possible": possible,
        "problems": [text for form in bound.values() for text in form.non_field_errors()],
        **_place(found),
    }
    if possible.confirm or possible.withdraw:
        context |= _open(request, it, found, bound, refused)
    elif found.operation is not None:
        behind = queue.before(found.operation) if found.operation.state in queue.OPEN else None
        context |= {
            "standing": standing_of(found.operation, behind=behind, in_full=True),
            "tone": TONES[found.operation.state],
        }
    return ending_page(request, "patients/endings/removal.html", context, refused)


def _open(
    request: PortalRequest,
    it: About,
    found: Removal,
    bound: dict[str, forms.Form],
    refused: Broken | None,
) -> dict[str, Any]:
    """What would be lost now, what has changed since it was asked for, and the forms to decide with."""
    read, fault = read_now(request, it, removing.place_of(found))
    then = removing.counted_then(found)
    own = found.asked_by_id == request.user.pk
    names = [WITHDRAW] if own else [CONFIRM, DECLINE]
    if read is None or not read.is_whole or read.counted.last is not True:
        names = [each for each in names if each != CONFIRM]
    return {
        "read": read,
        "fault": fault,
        "is_last": read is not None and read.counted.last is True,
        "changed": counted.changed_since(then, read.counted) if read and then else (),
        "is_comparable": then is not None,
        **{f"{each}_form": _form(request, it, found, each, read, bound, refused) for each in names},
        "export_url": _export_url(it, found),
        "again_url": request.path,
    }


def _form(
    request: PortalRequest, it: About, found: Removal, name: str, read: Read | None,
    bound: dict[str, forms.Form], refused: Broken | None,
) -> forms.Form:  # fmt: skip
    hidden = {"seal": removing.seal_decision(it.whole, found, by=request.user)}
    if name == CONFIRM and read is not None:
        hidden["numbers"] = counted.sealed(read.counted, about=found.public_id, by=request.user)
    form = bound.get(name)
    if form is not None and not refused:
        renew(form, hidden)
        return form
    fresh = (written(form) if form is not None else {}) | hidden
    return _FORMS[name](initial=fresh, auto_id=_IDS.format(name))


def _place(found: Removal) -> dict[str, str]:
    try:
        return {"organization": called(removing.place_of(found))}
    except Gone:
        return {"organization": f"organization {found.organization}"}


def _export_url(it: About, found: Removal) -> str:
    place = removing.place_of(found).pk
    return reverse("patients:leave_export", args=[it.whole.patient.public_id, it.record.pk, place])
