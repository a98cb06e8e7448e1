"""The traps of reading JHE's records over REST, one by one, in both generations."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.sandbox import jhe

from .conftest import MRN
from .support import World, failed, ids


@pytest.mark.parametrize("name", ["organization_id", "study_id", "patient_id"])
def test_a_filter_that_is_no_number_makes_the_server_fail(world: World, name: str) -> None:
    assert failed(world.get("/api/v1/patients", **{name: "abc"}))


def test_an_empty_filter_counts_as_none(world: World) -> None:
    assert len(ids(world.get("/api/v1/patients", organization_id=""))) == 4


@pytest.mark.parametrize("organization", [20008, 99999])
def test_a_foreign_or_unknown_organization_is_empty_not_forbidden(world: World, organization: int) -> None:
    assert ids(world.get("/api/v1/patients", organization_id=organization)) == []


def test_an_unknown_filter_is_ignored_or_fatal(current: World, older: World) -> None:
    assert len(ids(current.get("/api/v1/patients", name="nobody"))) == 4
    assert failed(older.get("/api/v1/patients", name="nobody"))


def test_identifiers_are_searched_by_value_alone(world: World) -> None:
    assert ids(world.get("/api/v1/patients", patient_identifier_value="MRN-12345")) == [40006]
    assert ids(world.get("/api/v1/patients", patient_identifier_value="mrn-12345")) == []


def test_a_single_identifier_became_a_list(current: World, older: World) -> None:
    new = current.get("/api/v1/patients/40006").json()
    assert [(each["system"], each["value"]) for each in new["identifiers"]] == [tuple(MRN.values())]
    assert "identifier" not in new
    old = older.get("/api/v1/patients/40006").json()
    assert (old["identifier"], "identifiers" in old) == ("MRN-12345", False)


def test_a_patient_in_reach_shows_organizations_out_of_reach(world: World) -> None:
    row = world.get("/api/v1/patients/40007").json()
    assert [each["id"] for each in row["organizations"]] == [20003, 20007]
    assert {each["currentUserRole"] for each in row["organizations"]} == {None}


def test_any_practitioner_reads_any_patient(world: World) -> None:
    assert world.get("/api/v1/patients/40008", "viewer_victor").status_code == 200


@pytest.mark.parametrize("key", ["abc", "4000x"])
def test_a_patient_id_that_is_no_number_makes_the_server_fail(world: World, key: str) -> None:
    assert failed(world.get(f"/api/v1/patients/{key}"))


def test_the_own_record_is_new(current: World, older: World) -> None:
    assert current.get("/api/v1/patients/me", "ll_patient_peter").json()["id"] == 40001
    refused = current.get("/api/v1/patients/me")
    assert (refused.status_code, refused.json()) == (403, {"detail": "Current user is not a patient."})
    assert failed(older.get("/api/v1/patients/me", "ll_patient_peter"))


def test_lookup_compares_letter_case_and_crosses_organizations(world: World) -> None:
    def found(email: str, who: str = "viewer_victor") -> list[int]:
        return [row["id"] for row in world.get("/api/v1/patients/global_lookup", who, email=email).json()]

    assert found("Bob.Smith@example.com") == [40007]
    assert found("bob.smith@example.com") == []
    assert found("cara@example.com") == [40008]
    assert found("cara@example.com", "ll_patient_peter") == [40008]
    assert found("manager_mary@example.com") == []
    refused = world.get("/api/v1/patients/global_lookup")
    assert (refused.status_code, refused.json()) == (400, ["email parameter required"])


def test_a_missing_birth_date_is_null(world: World) -> None:
    assert world.get("/api/v1/patients/40008").json()["birthDate"] is None


# The console's selection ------------------------------------------------------------------------


def settings_of(world: World, who: str = "manager_mary") -> dict[str, Any]:
    """What the console has selected for somebody."""
    found: dict[str, Any] = world.get("/api/v1/users/profile", who).json()["settings"]
    return found


BOTH = {"currentStudyId": 30001, "currentOrganizationId": 20003}
ELSEWHERE = {"currentStudyId": 30002, "currentOrganizationId": 20007}


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("patients", {}, {"currentOrganizationId": 20003}),
        ("patients", {"organization_id": 20001}, {"currentOrganizationId": 20001}),
        (
            "patients",
            {"organization_id": 99999, "study_id": 30002},
            {"currentOrganizationId": 99999, "currentStudyId": 30002},
        ),
        ("observations", {"organization_id": 20001}, {"currentOrganizationId": 20001}),
        ("studies", {"organization_id": 20001}, {**BOTH, "currentOrganizationId": 20001}),
        ("studies", {}, BOTH),
        ("organizations", {}, BOTH),
        ("patients/40001", {}, BOTH),
        ("studies/30002/patients", {}, BOTH),
        ("patients", {"page": 99}, BOTH),
    ],
)
def test_list_calls_overwrite_what_the_console_shows(
    current: World, path: str, query: dict[str, Any], expected: dict[str, int]
) -> None:
    current.get(f"/api/v1/{path}", **query)
    assert settings_of(current) == expected


@pytest.mark.parametrize("path", ["/FHIR/R5/Patient", "/FHIR/R5/Group", "/FHIR/R5/Observation"])
def test_fhir_searches_leave_the_selection_alone(current: World, path: str) -> None:
    current.call("GET", f"{path}?patient.organization=20001", "manager_mary")
    assert settings_of(current) == BOTH


def test_the_older_generation_has_no_selection(older: World) -> None:
    before = older.store.snapshot()
    older.get("/api/v1/patients", organization_id=20001)
    assert "settings" not in older.get("/api/v1/users/profile").json()
    after = older.store.snapshot()
    assert before["practitioners"] == after["practitioners"]


# Organizations, studies, consents ---------------------------------------------------------------


def test_the_role_is_null_in_own_organizations_and_told_in_the_list(world: World) -> None:
    own = world.get("/api/v1/users/organizations", "three_org_tom").json()
    assert [(each["id"], each["currentUserRole"]) for each in own] == [
        (20003, None),
        (20007, None),
        (20008, None),
    ]
    rows = world.get("/api/v1/organizations", "three_org_tom").json()["results"]
    roles = {row["id"]: row["currentUserRole"] for row in rows if row["currentUserRole"]}
    assert roles == {20003: "viewer", 20007: "member", 20008: "manager"}


def test_lists_of_organizations_are_by_name_and_hold_everything(world: World) -> None:
    rows = world.get("/api/v1/organizations").json()["results"]
    assert [row["name"] for row in rows] == sorted(row["name"] for row in rows)
    assert {row["id"] for row in rows} == {0, *range(20001, 20009)}


def test_roles_are_not_inherited(world: World) -> None:
    row = world.get("/api/v1/organizations/20008", "manager_mark").json()
    assert row["currentUserRole"] is None
    assert ids(world.get("/api/v1/patients", "manager_mark", organization_id=20008)) == []


def test_organization_ids_that_are_no_numbers_are_only_not_found(world: World) -> None:
    response = world.get("/api/v1/organizations/abc")
    assert (response.status_code, response.json()) == (404, {"detail": "Not found."})
    assert failed(world.get("/api/v1/organizations", part_of="abc"))


def test_search_by_email_of_nobody_is_an_empty_login(world: World) -> None:
    body = world.get("/api/v1/users/search_by_email", email="nobody@example.com").json()
    assert body == {"email": "", "firstName": "", "lastName": "", "userType": None, "isSuperuser": False}
    assert world.get("/api/v1/users/search_by_email").json()["id"] == 10001


def test_a_login_is_read_by_its_owner_only(world: World) -> None:
    assert world.get("/api/v1/users/10002").json()["email"] == "manager_mary@example.com"
    assert world.get("/api/v1/users/10003").status_code == 403
    assert failed(world.get("/api/v1/users/abc"))


def test_logins_can_be_listed_by_email(world: World) -> None:
    assert ids(world.get("/api/v1/users", "ll_patient_peter", email="manager_mary@example.com")) == [10002]


def test_study_id_narrowed_the_studies_once(current: World, older: World) -> None:
    assert ids(current.get("/api/v1/studies", study_id=30001)) == [30002, 30001]
    assert ids(older.get("/api/v1/studies", study_id=30001)) == [30001]


def test_an_unknown_study_is_forbidden_like_a_foreign_one(world: World) -> None:
    text = {"detail": "Current User does not have authorization to access this Study."}
    for key in (30004, 99999):
        response = world.get(f"/api/v1/studies/{key}")
        assert (response.status_code, response.json()) == (403, text)
    assert failed(world.get("/api/v1/studies/abc"))


def test_the_people_of_a_study_could_not_be_listed_once(current: World, older: World) -> None:
    assert ids(current.get("/api/v1/studies/30001/patients")) == [40001, 40002]
    assert failed(older.get("/api/v1/studies/30001/patients"))
    assert ids(older.get("/api/v1/patients", study_id=30001)) == [40001, 40002]


def test_study_clients_show_a_whole_oauth_record(current: World) -> None:
    client = current.get("/api/v1/studies/30001/clients", "ll_patient_peter").json()[0]["client"]
    assert client["clientSecret"].startswith("pbkdf2_sha256$")
    assert (client["name"], "client_id" in client, "clientId" in client) == ("CareX", True, False)


def test_scopes_are_keyed_by_system_and_code(current: World) -> None:
    codes = [row["scopeCode"] for row in current.get("/api/v1/studies/30001/scope_requests").json()]
    assert {code["codingSystem"] for code in codes} == {
        "https://w3id.org/openmhealth",
        "http://hl7.org/fhir/resource-types",
    }


def test_a_get_of_consents_with_reset_deletes_them(world: World) -> None:
    before = world.get("/api/v1/patients/40001/consents").json()
    assert before["consolidatedConsentedScopes"]
    count = world.get("/api/v1/patients/40001/consents", reset="true").json()["resetCount"]
    assert count == (3 if world.dialect == jhe.CURRENT else 2)
    after = world.get("/api/v1/patients/40001/consents").json()
    assert (after["consolidatedConsentedScopes"], after["studies"]) == ([], [])


def test_a_study_with_some_answers_is_in_both_lists(world: World) -> None:
    with world.store.writing() as data:
        data["consents"] = data["consents"][1:]
    body = world.get("/api/v1/patients/40001/consents").json()
    assert 30001 in {each["id"] for each in body["studies"]}
    assert 30001 in {each["id"] for each in body["studiesPendingConsent"]}


def test_a_study_without_scopes_is_in_neither_list(world: World) -> None:
    with world.store.writing() as data:
        data["studies"]["30002"]["scope_requests"] = []
    body = world.get("/api/v1/patients/40001/consents").json()
    shown = {each["id"] for name in ("studies", "studiesPendingConsent") for each in body[name]}
    assert shown == {30001}


def test_instants_carry_the_older_servers_own_zone(current: World, older: World) -> None:
    new, old = (
        each.get("/api/v1/observations", page_size=1).json()["results"][0]["lastUpdated"]
        for each in (current, older)
    )
    assert new.endswith("Z")
    assert old.endswith("-08:00")


def test_observations_are_narrowed_by_study_patient_and_id(world: World) -> None:
    def found(**query: Any) -> int:
        return len(ids(world.get("/api/v1/observations", **query)))

    per_patient = 2 if world.dialect == jhe.CURRENT else 4
    assert found(patient_id=40001) == found(patient_id=40001, study_id=30001) == per_patient
    assert found(observation_id=60001) == 1
    assert found(patient_id=40005) == found(study_id=30004) == 0


def test_invitations_of_everybody_are_open_to_everybody(current: World) -> None:
    row = {"id": 101, "patient_id": 40001, "client_id": 1, "token_hash": "x" * 43, "status": "issued"}
    with current.store.writing() as data:
        data["invitations"]["101"] = {**row, "last_updated": "2026-09-01T00:00:00.000000Z"}
    assert ids(current.get("/api/v1/invitation", "ll_patient_pamela")) == [101]
    assert current.get("/api/v1/invitation/101").json()["token"] is None
    assert current.get("/api/v1/invitation/999").status_code == 404
    apps = current.get("/api/v1/patients/40001/consolidated_clients").json()
    assert [[each["id"] for each in app["patientInvitations"]] for app in apps] == [[101], []]


def test_a_data_sources_detail_leaves_its_scopes_empty(current: World) -> None:
    listed = current.get("/api/v1/data_sources").json()["results"][0]
    assert listed["supportedScopes"]
    assert current.get(f"/api/v1/data_sources/{listed['id']}").json()["supportedScopes"] == []


# What reading leaves behind ---------------------------------------------------------------------


def test_reading_changes_nothing_but_the_selection(world: World) -> None:
    world.token("manager_mary")
    before = world.store.snapshot()
    paths = ["users/profile", "organizations", "studies", "patients", "patients/40001", "observations"]
    paths += ["patients/40001/consents", "studies/30001/scope_requests", "data_sources", "nope"]
    for path in paths:
        world.get(f"/api/v1/{path}")
    after = world.store.snapshot()
    for state in (before, after):
        del state["practitioners"]
    assert before == after


def test_the_shared_sample_people_follow_the_five_of_jhe() -> None:
    for dialect in jhe.DIALECTS:
        data = jhe.seed(dialect)
        assert [int(key) for key in data["patients"]] == list(range(40001, 40001 + len(data["patients"])))
        assert len(data["patients"]) > 50
        emails = [user["email"] for user in data["users"].values()]
        assert len(emails) == len(set(emails))
        owned = [
            (each["system"], each["value"])
            for row in data["patients"].values()
            for each in row["identifiers"]
        ]
        assert len(owned) == len(set(owned))
        assert any(row["patient_id"] > 40005 for row in data["enrolments"])
