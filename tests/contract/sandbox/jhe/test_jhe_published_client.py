"""The published client, ``jupyterhealth-client`` from PyPI, works against the sandbox unchanged."""

from __future__ import annotations

import warnings

import pytest

from integrations.sandbox import jhe

from .support import World

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # whatever its dependencies deprecate is not ours
    from jupyterhealth_client import Code, JupyterHealthClient
    from jupyterhealth_client._client import RequestError


@pytest.fixture
def client(current: World) -> JupyterHealthClient:
    """The client with a token of its own, as a researcher has one."""
    return JupyterHealthClient(current.url, token=current.token("manager_mary"))


def test_it_reads_the_user(client: JupyterHealthClient) -> None:
    assert client.get_user()["email"] == "manager_mary@example.com"


def test_it_finds_patients_by_email_and_identifier(client: JupyterHealthClient) -> None:
    by_email = client.lookup_patient(email="anne.smith@example.com")
    by_number = client.lookup_patient(external_id="MRN-12345", system="https://clinic.example.org/mrn")
    assert by_email == by_number == client.get_patient(40006)
    with pytest.raises(KeyError):
        client.lookup_patient(email="nobody@example.com")


def test_it_follows_the_pages_of_a_list(current: World, client: JupyterHealthClient) -> None:
    with current.store.writing() as data:
        for count in range(30):
            row = {"given": "P", "family": "Q", "email": f"p{count}@example.com", "birth_date": None}
            jhe.add_person(data, {**row, "phone": "", "identifiers": [], "organizations": [20003]})
    listed = [patient["id"] for patient in client.list_patients(organization_id=20003)]
    assert listed == sorted(set(listed))
    assert len(listed) == 34


def test_it_reads_studies_organizations_and_consents(client: JupyterHealthClient) -> None:
    assert [study["id"] for study in client.list_studies(organization_id=20003)] == [30002, 30001]
    assert client.get_study(30001)["organization"]["id"] == 20003
    assert len(list(client.list_organizations())) == 9
    assert client.get_organization(20003)["currentUserRole"] == "manager"
    assert {study["id"] for study in client.get_patient_consents(40001)["studies"]} == {30001}
    assert len(list(client.list_data_sources())) == 6


def test_it_reads_fhir(client: JupyterHealthClient) -> None:
    assert {"Patient", "Observation", "Group"} <= set(client.list_fhir_resource_types())
    assert [each["id"] for each in client.list_fhir("Patient", study_id=30001)] == ["40002", "40001"]
    assert client.get_fhir("Patient", 40001)["resourceType"] == "Patient"
    assert len(list(client.list_fhir("Patient", params={"_count": 1}))) == 4
    assert list(client.list_fhir("Patient", fhir_source="imported")) == []


def test_it_reads_observations_into_a_table(client: JupyterHealthClient) -> None:
    rates = list(client.list_observations(study_id=30001, code=Code.HEART_RATE))
    assert [each["id"] for each in rates] == ["60005", "60004"]
    table = client.list_observations_df(patient_id=40001, code=Code.BLOOD_PRESSURE)
    assert table["systolic_blood_pressure_value"].tolist() == [115]


def test_its_errors_say_what_the_server_says(client: JupyterHealthClient) -> None:
    with pytest.raises(RequestError, match="No Patient matches"):
        client.get_patient(99999)
