"""Linking by hand, parting and undoing: one page a step, each form sealed for whom it shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from patients.forms.links import LinkForm, SealedForm, SomebodyElseForm
from patients.services import candidates, hand_links, linking, visibility
from patients.services.hand_links import Parting
from patients.services.lookup import Gone
from patients.services.opening import address_now
from patients.services.seals import Broken
from portal.accounts.roles import Role, has_role
from portal.web.htmx import redirect_after, render_page
from portal.web.requests import PortalRequest

from .shown_links import ShownRefusal, refusal_of, shown_candidates, side_by_side


@require_http_methods(["GET", "POST"])
def candidates_page(request: PortalRequest, public_id: str) -> HttpResponse:
    """Whom a person may be the same as: those whom the index suggests, or those who fit a typed line."""
    reach = visibility.reach_of(request.user)
    try:
        one = hand_links.side(public_id, by=request.user, reach=reach)
    except Gone:
        return gone(request, hand_links.LINK, [public_id])
    form = SomebodyElseForm(_sent(request))
    is_looked_up = form.is_bound and form.is_valid()
    if is_looked_up:
        found = candidates.looked_up(form.asked(), one, by=request.user, reach=reach)
    else:
        found = candidates.candidates_for(one, by=request.user, reach=reach)
    hand_links.note_look("person.link_opened", one, by=request.user)
    context = {
        "identity": one.identity,
        "form": form,
        "is_looked_up": is_looked_up,
        "people": shown_candidates(one, found),
        "back_url": _page_of(public_id),
    }
    return render_page(request, "patients/links/candidates.html", context=context)


@require_http_methods(["GET", "POST"])
def link_with(request: PortalRequest, public_id: str, other_id: str) -> HttpResponse:
    """Two people side by side, and the form that says that they are one."""
    at, reach = [public_id, other_id], visibility.reach_of(request.user)
    try:
        one, other = (hand_links.side(each, by=request.user, reach=reach) for each in at)
    except Gone:
        return gone(request, hand_links.LINK, at)
    warnings = hand_links.warnings_between(one, other)
    blank = {"seal": hand_links.seal_link(one, other, by=request.user)}
    form = LinkForm(_sent(request), initial=blank, is_doubted=bool(warnings))
    refused: Broken | None = None
    try:
        if _is_written(form, partial(hand_links.link, at=at, by=request.user)):
            messages.success(request, _LINKED[has_role(request.user, Role.ADMIN)])
            return redirect_after(request, "patients:patient", public_id)
    except Broken as broken:
        refused = broken
        form = LinkForm(initial=blank | _typed(form), is_doubted=bool(warnings))
    hand_links.note_look("person.compared", one, other, by=request.user)
    context = {
        "identity": one.identity,
        "other": other.identity,
        "warnings": warnings,
        "sides": side_by_side(one, other, headings=("This person", "The other person"), reach=reach),
        "back_url": reverse("patients:link", args=[public_id]),
    }
    refusal = refusal_of(refused, one.name, other.name)
    return _form_page(request, "patients/links/link.html", form, refusal, context)


@require_http_methods(["GET", "POST"])
def unlink(request: PortalRequest, public_id: str, number: int) -> HttpResponse:
    """One record and the rest of its person, and the form that says that it is somebody else's."""
    return _parting(request, Parting.UNLINK, public_id, number)


@require_http_methods(["GET", "POST"])
def undo(request: PortalRequest, public_id: str, number: int) -> HttpResponse:
    """The records that a link by hand brought, and the form that takes the link back."""
    return _parting(request, Parting.UNDO, public_id, number)


def _parting(request: PortalRequest, parting: Parting, public_id: str, number: int) -> HttpResponse:
    reach = visibility.reach_of(request.user)
    try:
        whole = hand_links.side(public_id, by=request.user, reach=reach)
    except Gone:
        return gone(request, parting, [public_id], part=str(number))
    blank = {"seal": hand_links.seal_parting(parting, whole, number, by=request.user)}
    form = SealedForm(_sent(request), initial=blank)
    write = partial(hand_links.part, parting, at=public_id, number=number, by=request.user)
    refused: Broken | None = None
    try:
        if _is_written(form, write):
            messages.success(request, _PARTED[parting])
            return redirect_after(request, "patients:patient", public_id)
    except Broken as broken:
        refused = broken
    parts = hand_links.parts_of(whole, hand_links.leaving(parting, whole.patient, number))
    if parts is None:
        return _refused(request, refused, form, public_id)
    if refused:
        form = SealedForm(initial=blank | _typed(form))
    hand_links.note_look("person.parting_opened", whole, by=request.user)
    context = {
        "identity": whole.identity,
        "parting": str(parting),
        "leaves": parts[1].identity,
        "sides": side_by_side(*parts, headings=("Stays", "Leaves"), reach=reach),
        "back_url": _page_of(public_id),
    }
    return _form_page(request, "patients/links/part.html", form, refusal_of(refused, whole.name), context)


# --- what the forms share -------------------------------------------------------------------

_LINKED = {
    True: "The two are one person now. If that was a mistake, undo it under Links on this page.",
    False: "The two are one person now. If that was a mistake, ask an admin to undo it.",
}
_PARTED = {
    Parting.UNLINK: "The record is a person of its own now, and kept apart from this one.",
    Parting.UNDO: "The link is taken back: the records are again whose they were.",
}


def _sent(request: PortalRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _is_written(form: SealedForm, write: Callable[..., None]) -> bool:
    """Whether the form was sent, is whole, and was written; why not is said in it.

    Raises :class:`~patients.services.seals.Broken`.
    """
    if not form.is_valid():
        return False
    try:
        write(sealed=form.sealed, reason=form.cleaned_data["reason"])
    except linking.Refused as refused:
        form.add_error(None, str(refused))
        return False
    return True


def _typed(form: SealedForm) -> dict[str, str]:
    """What was written in a form that is refused: it goes into the next one."""
    return {"reason": str(form.data.get("reason", ""))}


def _form_page(
    request: PortalRequest,
    template: str,
    form: SealedForm,
    refusal: ShownRefusal | None,
    context: dict[str, Any],
) -> HttpResponse:
    status = HTTPStatus.CONFLICT if refusal else None
    return render_page(request, template, context=context | {"form": form, "refusal": refusal}, status=status)


def gone(
    request: PortalRequest,
    purpose: str,
    at: Sequence[str],
    *,
    part: str = "",
    action: str = "person.link_opened",
) -> HttpResponse:
    """Somebody of the address is not there, or was linked since: a form says whom it was about, a page
    leads on to who they are now. ``action`` is what the trail calls opening such a page."""
    now = list(dict.fromkeys(map(address_now, at)))
    if request.method == "POST":
        form = SealedForm(request.POST)
        try:
            hand_links.check(form.sealed, purpose=purpose, at=at, part=part, by=request.user)
        except Broken as broken:
            return _refused(request, broken, form, now[0])
    if now == list(at):
        hand_links.note_refused(action, at[0], by=request.user)
        raise Http404
    is_choosing = purpose == hand_links.LINK and len(at) == 1
    name = "patients:link_with" if len(now) > 1 else "patients:link" if is_choosing else "patients:patient"
    return HttpResponseRedirect(reverse(name, args=now))


def _refused(request: PortalRequest, broken: Broken | None, form: SealedForm, address: str) -> HttpResponse:
    """A form whose page is not there any more: whom it was about, who is there, what was written."""
    try:
        now = hand_links.side(address, by=request.user, reach=visibility.reach_of(request.user))
    except Gone:
        raise Http404 from None
    if broken is None and not form.is_bound:
        raise Http404
    hand_links.note_look("person.link_opened", now, by=request.user)
    context = {
        "identity": now.identity,
        "reason": _typed(form)["reason"],
        "problems": form.non_field_errors(),
        "back_url": _page_of(address),
    }
    return _form_page(request, "patients/links/refused.html", form, refusal_of(broken, now.name), context)


def _page_of(public_id: str) -> str:
    return reverse("patients:patient", args=[public_id])
