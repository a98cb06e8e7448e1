"""What somebody decides about a write: each decision a sealed form; what stands against it is said in it."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.views.decorators.http import require_http_methods, require_POST

from integrations.errors import IntegrationError
from patients.forms.links import SealedForm
from patients.forms.operations import DecisionForm, DoneForm, NumberForm
from patients.models import Operation
from patients.services.lookup import Gone
from patients.services.operations import decisions, settling, story
from patients.services.operations.settling import Found, NotNow
from patients.services.seals import Broken
from portal.web.htmx import redirect_after, render_page
from portal.web.requests import PortalRequest

from .shown_found import shown_found
from .shown_operations import refusal_of, shown_story, words_of

Decide = Callable[[Operation, str], object]


@require_POST
def try_now(request: PortalRequest, public_id: str) -> HttpResponse:
    """Have it tried at once: one press on its page, which says where it cannot be."""
    operation = _find(request, public_id)
    try:
        decisions.check(str(request.POST.get("seal", "")), operation, by=request.user)
        settling.try_now(operation, by=request.user)
    except Broken as broken:
        refusal = refusal_of(broken)
        messages.error(request, f"{refusal.title}. Nothing was changed." if refusal else "")
    except NotNow as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "It is tried now.")
    return redirect_after(request, "patients:operation", public_id)


@require_http_methods(["GET", "POST"])
def overrule(request: PortalRequest, public_id: str) -> HttpResponse:
    """Go on although somebody was found, or something was changed meanwhile."""

    def decide(operation: Operation, reason: str) -> None:
        settling.try_now(operation, by=request.user, reason=reason)

    return _page(request, public_id, "overrule", SealedForm, decide, "It goes on all the same.")


@require_http_methods(["GET", "POST"])
def take_over(request: PortalRequest, public_id: str) -> HttpResponse:
    """Have it sent in one's own name."""

    def decide(operation: Operation, reason: str) -> None:
        settling.take_over(operation, by=request.user)

    return _page(request, public_id, "take_over", DecisionForm, decide, "It is sent in your name now.")


@require_http_methods(["GET", "POST"])
def give_up(request: PortalRequest, public_id: str) -> HttpResponse:
    """End it without its being done."""

    def decide(operation: Operation, reason: str) -> None:
        settling.give_up(operation, reason=reason, by=request.user)

    return _page(request, public_id, "give_up", SealedForm, decide, "It is given up.")


@require_http_methods(["GET", "POST"])
def by_hand(request: PortalRequest, public_id: str) -> HttpResponse:
    """Mark it as done: which record, then that record with who it is, then why."""
    operation = _find(request, public_id)
    if not _is_possible(request, operation, "by_hand"):
        return _too_late(request, public_id)
    if "reason" in request.POST:
        return _done_by_hand(request, operation)
    form = NumberForm(_sent(request), initial=_blank(request, operation))
    number = _own_number(operation)
    if number:
        del form.fields["number"]
    if form.is_bound and form.is_valid():
        return _looked_at(request, operation, form, number or form.cleaned_data["number"].strip())
    return _by_hand_page(request, operation, form)


def _looked_at(request: PortalRequest, operation: Operation, form: NumberForm, number: str) -> HttpResponse:
    """The first step: the record is read and shown; one that is somebody else's leads no further."""
    try:
        decisions.check(form.sealed, operation, by=request.user)
        found = settling.find(operation, number, by=request.user)
    except Broken as broken:
        return _by_hand_page(request, operation, _again(request, form, operation), broken=broken)
    except (NotNow, IntegrationError) as fault:
        form.add_error(None, words_of(fault))
        return _by_hand_page(request, operation, form)
    if found.doubt:
        form.add_error(None, found.doubt)
        return _by_hand_page(request, operation, form, found=found)
    seal = decisions.seal(operation, by=request.user, part=number)
    done = DoneForm(initial={"seal": seal, "number": number})
    return _by_hand_page(request, operation, done, found=found)


def _done_by_hand(request: PortalRequest, operation: Operation) -> HttpResponse:
    """The second step: the record was shown, and a reason is given."""
    form = DoneForm(request.POST)
    number = str(form.data.get("number", ""))
    try:
        if form.is_valid():
            decisions.check(form.sealed, operation, by=request.user, part=number)
            found = settling.by_hand(
                operation, remote_id=number, reason=form.cleaned_data["reason"], by=request.user
            )
            messages.success(request, f"It is marked as done.{_of_others(found)}")
            return redirect_after(request, "patients:operation", operation.public_id)
        shown = settling.find(operation, number, by=request.user)
    except Broken as broken:
        fresh = NumberForm(initial=_blank(request, operation) | {"number": number})
        return _by_hand_page(
            request, operation, fresh, broken=broken, reason=str(form.data.get("reason", ""))
        )
    except (NotNow, IntegrationError) as fault:
        form.add_error(None, words_of(fault))
        shown = None
    return _by_hand_page(request, operation, form, found=shown)


# --- what they share ------------------------------------------------------------------------


def _page(
    request: PortalRequest, public_id: str, name: str, kind: type[forms.Form], decide: Decide, done: str
) -> HttpResponse:
    """A decision on a page of its own. What stands against it is said there, with nothing written lost."""
    operation = _find(request, public_id)
    if not _is_possible(request, operation, name):
        return _too_late(request, public_id)
    form = kind(_sent(request), initial=_blank(request, operation))
    refused: Broken | None = None
    if form.is_bound and form.is_valid():
        try:
            decisions.check(str(form.data.get("seal", "")), operation, by=request.user)
            decide(operation, form.cleaned_data.get("reason", ""))
        except Broken as broken:
            refused, form = broken, _again(request, form, operation)
        except (NotNow, IntegrationError) as fault:
            form.add_error(None, words_of(fault))
        else:
            messages.success(request, done)
            return redirect_after(request, "patients:operation", public_id)
    return _render(request, name, operation, {"form": form}, refused)


def _by_hand_page(
    request: PortalRequest, operation: Operation, form: forms.Form, *,
    found: Found | None = None, broken: Broken | None = None, reason: str = "",
) -> HttpResponse:  # fmt: skip
    context: dict[str, Any] = {
        "form": form,
        "has_own_record": bool(_own_number(operation)),
        "is_second": isinstance(form, DoneForm),
        "written": reason,
    }
    read = ""
    if found is not None:
        context["record"] = shown_found(found)
        read = f"{found.record.system}:{found.record.id}"
    return _render(request, "by_hand", operation, context, broken, read=read)


def _render(
    request: PortalRequest, name: str, operation: Operation, context: dict[str, Any],
    refused: Broken | None, *, read: str = "",
) -> HttpResponse:  # fmt: skip
    told = story.story_of(operation, by=request.user)
    story.note_look(told, by=request.user, read=read)
    shown = shown_story(told, by=request.user) | context | {"refusal": refusal_of(refused)}
    status = HTTPStatus.CONFLICT if refused else None
    return render_page(request, f"patients/operations/{name}.html", context=shown, status=status)


def _find(request: PortalRequest, public_id: str) -> Operation:
    try:
        return story.find(public_id, by=request.user)
    except Gone:
        raise Http404 from None


def _is_possible(request: PortalRequest, operation: Operation, name: str) -> bool:
    """Whether the page of a decision is shown; one that was sent says itself why it cannot be."""
    possible: bool = getattr(settling.possible(operation, by=request.user), name)
    return possible or request.method == "POST"


def _too_late(request: PortalRequest, public_id: str) -> HttpResponse:
    messages.error(request, "That cannot be done as it stands now.")
    return redirect_after(request, "patients:operation", public_id)


def _sent(request: PortalRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _blank(request: PortalRequest, operation: Operation) -> dict[str, str]:
    return {"seal": decisions.seal(operation, by=request.user)}


def _again(request: PortalRequest, form: forms.Form, operation: Operation) -> forms.Form:
    """A new form with what was written in the one that is refused."""
    written = {name: str(form.data.get(name, "")) for name in form.fields if name != "seal"}
    fresh = type(form)(initial=_blank(request, operation) | written)
    for name in fresh.fields.keys() - form.fields.keys():
        del fresh.fields[name]
    return fresh


def _own_number(operation: Operation) -> str:
    return operation.record.remote_id if operation.record is not None else ""


def _of_others(found: Found) -> str:
    if not found.others:
        return ""
    records = "another record seems" if found.others == 1 else f"{found.others} more records seem"
    return f" {records.capitalize()} to be of the same person there: look the person up and tidy up."
