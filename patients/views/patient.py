"""One person of the index: every source record side by side, on the page and on paper."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from patients.services import opening
from patients.services.comparison import compare
from patients.services.lookup import Gone
from patients.services.portrait import identity_of
from portal.accounts.roles import Role, has_role
from portal.web.htmx import render_page
from portal.web.requests import PortalRequest


@require_safe
def patient(request: PortalRequest, public_id: str) -> HttpResponse:
    """The person's page: identity first, then what each system holds now, differences in words."""
    now = opening.address_now(public_id)
    if now != public_id:
        return HttpResponseRedirect(reverse("patients:patient", args=[now]))
    opened = _open(request, public_id, action="person.viewed")
    context = _context(opened) | {
        "print_url": reverse("patients:patient_print", args=[public_id]),
        "public_id": public_id if has_role(request.user, Role.ADMIN) else "",
    }
    return render_page(request, "patients/person/page.html", context=context)


@require_safe
def print_view(request: PortalRequest, public_id: str) -> HttpResponse:
    """The same for paper; opening it is an event of its own kind."""
    opened = _open(request, public_id, action="person.print_opened")
    context = _context(opened) | {
        "back_url": reverse("patients:patient", args=[public_id]),
        "printed_at": timezone.now(),
    }
    return render_page(request, "patients/person/print.html", context=context)


def _open(request: PortalRequest, public_id: str, *, action: str) -> opening.Opened:
    try:
        return opening.open_patient(public_id, by=request.user, action=action)
    except Gone:
        raise Http404 from None


def _context(opened: opening.Opened) -> dict[str, Any]:
    return {
        "identity": identity_of(opened.person),
        "comparison": compare(opened.person),
        "untold": opened.untold,
    }
