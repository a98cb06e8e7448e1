"""What every page needs besides its own context, and the pages for when something went wrong."""

from __future__ import annotations

import tomllib
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader

__all__ = ["bad_request", "csrf_failure", "denied", "fault", "missing", "site", "unavailable"]

ERROR_TEMPLATES = {400: "errors/400.html", 403: "errors/403.html", 404: "errors/404.html"}


def site(request: HttpRequest) -> dict[str, Any]:
    """Context processor: the name of this installation and what the page frame shows."""
    return {
        "site_name": settings.SITE_NAME,
        "site_version": portal_version(),
        "demo": getattr(settings, "DEMO", False),
        "idle_seconds": getattr(settings, "IDLE_SECONDS", 600),
    }


@cache
def portal_version() -> str:
    """The version of the portal, as ``pyproject.toml`` says it."""
    with (settings.BASE_DIR / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def system_screens() -> list[dict[str, str]]:
    """The systems' own screens, for when the portal itself cannot help: name and address."""
    return [
        {"label": name.capitalize(), "url": entry["CONSOLE_URL"]}
        for name, entry in settings.SYSTEMS.items()
        if entry.get("CONSOLE_URL")
    ]


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: the request made no sense."""
    return render(request, ERROR_TEMPLATES[400], status=400)


def denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: signed in, but the role does not reach this page."""
    return render(request, ERROR_TEMPLATES[403], status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: the page was open too long, or was not ours."""
    return render(request, "errors/csrf.html", status=403)


def missing(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: no such page. What was asked for is not repeated."""
    return render(request, ERROR_TEMPLATES[404], status=404)


def fault(request: HttpRequest) -> HttpResponse:
    """500: our own fault. Rendered without user, session or queries."""
    return _standalone("errors/500.html", request, status=500)


def unavailable(request: HttpRequest) -> HttpResponse:
    """503: the portal cannot work safely now; leads to the systems' own screens."""
    return _standalone("errors/503.html", request, status=503)


def _standalone(template: str, request: HttpRequest, *, status: int) -> HttpResponse:
    """A page that needs nothing that may be broken: no context processors, no queries."""
    context = {
        "site_name": settings.SITE_NAME,
        "request_id": getattr(request, "request_id", ""),
        "screens": system_screens(),
    }
    return HttpResponse(loader.get_template(template).render(context), status=status)
