"""What the frame of every page shows, and the pages for when something went wrong.

Error pages say what to do and never what was asked for. Those for 500 and 503 are made without
context processors and queries: whatever broke may be what those need.
"""

from __future__ import annotations

import tomllib
from functools import cache, partial
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.module_loading import import_string

from portal.accounts.access import is_allowed, who_may

__all__ = [
    "bad_request",
    "csrf_failure",
    "denied",
    "fault",
    "missing",
    "site",
    "too_many_requests",
    "unavailable",
]

#: Label and URL name of the main navigation, in order. Whoever may not open one does not see it.
NAVIGATION = (
    ("Look up", "patients:search"),
    ("Register", "patients:register"),
    ("People", "patients:people"),
    ("Studies", "patients:studies"),
    ("Writes", "patients:operations"),
    ("Connections", "patients:connections"),
    ("Who looked", "patients:audit"),
    ("Staff", "accounts:staff"),
)

#: What belongs to an entry and lies elsewhere than below its address.
ELSEWHERE = {"patients:search": "/search/", "patients:studies": "/organizations/"}


def site(request: HttpRequest) -> dict[str, Any]:
    """Context processor: this installation's name and version, and the person's way around."""
    return {
        "site_name": settings.SITE_NAME,
        "site_version": _version(),
        "demo": settings.DEMO,
        "navigation": SimpleLazyObject(partial(_navigation, request)),  # parts of pages have none
    }


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: a request that no page of ours sends."""
    return _page(request, HTTPStatus.BAD_REQUEST)


def denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403 by a view; refusals by role come from ``accounts.middleware``."""
    return _page(request, HTTPStatus.FORBIDDEN)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: a form that is older than the sign-in, or was sent from elsewhere."""
    return _page(request, HTTPStatus.FORBIDDEN, stale=True)


def missing(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: no such page, or nothing there any more."""
    return _page(request, HTTPStatus.NOT_FOUND)


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """429: a rate limit, as of signing in."""
    return _page(request, HTTPStatus.TOO_MANY_REQUESTS)


def fault(request: HttpRequest) -> HttpResponse:
    """500: a fault of ours, with the request id for whoever looks for it."""
    return _standalone(request, HTTPStatus.INTERNAL_SERVER_ERROR)


def unavailable(request: HttpRequest) -> HttpResponse:
    """503: looks cannot be recorded, so nothing is shown; the systems' own screens still work."""
    screens = [
        {"label": import_string(entry["ADAPTER"]).label, "url": entry["CONSOLE_URL"].partition("{id}")[0]}
        for entry in settings.SYSTEMS.values()
        if entry.get("CONSOLE_URL")
    ]
    return _standalone(request, HTTPStatus.SERVICE_UNAVAILABLE, screens=screens)


def _page(request: HttpRequest, status: HTTPStatus, **context: Any) -> HttpResponse:
    context["request_id"] = getattr(request, "request_id", "")
    return render(request, f"errors/{status.value}.html", context, status=status.value)


def _standalone(request: HttpRequest, status: HTTPStatus, **context: Any) -> HttpResponse:
    context["request_id"] = getattr(request, "request_id", "")
    return HttpResponse(render_to_string(f"errors/{status.value}.html", context), status=status.value)


def _navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The entries that this person may open. Error pages may come before anybody is known."""
    if not hasattr(request, "user"):
        return []
    return [
        {"label": label, "url": _address(name), "current": _current(request, name)}
        for label, name in NAVIGATION
        if _address(name) and is_allowed(request.user, who_may(name, "GET"))
    ]


def _current(request: HttpRequest, url_name: str) -> str:
    """``aria-current`` of an entry: the page itself, one that belongs to it, or empty."""
    if request.resolver_match and request.resolver_match.view_name == url_name:
        return "page"
    below = ELSEWHERE.get(url_name) or f"{_address(url_name).rstrip('/')}/"
    return "true" if request.path.startswith(below) else ""


def _address(url_name: str) -> str:
    """The address of a page; empty where this installation does not have it."""
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return ""


@cache
def _version() -> str:
    """The version of the portal, as ``pyproject.toml`` says it."""
    with (settings.BASE_DIR / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])
