"""One invitation: how it stands, its link for who asked for it, and the ways to pass that on.

The link is a secret that stands for the patient. It is in these pages alone, which nobody keeps, and each
that shows it leaves an event.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRefresh

from patients.forms.studying import Sealed
from patients.models import Invitation
from patients.services import hand_links, seals, visibility
from patients.services.lookup import Gone
from patients.services.operations import awaiting, rights
from patients.services.seals import Broken
from patients.services.studies import (
    allowed,
    following,
    handing_over,
    invitations,
    inviting,
    troubles,
    wordings,
)
from patients.services.studies.allowed import Refusal, Refused
from patients.services.studies.handing_over import Opened
from patients.services.studies.masks import masked_email
from patients.services.studies.qr_codes import drawing_of
from patients.services.studies.wordings import Use
from portal.web.htmx import redirect_after, render_page, wants_part
from portal.web.requests import PortalRequest

from .endings import sent
from .enrolling import person_page
from .operations import UNCHANGED
from .shown_inviting import COPY, EMAIL, FIRST, IN_PERSON, LETTER, QR, WAYS, shown_state
from .study_pages import board_url, record_args

OPENED = "person.invitation_opened"
CANCEL = "cancel an invitation"
Channel = Invitation.Channel


@require_safe
def invitation(request: PortalRequest, public_id: str) -> HttpResponse:
    """How it stands, and what the person who asked for it can do with its link."""
    opened = _open(request, public_id)
    if awaiting.for_a_moment(opened.invitation.operation):
        opened = _open(request, public_id)
    refusing = invitations.refusing_email(opened.invitation)
    ways = {each: label for each, label in WAYS.items() if each != EMAIL or not refusing}
    way = _way(request, opened, ways)
    hand_links.note_look(OPENED, opened.side, by=request.user)
    context = _context(opened) | {"way": way, "ways": _ways(opened, way, ways), "refusing": refusing}
    context |= _shown(request, opened, way)
    return render_page(request, "patients/inviting/invitation.html", context=context)


@require_safe
def standing(request: PortalRequest, public_id: str) -> HttpResponse:
    """How it stands by now, asked of the system; names nobody, and nothing where nothing has moved. The page
    comes anew once the invitation has been made or used."""
    opened = _open(request, public_id)
    if following.can_follow(opened.invitation):
        fault = following.look(opened.invitation, by=request.user)
    else:
        fault = None
    if not wants_part(request):
        return redirect_after(request, "patients:invitation", public_id)
    if request.GET.get("seen", "") != _stamp(opened):
        return HttpResponseClientRefresh()
    if fault is None and request.GET.get("faulty") != "1":
        return HttpResponse(status=UNCHANGED)
    part = "_waiting" if request.GET.get("beside") == QR else "_standing"
    return render(request, f"patients/inviting/{part}.html", _context(opened) | {"fault": fault})


@require_safe
def in_person(request: PortalRequest, public_id: str) -> HttpResponse:
    """The QR code as large as the screen; it says so by itself when the person's app has used it."""
    opened = _open(request, public_id)
    hand_links.note_look(OPENED, opened.side, by=request.user)
    context = _context(opened) | _shown(request, opened, IN_PERSON)
    return render_page(request, "patients/inviting/in_person.html", context=context)


@require_safe
def letter(request: PortalRequest, public_id: str) -> HttpResponse:
    """The letter on paper, in one of the organization's languages."""
    opened = _open(request, public_id)
    hand_links.note_look(OPENED, opened.side, by=request.user)
    link = invitations.link_of(opened.invitation, by=request.user, reach=opened.reach, way=LETTER)
    context = _context(opened) | {
        "letters": [letter_of(opened, link, request.GET.get("language", ""))] if link else [],
        "languages": wordings.languages_of(opened.own.place, Use.LETTER),
        "chosen": request.GET.get("language", wordings.ENGLISH),
    }
    return render_page(request, "patients/inviting/letter.html", context=context)


@require_safe
def trouble(request: PortalRequest, public_id: str) -> HttpResponse:
    """Why the link may not work, with what the portal can check checked now."""
    opened = _open(request, public_id)
    fault = following.look(opened.invitation, by=request.user) if opened.invitation.remote_id else None
    hand_links.note_look(OPENED, opened.side, by=request.user)
    found = troubles.checks(opened)
    context = _context(opened) | {
        "checks": found,
        "fault": fault,
        "is_nothing_found": all(each.verdict is not troubles.Verdict.BAD for each in found),
    }
    return render_page(request, "patients/inviting/trouble.html", context=context)


@require_http_methods(["GET", "POST"])
def cancel(request: PortalRequest, public_id: str) -> HttpResponse:
    """Make the link useless, after a page that says what that means."""
    opened = _open(request, public_id)
    blank = {"seal": seals.seal(opened.side.named, purpose=CANCEL, by=request.user, part=public_id)}
    form = Sealed(sent(request), initial=blank)
    refused: Broken | Refusal | None = None
    if form.is_bound and form.is_valid():
        refused = _cancel(request, opened, form)
        if refused is None:
            return redirect_after(request, "patients:invitation", public_id)
        form = Sealed(initial=blank)
    hand_links.note_look(OPENED, opened.side, by=request.user)
    return person_page(request, "patients/inviting/cancel.html", _context(opened) | {"form": form}, refused)


def _cancel(request: PortalRequest, opened: Opened, form: Sealed) -> Broken | Refusal | None:
    user, row = request.user, opened.invitation
    reach, at = visibility.reach_of(user), opened.side.patient.public_id
    try:
        allowed.require(opened.study, by=user, reach=reach)
        with seals.held(form.sealed, purpose=CANCEL, at=[at], by=user, part=row.public_id):
            inviting.cancel(row, by=user, reach=reach)
    except Broken as broken:
        return broken
    except Refused as refused:
        return refused.refusal
    return None


# --- what is shown --------------------------------------------------------------------------


def _open(request: PortalRequest, public_id: str) -> Opened:
    reach = visibility.reach_of(request.user)
    try:
        return handing_over.open_invitation(public_id, by=request.user, reach=reach)
    except Gone:
        raise Http404 from None


def _context(opened: Opened) -> dict[str, Any]:
    """What every page of an invitation shows; nothing of its link but the masked parts."""
    row, own = opened.invitation, [opened.invitation.public_id]
    urls = (
        "invitation",
        "invitation_in_person",
        "invitation_letter",
        "invitation_trouble",
        "invitation_cancel",
    )
    again = reverse("patients:invite", args=[*record_args(opened.record), opened.study.public_id])
    return {
        "identity": opened.side.identity,
        "name": opened.side.name,
        "opened": opened,
        "invitation": row,
        "study": opened.study,
        "own": opened.own,
        "app": opened.app,
        "system_label": handing_over.sender_of(opened),
        "state": shown_state(row, by=opened.by),
        "channel": row.get_channel_display() if row.channel else "",
        "email": masked_email(opened.record.email) if row.channel == Channel.EMAIL else "",
        "parts": handing_over.parts_of(opened),
        "can_follow": following.can_follow(row),
        "can_cancel": following.can_follow(row) and rights.may_write(opened.by, opened.record.system),
        "standing_url": f"{reverse('patients:invitation_standing', args=own)}?seen={_stamp(opened)}",
        "urls": {name.removeprefix("invitation_"): reverse(f"patients:{name}", args=own) for name in urls},
        "why_no_link": opened.why_no_link if opened.is_askers else None,
        "again_url": again,
        "with_reason_url": f"{again}?{urlencode({'channel': Channel.OWN_EMAIL})}",
        "board_url": board_url(opened.own, opened.study),
        "onboarding_url": reverse(
            "patients:onboarding", args=[opened.study.public_id, opened.side.patient.public_id]
        ),
        "back_url": reverse("patients:patient", args=[opened.side.patient.public_id]),
    }


def _stamp(opened: Opened) -> str:
    """The same as long as nothing has come of it."""
    row = opened.invitation
    made = row.operation.state if row.operation is not None and not row.state else ""
    return f"{row.state or '-'}.{made}.{int(opened.is_link_kept)}".replace(" ", "_")


def _way(request: PortalRequest, opened: Opened, ways: Mapping[str, str]) -> str:
    """In which way the link is shown: as somebody asks, else as the channel suggests, of those there are."""
    asked, first = request.GET.get("way", ""), FIRST.get(opened.invitation.channel, "")
    return next((each for each in (asked, first) if each in ways), "")


def _ways(opened: Opened, way: str, ways: Mapping[str, str]) -> list[dict[str, Any]]:
    """The ways to pass the link on; letter and full screen are pages of their own."""
    own = [opened.invitation.public_id]
    pages = {LETTER: "patients:invitation_letter", IN_PERSON: "patients:invitation_in_person"}
    return [
        {
            "label": label,
            "url": reverse(pages[each], args=own)
            if each in pages
            else f"{reverse('patients:invitation', args=own)}?way={each}#hand-over",
            "current": each == way,
        }
        for each, label in ways.items()
    ]


def _shown(request: PortalRequest, opened: Opened, way: str) -> dict[str, Any]:
    """The link in one of the ways; nothing for anybody but who asked for it, and nothing afterwards."""
    if way not in (COPY, QR, EMAIL, IN_PERSON):
        return {}
    link = invitations.link_of(opened.invitation, by=request.user, reach=opened.reach, way=way)
    if not link:
        return {}
    if way in (QR, IN_PERSON):
        return {"drawing": drawing_of(link)}
    return {"link": link} if way == COPY else {"mail": _mail(request, opened, link)}


def _mail(request: PortalRequest, opened: Opened, link: str) -> dict[str, Any]:
    """The e-mail to copy; what opens the mail program carries address and subject alone."""
    code = request.GET.get("language", wordings.ENGLISH)
    words, said = (
        wordings.words_of(opened.own.place, Use.EMAIL, code),
        handing_over.said_of(opened, link=link),
    )
    return {
        "subject": wordings.filled(words.subject, said),
        "text": wordings.filled(words.text, said),
        "to": opened.record.email,
        "direction": wordings.language(code).direction,
        "language": wordings.language(code),
        "languages": wordings.languages_of(opened.own.place, Use.EMAIL),
    }


def letter_of(opened: Opened, link: str, code: str) -> dict[str, Any]:
    """A letter to print."""
    language = wordings.language(code)
    words = wordings.words_of(opened.own.place, Use.LETTER, language.code)
    return {
        "own": opened.own,
        "drawing": drawing_of(link),
        "language": language,
        "blocks": wordings.blocks_of(words.text, handing_over.said_of(opened)),
    }
