"""One view, one address, one context for a whole page and for the part that htmx swaps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.forms import BaseForm, BaseFormSet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

__all__ = ["redirect_after", "render_page", "wants_part"]


class SeeOther(HttpResponseRedirect):
    """303: whatever the method was, go on with GET."""

    status_code = 303


def render_page(
    request: HttpRequest,
    template: str,
    *,
    part: str | None = None,
    context: Mapping[str, Any] | None = None,
    status: int | None = None,
) -> HttpResponse:
    """Answer with a page, or with its ``part`` where htmx is going to swap it in.

    The template sees ``is_part``: a part that can hold errors then begins with a ``<title>``.
    Without ``status`` the answer is 422 when a form in the context was refused, else 200.
    """
    values = dict(context or {})
    is_part = part is not None and wants_part(request)
    chosen = part if is_part and part is not None else template
    code = status or (422 if _has_errors(values) else 200)
    response = render(request, chosen, {**values, "is_part": is_part}, status=code)
    patch_vary_headers(response, ["HX-Request"])
    return response


def redirect_after(request: HttpRequest, url_name: str, *args: object) -> HttpResponse:
    """Go on to another page after a success: 303, or htmx's own kind of redirect."""
    url = resolve_url(url_name, *args)
    response: HttpResponse = HttpResponseClientRedirect(url) if _htmx(request) else SeeOther(url)
    patch_vary_headers(response, ["HX-Request"])
    return response


def wants_part(request: HttpRequest) -> bool:
    """Whether htmx asks for a part; boosted links and restored history get whole pages."""
    htmx = _htmx(request)
    return bool(htmx) and htmx is not None and not htmx.boosted and not htmx.history_restore_request


def _htmx(request: HttpRequest) -> HtmxDetails | None:
    """What htmx says about the request; nothing where its middleware did not run."""
    return getattr(request, "htmx", None)


def _has_errors(context: Mapping[str, Any]) -> bool:
    """Whether a bound form or formset among the values was refused."""
    forms = (value for value in context.values() if isinstance(value, BaseForm | BaseFormSet))
    return any(form.is_bound and not form.is_valid() for form in forms)
