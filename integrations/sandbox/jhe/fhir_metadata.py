"""The CapabilityStatement. As on the real server it promises a ``_search`` that does not filter."""

from __future__ import annotations

from typing import Any

from .calls import Row
from .catalogue import SEEDED_AT

_SECURITY = "http://terminology.hl7.org/CodeSystem/restful-security-service"
_COMMON = (
    {"name": "_id", "type": "token"},
    {"name": "_lastUpdated", "type": "date"},
    {"name": "_source", "type": "uri", "documentation": "Chooses between native and imported records."},
)
_PARAMETERS = {
    "Observation": (("code", "token"), ("date", "date"), ("status", "token")),
    "Organization": (("name", "string"),),
    "Patient": (
        ("birthdate", "date"),
        ("family", "string"),
        ("given", "string"),
        ("identifier", "token"),
        ("name", "string"),
    ),
    "Practitioner": (("name", "string"),),
}


def _resource(kind: str) -> Row:
    own = [{"name": name, "type": type_} for name, type_ in _PARAMETERS.get(kind, ())]
    return {
        "type": kind,
        "documentation": "Native records support read and search.",
        "interaction": [{"code": "read"}, {"code": "search-type"}],
        "searchParam": [*own, *_COMMON],
    }


def capability_statement(url: str, kinds: list[str]) -> dict[str, Any]:
    """What the FHIR base at ``url`` says it can do with the resource types ``kinds``."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": SEEDED_AT.isoformat(),
        "kind": "instance",
        "software": {"name": "JupyterHealth Exchange"},
        "implementation": {"description": "JupyterHealth Exchange", "url": url},
        "fhirVersion": "5.0.0",
        "format": ["json"],
        "patchFormat": ["application/json"],
        "rest": [
            {
                "mode": "server",
                "documentation": "_sort by date or lastUpdated, _summary=count, POST to _search.",
                "security": {
                    "service": [{"coding": [{"system": _SECURITY, "code": "SMART-on-FHIR"}]}],
                    "description": "OAuth 2.0 bearer tokens.",
                },
                "interaction": [{"code": "batch"}],
                "resource": [_resource(kind) for kind in sorted(kinds)],
            }
        ],
    }
