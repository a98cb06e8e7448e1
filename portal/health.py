"""Three questions that a supervisor asks; no sign-in, nothing told beyond yes or no."""

from __future__ import annotations

from http import HTTPStatus

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from portal.worker import beats


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """The process answers and its database does too; 503 otherwise."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return HttpResponse("database", status=HTTPStatus.SERVICE_UNAVAILABLE, content_type="text/plain")
    return HttpResponse("ok", content_type="text/plain")


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """A worker lives; 503 otherwise, also where none was ever started."""
    try:
        lives = beats.lives()
    except DatabaseError:
        lives = False
    if not lives:
        return HttpResponse("worker", status=HTTPStatus.SERVICE_UNAVAILABLE, content_type="text/plain")
    return HttpResponse("ok", content_type="text/plain")
