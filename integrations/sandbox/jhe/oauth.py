"""OpenID Connect: discovery, keys, the authorization endpoint and userinfo.

Clients are registered as having been approved beforehand, so a signed-in browser is sent on at
once, without a page that asks for consent.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from flask import Flask, Response, request

from .accounts import session
from .calls import Data, Row, Server, authenticated, base_url, instant, json_reply
from .errors import HTML, Refused, html_page
from .keys import signing_key
from .tokens import find_client, random_text, scopes

CODE_SECONDS = 60
METHODS = ("plain", "S256")


def register(app: Flask, server: Server) -> None:
    """Serve everything below ``/o/`` but the token endpoint."""

    @app.get("/o/.well-known/openid-configuration")
    def openid_configuration() -> Response:
        return json_reply(_discovery(server))

    @app.get("/o/.well-known/jwks.json")
    def jwks() -> Response:
        with server.store.reading() as data:
            key = signing_key(data).as_dict(private=False)
        response = json_reply({"keys": [key]})
        hour = "max-age=3600, stale-while-revalidate=3600, stale-if-error=3600"
        response.headers["Cache-Control"] = f"public, {hour}"
        return response

    @app.get("/o/authorize/")
    def authorize() -> Response:
        response = _authorize(server)
        response.headers["Vary"] = "Cookie"
        return response

    @app.route("/o/userinfo/", methods=["GET", "POST"])
    def userinfo() -> Response:
        return _userinfo(server)

    open_paths = "/o/.well-known/" if server.older else "/o/"

    @app.after_request
    def open_to_browsers(response: Response) -> Response:
        if request.path.startswith(open_paths):
            response.headers["Access-Control-Allow-Origin"] = "*"
        return response


def _discovery(server: Server) -> Row:
    base = f"{base_url()}/o"
    shape: dict[str, Any] = {
        "issuer": base,
        "authorization_endpoint": f"{base}/authorize/",
        "token_endpoint": f"{base}/token/",
        "userinfo_endpoint": f"{base}/userinfo/",
        "jwks_uri": f"{base}/.well-known/jwks.json",
        "scopes_supported": scopes(server),
        "response_types_supported": [
            "code",
            "token",
            "id_token",
            "id_token token",
            "code token",
            "code id_token",
            "code id_token token",
        ],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "HS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "code_challenge_methods_supported": list(METHODS),
        "claims_supported": ["sub"],
    }
    if not server.older:
        shape["prompt_values_supported"] = ["none", "login"]
        shape["client_id_metadata_document_supported"] = False
    return shape


def _userinfo(server: Server) -> Response:
    """Who the token belongs to. The refusal is JSON that is labelled as HTML."""
    try:
        user = authenticated(server)
    except Refused as refused:
        error = "The access token provided is expired, revoked, malformed, or invalid for other reasons."
        body = {"error": "invalid_token", "error_description": error}
        response = json_reply(body, refused.status, HTML)
        response.headers["WWW-Authenticate"] = f'Bearer error="invalid_token", error_description="{error}"'
        return response
    own = {"sub": str(user["id"])}
    return json_reply(own if server.older else {**own, "email": user["email"]})


def _authorize(server: Server) -> Response:
    """Answer a browser that a client has sent: sign in first, then back with a code or an error."""
    found = session(server)
    prompt = request.args.get("prompt", "")
    if found is None and prompt == "none":
        return _nobody_signed_in(server)
    if found is None or prompt == "login":
        return _to_sign_in(drop_prompt=prompt == "login")
    with server.store.writing() as data:
        client = find_client(data, request.args.get("client_id", ""))
        target = request.args.get("redirect_uri", "")
        if client is None or target not in client["redirect_uris"]:
            return html_page(400)
        problem = _problem(server)
        if problem:
            return _back(target, problem)
        return _back(target, {"code": _new_code(server, data, client, found)})


def _to_sign_in(*, drop_prompt: bool) -> Response:
    """To the sign-in page, which leads back here; then without ``prompt=login``, or for ever."""
    query = request.query_string.decode()
    if drop_prompt:
        query = urlencode([(name, value) for name, value in parse_qsl(query) if name != "prompt"])
    target = quote(f"{request.path}?{query}", safe="/")
    return _moved(f"/accounts/login/?next={target}")


def _nobody_signed_in(server: Server) -> Response:
    """``prompt=none`` without a session: an error for the client once, today a failure."""
    with server.store.reading() as data:
        client = find_client(data, request.args.get("client_id", ""))
    target = request.args.get("redirect_uri", "")
    if not server.older or client is None or target not in client["redirect_uris"]:
        return html_page(500)
    return _back(target, {"error": "login_required"})


def _problem(server: Server) -> dict[str, str]:
    """What is wrong with the request, as parameters of the redirect; empty when nothing is."""
    asked = request.args.get("scope", "").split()
    method = request.args.get("code_challenge_method", "plain")
    if request.args.get("response_type") != "code":
        return {"error": "unsupported_response_type"}
    if not request.args.get("code_challenge"):
        return {"error": "invalid_request", "error_description": "Code challenge required."}
    if method not in METHODS:
        return {"error": "invalid_request", "error_description": "Transform algorithm not supported."}
    if not set(asked) <= set(scopes(server)):
        return {"error": "invalid_scope"}
    return {}


def _new_code(server: Server, data: Data, client: Row, found: Row) -> str:
    code = random_text()
    data["codes"][code] = {
        "client": client["id"],
        "user_id": found["user_id"],
        "auth_time": found["auth_time"],
        "redirect_uri": request.args["redirect_uri"],
        "scope": request.args.get("scope") or " ".join(scopes(server)),
        "nonce": request.args.get("nonce"),
        "challenge": request.args["code_challenge"],
        "challenge_method": request.args.get("code_challenge_method", "plain"),
        "expires": instant(server.clock() + timedelta(seconds=CODE_SECONDS)),
    }
    return code


def _back(target: str, outcome: dict[str, str]) -> Response:
    """To the client, with the outcome and its own ``state``."""
    state = request.args.get("state")
    query = urlencode({**outcome, "state": state} if state is not None else outcome)
    glue = "&" if urlsplit(target).query else "?"
    return _moved(f"{target}{glue}{query}")


def _moved(target: str) -> Response:
    return Response(status=302, headers={"Location": target}, content_type=HTML)
