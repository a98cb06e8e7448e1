"""Inviting many participants at once, and inviting those again whose invitation leads nowhere."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from integrations.errors import IntegrationError
from integrations.registry import label_of
from patients.forms.studying import CHANNELS, MANY, InviteManyForm
from patients.models import Bulk, Invitation
from patients.services import visibility
from patients.services.lookup import Gone
from patients.services.operations import bulk_pages
from patients.services.studies import allowed, handing_over, invitations, inviting, joining, outcomes, plans
from patients.services.studies.allowed import Refusal, Refused
from patients.services.studies.inviting import Offer
from patients.services.visibility import Reach
from portal import audit
from portal.web.htmx import redirect_after, render_page
from portal.web.numbers import whole_number
from portal.web.requests import PortalRequest

from .enrolling import as_refusal
from .invitations import letter_of
from .shown_inviting import LETTER
from .study_pages import StudyPage, refused_with, study_page

INVITE = "invite"
LETTERS = 50  # on one page: each is read, filled in and noted
WHICH = {
    joining.NEW: "Not invited yet",
    joining.OVER: "Expired, cancelled or replaced",
    joining.WAITING: "Invited, not connected",
}


@require_http_methods(["GET", "POST"])
def invite_many(request: PortalRequest, place: int, study_id: str) -> HttpResponse:
    """Participants whom one may invite, all ticked, with app and channel for all of them."""
    page = study_page(request, place, study_id)
    which = request.GET.get("who", joining.NEW)
    which = which if which in WHICH else joining.NEW
    bulk = _bulk(request)
    form = _form(request, page)
    refused = allowed.why_not(page.study, by=request.user, reach=page.reach)
    if form.is_bound and form.is_valid() and refused is None:
        came = _ask(request, page, form, again=which != joining.NEW and bulk is None)
        if not isinstance(came, Refusal):
            return redirect_after(request, "patients:study_asked", *page.at, came)
        refused = came
    people, total = joining.to_invite(page.study, which, bulk=bulk, by=request.user, reach=page.reach)
    ticked = set(request.POST.getlist("tick"))
    context: dict[str, Any] = page.context | {
        "form": form,
        "people": [
            {"listed": each, "ticked": not form.is_bound or str(each.record) in ticked} for each in people
        ],
        "total": total,
        "most": joining.MOST,
        "lists": _lists(page, "" if bulk else which),
        "is_of_bulk": bulk is not None,
        "is_again": which != joining.NEW and bulk is None,
        "refused": refused_with(refused) if refused else None,
        "may": refused is None or form.is_bound,
        "is_paused": bulk is not None and not bulk_pages.told(bulk, by=request.user).progress.is_over,
        "here": request.get_full_path(),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if refused and form.is_bound else None
    return render_page(request, "patients/inviting/many.html", context=context, status=status)


@require_safe
def letters(request: PortalRequest, public_id: str) -> HttpResponse:
    """The letters of invitations that were asked for together, some at a time, as long as their links are
    kept."""
    try:
        bulk = bulk_pages.find(public_id, by=request.user)
    except Gone:
        raise Http404 from None
    rows = Invitation.objects.filter(operation__bulk=bulk).order_by("pk")
    last = max(-(-rows.count() // LETTERS), 1)
    number = min(whole_number(request.GET.get("page", ""), most=last) or 1, last)
    here = rows.values_list("public_id", "asked_by")[(number - 1) * LETTERS : number * LETTERS]
    reach = visibility.reach_of(request.user)
    own = [public for public, asked_by in here if asked_by == request.user.pk]
    shown = [letter for each in own if (letter := _letter(request, each, reach)) is not None]
    audit.look(
        "invitation.letters_opened", by=request.user, system=bulk.system,
        details={"bulk": bulk.public_id, "count": len(shown)},
    )  # fmt: skip
    context = {
        "letters": shown,
        "missing": len(here) - len(shown),
        "number": number,
        "last": last,
        "language": request.GET.get("language", ""),
        "bulk_url": reverse("patients:bulk", args=[public_id]),
    }
    return render_page(request, "patients/inviting/letters.html", context=context)


def _letter(request: PortalRequest, public_id: str, reach: Reach) -> dict[str, Any] | None:
    """One letter; ``None`` where the link is not made yet, not kept any more, or not the asker's to see."""
    try:
        opened = handing_over.open_invitation(public_id, by=request.user, reach=reach)
    except Gone:
        return None
    link = invitations.link_of(opened.invitation, by=request.user, reach=reach, way=LETTER)
    return letter_of(opened, link, request.GET.get("language", "")) if link else None


# --- asking ---------------------------------------------------------------------------------


def _ask(request: PortalRequest, page: StudyPage, form: InviteManyForm, *, again: bool) -> str | Refusal:
    """Invite those who are ticked; the key of what came of it, or why nothing did."""
    numbers = [int(each) for each in request.POST.getlist("tick") if each.isdecimal()]
    records = joining.chosen(page.study, numbers, reach=page.reach)
    if not records:
        return Refusal(because=allowed.Because.GONE, sentence="Tick who is to be invited.")
    offer = Offer(app=form.chosen_app, channel=form.chosen_channel, again=again)
    try:
        asked = inviting.invite_many(page.study, records, offer, by=request.user, reach=page.reach)
    except Refused as refused:
        return refused.refusal
    except IntegrationError as fault:
        return as_refusal(fault)
    told = {"app": offer.app, "channel": str(offer.channel)}
    return outcomes.keep(INVITE, page.study, asked, by=request.user, offer=told)


# --- showing --------------------------------------------------------------------------------


def _form(request: PortalRequest, page: StudyPage) -> InviteManyForm:
    label = label_of(page.study.system)
    apps = [
        (each.id, each.name or f"app {each.id}") for each in plans.plan_of(page.study).apps if each.invites
    ]
    return InviteManyForm(
        request.POST if request.method == "POST" else None,
        apps=apps,
        channels=[(value, words.format(system=label)) for value, words in CHANNELS if value in MANY],
    )


def _bulk(request: PortalRequest) -> Bulk | None:
    """The bulk that has enrolled those who are to be invited now."""
    public_id = request.GET.get("bulk", "")
    try:
        return bulk_pages.find(public_id, by=request.user) if public_id else None
    except Gone:
        raise Http404 from None


def _lists(page: StudyPage, which: str) -> list[dict[str, Any]]:
    counts = joining.counts(page.study, page.reach)
    address = reverse("patients:study_invite", args=page.at)
    return [
        {"label": label, "count": counts[each], "url": f"{address}?who={each}", "current": each == which}
        for each, label in WHICH.items()
    ]
