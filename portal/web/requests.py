"""The request as views of the portal see it, and where a request comes from."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.middleware import HtmxDetails

from portal.accounts.models import User

#: Sent by a part that refreshes itself: such a request is no sign that anybody is there.
BACKGROUND_HEADER = "X-Portal-Background"


class PortalRequest(HttpRequest):
    """A request by somebody who is signed in: ``accounts.access`` has let it through."""

    user: User
    htmx: HtmxDetails
    request_id: str


def client_ip(request: HttpRequest) -> str:
    """The caller's address, past as many proxies as ``TRUSTED_PROXY_COUNT`` says; empty if unknown."""
    try:
        address: str = get_adapter().get_client_ip(request)
    except PermissionDenied:
        return ""
    return address


def is_htmx(request: HttpRequest) -> bool:
    """Whether htmx sent it, so that a redirect has to be told in a header."""
    return request.headers.get("HX-Request") == "true"


def safe_path(request: HttpRequest, address: str | None, default: str = "/") -> str:
    """``address`` if it is one of the portal's own paths, else ``default``."""
    if address and address.startswith("/") and url_has_allowed_host_and_scheme(address, allowed_hosts=None):
        return address
    return default
