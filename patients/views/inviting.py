"""Inviting one participant to a study's app: app, channel, and why where that takes a reason."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRefresh

from integrations.errors import IntegrationError
from integrations.studies import InvitationState
from patients.forms.studying import CHANNELS, InviteForm
from patients.models import Invitation, Operation, Study
from patients.services import hand_links, seals
from patients.services.lookup import Gone
from patients.services.operations import awaiting, queue
from patients.services.operations.standing import standing_of
from patients.services.seals import Broken
from patients.services.studies import allowed, contact, invitable, inviting, offers, participants, plans
from patients.services.studies.allowed import Fix, Refusal, Refused
from patients.services.studies.inviting import Offer
from portal.web.htmx import redirect_after, render_page, wants_part
from portal.web.requests import PortalRequest

from .endings import About, about, sent, written
from .enrolling import as_refusal, person_page, study_of
from .links import gone
from .operations import UNCHANGED
from .shown_inviting import shown_invitations
from .shown_operations import TONES, story_url

INVITE = "invite"
OPENED = "person.invite_opened"
Channel = Invitation.Channel


@require_http_methods(["GET", "POST"])
def invite(request: PortalRequest, public_id: str, number: int, study_id: str) -> HttpResponse:
    """The next step after enrolling. While the enrolment is on its way, the page waits for it."""
    try:
        it = about(request, public_id, number)
        study = study_of(it, study_id)
        if request.method == "GET" and awaiting.for_a_moment(offers.last_enrolment(study, it.record)):
            it = about(request, public_id, number)
    except Gone:
        return gone(request, INVITE, [public_id], part=f"{number} {study_id}", action=OPENED)
    form = _form(request, it, study)
    refused: Broken | Refusal | None = None
    if form.is_bound and form.is_valid():
        came = _ask(request, it, study, form)
        if isinstance(came, Operation):
            return redirect_after(request, "patients:invitation", came.invitation.public_id)
        refused, form = came, _form(request, it, study, fresh=written(form))
    hand_links.note_look(OPENED, it.whole, by=request.user)
    return _page(request, it, study, form, refused)


@require_safe
def enrolment(request: PortalRequest, public_id: str, number: int, study_id: str) -> HttpResponse:
    """Whether an enrolment has ended since; names nobody, and nothing where nothing has moved."""
    try:
        it = about(request, public_id, number)
    except Gone:
        return HttpResponseClientRefresh()
    study = study_of(it, study_id)
    if not wants_part(request):
        return redirect_after(request, "patients:invite", public_id, number, study_id)
    operation = offers.last_enrolment(study, it.record)
    if operation is None or str(operation.state) != request.GET.get("seen", ""):
        return HttpResponseClientRefresh()
    return HttpResponse(status=UNCHANGED)


# --- asking ---------------------------------------------------------------------------------


def _ask(request: PortalRequest, it: About, study: Study, form: InviteForm) -> Operation | Broken | Refusal:
    """The operation that is to invite, or why there is none."""
    user, at = request.user, it.whole.patient.public_id
    offer = Offer(
        app=form.chosen_app,
        channel=form.chosen_channel,
        reason=form.cleaned_data.get("reason", ""),
        again="again" in request.POST,
    )
    try:
        allowed.require(study, by=user, reach=it.reach)
        with seals.held(form.sealed, purpose=INVITE, at=[at], by=user, part=_part(it, study)):
            return inviting.invite(study, it.record, offer, by=user, reach=it.reach)
    except Broken as broken:
        return broken
    except Refused as refused:
        return refused.refusal
    except IntegrationError as fault:
        return as_refusal(fault)


def _part(it: About, study: Study) -> str:
    return f"{it.record.pk} {study.public_id}"


# --- showing --------------------------------------------------------------------------------


def _form(
    request: PortalRequest, it: About, study: Study, *, fresh: dict[str, str] | None = None
) -> InviteForm:
    seal = seals.seal(it.whole.named, purpose=INVITE, by=request.user, part=_part(it, study))
    apps = [(each.id, each.name or f"app {each.id}") for each in plans.plan_of(study).apps if each.invites]
    return InviteForm(
        None if fresh is not None else sent(request),
        initial={"seal": seal, "channel": _channel_first(request, study)} | (fresh or {}),
        apps=apps,
        channels=[(value, words.format(system=it.label)) for value, words in CHANNELS],
        needs_reason=bool(contact.refusing_email(it.record)),
    )


def _channel_first(request: PortalRequest, study: Study) -> str:
    """The way that is chosen already: the one they come with, or what they took last in this study."""
    return request.GET.get("channel", "") or inviting.last_channel(study, by=request.user)


def _page(
    request: PortalRequest, it: About, study: Study, form: InviteForm, refused: Broken | Refusal | None
) -> HttpResponse:
    args = [it.whole.patient.public_id, it.record.pk]
    participant = participants.current(study, it.record)
    apps = [each for each in plans.plan_of(study).apps if each.invites]
    context: dict[str, Any] = it.context(request) | {
        "study": study,
        "form": form,
        "app": apps[0].name if len(apps) == 1 else "",
        "fixes": {
            Fix.ENROL: f"{reverse('patients:enrol', args=args)}?study={study.public_id}",
            Fix.SETTLE: reverse("patients:consents", args=args[:1]),
        },
        "refusing": contact.refusing_email(it.record),
        "has_email": bool(it.record.email),
        "earlier": shown_invitations(participant, by=request.user) if participant else [],
        "onboarding_url": reverse("patients:onboarding", args=[study.public_id, args[0]]),
        "tells_states": study.tells_states is not False,
        "not_known": InvitationState.NOT_KNOWN,
    }
    if participant is None:
        return _not_yet(request, it, study, context, refused)
    refused = refused or (None if form.is_bound else why_not(request, it, study))
    context["may"] = not isinstance(refused, Refusal) or request.method == "POST"
    return person_page(request, "patients/inviting/invite.html", context, refused)


def why_not(request: PortalRequest, it: About, study: Study) -> Refusal | None:
    """What stands against any invitation of this person by whoever looks."""
    refusal = allowed.why_not(study, by=request.user, reach=it.reach)
    return refusal or invitable.never(it.record)


def _not_yet(
    request: PortalRequest, it: About, study: Study, context: dict[str, Any], refused: Broken | Refusal | None
) -> HttpResponse:
    """In place of the form of somebody who takes no part yet: how their enrolment goes."""
    operation = offers.last_enrolment(study, it.record)
    args = [it.whole.patient.public_id, it.record.pk, study.public_id]
    context |= {
        "enrol_url": context.pop("fixes")[Fix.ENROL],
        "again_url": request.path,
        "is_waiting": operation is not None and operation.state in (*queue.OPEN, Operation.State.DONE),
    }
    if operation is not None:
        behind = queue.before(operation) if operation.state in queue.OPEN else None
        context |= {
            "standing": standing_of(operation, behind=behind, in_full=True),
            "tone": TONES[operation.state],
            "operation_url": story_url(operation, by=request.user),
            "awaited_url": f"{reverse('patients:enrolment', args=args)}?seen={operation.state}",
        }
    return render_page(request, "patients/inviting/not_yet.html", context=context)
