"""How each system is doing: for admins in full, for staff what they can do instead."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from integrations.registry import label_of, system_names
from patients.services import connections, sync_schedule, sync_status
from patients.services.connections import Look
from patients.services.sync_status import State, SyncStatus
from portal.accounts.roles import Role, has_role
from portal.web.htmx import redirect_after, render_page, wants_part
from portal.web.requests import PortalRequest


@require_safe
def overview(request: PortalRequest) -> HttpResponse:
    """Every system as it was found when somebody last looked."""
    is_admin = has_role(request.user, Role.ADMIN)
    systems = [_shown(look, is_admin=is_admin) for look in connections.last_looks()]
    context = {"systems": systems, "is_admin": is_admin}
    return render_page(request, "patients/connections/page.html", context=context)


@require_POST
def check(request: PortalRequest, system: str) -> HttpResponse:
    """Look at one system again, now."""
    if system not in system_names():
        raise Http404
    connections.look_at([system])
    if not wants_part(request):
        return redirect_after(request, "patients:connections")
    context = {"system": _shown(connections.last_look(system), is_admin=True), "is_admin": True}
    return render(request, "patients/connections/_system.html", context)


@require_http_methods(["GET", "POST"])
def sync(request: PortalRequest, system: str) -> HttpResponse:
    """How reading a system into the index stands; sending begins it, or lets it go on, now."""
    if system not in system_names():
        raise Http404
    if request.method == "POST" and sync_status.status_of(system).is_on:
        sync_schedule.start(system, source="page", by=request.user)
    if not wants_part(request):
        return redirect_after(request, "patients:connections")
    shown = _shown_sync(sync_status.status_of(system))
    context = {"system": {"name": system, "label": label_of(system)}, "sync": shown}
    return render(request, "patients/connections/_sync.html", context)


def _shown(look: Look, *, is_admin: bool) -> dict[str, Any]:
    """What the page shows of a look; addresses, request ids and abilities are for admins."""
    health = look.health
    shown: dict[str, Any] = {
        "name": look.system,
        "label": look.label,
        "address": health.address,
        "reachable": health.reachable,
        "authorised": health.authorised,
        "problem": health.problem,
        "next_step": health.next_step,
        "checked_at": look.checked_at,
        "screens_url": settings.SYSTEMS[look.system]["CONSOLE_URL"].partition("{id}")[0],
    }
    status = sync_status.status_of(look.system)
    if not is_admin:
        return shown | {"next_step": _for_staff(look), "read_into_index": status.for_staff}
    return shown | {
        "generation": health.generation,
        "version": health.version,
        "request_id": health.request_id,
        "milliseconds": health.milliseconds,
        "abilities": [
            {"label": each.name, "available": each.available, "reason": each.reason}
            for each in health.abilities
        ],
        "quota": health.quota,
        "check_url": reverse("patients:check", args=[look.system]),
        "sync": _shown_sync(status),
    }


_TAGS = {
    State.DONE: "good",
    State.RUNNING: "info",
    State.WAITING: "warn",
    State.FAILED: "warn",
    State.STOPPED: "bad",
}


def _shown_sync(status: SyncStatus) -> dict[str, Any]:
    """What the part about the index shows."""
    return {
        "state": str(status.state),
        "tag": _TAGS.get(status.state, "outline"),
        "sentences": status.sentences,
        "problem": status.problem,
        "next_step": status.next_step,
        "done": status.done,
        "total": status.total,
        "is_on": status.is_on,
        "is_running": status.is_running,
        "url": reverse("patients:sync", args=[status.system]),
    }


def _for_staff(look: Look) -> str:
    """What staff can do instead, where something is wrong."""
    if not look.health.problem:
        return ""
    return (
        f"Work goes on in the other systems. What is urgent can be done in {look.label} itself; "
        "your administrator can see what is wrong."
    )
