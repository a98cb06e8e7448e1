"""Saying that somebody who is to be registered is a person who was found: they get what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.views.decorators.http import require_POST

from integrations.sentences import listed
from integrations.writes import Part
from patients.entering.systems import ORGANIZATION
from patients.entering.typed import typed_of
from patients.forms.registering import SYSTEMS
from patients.models import Draft, Patient
from patients.services import hand_links
from patients.services.editing.copies import copies_of
from patients.services.hand_links import Side
from patients.services.lookup import Gone
from patients.services.operations.wording import in_a_sentence
from patients.services.registering import drafts, mailboxes, starting
from portal.web.htmx import redirect_after
from portal.web.requests import PortalRequest

from .creating import Ready, go_on, ready_of
from .unsent import address_of


@require_POST
def is_person(request: PortalRequest, draft_id: str) -> HttpResponse:
    """Say that it is somebody who was found: they get what is missing, and nobody new is made.

    ``person`` is whom the page showed; ``mailbox`` the system in which the e-mail is this very person's,
    who need not be in reach: then nothing of them is told.
    """
    ready = ready_of(request, draft_id)
    if isinstance(ready, HttpResponse):
        return ready
    try:
        if public_id := request.POST.get("person", ""):
            side = hand_links.side(public_id, by=request.user, reach=ready.reach)
            hand_links.note_look("person.add_opened", side, by=request.user)
            return _goes_on(request, ready, side.patient, side)
        return _goes_on(request, ready, _of_mailbox(request, ready), None)
    except Gone:
        raise Http404 from None


def _goes_on(request: PortalRequest, ready: Ready, patient: Patient, side: Side | None) -> HttpResponse:
    """To what is missing, or to the person. Raises :class:`Gone`."""
    details, draft = ready.plan.details, ready.draft
    held = starting.held_of(side) if side is not None else starting.UNKNOWN
    replaced = starting.replaced(held, details)
    study = drafts.study_of(draft)
    also = _missing(ready, patient) | ({drafts.STUDY: study} if study else {})
    if also[SYSTEMS] or also["joins"]:
        drafts.become(draft, patient, starting.from_person(held, typed_of(details)), also, by=request.user)
        kept = _kept_as_edit(request, ready, patient, replaced)
        _say(request, replaced, "What you typed waits on your home page, to be looked at." if kept else "")
        return redirect_after(request, "patients:register_check", draft.public_id)
    messages.info(request, "They are held everywhere that you chose. Nothing was created.")
    edit = _kept_as_edit(request, ready, patient, replaced, draft=draft)
    _say(request, replaced, "Look at what you typed, and save it if it is right." if edit else "")
    if edit is not None:
        return redirect_after(request, address_of(edit))
    if study:
        drafts.end(draft, patient)
    else:
        drafts.throw_away(draft.public_id, by=request.user)
    return go_on(request, study, patient)


def _say(request: PortalRequest, replaced: Sequence[Part], what_now: str) -> None:
    """Which details were typed otherwise than they are held; what they are is on the page."""
    if replaced:
        names = listed(map(in_a_sentence, replaced))
        text = f"You typed another {names} than their records hold, which is what counts here. {what_now}"
        messages.warning(request, text.strip())


def _kept_as_edit(
    request: PortalRequest, ready: Ready, patient: Patient, replaced: Sequence[Part], *,
    draft: Draft | None = None,
) -> Draft | None:  # fmt: skip
    """What was typed otherwise, as an edit of the person that is not sent yet (of ``draft``, or a new one);
    ``None`` where nothing was, where no record takes it, or where too many forms are kept."""
    if not replaced:
        return None
    copies = copies_of(patient.public_id, by=request.user)
    parts = copies.takes.intersection(replaced)
    typed, also = starting.as_edit(copies, ready.plan.details, parts, by=request.user)
    if not parts:
        return None
    kind = Draft.Kind.EDIT
    if draft is not None:
        return drafts.become(draft, patient, typed, also, by=request.user, kind=kind)
    try:
        return drafts.keep(typed, by=request.user, kind=kind, patient=patient, also=also)
    except drafts.TooMany:
        return None


def _of_mailbox(request: PortalRequest, ready: Ready) -> Patient:
    """Whose the e-mail is in a system, where it is this very person's. Raises :class:`Gone`."""
    system = request.POST.get("mailbox", "")
    for each in mailboxes.taken(ready.plan.details, [system], by=request.user, reach=ready.reach):
        if each.is_same and system in ready.plan.systems:
            patient: Patient = each.row.patient
            return patient
    raise Gone


def _missing(ready: Ready, patient: Patient) -> dict[str, Any]:
    """Of what was chosen, what somebody who was found lacks."""
    rows = list(patient.records.filter(vanished_at=None).prefetch_related("memberships"))
    held = {row.system for row in rows}
    places = {each.organization for row in rows for each in row.memberships.all()}
    wanted = ready.plan.organization_id
    chosen = set(ready.plan.systems)
    has_narrow = any(ready.plan.records()[name].organization_id for name in chosen & held)
    return {
        SYSTEMS: [name for name in ready.plan.systems if name not in held],
        ORGANIZATION: wanted,
        "joins": wanted if wanted and has_narrow and wanted not in places else "",
    }
