"""FHIR of the current generation: what narrows a search, what does not, and that it is FHIR."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from fhir.resources.bundle import Bundle
from fhir.resources.capabilitystatement import CapabilityStatement
from fhir.resources.observation import Observation
from fhir.resources.patient import Patient

from integrations.sandbox import jhe

from .support import World, is_page, person

PATIENT = "/FHIR/R5/Patient"
NOT_FOR_YOU = "Current user is not authorized to access "
EVERYBODY = ["40007", "40002", "40001", "40006"]
"""The manager's four patients by family name; two share one."""


def search(world: World, query: str, kind: str = "Patient", who: str = "manager_mary") -> dict[str, Any]:
    """A Bundle, by its query as it is written."""
    response = world.call("GET", f"/FHIR/R5/{kind}?{query}", who)
    assert response.status_code == 200, query
    body: dict[str, Any] = response.json()
    return body


def found(world: World, query: str, kind: str = "Patient", who: str = "manager_mary") -> list[str]:
    """The ids of a search, in order."""
    return [entry["resource"]["id"] for entry in search(world, query, kind, who)["entry"]]


def refused(world: World, path: str, who: str | None = "manager_mary") -> tuple[int, str]:
    """Status and text of an OperationOutcome."""
    response = world.call("GET", f"/FHIR/R5/{path}", who)
    body = response.json()
    assert (body["resourceType"], len(body["issue"])) == ("OperationOutcome", 1)
    issue = body["issue"][0]
    assert (issue["severity"], issue["code"]) == ("error", "processing")
    return response.status_code, issue["diagnostics"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("family=smi", {"40006", "40007"}),
        ("family=SMITH", {"40006", "40007"}),
        ("family=mith", set()),
        ("family=smith&given=anne", {"40006"}),
        ("name=ann", {"40006"}),
        ("name=Anne Smith", set()),
        ("name=jack,anne", {"40002", "40006"}),
        ("family=smith&family=jackson", set()),
        ("family=smith ", {"40006", "40007"}),
        ("birthdate=1998-01-09", {"40001"}),
        ("birthdate=1998-1-9", {"40001"}),
        ("birthdate=ge1997-07-22&birthdate=lt1998-01-09", {"40002"}),
        ("birthdate=gt1998-01-08&family=pear", {"40001"}),
        ("identifier=https://clinic.example.org/mrn|MRN-12345", {"40006"}),
        ("identifier=urn:other|MRN-12345", {"40006"}),
        ("identifier=|MRN-12345", {"40006"}),
        ("identifier=|mrn-12345", set()),
        ("_id=40001", {"40001"}),
        ("_id=abc", set()),
        ("_id=40008", set()),
        ("patient.organization=20001", set()),
        ("patient.organization=20003&family=smith", {"40006", "40007"}),
        ("patient._has:Group:member:_id=30001", {"40001", "40002"}),
        ("patient=40001", {"40001"}),
        ("_source=https://jupyterhealth.org/jhe&family=pear", {"40001"}),
        ("_source:below=https://jupyterhealth.org/fhir/fhir-source/", set()),
    ],
)
def test_named_parameters_narrow_a_search_of_patients(current: World, query: str, expected: set[str]) -> None:
    assert set(found(current, query)) == expected


@pytest.mark.parametrize(
    "query",
    [
        "",
        "identifier=MRN-12345",
        "email=anne.smith@example.com",
        "phone=555-1234",
        "telecom=555-1234",
        "_has:Group:member:_id=30001",
        "organization=20001",
        "gender=female",
        "active=true",
        "family=",
        "_sort=name",
    ],
)
def test_everything_else_is_ignored_and_answers_with_everybody(current: World, query: str) -> None:
    assert sorted(found(current, query)) == sorted(EVERYBODY)


@pytest.mark.parametrize("form", [{"family": "pear"}, {"_id": "40001"}, {"_count": "1"}, {}])
def test_the_form_of_a_search_by_post_is_not_looked_at(current: World, form: dict[str, str]) -> None:
    response = current.call("POST", f"{PATIENT}/_search", "manager_mary", data=form)
    assert (response.status_code, response.json()["total"]) == (200, 4)
    assert len(response.json()["entry"]) == 4


def test_last_updated_takes_instants_days_and_ranges(current: World) -> None:
    rows = search(current, "_sort=_lastUpdated")["entry"]
    times = [row["resource"]["meta"]["lastUpdated"] for row in rows]
    assert times == sorted(times)
    assert len(found(current, f"_lastUpdated=gt{times[1]}")) == 2
    assert len(found(current, f"_lastUpdated=ge{times[1]}&_lastUpdated=lt{times[3]}")) == 2
    assert len(found(current, "_lastUpdated=2026-08-21")) == 4
    assert len(found(current, "_lastUpdated=ge2026-08-21")) == 4
    assert found(current, "_lastUpdated=2026-08-22") == []


def test_a_day_with_a_comparator_means_its_first_instant(current: World) -> None:
    assert found(current, "_lastUpdated=le2026-08-21") == []
    assert len(found(current, "_lastUpdated=le2026-08-22")) == 4


@pytest.mark.parametrize("value", ["eq2026-08-21", "2026", "nonsense"])
def test_a_time_that_cannot_be_read_is_refused(current: World, value: str) -> None:
    text = f"[ErrorDetail(string=\"Invalid _lastUpdated value: '{value}'.\", code='invalid')]"
    assert refused(current, f"Patient?_lastUpdated={value}") == (400, text)


@pytest.mark.parametrize("value", ["nonsense", "eq1998-01-09", "1998", "1998-02-31"])
def test_a_birth_date_that_cannot_be_read_is_refused(current: World, value: str) -> None:
    status, text = refused(current, f"Patient?birthdate={value}")
    assert (status, f"Invalid date value: '{value}'." in text) == (400, True)


def test_only_known_sort_keys_make_the_order_total(current: World) -> None:
    with current.store.writing() as data:
        for patient in data["patients"].values():
            patient["last_updated"] = "2026-08-21T09:00:00.000000Z"
    assert found(current, "_sort=_lastUpdated") == sorted(EVERYBODY)
    assert found(current, "_sort=-_lastUpdated") == sorted(EVERYBODY)
    assert [found(current, f"_sort=_lastUpdated&_count=1&_page={page}") for page in range(1, 5)] == [
        [each] for each in sorted(EVERYBODY)
    ]


def test_pages_carry_links_in_the_callers_own_address(current: World) -> None:
    body = search(current, "_count=1&_page=2&family=smith&_sort=_lastUpdated")
    base = f"{current.url}{PATIENT}"
    assert {link["relation"]: link["url"] for link in body["link"]} == {
        "self": f"{base}?_count=1&_page=2&family=smith&_sort=_lastUpdated",
        "previous": f"{base}?_count=1&_sort=_lastUpdated&family=smith",
    }
    headers = {"X-Forwarded-Host": "other.example.org", "X-Forwarded-Proto": "https"}
    moved = current.call("GET", f"{PATIENT}?_count=1", "manager_mary", headers=headers).json()
    assert {link["url"].partition("/FHIR")[0] for link in moved["link"]} == {"https://other.example.org"}


@pytest.mark.parametrize("page", ["99", "0", "x"])
def test_a_page_that_does_not_exist_is_not_found(current: World, page: str) -> None:
    assert refused(current, f"Patient?_page={page}") == (404, "Invalid page.")


def test_a_count_is_cut_at_a_thousand_and_zero_means_the_default(current: World) -> None:
    with current.store.writing() as data:
        for count in range(1000):
            jhe.add_person(data, person("P", "Q", f"p{count}@example.com"))
    assert len(found(current, "_count=5000")) == 1000
    assert len(found(current, "_count=0")) == 20


def test_a_summary_count_has_no_entries_and_no_next(current: World) -> None:
    body = search(current, "_summary=count&_count=1")
    assert (body["total"], body["entry"], len(body["link"])) == (4, [], 1)


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        (
            "Patient?patient.organization=20007",
            403,
            NOT_FOR_YOU + "Organization/20007.",
        ),
        (
            "Patient?patient._has:Group:member:_id=30004",
            403,
            NOT_FOR_YOU + "Group/30004.",
        ),
        ("Observation?patient=40008", 403, NOT_FOR_YOU + "Patient/40008."),
        ("Patient?patient.organization=abc", 422, "Field 'id' expected a number but got 'abc'."),
        ("Patient/abc", 422, "Field 'id' expected a number but got 'abc'."),
        ("Patient/40008", 404, "Patient/40008 not found."),
        ("Patient/99999", 404, "Patient/99999 not found."),
        ("Patient/-1", 404, "Patient/-1 not found."),
        ("Condition/40001", 405, "The 'read' interaction is not allowed for Condition."),
        ("Nonsense", 404, "Unsupported FHIR resource type: Nonsense."),
        ("patient", 404, "Unsupported FHIR resource type: patient."),
    ],
)
def test_refusals_are_operation_outcomes(current: World, path: str, status: int, text: str) -> None:
    assert refused(current, path) == (status, text)


def test_a_missing_token_is_refused_without_a_challenge(current: World) -> None:
    status, text = refused(current, "Patient", None)
    assert (status, text) == (401, "Authentication credentials were not provided.")
    assert "WWW-Authenticate" not in current.call("GET", PATIENT).headers


def test_the_base_is_case_sensitive(current: World) -> None:
    assert is_page(current.get("/fhir/r5/Patient"), 404, "Not Found")


def test_the_media_type_is_fhirs_own_if_asked_for(current: World) -> None:
    def type_of(path: str, accept: str) -> tuple[int, str]:
        response = current.call("GET", path, "manager_mary", headers={"Accept": accept})
        return response.status_code, response.headers["Content-Type"]

    assert type_of(PATIENT, "*/*") == (200, "application/json")
    assert type_of(PATIENT, "application/fhir+json") == (200, "application/fhir+json")
    assert type_of(f"{PATIENT}/99999", "application/fhir+json") == (404, "application/fhir+json")
    assert type_of(PATIENT, "application/xml")[0] == 406


def test_types_that_hold_only_imported_records_are_empty(current: World) -> None:
    assert found(current, "", "Condition") == []


def test_groups_are_the_callers_own_studies(current: World) -> None:
    assert found(current, "", "Group") == ["30002", "30001"]
    assert found(current, "", "Group", "three_org_tom") == ["30005", "30002", "30001", "30004"]
    assert found(current, "patient=40001", "Group") == ["30002", "30001"]


def test_a_patients_own_login_sees_only_itself_whatever_is_asked(current: World) -> None:
    for query in ("patient.organization=20008", "patient=abc", "identifier=|MRN-12345"):
        assert found(current, query, who="ll_patient_peter") == ["40001"]
    assert refused(current, "Patient/40002", "ll_patient_peter")[0] == 404


def test_a_study_narrows_observations_to_its_codes(current: World) -> None:
    with current.store.writing() as data:
        data["studies"]["30001"]["scope_requests"] = data["studies"]["30001"]["scope_requests"][:1]
    everything = found(current, "patient=40001", "Observation")
    assert everything == ["60005", "60003"]
    in_study = "patient=40001&patient._has:Group:member:_id=30001"
    assert found(current, in_study, "Observation") == ["60003"]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("code=https://w3id.org/openmhealth|omh:heart-rate:2.0", 2),
        ("code=|omh:heart-rate:2.0", 2),
        ("code=omh:heart-rate:2.0", 0),
        ("status=final", 5),
        ("status=amended", 0),
        ("date=ge2030-01-01", 0),
        ("date=2026-08-21", 5),
        ("patient.organization=20003", 5),
        ("patient.identifier=|abc123", 2),
        ("patient.identifier=abc123", 5),
    ],
)
def test_observations_are_narrowed_by_code_status_and_date(current: World, query: str, count: int) -> None:
    assert len(found(current, query, "Observation")) == count


def test_the_payload_of_an_observation_is_base64_of_its_json(current: World) -> None:
    resource = current.get("/FHIR/R5/Observation/60003").json()
    payload = json.loads(base64.b64decode(resource["valueAttachment"]["data"], validate=True))
    assert payload["body"]["systolic_blood_pressure"] == {"unit": "mmHg", "value": 115}


def test_resources_are_valid_fhir_r5(current: World) -> None:
    with current.store.writing() as data:
        for row in jhe.seed(jhe.CURRENT)["patients"].values():
            data["patients"].setdefault(str(row["id"]), {**row, "user_id": 10006})
    people = search(current, "_count=1000")
    assert people["total"] > 50
    for entry in people["entry"]:
        Patient.model_validate(entry["resource"])
    for entry in search(current, "", "Observation")["entry"]:
        Observation.model_validate(entry["resource"])
    CapabilityStatement.model_validate(current.call("GET", "/FHIR/R5/metadata").json())


def test_the_bundle_is_fhir_but_for_its_empty_meta(current: World) -> None:
    body = search(current, "family=smith")
    assert body.pop("meta") == {}
    assert Bundle.model_validate(body).total == 2
