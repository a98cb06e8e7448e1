"""JHE's token endpoint: refreshing and revoking a person's token, exchanging an API key.

Nothing is kept here except, in process memory, the token that an API key was exchanged for.
README.md §8 says what was seen of each reply.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from integrations import errors
from integrations.deadlines import Deadline
from integrations.http import Endpoint, HttpConnection, Reply
from integrations.types import NOBODY, Caller, TokenSet, TokenSource

from .mapping import LABEL, NAME

TOKEN_PATH = "/o/token/"  # noqa: S105 (a path)
REVOKE_PATH = "/o/revoke_token/"
NO_API_KEY = "no API key"
EARLY = 60.0  # seconds before its end from which a token is not used any more


def connect(caller: Caller = NOBODY) -> HttpConnection:
    """A connection to the configured JHE that sends no token by itself."""
    return HttpConnection(Endpoint.from_settings(NAME, LABEL, settings.SYSTEMS[NAME]), caller)


def refresh(refresh_token: str, *, deadline: Deadline | None = None) -> TokenSet:
    """Exchange a person's refresh token for a full new set; the old pair is dead from then on.

    Only one worker may do this for one person at a time. Raises ``Unauthorised`` where the
    token is spent or revoked (the person signs in again), ``NotConfigured`` where JHE refuses
    the portal's own client id or secret, and ``Unavailable`` or ``ProtocolError`` with
    ``outcome_unknown`` where the old token may have been spent without a readable reply.
    """
    http = connect(Caller(deadline=deadline))
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token, **_client()}
    try:
        reply = http.ask("refresh token", "POST", TOKEN_PATH, retry=False, data=form)
        if reply.status >= 500:
            raise http.error_for(reply, "refresh token")
        return _token_set(http, reply, "refresh token")
    except (errors.Unavailable, errors.ProtocolError) as fault:
        fault.outcome_unknown = True
        raise


def revoke(token: str, *, deadline: Deadline | None = None) -> None:
    """End a token at JHE. Revoking one that is already dead succeeds."""
    http = connect(Caller(deadline=deadline))
    reply = http.ask("revoke token", "POST", REVOKE_PATH, data={"token": token, **_client()})
    if not reply.ok:
        raise _refusal(http, reply, "revoke token")


class ApiKeyTokens:
    """The token source of background reading: an API key, exchanged by client credentials.

    A key acts as the practitioner who made it. Only the process knows the token.
    """

    def __init__(self, http: HttpConnection, key: str) -> None:
        self._http = http
        self._key = key
        self._name = (http.endpoint.url, hashlib.sha256(key.encode()).hexdigest())

    def current(self) -> str:
        """A token that lives for a minute at least. Raises ``Unauthorised`` for a refused key."""
        with _exchanging:
            kept = _kept.get(self._name)
            if kept is None or kept[1] < time.monotonic() + EARLY:
                kept = self._exchange()
            return kept[0]

    def renewed(self, rejected: str) -> str:
        """Another token, after JHE refused ``rejected``."""
        with _exchanging:
            kept = _kept.get(self._name)
            if kept is None or kept[0] == rejected:
                kept = self._exchange()
            return kept[0]

    def _exchange(self) -> tuple[str, float]:
        _kept.pop(self._name, None)
        reply = self._http.ask(
            "exchange API key",
            "POST",
            TOKEN_PATH,
            data={"grant_type": "client_credentials"},
            headers={"Authorization": f"Basic {self._key}"},
        )
        try:
            tokens = _token_set(self._http, reply, "exchange API key")
        except (errors.Unauthorised, errors.NotConfigured):
            raise self._http.fault(
                errors.Unauthorised,
                "exchange API key",
                reply=reply,
                reason=f"status {reply.status}",
                for_staff=f"{LABEL} does not accept the portal's API key.",
                next_step="Check the API key, or make a new one in its console.",
            ) from None
        _kept[self._name] = (tokens.access, time.monotonic() + tokens.expires_in)
        return _kept[self._name]


class NoToken:
    """The token source of somebody who has not connected their account."""

    def __init__(self, http: HttpConnection) -> None:
        self._http = http

    def current(self) -> str:
        """Always raises ``Unauthorised``."""
        raise self._http.fault(
            errors.Unauthorised,
            "sign in",
            reason="no token",
            for_staff=f"You are not connected to {LABEL}.",
            next_step=f"Connect your {LABEL} account, then try again.",
        )

    def renewed(self, rejected: str) -> str:
        """Always raises ``Unauthorised``."""
        return self.current()


class NoApiKey:
    """The token source of background work where no API key is set."""

    def __init__(self, http: HttpConnection) -> None:
        self._http = http

    def current(self) -> str:
        """Always raises ``NotConfigured``."""
        raise self._http.fault(
            errors.NotConfigured,
            "exchange API key",
            reason=NO_API_KEY,
            for_staff=f"The portal has no API key for {LABEL}, so background reading is off.",
            next_step="Ask your administrator to set one.",
        )

    def renewed(self, rejected: str) -> str:
        """Always raises ``NotConfigured``."""
        return self.current()


def token_source(http: HttpConnection, caller: Caller) -> TokenSource:
    """The caller's own token; for background work without one, the API key's.

    Nobody else reads with the key: it reaches as far as the practitioner who made it, not as
    far as whoever is looking.
    """
    if caller.token is not None:
        return caller.token
    return api_key_source(http) if caller.background else NoToken(http)


def api_key_source(http: HttpConnection) -> TokenSource:
    """The configured API key as a token source."""
    key = settings.SYSTEMS[NAME]["API_KEY"]
    return ApiKeyTokens(http, key) if key else NoApiKey(http)


class Bearer:
    """The token of one piece of work: asked for once, shared by requests side by side."""

    def __init__(self, source: TokenSource) -> None:
        self._source = source
        self._lock = threading.Lock()
        self._token = ""

    def current(self) -> str:
        """The token to send now."""
        with self._lock:
            if not self._token:
                self._token = self._source.current()
            return self._token

    def renewed(self, rejected: str) -> str:
        """Another token; one request renews, the others that were refused take what it got."""
        with self._lock:
            if self._token == rejected:
                self._token = self._source.renewed(rejected)
            return self._token


_kept: dict[tuple[str, str], tuple[str, float]] = {}
_exchanging = threading.Lock()


def _client() -> Mapping[str, str]:
    """The portal's own client authentication; a public client has no secret."""
    entry = settings.SYSTEMS[NAME]
    secret = {"client_secret": entry["CLIENT_SECRET"]} if entry["CLIENT_SECRET"] else {}
    return {"client_id": entry["CLIENT_ID"], **secret}


def _token_set(http: HttpConnection, reply: Reply, operation: str) -> TokenSet:
    if not reply.ok:
        raise _refusal(http, reply, operation)
    body: Any = reply.json
    access = body.get("access_token") if isinstance(body, dict) else None
    if not isinstance(access, str) or not access:
        raise http.fault(errors.ProtocolError, operation, reply=reply, reason=reply.text_kind or "no token")
    seconds = body.get("expires_in")
    renewal = body.get("refresh_token")
    return TokenSet(
        access=access,
        refresh=renewal if isinstance(renewal, str) else "",
        expires_in=seconds if isinstance(seconds, int) else 0,
        scope=str(body.get("scope") or ""),
    )


def _refusal(http: HttpConnection, reply: Reply, operation: str) -> errors.IntegrationError:
    """RFC 6749 §5.2: the error word tells whose fault it is, the person's token or our client."""
    word = reply.json.get("error") if isinstance(reply.json, dict) else ""
    if word in ("invalid_grant", "invalid_token"):
        return http.fault(
            errors.Unauthorised,
            operation,
            reply=reply,
            reason="invalid_grant",
            for_staff=f"Your sign-in at {LABEL} has ended.",
            next_step="Sign in there again from your account page.",
        )
    if word in ("invalid_client", "unauthorized_client", "unsupported_grant_type"):
        return http.fault(
            errors.NotConfigured,
            operation,
            reply=reply,
            reason=str(word),
            for_staff=f"{LABEL} does not accept the portal's client id or secret.",
            next_step="Ask your administrator to check the connection.",
        )
    return http.error_for(reply, operation)
