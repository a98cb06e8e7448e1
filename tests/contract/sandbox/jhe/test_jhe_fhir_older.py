"""FHIR of the 2025-10 generation: no Bundle, observations by patient only, a broken Patient search."""

from __future__ import annotations

import base64
import json

import pytest

from .support import World, failed, is_page

OBSERVATION = "/fhir/r5/Observation"
WANTED = [
    "Request parameter patient._has:Group:member:_id=<study_id> or patient=<patient_id> or"
    " patient.identifier=<system>|<value> must be provided."
]


def test_the_upper_case_base_and_its_documents_are_not_there(older: World) -> None:
    for path in ("/FHIR/R5/Patient", "/FHIR/R5/metadata", "/fhir/r5/metadata", "/fhir/r5/Group"):
        assert is_page(older.get(path), 404, "Not Found")


def test_observations_come_in_the_envelope_of_rest(older: World) -> None:
    body = older.get(OBSERVATION, patient=40001, _count=1).json()
    assert set(body) == {"count", "next", "previous", "results"}
    assert body["next"] == f"{older.url}{OBSERVATION}?_count=1&_page=2&patient=40001"
    resource = body["results"][0]["resource"]
    assert (resource["id"], "effectiveDateTime" in resource) == ("60007", False)


def test_the_payload_is_wrapped_at_76_characters(older: World) -> None:
    body = older.get(OBSERVATION, patient=40001).json()
    data = body["results"][0]["resource"]["valueAttachment"]["data"]
    assert max(len(line) for line in data.split("\n")) == 76
    assert "heart_rate" in json.loads(base64.b64decode(data))["body"]


def test_a_count_of_zero_drops_the_envelope(older: World) -> None:
    body = older.get(OBSERVATION, patient=40001, _count=0).json()
    assert [row["resource"]["id"] for row in body] == ["60007", "60006", "60005", "60004"]


@pytest.mark.parametrize("query", ["", "_summary=count", "date=ge2030-01-01", "_count=1"])
def test_observations_want_a_patient_or_study(older: World, query: str) -> None:
    response = older.call("GET", f"{OBSERVATION}?{query}", "manager_mary")
    assert (response.status_code, response.json()) == (400, WANTED)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("patient=99999", 200),
        ("patient=40008", 200),
        ("patient=40001&code=https://w3id.org/openmhealth|omh:heart-rate:2.0", 200),
        ("patient=40001&patient._has:Group:member:_id=30001", 200),
        ("patient=40005&patient._has:Group:member:_id=30001", 400),
        ("patient._has:Group:member:_id=30001", 404),
        ("patient._has:Group:member:_id=30004", 403),
        ("patient.identifier=x|y", 404),
        ("patient=40001&_page=99", 404),
        ("patient=abc", 500),
        ("patient=40001&code=heart", 500),
    ],
)
def test_what_a_search_of_observations_gets(older: World, query: str, status: int) -> None:
    assert older.call("GET", f"{OBSERVATION}?{query}", "manager_mary").status_code == status


def test_anybody_reads_anybodys_observations(older: World) -> None:
    for who in ("ll_patient_peter", "manager_mark", "admin"):
        assert older.get(OBSERVATION, who, patient=40002).json()["count"] == 6


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("family=smith&birthdate=1980-01-01", 400),
        ("identifier=MRN-12345", 500),
        ("identifier=x|nobody", 403),
        ("identifier=x|MRN-12345", 500),
        ("_has:Group:member:_id=30004", 403),
        ("_has:Group:member:_id=30001", 500),
    ],
)
def test_a_search_of_patients_never_succeeds(older: World, query: str, status: int) -> None:
    for path in ("/fhir/r5/Patient", "/fhir/r5/Patient/40001"):
        assert older.call("GET", f"{path}?{query}", "manager_mary").status_code == status


def test_reading_one_observation_never_succeeds(older: World) -> None:
    assert older.get(f"{OBSERVATION}/60001").status_code == 400
    assert older.get(f"{OBSERVATION}/60001", patient=40002).json() == {"detail": "Not found."}


def test_fhirs_own_media_type_is_not_known(older: World) -> None:
    response = older.call("GET", OBSERVATION, "manager_mary", headers={"Accept": "application/fhir+json"})
    expected = {"detail": "Could not satisfy the request Accept header."}
    assert (response.status_code, response.json()) == (406, expected)


def test_a_missing_token_is_refused_with_a_challenge(older: World) -> None:
    response = older.call("GET", OBSERVATION)
    assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, 'Bearer realm="api"')


def test_an_identifier_without_a_bar_fails(older: World) -> None:
    assert failed(older.get(OBSERVATION, **{"patient.identifier": "MRN-12345"}))
