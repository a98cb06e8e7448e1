"""FHIR R5 as the current generation serves it: search, read and the discovery documents.

Unknown parameters are ignored and so is the body of a ``_search``: both answer with everything
the caller may see. Only what :class:`.fhir_resources.Resource` names narrows a search.
"""

from __future__ import annotations

import uuid
from typing import NoReturn

from flask import Flask, Response

from . import fhir_filters as narrow
from .calls import Api, Call, Row, Server, Writes, base_url, full_url, json_reply
from .errors import Refused
from .fhir_metadata import capability_statement
from .fhir_resources import EVERYTHING, IMPORTED, RESOURCES, Resource, Scope, none, unshaped
from .fhir_shapes import SOURCE
from .fhir_writing import create
from .paging import paged
from .records import is_patient

BASE = "/FHIR/R5"
HOUR = "public, max-age=3600"


def register(app: Flask, server: Server) -> None:
    """Serve the base with its discovery documents."""
    api = Api(app, server, BASE, fhir=True)

    @app.get(f"{BASE}/metadata")
    def metadata() -> Response:
        return _public(capability_statement(f"{base_url()}{BASE}/", [*RESOURCES]))

    @app.get(f"{BASE}/.well-known/smart-configuration")
    def smart_configuration() -> Response:
        return _public(
            {
                "authorization_endpoint": f"{base_url()}/o/authorize/",
                "token_endpoint": f"{base_url()}/o/token/",
                "grant_types_supported": ["authorization_code"],
                "response_types_supported": ["code"],
                "code_challenge_methods_supported": ["S256"],
                "capabilities": [
                    "launch-standalone",
                    "client-public",
                    "client-confidential-symmetric",
                ],
            }
        )

    api.add("/<kind>", GET=search, POST=Writes(create))
    api.add("/<kind>/_search", POST=search)
    api.add("/<kind>/<key>", GET=read)


def _public(body: Row) -> Response:
    response = json_reply(body)
    response.headers["Cache-Control"] = HOUR
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _resource(kind: str) -> Resource:
    if kind in IMPORTED:
        return Resource(kind, none, unshaped)
    if kind not in RESOURCES:
        raise Refused(404, {"detail": f"Unsupported FHIR resource type: {kind}."})
    return RESOURCES[kind]


def _scope(call: Call) -> Scope:
    """The location filters as numbers; a patient's own login is not narrowed by them.

    FHIR refuses other text, where REST would fail.
    """
    if is_patient(call.data, call.user):
        return EVERYTHING
    names = ("patient.organization", "patient._has:_group:member:_id", "patient")
    numbers = []
    for text in (call.query.get(name) for name in names):
        if text and not _is_number(text):
            _expected_number(text)
        numbers.append(int(text) if text else None)
    return Scope(*numbers)


def _is_number(text: str) -> bool:
    return text.strip().removeprefix("-").isdecimal()


def _expected_number(text: str) -> NoReturn:
    raise Refused(422, {"detail": f"Field 'id' expected a number but got {text!r}."})


def search(call: Call, kind: str) -> Row:
    """A page of a resource type as a Bundle. The form of a ``_search`` is not looked at."""
    resource = _resource(kind)
    scope = _scope(call)
    rows = [] if _matches_nothing(call, resource) else resource.rows(call, scope)
    rows = narrow.by_id(rows, call.query.get("_id"))
    rows = narrow.by_last_updated(rows, call.values("_last_updated"))
    for name, fields in resource.strings.items():
        rows = narrow.by_start(rows, fields, call.values(name))
    for name, stored in resource.dates.items():
        rows = narrow.by_date(rows, stored, call.values(name))
    rows = narrow.sort(rows, call.query.get("_sort", ""), resource.sort_date)
    return _bundle(call, resource, rows)


def _matches_nothing(call: Call, resource: Resource) -> bool:
    """Whether nothing native can match: another source is asked for, or another constant."""
    source = call.query.get("_source:below") or call.query.get("_source", SOURCE)
    return source != SOURCE or any(
        value not in {text.rpartition("|")[2] for text in call.query[name].split(",")}
        for name, value in resource.constants.items()
        if name in call.query
    )


def _bundle(call: Call, resource: Resource, rows: list[Row]) -> Row:
    links = [{"relation": "self", "url": full_url()}]
    entries: list[Row] = []
    if call.query.get("_summary", "").strip().lower() != "count":
        query = call.query
        page = paged(rows, full_url(), page=query.get("_page"), size=query.get("_count"), key="_page")
        links += [{"relation": "previous", "url": page.previous}] if page.previous else []
        links += [{"relation": "next", "url": page.next}] if page.next else []
        entries = [{"resource": resource.shape(call.data, row)} for row in page.rows]
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(rows),
        "entry": entries,
        "link": links,
        "meta": {},
    }


def read(call: Call, kind: str, key: str) -> Row:
    """One resource that the caller may see; foreign and missing ones are both 404."""
    resource = _resource(kind)
    if not _is_uuid(key):
        if kind in IMPORTED:
            raise Refused(405, {"detail": f"The 'read' interaction is not allowed for {kind}."})
        if not _is_number(key):
            _expected_number(key)
    for row in narrow.by_id(resource.rows(call, EVERYTHING), key):
        return resource.shape(call.data, row)
    raise Refused(404, {"detail": f"{kind}/{key} not found."})


def _is_uuid(key: str) -> bool:
    try:
        uuid.UUID(key)
    except ValueError:
        return False
    return True
