"""Putting a record away in its system, and taking it back: one page a step, with a sealed form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from integrations.errors import IntegrationError
from integrations.registry import label_of
from integrations.types import Registration
from patients.forms.endings import ArchiveForm
from patients.forms.links import SealedForm
from patients.models import SourceRecord
from patients.services import hand_links, visibility
from patients.services.ending import Refused, putting_away
from patients.services.ending.putting_away import Step
from patients.services.hand_links import Side
from patients.services.lookup import Gone
from patients.services.seals import Broken
from patients.services.visibility import Reach
from portal.web.htmx import redirect_after, render_page
from portal.web.requests import PortalRequest

from .links import gone
from .shown_links import refusal_of
from .shown_operations import words_of

OPENED = "person.ending_opened"  # what the trail calls opening such a page


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What such a page is about: a person, one record of theirs, and how far the user's roles reach."""

    whole: Side = field(repr=False)
    record: SourceRecord = field(repr=False)
    reach: Reach = field(repr=False)

    @property
    def label(self) -> str:
        """What the system is called."""
        return label_of(self.record.system)

    def context(self, request: PortalRequest) -> dict[str, Any]:
        """What every such page shows."""
        return {
            "identity": self.whole.identity,
            "name": self.whole.name,
            "system_label": self.label,
            "record_id": self.record.remote_id,
            "is_alone": len(self.whole.rows) == 1,
            "back_url": reverse("patients:patient", args=[self.whole.patient.public_id]),
        }


def about(request: PortalRequest, public_id: str, number: int) -> About:
    """The person at an address and their record of this number. Raises ``Gone``."""
    reach = visibility.reach_of(request.user)
    whole = hand_links.side(public_id, by=request.user, reach=reach)
    record = next((row for row in whole.rows if row.pk == number), None)
    if record is None:
        visibility.require_told(reach)
        raise Gone
    return About(whole=whole, record=record, reach=reach)


@require_http_methods(["GET", "POST"])
def archive(request: PortalRequest, public_id: str, number: int) -> HttpResponse:
    """A record that is to be put away in its system."""
    return _page(request, Step.ARCHIVE, public_id, number)


@require_http_methods(["GET", "POST"])
def take_back(request: PortalRequest, public_id: str, number: int) -> HttpResponse:
    """A record that was put away and is to be in use again."""
    return _page(request, Step.TAKE_BACK, public_id, number)


def _page(request: PortalRequest, step: Step, public_id: str, number: int) -> HttpResponse:
    try:
        it = about(request, public_id, number)
    except Gone:
        return gone(request, step, [public_id], part=str(number), action=OPENED)
    blank = {"seal": putting_away.seal_step(step, it.whole, it.record, by=request.user)}
    form = _form(step, it, sent(request), blank)
    refused: Broken | None = None
    try:
        if is_asked(form, lambda: _ask(request, step, it, form)):
            messages.success(request, _ASKED[step].format(system=it.label))
            return redirect_after(request, "patients:patient", public_id)
    except Broken as broken:
        refused, form = broken, _form(step, it, None, blank | written(form))
    hand_links.note_look(OPENED, it.whole, by=request.user)
    context = it.context(request) | {
        "form": form,
        "is_archiving": step is Step.ARCHIVE,
        "keeps_reason": putting_away.keeps_reason(it.record.system),
        "is_kind_archived": it.record.registration == Registration.ARCHIVED,
        "why_not": putting_away.why_not(step, it.record, by=request.user),
    }
    return ending_page(request, "patients/endings/step.html", context, refused)


def _form(step: Step, it: About, data: QueryDict | None, initial: dict[str, str]) -> SealedForm:
    if step is Step.TAKE_BACK:
        return SealedForm(data, initial=initial)
    keeper = it.label if putting_away.keeps_reason(it.record.system) else ""
    return ArchiveForm(data, initial=initial, keeper=keeper)


def _ask(request: PortalRequest, step: Step, it: About, form: SealedForm) -> None:
    """Raises :class:`Broken`, :class:`Refused` and ``Forbidden``."""
    at, number = it.whole.patient.public_id, it.record.pk
    if isinstance(form, ArchiveForm):
        reason, notes = form.told
        putting_away.archive(
            sealed=form.sealed, at=at, number=number, reason=reason, notes=notes, by=request.user
        )
    else:
        reason = form.cleaned_data["reason"]
        putting_away.take_back(sealed=form.sealed, at=at, number=number, reason=reason, by=request.user)


_ASKED = {
    Step.ARCHIVE: "{system} is asked to archive the record. This page says what becomes of it.",
    Step.TAKE_BACK: "{system} is asked to take the record back into use. This page says what becomes of it.",
}


# --- what all these pages share -------------------------------------------------------------


def sent(request: PortalRequest) -> QueryDict | None:
    """What was sent, if anything was."""
    return request.POST if request.method == "POST" else None


def is_asked(form: forms.Form, ask: Callable[[], object]) -> bool:
    """Whether the form was sent, is whole, and was done; why not is said in it. Raises :class:`Broken`."""
    if not form.is_valid():
        return False
    try:
        ask()
    except Refused as refused:
        form.add_error(None, str(refused))
    except IntegrationError as fault:
        form.add_error(None, words_of(fault))
    else:
        return True
    return False


def written(form: forms.Form) -> dict[str, str]:
    """What was written in a form that is refused: it goes into the next one."""
    return {name: str(form.data[name]) for name in _texts(form) if name in form.data and name != "seal"}


def renew(form: forms.Form, hidden: dict[str, str]) -> None:
    """Let a form that is shown with its problems rest on the page as it is now."""
    form.data = {name: form.data.get(name, "") for name in _texts(form)} | hidden


def _texts(form: forms.Form) -> list[str]:
    """The fields of a form but its ticks: what was ticked was said of the page as it was."""
    return [name for name, each in form.fields.items() if not isinstance(each, forms.BooleanField)]


def ending_page(
    request: PortalRequest, template: str, context: dict[str, Any], refused: Broken | None
) -> HttpResponse:
    """The page, with why its form was refused; ``problems`` are those of a form that is not shown again."""
    unsaid = HTTPStatus.UNPROCESSABLE_ENTITY if context.get("problems") else None
    status = HTTPStatus.CONFLICT if refused else unsaid
    context |= {"refusal": refusal_of(refused, context["name"])}
    return render_page(request, template, context=context, status=status)
