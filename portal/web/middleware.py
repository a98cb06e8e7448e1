"""Around every request: its id, who acts, the access log, and that no page is kept anywhere."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable

import structlog
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.functional import SimpleLazyObject

from portal.audit import AuditUnavailable, context

from .pages import unavailable
from .requests import client_ip

log = structlog.get_logger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class RequestMiddleware:
    """Gives each request an id of ours, binds it to logs and trail, and writes one access line.

    An id sent from outside is not taken over: it would let a caller write into our logs. The line
    names the view and not the address; addresses hold ids and query strings may hold anything.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request."""
        if request.path.startswith(settings.STATIC_URL):
            return self.get_response(request)
        started = time.monotonic()
        request_id = uuid.uuid4().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        with (
            context.bound(_ambient(request, request_id)),
            structlog.contextvars.bound_contextvars(request_id=request_id),
        ):
            response = self.get_response(request)
            _log(request, response, started)
        response["X-Request-Id"] = request_id
        response["Cache-Control"] = "no-store, private"
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Refuse the page where nobody can record that it was looked at."""
        return unavailable(request) if isinstance(exception, AuditUnavailable) else None


def _ambient(request: HttpRequest, request_id: str) -> context.Ambient:
    def person() -> AbstractBaseUser | None:
        user = getattr(request, "user", None)
        return user if user is not None and user.is_authenticated else None

    def session() -> str:
        return (request.session.session_key or "") if hasattr(request, "session") else ""

    return context.Ambient(request_id=request_id, ip=client_ip(request), person=person, session=session)


def _log(request: HttpRequest, response: HttpResponseBase, started: float) -> None:
    # Only who was loaded already: the log must not ask a database that may be the very trouble.
    user = getattr(request, "user", None)
    if isinstance(user, SimpleLazyObject):
        user = getattr(request, "_cached_user", None)
    log.info(
        "request",
        method=request.method,
        view=request.resolver_match.view_name if request.resolver_match else "none",
        status=response.status_code,
        milliseconds=round((time.monotonic() - started) * 1000),
        user=user.pk if user is not None and user.pk else 0,
    )
