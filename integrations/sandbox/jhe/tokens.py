"""Access tokens, refresh tokens, ID tokens and the token endpoint.

``POST /o/token/`` exchanges an authorization code, a refresh token or an API key. A refresh
spends the old refresh token and ends the old access token at once.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import string
from datetime import timedelta
from typing import Any

from flask import Flask, Response, request
from joserfc import jwt

from .calls import Data, Row, Server, base_url, instant, json_reply
from .errors import HTML
from .keys import signing_key
from .records import user_by_email
from .seed_data import CLIENT_ID

ACCESS_SECONDS = 14 * 24 * 3600
ID_SECONDS = 10 * 3600
_LETTERS = string.ascii_letters + string.digits


class TokenError(Exception):
    """A refusal of the token endpoint, in OAuth's words."""

    def __init__(self, error: str, status: int = 400, description: str = "") -> None:
        super().__init__(error)
        self.status = status
        self.body = {"error": error, **({"error_description": description} if description else {})}


def register(app: Flask, server: Server) -> None:
    """Serve the token and revocation endpoints."""

    @app.post("/o/token/")
    def token() -> Response:
        with server.store.writing() as data:
            try:
                response = json_reply(_exchange(server, data))
            except TokenError as error:
                response = _refusal(error)
        response.headers["Cache-Control"] = "no-store"
        return response

    @app.post("/o/revoke_token/")
    def revoke_token() -> Response:
        with server.store.writing() as data:
            try:
                client = _client(data)
                _revoke(data, request.form.get("token", ""), client)
            except TokenError as error:
                return _refusal(error)
        return Response("", content_type=HTML)


def _refusal(error: TokenError) -> Response:
    response = json_reply(error.body, error.status)
    response.headers["Cache-Control"] = "no-store"
    if error.status == 401:
        response.headers["WWW-Authenticate"] = f'Bearer error="{error.body["error"]}"'
    return response


def scopes(server: Server) -> list[str]:
    """The scopes that the generation knows."""
    return ["openid"] if server.older else ["openid", "email"]


def random_text(length: int = 30) -> str:
    """A token of letters and digits."""
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def find_client(data: Data, client_id: str) -> Row | None:
    """An OAuth application by its client id."""
    rows: list[Row] = list(data["clients"].values())
    return next((row for row in rows if row["client_id"] == client_id), None)


def _client(data: Data) -> Row:
    """The application that authenticated itself, by HTTP Basic or in the form."""
    if request.authorization is not None and request.authorization.type == "basic":
        client_id = request.authorization.username or ""
        secret = request.authorization.password
    else:
        client_id = request.form.get("client_id", "")
        secret = request.form.get("client_secret")
    row = find_client(data, client_id)
    if row is None:
        raise TokenError("invalid_client", 401)
    if row["secret"] is not None and not secrets.compare_digest(row["secret"], secret or ""):
        raise TokenError("invalid_client", 401)
    return row


def _exchange(server: Server, data: Data) -> Row:
    grants = {
        "authorization_code": _by_code,
        "refresh_token": _by_refresh_token,
        "client_credentials": _by_api_key,
    }
    grant = grants.get(request.form.get("grant_type", ""))
    if grant is None:
        raise TokenError("unsupported_grant_type")
    client = _client(data)
    wanted = "client-credentials" if grant is _by_api_key else "authorization-code"
    if client["grant"] != wanted:
        raise TokenError("unauthorized_client")
    return grant(server, data, client)


def _required(name: str) -> str:
    """A form field that the grant cannot do without."""
    if not request.form.get(name):
        raise TokenError("invalid_request", description=f"Missing {name.replace('_', ' ')} parameter.")
    return request.form[name]


def _by_code(server: Server, data: Data, client: Row) -> Row:
    code = data["codes"].get(_required("code"))
    if (
        code is None
        or code["client"] != client["id"]
        or code["expires"] <= instant(server.clock())
        or code["redirect_uri"] != request.form.get("redirect_uri")
        or not _verified(code, request.form.get("code_verifier", ""))
    ):
        raise TokenError("invalid_grant")
    del data["codes"][request.form["code"]]
    return _grant(server, data, client, code)


def _verified(code: Row, verifier: str) -> bool:
    if code["challenge_method"] == "plain":
        return secrets.compare_digest(code["challenge"].encode(), verifier.encode())
    return secrets.compare_digest(code["challenge"].encode(), hashed(verifier).encode())


def hashed(text: str) -> str:
    """The SHA-256 of a text as URLs carry it: a code challenge, or what is kept of a token."""
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _by_refresh_token(server: Server, data: Data, client: Row) -> Row:
    found = data["refresh_tokens"].get(_required("refresh_token"))
    if found is None or found["client"] != client["id"]:
        raise TokenError("invalid_grant")
    del data["refresh_tokens"][request.form["refresh_token"]]
    data["access_tokens"].pop(found["access_token"], None)
    return _grant(server, data, client, {**found, "nonce": None})


def _by_api_key(server: Server, data: Data, client: Row) -> Row:
    scope = " ".join(scopes(server))
    access = _access_token(server, data, client, client["user_id"], scope)
    return _reply(access, scope)


def _grant(server: Server, data: Data, client: Row, consent: Row) -> Row:
    """A full set of tokens for what a person agreed to (``user_id``, ``scope``, ``auth_time``)."""
    access = _access_token(server, data, client, consent["user_id"], consent["scope"])
    refresh = random_text()
    data["refresh_tokens"][refresh] = {
        "client": client["id"],
        "access_token": access,
        **{name: consent[name] for name in ("user_id", "scope", "auth_time")},
    }
    reply = {**_reply(access, consent["scope"]), "refresh_token": refresh}
    if "openid" in consent["scope"].split():
        reply["id_token"] = _id_token(server, data, client, consent, access)
    return reply


def _access_token(server: Server, data: Data, client: Row, user_id: int, scope: str) -> str:
    token = random_text()
    data["access_tokens"][token] = {
        "user_id": user_id,
        "client": client["id"],
        "scope": scope,
        "expires": instant(server.clock() + timedelta(seconds=ACCESS_SECONDS)),
    }
    return token


def _reply(access: str, scope: str) -> Row:
    return {
        "access_token": access,
        "expires_in": ACCESS_SECONDS,
        "token_type": "Bearer",
        "scope": scope,
    }


def _id_token(server: Server, data: Data, client: Row, consent: Row, access: str) -> str:
    now = int(server.clock().timestamp())
    half = hashlib.sha256(access.encode()).digest()[:16]
    claims: dict[str, Any] = {
        "aud": client["client_id"],
        "iat": now,
        "exp": now + ID_SECONDS,
        "iss": f"{base_url()}/o",
        "sub": str(consent["user_id"]),
        "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode(),
        "auth_time": consent["auth_time"],
        "jti": random_text(36),
    }
    if consent.get("nonce"):
        claims["nonce"] = consent["nonce"]
    if not server.older:
        claims["email"] = data["users"][str(consent["user_id"])]["email"]
    key = signing_key(data)
    return jwt.encode({"alg": "RS256", "typ": "JWT", "kid": key.kid}, claims, key)


def _revoke(data: Data, token: str, client: Row) -> None:
    """End an access token, or a refresh token with the access token that came with it."""
    refresh = data["refresh_tokens"].get(token)
    if refresh is not None and refresh["client"] == client["id"]:
        del data["refresh_tokens"][token]
        token = refresh["access_token"]
    access = data["access_tokens"].get(token)
    if access is not None and access["client"] == client["id"]:
        del data["access_tokens"][token]


def issue(server: Server, email: str) -> tuple[str, str]:
    """Access and refresh token of a person for the portal, as if they had signed in."""
    with server.store.writing() as data:
        user, client = user_by_email(data, email), find_client(data, CLIENT_ID)
        if user is None or client is None:
            raise LookupError("no such login in this sandbox")
        consent = {
            "user_id": user["id"],
            "scope": " ".join(scopes(server)),
            "auth_time": int(server.clock().timestamp()),
        }
        access = _access_token(server, data, client, user["id"], consent["scope"])
        refresh = random_text()
        data["refresh_tokens"][refresh] = {"client": client["id"], "access_token": access, **consent}
        return access, refresh
