"""The sandbox's JupyterHealth Exchange: a real HTTP server that answers like the real one.

Two generations, chosen by ``dialect``: ``current`` and ``2025-10``. What is imitated, quirks
included, is described in ``integrations/jhe/README.md`` and proven against recordings of the real
server (``tests/data/README.md``). People, enrolments, decisions and invitations are read and written;
patients' apps redeem invitations, decide and send observations.
"""

from __future__ import annotations

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from integrations.sandbox.state import Store
from integrations.types import Clock

from . import (
    accounts,
    clients,
    consents,
    fhir,
    fhir_older,
    invitations,
    oauth,
    observations,
    organizations,
    patients,
    studies,
    tokens,
    users,
)
from .calls import CURRENT, DIALECTS, OLDER, Api, Server, json_reply
from .errors import html_page
from .seed import add_person, api_key, enrol, seed
from .seed_data import CLIENT_ID, CLIENT_SECRET, LOGINS, PASSWORD, Login

__all__ = [
    "CLIENT_ID",
    "CLIENT_SECRET",
    "CURRENT",
    "DIALECTS",
    "LOGINS",
    "OLDER",
    "PASSWORD",
    "Login",
    "add_person",
    "add_redirect_uri",
    "create_app",
    "enrol",
    "issue_api_key",
    "issue_token",
    "seed",
]

VERSION = "v0.0.13"


def create_app(store: Store, clock: Clock, *, dialect: str = CURRENT) -> Flask:
    """The WSGI application of one generation on a store that :func:`seed` has filled for it.

    Raises ``ValueError`` where the store was filled for another generation.
    """
    with store.reading() as data:
        if data["dialect"] != dialect:
            raise ValueError(f"the state is of the {data['dialect']} generation, not {dialect}")
    server = Server(store, clock, dialect)
    app = Flask(__name__, static_folder=None)
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = True
    app.register_error_handler(HTTPException, _http_error)
    if server.older:
        app.before_request(_only_own_host)
    else:
        app.add_url_rule("/health", "health", lambda: json_reply({"status": "ok", "version": VERSION}))
    accounts.register(app, server)
    oauth.register(app, server)
    tokens.register(app, server)
    rest = Api(app, server, "/api/v1")
    for part in (users, organizations, studies, patients, consents, observations, invitations):
        part.register(rest)
    if server.older:
        fhir_older.register(app, server)
    else:
        clients.register(rest)
        fhir.register(app, server)
    return app


def _http_error(error: HTTPException) -> HTTPException | Response:
    """Unknown paths get the server's HTML page; redirects and the rest stay as they are."""
    return html_page(404) if error.code == 404 else error


def _only_own_host() -> Response | None:
    """A forwarded host that this installation does not know is refused."""
    forwarded = request.headers.get("X-Forwarded-Host")
    return html_page(400) if forwarded and forwarded != request.host else None


def add_redirect_uri(store: Store, uri: str) -> None:
    """Register one more address that the portal's sign-in may return to; matched exactly."""
    with store.writing() as data:
        for client in data["clients"].values():
            if client["client_id"] == CLIENT_ID and uri not in client["redirect_uris"]:
                client["redirect_uris"].append(uri)


def issue_token(store: Store, clock: Clock, email: str) -> tuple[str, str]:
    """Access and refresh token of a person, without the browser. Raises ``LookupError``."""
    with store.reading() as data:
        dialect = data["dialect"]
    return tokens.issue(Server(store, clock, dialect), email)


def issue_api_key(store: Store, email: str) -> str:
    """A practitioner's seeded API key. Raises ``LookupError`` where they have none."""
    with store.reading() as data:
        for row in data["api_keys"]:
            if data["users"][str(row["user_id"])]["email"] == email:
                return api_key(data["clients"][str(row["client"])])
    raise LookupError("this login has no API key")
