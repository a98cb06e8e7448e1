"""Before any view: is the session over or locked, is a second step set up, may this person."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.contrib.sessions.backends.base import UpdateError
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.deprecation import MiddlewareMixin
from django_htmx.http import HttpResponseClientRedirect

from portal import audit
from portal.web.pages import unavailable
from portal.web.requests import BACKGROUND_HEADER, is_htmx, safe_path

from . import access, locking
from .roles import role_of
from .second_step import is_missing

#: What answers while the screen is locked: opening it, leaving, and supervisors' questions.
OPEN_WHILE_LOCKED = frozenset(
    {
        "accounts:lock",
        "accounts:unlock",
        "account_logout",
        "openid_connect_login",
        "openid_connect_callback",
        "health:live",
        "health:ready",
    }
)
#: What answers before a second step is set up: setting one up, and leaving.
OPEN_WITHOUT_SECOND_STEP = OPEN_WHILE_LOCKED | {
    "accounts:second_step",
    "account_reauthenticate",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn",
}

View = Callable[..., HttpResponseBase]


class SessionLimitsMiddleware(MiddlewareMixin):
    """Ends a session after twelve hours and locks the screen after ten idle minutes (settings)."""

    def process_view(
        self, request: HttpRequest, view: View, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        """Answer with the way back in where the session is over or locked."""
        if not request.user.is_authenticated:
            return None
        if locking.is_over(request.session):
            return _end(request)
        name = _view_name(request)
        if locking.is_locked(request.session):
            return None if name in OPEN_WHILE_LOCKED else _meet_the_lock(request, view)
        if BACKGROUND_HEADER not in request.headers:
            try:
                locking.note_activity(request.session)
            except UpdateError:  # signed out in another window a moment ago
                return _end(request)
        kept = locking.kept_post(request.session)
        if kept is not None and request.method == "POST" and request.get_full_path() == kept.path:
            locking.drop_kept_post(request.session)
        return None


class SecondStepMiddleware(MiddlewareMixin):
    """Leads somebody whose role asks for a second step and who has none to setting one up."""

    def process_view(
        self, request: HttpRequest, view: View, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        """Answer with the way to the second step."""
        if _view_name(request) in OPEN_WITHOUT_SECOND_STEP or not request.user.is_authenticated:
            return None
        return _redirect(request, reverse("accounts:second_step")) if is_missing(request.user) else None


class AccessMiddleware(MiddlewareMixin):
    """Holds ``accounts.access.TABLE``: what it does not allow does not reach a view."""

    def process_view(
        self, request: HttpRequest, view: View, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        """Refuse, or lead to signing in."""
        method = request.method or ""
        if method not in access.READING | {"POST"}:
            return HttpResponseNotAllowed(["GET", "HEAD", "OPTIONS", "POST"])
        who = access.who_may(_view_name(request), method)
        if access.is_allowed(request.user, who):
            return None
        if who and not request.user.is_authenticated:
            return _to_sign_in(request)
        return _refuse(request, who)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """A view or service that refuses for a reason of its own is recorded the same way."""
        return _refuse(request, access.NOBODY) if isinstance(exception, PermissionDenied) else None


def _view_name(request: HttpRequest) -> str:
    return request.resolver_match.view_name if request.resolver_match else ""


def _refuse(request: HttpRequest, who: access.Who) -> HttpResponse:
    name = _view_name(request)
    try:
        audit.look(
            "access.refused", outcome="refused", details={"view": name, "method": request.method or ""}
        )
    except audit.AuditUnavailable:
        return unavailable(request)
    if request.user.is_authenticated and role_of(request.user) is None and who:
        return render(request, "accounts/no_role.html", status=403)
    return render(request, "accounts/refused.html", {"roles": sorted(who)}, status=403)


def _end(request: HttpRequest) -> HttpResponse:
    is_old = locking.is_over(request.session)
    logout(request)
    if is_old:
        hours = settings.SESSION_MAX_SECONDS // 3600
        messages.info(request, f"You were signed out because you signed in more than {hours} hours ago.")
    return _to_sign_in(request)


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    page = _page_of(request)
    return _redirect(request, redirect_to_login(page).url)


def _meet_the_lock(request: HttpRequest, view: View) -> HttpResponse:
    kept = locking.post_to_keep(request, view) if request.method == "POST" else None
    opened = locking.lock(request.session, return_to=_page_of(request), kept=kept)
    if opened:
        # Locking must not wait for the trail: the lock shows nothing that would have to be recorded.
        with suppress(audit.AuditUnavailable):
            audit.look("session.locked", details={"by": "time"})
    return _redirect(request, reverse("accounts:lock"))


def _page_of(request: HttpRequest) -> str:
    """The page that the person sees: this one, or the one that htmx or a form sent from."""
    if is_htmx(request):
        return safe_path(request, _path_in(request, request.headers.get("HX-Current-URL", "")))
    if request.method == "POST":
        return safe_path(request, _path_in(request, request.headers.get("Referer", "")))
    return request.get_full_path()


def _path_in(request: HttpRequest, address: str) -> str:
    """The path of an address of this portal; empty for any other."""
    return address.removeprefix(f"{request.scheme}://{request.get_host()}")


def _redirect(request: HttpRequest, address: str) -> HttpResponse:
    if is_htmx(request):
        return HttpResponseClientRedirect(address)
    response = HttpResponseRedirect(address)
    response.status_code = 303
    return response
