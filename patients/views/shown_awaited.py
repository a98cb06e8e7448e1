"""The page of somebody who is being registered and in no system yet."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from patients.models import Operation
from patients.services.registering.awaited import awaited
from portal.web.htmx import render_page
from portal.web.requests import PortalRequest

from .shown_operations import shown_item


def awaited_page(request: PortalRequest, public_id: str) -> HttpResponse | None:
    """The page; ``None`` where somebody is there already, or nobody of whom the reader may know."""
    context = awaited_context(request, public_id)
    if context is None:
        return None
    return render_page(request, "patients/registering/awaited.html", context=context)


def awaited_context(request: PortalRequest, public_id: str, *, look: bool = True) -> dict[str, Any] | None:
    """What it shows. One event, unless a page asks again (``look``)."""
    found = awaited(public_id, by=request.user, look=look)
    if found is None:
        return None
    refused = [each.operation for each in found.creations if each.operation.state == Operation.State.REFUSED]
    own = [each for each in refused if each.asked_by_id == request.user.pk]
    return {
        "identity": found.identity,
        "label": "Who is being registered",
        "writes": [shown_item(each) for each in found.creations],
        "is_coming": found.is_coming,
        "again": own[-1].public_id if own and not found.is_coming else "",
        "awaited_url": reverse("patients:coming", args=[public_id]),
    }
