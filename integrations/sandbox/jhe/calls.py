"""One request to the sandbox's JHE: who calls, what they asked, and how answers leave.

:class:`Api` registers paths and does what the real server does around every operation, in its
order: refuse an ``Accept`` that it cannot serve, check the token, refuse the method, and only
then run the operation. Each operation sees the whole state under the store's lock.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask, Response, request

from integrations.sandbox.state import Store
from integrations.types import Clock

from .errors import Crashed, Refused, html_page, operation_outcome

Data = dict[str, Any]
Row = dict[str, Any]

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
JSON = "application/json"
FHIR_JSON = "application/fhir+json"

CURRENT = "current"
OLDER = "2025-10"
DIALECTS = (CURRENT, OLDER)


def snake(name: str) -> str:
    """A parameter or body key as the real server reads it: camel case becomes snake case."""
    return re.sub(r"(?<!^)[A-Z]+", lambda found: f"_{found.group().lower()}", name)


def instant(moment: datetime) -> str:
    """An instant as the state keeps it: UTC, microseconds, ``Z``."""
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Server:
    """What every operation of one sandbox server shares."""

    store: Store
    clock: Clock
    dialect: str

    @property
    def older(self) -> bool:
        """Whether this is the 2025-10 generation."""
        return self.dialect == OLDER


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated request: the state, the caller and the query as the server reads it."""

    server: Server
    data: Data
    user: Row

    @property
    def older(self) -> bool:
        """Whether the 2025-10 generation is being played."""
        return self.server.older

    @property
    def query(self) -> dict[str, str]:
        """The query with snake-case names; of a repeated parameter the last value."""
        return {snake(name): request.args.getlist(name)[-1] for name in request.args}

    @property
    def half_done(self) -> bool:
        """Whether this write was told to fail between its first half and its answer.

        What stands by then is what the real server leaves behind: a record whose identifiers are being
        replaced has none, a create of 2025-10 leaves the login, the current one nothing; anything else
        is done.
        """
        return bool(request.environ.get("sandbox.half_done"))

    def values(self, name: str) -> list[str]:
        """Every value of one query parameter, by its snake-case name."""
        return [value for key in request.args if snake(key) == name for value in request.args.getlist(key)]


Handler = Callable[..., Any]
"""Takes a :class:`Call` and the path's parameters; gives a body, or a body and a status."""


@dataclass(frozen=True, slots=True)
class Writes:
    """Marks an operation that changes the state."""

    run: Handler


@dataclass(frozen=True, slots=True)
class Open(Writes):
    """Marks one that asks nobody to sign in: its :class:`Call` has an empty ``user``."""


class Api:
    """Registers the operations of one base path (REST or FHIR) on the Flask application."""

    def __init__(self, app: Flask, server: Server, base: str, *, fhir: bool = False) -> None:
        self.app = app
        self.server = server
        self.base = base
        self.fhir = fhir

    def add(self, path: str, **handlers: Handler | Writes) -> None:
        """Serve ``path`` (below the base) with one handler a method."""
        allowed = ", ".join([*handlers, "HEAD"] if "GET" in handlers else handlers)

        def view(**parts: str) -> Response:
            try:
                response = self._answer(handlers, parts)
            except Refused as refused:
                response = self._refusal(refused)
            response.headers["Allow"] = allowed
            response.headers["Vary"] = "Accept"
            return response

        self.app.add_url_rule(
            self.base + path, f"{self.base}{path}", view, methods=METHODS, provide_automatic_options=False
        )

    def _answer(self, handlers: dict[str, Handler | Writes], parts: dict[str, str]) -> Response:
        self._negotiate()
        method = "GET" if request.method == "HEAD" else request.method
        handler = handlers.get(method)
        user: Row = {}
        if not isinstance(handler, Open):
            user = authenticated(self.server, challenge=not self.fhir or self.server.older)
        if handler is None:
            raise Refused(405, {"detail": f'Method "{request.method}" not allowed.'})
        if isinstance(handler, Writes):
            with self.server.store.writing() as data:
                return self._run(handler.run, Call(self.server, data, user), parts)
        with self.server.store.reading() as data:
            return self._run(handler, Call(self.server, data, user), parts)

    def _run(self, handler: Handler, call: Call, parts: dict[str, str]) -> Response:
        """Run one operation. A failure stays inside the store's lock: what it left behind is kept."""
        try:
            result = handler(call, **parts)
        except Refused as refused:
            return self._refusal(refused)
        except Crashed:
            return html_page(500)
        if call.half_done:
            return html_page(500)
        body, status = result if isinstance(result, tuple) else (result, 200)
        return json_reply(body, status, self._media_type())

    def _negotiate(self) -> None:
        served = [JSON, FHIR_JSON] if self._bundles else [JSON, "text/html"]
        if request.accept_mimetypes and not request.accept_mimetypes.best_match(served):
            raise Refused(406, {"detail": "Could not satisfy the request Accept header."})

    @property
    def _bundles(self) -> bool:
        return self.fhir and not self.server.older

    def _media_type(self) -> str:
        if self._bundles and request.accept_mimetypes.best_match([JSON, FHIR_JSON]) == FHIR_JSON:
            return FHIR_JSON
        return JSON

    def _refusal(self, refused: Refused) -> Response:
        body = operation_outcome(refused) if self._bundles else refused.body
        response = json_reply(body, refused.status, self._media_type())
        response.headers.update(refused.headers)
        return response


def json_reply(body: Any, status: int = 200, media_type: str = JSON) -> Response:
    """A JSON answer; the real server names no character set. With 204 there is no body."""
    if status == 204:
        empty = Response(status=status)
        empty.headers.pop("Content-Type", None)
        return empty
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(text, status=status, content_type=media_type)


def _unauthenticated(challenge: str) -> Refused:
    headers = {"WWW-Authenticate": challenge} if challenge else {}
    return Refused(401, {"detail": "Authentication credentials were not provided."}, headers=headers)


def authenticated(server: Server, *, challenge: bool = True) -> Row:
    """The user whose bearer token came with the request.

    Raises :class:`Refused` (401), whose ``WWW-Authenticate`` alone tells a missing token from a
    wrong and from an expired one.
    """
    realm = 'Bearer realm="api"'
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip() if scheme.lower() == "bearer" else request.args.get("access_token", "")
    if not token:
        raise _unauthenticated(realm if challenge else "")
    with server.store.reading() as data:
        found = data["access_tokens"].get(token)
        user: Row | None = data["users"].get(str(found["user_id"])) if found else None
        if found is None or user is None:
            problem = "The access token is invalid."
        elif found["expires"] <= instant(server.clock()):
            problem = "The access token has expired."
        else:
            return dict(user)
    text = f'{realm},error="invalid_token",error_description="{problem}"'
    raise _unauthenticated(text if challenge else "")


def base_url() -> str:
    """Scheme and host of this request as the server believes them: a proxy's headers win."""
    forwarded = request.headers.get("X-Forwarded-Proto", "").strip() == "https"
    host = request.headers.get("X-Forwarded-Host") or request.host
    return f"{'https' if forwarded else request.scheme}://{host}"


def full_url() -> str:
    """The absolute address of this request with its query as sent."""
    query = request.query_string.decode()
    return f"{base_url()}{request.path}" + (f"?{query}" if query else "")


def body_keys(*, exact: Iterable[str] = ()) -> dict[str, Any]:
    """The JSON or form body with snake-case keys; those in ``exact`` stay as they are written.

    Raises :class:`Refused`: 400 for broken JSON, 415 for another media type.
    """
    kind = (request.mimetype or "").lower()
    if kind in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        sent: Any = request.form.to_dict()
    elif kind in {JSON, ""}:
        sent = _json_body()
    else:
        detail = f'Unsupported media type "{request.content_type}" in request.'
        raise Refused(415, {"detail": detail})
    if not isinstance(sent, dict):
        raise Crashed
    kept = set(exact)
    return {name if name in kept else snake(name): value for name, value in sent.items()}


def _json_body() -> Any:
    try:
        return json.loads(request.get_data() or b"{}")
    except ValueError as error:
        raise Refused(400, {"detail": f"JSON parse error - {error}"}) from error
