"""Who may read what in the sandbox's JHE: the real server's matrix, holes included.

Rows are the operations in organization 20003 and its study 30001, columns the callers; a number
is a status, ``[]`` an empty list, ``rows`` a list with something in it.
"""

from __future__ import annotations

import pytest
import requests

from integrations.sandbox import jhe

from .support import World

CALLERS = (
    "ll_patient_peter",
    "viewer_victor",
    "member_megan",
    "manager_mary",
    "manager_mark",
    "admin",
)
EVERYBODY = ("rows",) * 6
ALLOWED = (200,) * 6

CURRENT = {
    "/api/v1/organizations": EVERYBODY,
    "/api/v1/studies": (404, "rows", "rows", "rows", "rows", "[]"),
    "/api/v1/studies/30001": (404, 200, 200, 200, 403, 403),
    "/api/v1/studies/30001/scope_requests": EVERYBODY,
    "/api/v1/studies/30001/data_sources": EVERYBODY,
    "/api/v1/studies/30001/clients": EVERYBODY,
    "/api/v1/studies/30001/patients": ("[]", "rows", "rows", "rows", "[]", "[]"),
    "/api/v1/patients": ("[]", "rows", "rows", "rows", "rows", "[]"),
    "/api/v1/patients?organization_id=20003": ("[]", "rows", "rows", "rows", "[]", "[]"),
    "/api/v1/patients/40001": ALLOWED,
    "/api/v1/patients/40002": (403, 200, 200, 200, 200, 200),
    "/api/v1/patients/global_lookup?email=ll_patient_pamela@example.com": EVERYBODY,
    "/api/v1/patients/40001/consents": (200, 200, 200, 200, 403, 403),
    "/api/v1/patients/40002/consents": (403, 200, 200, 200, 403, 403),
    "/api/v1/patients/40002/consolidated_clients": EVERYBODY,
    "/api/v1/clients": EVERYBODY,
    "/api/v1/data_sources": EVERYBODY,
    "/api/v1/users": EVERYBODY,
    "/api/v1/observations?organization_id=20003": (404, "rows", "rows", "rows", "[]", "[]"),
    "/api/v1/practitioner_clients": (403, "[]", "[]", "rows", "[]", "[]"),
    "/FHIR/R5/Patient": ("rows", "rows", "rows", "rows", "rows", "[]"),
    "/FHIR/R5/Patient?patient.organization=20003": ("rows", "rows", "rows", "rows", 403, 403),
    "/FHIR/R5/Patient/40002": (404, 200, 200, 200, 404, 404),
    "/FHIR/R5/Group": ("rows", "rows", "rows", "rows", "rows", "[]"),
    "/FHIR/R5/Organization": ("rows", "rows", "rows", "rows", "rows", "[]"),
    "/FHIR/R5/Practitioner": ("rows", "rows", "rows", "rows", "rows", "[]"),
    "/FHIR/R5/Device": ("rows", "rows", "rows", "rows", "rows", "[]"),
    "/FHIR/R5/Observation?patient=40002": ("rows", "rows", "rows", "rows", 403, 403),
}

OLDER = {
    "/api/v1/organizations": EVERYBODY,
    "/api/v1/studies": (404, "rows", "rows", "rows", "rows", 404),
    "/api/v1/studies/30001": (404, 200, 200, 200, 403, 404),
    "/api/v1/studies/30001/scope_requests": EVERYBODY,
    "/api/v1/studies/30001/patients": (500,) * 6,
    "/api/v1/patients": (500, "rows", "rows", "rows", "rows", 500),
    "/api/v1/patients/40001": (200, 200, 200, 200, 200, 403),
    "/api/v1/patients/40002": (403, 200, 200, 200, 200, 403),
    "/api/v1/patients/global_lookup?email=ll_patient_pamela@example.com": EVERYBODY,
    "/api/v1/patients/40001/consents": (200, 200, 200, 200, 403, 500),
    "/api/v1/observations?organization_id=20003": (500, "rows", "rows", "rows", "[]", 500),
    "/fhir/r5/Observation?patient=40002": EVERYBODY,
    "/fhir/r5/Observation?patient=40002&patient._has:Group:member:_id=30001": (
        404,
        "rows",
        "rows",
        "rows",
        403,
        404,
    ),
    "/fhir/r5/Patient?identifier=x|nobody": (403,) * 6,
}


def kind(response: requests.Response) -> int | str:
    """An answer in the words of the matrix."""
    if response.status_code != 200:
        return response.status_code
    body = response.json()
    rows = body
    for name in ("results", "entry"):
        rows = body.get(name, rows) if isinstance(body, dict) else body
    if isinstance(rows, dict):
        return 200
    return "rows" if rows else "[]"


@pytest.mark.parametrize(
    ("dialect", "path", "expected"),
    [
        (dialect, path, expected)
        for dialect, matrix in ((jhe.CURRENT, CURRENT), (jhe.OLDER, OLDER))
        for path, expected in matrix.items()
    ],
)
def test_each_caller_gets_what_the_real_server_gives(
    servers: dict[str, World], dialect: str, path: str, expected: tuple[int | str, ...]
) -> None:
    world = servers[dialect]
    answers = tuple(kind(world.call("GET", path, who)) for who in CALLERS)
    assert dict(zip(CALLERS, answers, strict=True)) == dict(zip(CALLERS, expected, strict=True))


@pytest.mark.parametrize("path", CURRENT)
def test_nobody_reads_without_a_token(current: World, path: str) -> None:
    assert current.call("GET", path).status_code == 401


def test_published_logins_hold_the_roles_that_they_are_published_with(world: World) -> None:
    for login in jhe.LOGINS:
        rows = world.get("/api/v1/organizations", login.email.partition("@")[0]).json()["results"]
        roles = {row["id"]: row["currentUserRole"] for row in rows}
        if "superuser" in login.role:
            assert set(roles.values()) == {"super_user"}
        else:
            assert {id_: role for id_, role in roles.items() if role} == login.organizations
