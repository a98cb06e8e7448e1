"""The sandbox's sign-in page: a Django-like form, and the session that it opens.

The cookies have names of their own: the portal is served from the same host, and cookies know
no ports.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from flask import Flask, Response, make_response, redirect, render_template, request

from .calls import Data, Row, Server, instant
from .errors import html_page
from .records import user_by_email
from .seed_data import LOGINS, PASSWORD
from .tokens import random_text

SESSION_COOKIE = "jhe_sandbox_session"
CSRF_COOKIE = "jhe_sandbox_csrf"
SESSION_DAYS = 14


def register(app: Flask, server: Server) -> None:
    """Serve sign-in and sign-out."""

    @app.get("/accounts/login/")
    def sign_in_page() -> Response:
        return _form(server)

    @app.post("/accounts/login/")
    def sign_in() -> Response:
        cookie = request.cookies.get(CSRF_COOKIE, "")
        if not cookie or not secrets.compare_digest(cookie, request.form.get("csrfmiddlewaretoken", "")):
            return html_page(403)
        with server.store.writing() as data:
            user = user_by_email(data, request.form.get("username", ""))
            if not _password_fits(user, request.form.get("password", "")):
                return _form(server, failed=True)
            key = _open_session(server, data, user)
        response = make_response(redirect(_next_page()))
        response.set_cookie(SESSION_COOKIE, key, httponly=True, samesite="Lax")
        return response

    @app.get("/accounts/logout/")
    def sign_out() -> Response:
        with server.store.writing() as data:
            data["sessions"].pop(request.cookies.get(SESSION_COOKIE, ""), None)
        response = make_response(redirect("/accounts/login/"))
        response.delete_cookie(SESSION_COOKIE)
        return response


def _password_fits(user: Row | None, password: str) -> bool:
    return user is not None and user["password"] is not None and user["password"] == password


def _open_session(server: Server, data: Data, user: Row | None) -> str:
    key = random_text(32)
    now = server.clock()
    data["sessions"][key] = {
        "user_id": user["id"] if user else None,
        "auth_time": int(now.timestamp()),
        "expires": instant(now + timedelta(days=SESSION_DAYS)),
    }
    return key


def _next_page() -> str:
    """Where to go after signing in: only ever a path of this server."""
    target = request.form.get("next") or request.args.get("next") or "/accounts/login/"
    parts = urlsplit(target)
    return target if target.startswith("/") and not parts.netloc and "\\" not in target else "/"


def _form(server: Server, *, failed: bool = False) -> Response:
    token = request.cookies.get(CSRF_COOKIE) or random_text(32)
    people = LOGINS
    page = render_template(
        "login.html",
        csrf=token,
        next=request.form.get("next") or request.args.get("next", ""),
        people=people,
        password=PASSWORD,
        generation=server.dialect,
        signed_in=_signed_in_as(server),
        username=request.form.get("username", ""),
        failed=failed,
    )
    response = make_response(page)
    response.set_cookie(CSRF_COOKIE, token, samesite="Lax")
    response.headers["Cache-Control"] = "no-store"
    return response


def _signed_in_as(server: Server) -> str:
    found = session(server)
    if found is None:
        return ""
    with server.store.reading() as data:
        return str(data["users"][str(found["user_id"])]["email"])


def session(server: Server) -> Row | None:
    """The browser's session (``user_id``, ``auth_time``), if it has a live one."""
    now: datetime = server.clock()
    with server.store.reading() as data:
        found: Row | None = data["sessions"].get(request.cookies.get(SESSION_COOKIE, ""))
        if found is None or found["expires"] <= instant(now):
            return None
        return dict(found) if str(found["user_id"]) in data["users"] else None
