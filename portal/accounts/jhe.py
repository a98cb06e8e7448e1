"""Signing in at JHE by OpenID Connect: what allauth's provider does not do by itself."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView, OAuth2View
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from . import locking

#: The system's name, allauth's provider id, and so a part of the callback's address.
SYSTEM = "jhe"
WANTED_SCOPES = ("openid", "email")


class JheAdapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """Remembers which scope was granted."""

    def __init__(self, request: HttpRequest, provider_id: str = SYSTEM) -> None:
        super().__init__(request, provider_id)

    def parse_token(self, data: dict[str, Any]) -> Any:
        """allauth's token, with the scope of the reply."""
        token = super().parse_token(data)
        token.portal_scope = str(data.get("scope", ""))[:255]
        return token


class JheProvider(OpenIDConnectProvider):  # type: ignore[misc]
    """Asks for the scopes that this JHE knows, and for nothing that a caller adds to the address."""

    @cached_property
    def _adapter(self) -> JheAdapter:
        return JheAdapter(self.request)

    def get_oauth2_adapter(self, request: HttpRequest) -> JheAdapter:
        """One for all, so that JHE is asked for its addresses once."""
        return self._adapter

    def get_default_scope(self) -> list[str]:
        """The older JHE knows ``openid`` alone and refuses any other word."""
        supported = self._adapter.openid_config.get("scopes_supported", WANTED_SCOPES)
        return [scope for scope in WANTED_SCOPES if scope in supported]

    def get_scope_from_request(self, request: HttpRequest) -> list[str]:
        """Ours only."""
        return list(self.get_scope())

    def get_auth_params_from_request(self, request: HttpRequest, action: str) -> dict[str, str]:
        """To open a locked screen the person has to say again who they are."""
        locked = request.user.is_authenticated and locking.is_locked(request.session)
        return {"prompt": "login"} if locked else {}

    def redirect_from_request(self, request: HttpRequest) -> HttpResponseBase:
        """To JHE's sign-in page; a page of ours where JHE does not answer."""
        try:
            response: HttpResponseBase = super().redirect_from_request(request)
        except (OSError, KeyError, ValueError) as fault:
            response = render_authentication_error(request, self, exception=fault)
        return response


def _view(kind: type[OAuth2View]) -> Callable[..., HttpResponseBase]:
    """allauth's view with our adapter; 404 where JHE is not set up."""
    inner = kind.adapter_view(JheAdapter)

    def view(request: HttpRequest, provider_id: str) -> HttpResponseBase:
        try:
            response: HttpResponseBase = inner(request)
        except SocialApp.DoesNotExist:
            raise Http404 from None
        return response

    return view


login = _view(OAuth2LoginView)
callback = _view(OAuth2CallbackView)
