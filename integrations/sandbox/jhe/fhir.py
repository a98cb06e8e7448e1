"""FHIR R5 as the current generation serves it: search and read of mapped resources.

Unknown parameters are ignored and so is the body of a ``_search``: both answer with everything
the caller may see. Only what :class:`Resource` names narrows a search.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from flask import Flask, Response

from . import fhir_filters as narrow
from . import fhir_shapes as shapes
from .calls import Api, Call, Row, Server, base_url, full_url, json_reply
from .errors import Refused, denied
from .fhir_metadata import capability_statement
from .paging import paged
from .records import (
    enrolled,
    is_patient,
    own_organizations,
    own_patient,
    own_studies,
    requested_codes,
    shared_patients,
)

BASE = "/FHIR/R5"
HOUR = "public, max-age=3600"


@dataclass(frozen=True, slots=True)
class Scope:
    """The three parameters that name what a caller must have access to, as numbers."""

    organization: int | None
    study: int | None
    patient: int | None


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource type: which rows a caller may see, how they look, what can be searched."""

    name: str
    rows: Callable[[Call, Scope], list[Row]]
    shape: Callable[[Call, Row], Row]
    strings: dict[str, tuple[str, ...]] = field(default_factory=dict)
    dates: dict[str, str] = field(default_factory=dict)
    sort_date: str = ""


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

    api.add("/<kind>", GET=search)
    api.add("/<kind>/_search", POST=search)
    api.add("/<kind>/<key>", GET=read)


def _public(body: Row) -> Response:
    response = json_reply(body)
    response.headers["Cache-Control"] = HOUR
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _resource(kind: str) -> Resource:
    if kind not in RESOURCES:
        raise Refused(404, {"detail": f"Unsupported FHIR resource type: {kind}."})
    return RESOURCES[kind]


def _number(call: Call, name: str) -> int | None:
    text = call.query.get(name)
    return narrow.integer(text) if text else None


def search(call: Call, kind: str) -> Row:
    """A page of a resource type as a Bundle. The form of a ``_search`` is not looked at."""
    resource = _resource(kind)
    scope = Scope(
        organization=_number(call, "patient.organization"),
        study=_number(call, "patient._has:_group:member:_id"),
        patient=_number(call, "patient"),
    )
    rows = resource.rows(call, scope)
    rows = narrow.by_id(rows, call.query.get("_id"))
    rows = narrow.by_last_updated(rows, call.values("_last_updated"))
    for name, fields in resource.strings.items():
        rows = narrow.by_start(rows, fields, call.values(name))
    for name, stored in resource.dates.items():
        rows = narrow.by_date(rows, stored, call.values(name))
    rows = narrow.sort(rows, call.query.get("_sort", ""), resource.sort_date)
    return _bundle(call, resource, rows)


def _bundle(call: Call, resource: Resource, rows: list[Row]) -> Row:
    links = [{"relation": "self", "url": full_url()}]
    entries: list[Row] = []
    if call.query.get("_summary", "").strip().lower() != "count":
        query = call.query
        page = paged(rows, full_url(), page=query.get("_page"), size=query.get("_count"), key="_page")
        links += [{"relation": "previous", "url": page.previous}] if page.previous else []
        links += [{"relation": "next", "url": page.next}] if page.next else []
        entries = [{"resource": resource.shape(call, row)} for row in page.rows]
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
    rows = [] if _is_uuid(key) else resource.rows(call, Scope(None, None, None))
    for row in narrow.by_id(rows, key):
        return resource.shape(call, row)
    raise Refused(404, {"detail": f"{kind}/{key} not found."})


def _is_uuid(key: str) -> bool:
    try:
        uuid.UUID(key)
    except ValueError:
        return False
    return True


def _authorise(call: Call, scope: Scope) -> None:
    """Refuse an organization, study or patient outside the caller's own organizations."""
    reach = own_organizations(call.data, call.user)
    refused = "Current user is not authorized to access {}/{}."
    if scope.organization and scope.organization not in reach:
        raise denied(refused.format("Organization", scope.organization))
    if scope.study and scope.study not in {row["id"] for row in own_studies(call.data, call.user)}:
        raise denied(refused.format("Group", scope.study))
    if scope.patient and scope.patient not in {row["id"] for row in shared_patients(call.data, call.user)}:
        raise denied(refused.format("Patient", scope.patient))


def _people(call: Call, scope: Scope) -> list[Row]:
    """The patients in reach; a patient's own login reaches only itself, whatever is asked."""
    if is_patient(call.data, call.user):
        own = own_patient(call.data, call.user)
        return [own] if own else []
    _authorise(call, scope)
    rows = shared_patients(call.data, call.user, scope.organization)
    if scope.study:
        members = enrolled(call.data, scope.study)
        rows = [row for row in rows if row["id"] in members]
    return [row for row in rows if scope.patient in (None, row["id"])]


def _patients(call: Call, scope: Scope) -> list[Row]:
    """Patients by family name; of an identifier only the value counts, and only behind a bar."""
    rows = _people(call, scope)
    identifier = call.query.get("identifier") or call.query.get("patient.identifier") or ""
    value = identifier.partition("|")[2]
    if value and not is_patient(call.data, call.user):
        rows = [row for row in rows if value in {each["value"] for each in row["identifiers"]}]
    return sorted(rows, key=lambda row: (row["name_family"] is None, row["name_family"] or ""))


def _observations(call: Call, scope: Scope) -> list[Row]:
    """Observations of the patients in reach, newest change first; a study narrows to its codes."""
    people = {row["id"] for row in _people(call, scope)}
    rows = [row for row in call.data["observations"].values() if row["patient_id"] in people]
    if scope.study and not is_patient(call.data, call.user):
        codes = requested_codes(call.data, scope.study)
        rows = [row for row in rows if row["scope_code_id"] in codes]
    system, _, code = call.query.get("code", "").partition("|")
    if code:
        known = call.data["scope_codes"]
        wanted = {
            row["id"]
            for row in known.values()
            if row["coding_code"] == code and (not system or row["coding_system"] == system)
        }
        rows = [row for row in rows if row["scope_code_id"] in wanted]
    return sorted(rows, key=lambda row: str(row["last_updated"]), reverse=True)


def _groups(call: Call, scope: Scope) -> list[Row]:
    """Studies in reach, by name."""
    if is_patient(call.data, call.user):
        own = own_patient(call.data, call.user)
        mine = own["id"] if own else None
        rows = [row for row in call.data["studies"].values() if mine in enrolled(call.data, row["id"])]
        return sorted(rows, key=lambda row: str(row["name"]))
    _authorise(call, scope)
    return [
        row
        for row in own_studies(call.data, call.user)
        if scope.organization in (None, row["organization_id"])
        and scope.study in (None, row["id"])
        and (scope.patient is None or scope.patient in enrolled(call.data, row["id"]))
    ]


def _plain(shape: Callable[[Row], Row]) -> Callable[[Call, Row], Row]:
    return lambda call, row: shape(row)


RESOURCES: dict[str, Resource] = {
    each.name: each
    for each in (
        Resource("Group", _groups, _plain(shapes.group)),
        Resource(
            "Observation",
            _observations,
            lambda call, row: shapes.observation(call.data, row),
            dates={"date": "effective"},
            sort_date="effective",
        ),
        Resource(
            "Patient",
            _patients,
            lambda call, row: shapes.patient(call.data, row),
            strings={
                "family": ("name_family",),
                "given": ("name_given",),
                "name": ("name_family", "name_given"),
            },
            dates={"birthdate": "birth_date"},
        ),
    )
}
