"""What an organization holds of people, read through the adapter and over plain HTTP: both say the same.

Where ``JHE_VERIFY_WRITES`` is yes, somebody made up takes part in a real server's study, decides, sends
observations, and is removed again.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
import requests

from integrations import errors
from integrations.holdings import HoldingPart, Holdings
from integrations.jhe import dialect as dialects
from integrations.jhe.adapter import JheAdapter
from integrations.types import RemotePatient

from .conftest import token_of
from .made import Made, somebody
from .sign_in import TIMEOUT
from .subject import Subject

OMH = "https://w3id.org/openmhealth"
GROUP = "patient._has:Group:member:_id"
NOBODYS = "2147483647"


class Plain:
    """Requests with the practitioner's token and nothing of ours in between."""

    def __init__(self, subject: Subject, jhe: JheAdapter) -> None:
        self.url = subject.url
        self.headers = {"Authorization": f"Bearer {token_of(subject, subject.practitioner)}"}
        self.dialect = dialects.find(jhe.http)
        self.older = self.dialect.fhir_base == dialects.OLD_FHIR

    def get(self, path: str, **params: Any) -> requests.Response:
        return requests.get(
            self.url + path, params=params, headers=self.headers, allow_redirects=False, timeout=TIMEOUT
        )

    def observations(self, patient_id: str, study_id: str = "") -> list[str]:
        """The ids of a person's observations, all on one page."""
        if self.older:
            query = {"patient_id": patient_id} | ({"study_id": study_id} if study_id else {})
            rows = self.get("/api/v1/observations", page_size=1000, **query).json()["results"]
            return [str(row["id"]) for row in rows]
        query = {"patient": patient_id} | ({GROUP: study_id} if study_id else {})
        bundle = self.get(f"{self.dialect.fhir_base}/Observation", _count=1000, **query).json()
        return [entry["resource"]["id"] for entry in bundle["entry"]]

    def members(self, study_id: str) -> set[str]:
        """The ids of a study's people, by its own list."""
        if self.older:
            reply = self.get("/api/v1/patients", study_id=study_id, page_size=1000)
        else:
            reply = self.get(f"/api/v1/studies/{study_id}/patients", page_size=1000)
        return {str(row["id"]) for row in reply.json()["results"]}


@pytest.fixture
def plain(subject: Subject, jhe: JheAdapter) -> Plain:
    """Plain requests to the examined server."""
    return Plain(subject, jhe)


@pytest.fixture
def held(jhe: JheAdapter, people: dict[str, RemotePatient]) -> list[tuple[RemotePatient, Holdings]]:
    """Up to ten of the practitioner's people, with what each of the practitioner's organizations holds."""
    own = {each.id for each in jhe.organizations()}
    return [
        (record, jhe.holdings(record.id, place.id))
        for record in list(people.values())[:10]
        for place in record.organizations
        if place.id in own
    ]


def test_everything_can_be_read(held: list[tuple[RemotePatient, Holdings]]) -> None:
    assert [dict(each.unread) for _record, each in held] == [{}] * len(held)
    assert all(each.complete for _record, each in held)


def test_observations_are_counted_as_the_list_has_them(
    held: list[tuple[RemotePatient, Holdings]], plain: Plain
) -> None:
    counts = [(each.observations, len(plain.observations(record.id))) for record, each in held]
    assert [ours for ours, _theirs in counts] == [theirs for _ours, theirs in counts]
    assert sum(theirs for _ours, theirs in counts) > 0, "nobody has an observation"


def test_studies_see_people_and_observations_as_their_own_lists_do(
    held: list[tuple[RemotePatient, Holdings]], plain: Plain
) -> None:
    seen = 0
    for record, each in held:
        for one in each.studies or ():
            assert one.enrolled == (record.id in plain.members(one.study.id))
            expected = len(plain.observations(record.id, one.study.id)) if one.enrolled else 0
            assert one.observations == expected
            seen += expected
    assert seen > 0, "no study sees an observation"


def test_decisions_are_those_of_the_consents_page(
    held: list[tuple[RemotePatient, Holdings]], plain: Plain
) -> None:
    decided = 0
    for record, each in held:
        reply = plain.get(f"/api/v1/patients/{record.id}/consents").json()
        for one in each.studies or ():
            rows = [row for row in reply["studies"] if str(row["id"]) == one.study.id]
            expected = {
                (scope["code"]["codingCode"], scope["consented"])
                for row in rows
                for scope in row["scopeConsents"]
            }
            assert {
                (scope.code, scope.agreed) for scope in one.consents or () if scope.decided_at
            } == expected
            decided += len(expected)
    assert decided > 0, "nobody has decided anything"


def test_last_organization_is_said(held: list[tuple[RemotePatient, Holdings]]) -> None:
    assert [each.last_organization for _record, each in held] == [
        len(record.organizations) == 1 for record, _each in held
    ]


def test_export_holds_every_observation_once(
    held: list[tuple[RemotePatient, Holdings]], plain: Plain, jhe: JheAdapter
) -> None:
    for record, each in held[:3]:
        pieces = list(jhe.export(record.id, each.organization_id))
        assert [piece.fault for piece in pieces] == [None] * len(pieces)
        rows = [piece.data["id"] for piece in pieces if piece.part is HoldingPart.OBSERVATIONS]
        assert sorted(map(str, rows)) == sorted(plain.observations(record.id))
        assert pieces[0].data["id"] == int(record.id)
        assert pieces[-1].part is HoldingPart.END
        assert json.loads(json.dumps([piece.as_json() for piece in pieces]))


def test_console_selection_stays_as_it_is(
    subject: Subject, jhe: JheAdapter, plain: Plain, known: RemotePatient
) -> None:
    before = plain.get("/api/v1/users/profile").json().get("settings")
    own = {each.id for each in jhe.organizations()}
    place = next(each.id for each in known.organizations if each.id in own)
    jhe.holdings(known.id, place)
    list(jhe.export(known.id, place))
    assert plain.get("/api/v1/users/profile").json().get("settings") == before


def test_stranger_is_refused(jhe: JheAdapter, stranger: RemotePatient) -> None:
    for place in (stranger.organizations[0].id, jhe.organizations()[0].id):
        with pytest.raises(errors.Forbidden):
            jhe.holdings(stranger.id, place)
        with pytest.raises(errors.Forbidden):
            jhe.export(stranger.id, place)


# --- What is taken for granted ------------------------------------------------------------


def test_search_refuses_a_person_or_study_that_nobody_has(plain: Plain, known: RemotePatient) -> None:
    """By this the adapter tells that the server knows the filter and takes the caller for staff."""
    if plain.older:
        pytest.skip("this generation is asked by lists")
    for kind, query in (
        ("Observation", {"patient": NOBODYS}),
        ("Observation", {"patient": known.id, GROUP: NOBODYS}),
        ("Patient", {"patient": known.id, GROUP: NOBODYS}),
    ):
        assert plain.get(f"{plain.dialect.fhir_base}/{kind}", **query).status_code == 403


def test_search_for_a_patients_own_login_ignores_whose_it_is_to_be(subject: Subject, plain: Plain) -> None:
    """Why it has to be told: staff who are a patient, too, would get their own number."""
    if plain.older:
        pytest.skip("this generation is asked by lists")
    if subject.patient is None:
        pytest.skip("no patient's login is named (JHE_PATIENT_USER)")
    headers = {"Authorization": f"Bearer {token_of(subject, subject.patient)}"}
    url = f"{subject.url}{plain.dialect.fhir_base}/Observation"
    reply = requests.get(url, params={"patient": NOBODYS}, headers=headers, timeout=TIMEOUT)
    assert reply.status_code == 200


def test_list_with_a_filter_that_is_not_known_fails(plain: Plain) -> None:
    """So no filter of ours is ignored where lists are counted."""
    if not plain.older:
        pytest.skip("this generation is not asked by lists")
    for path in ("observations", "patients"):
        assert plain.get(f"/api/v1/{path}", not_a_filter="1").status_code == 500


# --- Somebody made up ---------------------------------------------------------------------


@pytest.fixture
def taker(made: Made, plain: Plain) -> tuple[RemotePatient, str, str]:
    """Somebody new in a study that asks for blood pressure: the record, the organization and the study."""
    for place in made.organizations:
        for study in made.jhe.studies(place.id):
            asked = plain.get(f"/api/v1/studies/{study.id}/scope_requests").json()
            if any(row["scopeCode"]["codingCode"] == "omh:blood-pressure:4.0" for row in asked):
                record = made.create(somebody(place.id))
                body = {"patientIds": [int(record.id)]}
                assert _send(made, f"/api/v1/studies/{study.id}/patients", body).ok
                return record, place.id, study.id
    pytest.skip("no study of the practitioner's asks for blood pressure")


def _send(made: Made, path: str, body: object) -> requests.Response:
    """A POST that makes nobody."""
    headers = {"Authorization": f"Bearer {made.token}"}
    return requests.post(made.url + path, json=body, headers=headers, timeout=TIMEOUT)


def _agree(made: Made, patient_id: str, study_id: str) -> None:
    scope = {"codingSystem": OMH, "codingCode": "omh:blood-pressure:4.0", "consented": True}
    body = {"studyScopeConsents": [{"studyId": int(study_id), "scopeConsents": [scope]}]}
    assert _send(made, f"/api/v1/patients/{patient_id}/consents", body).ok


def _observe(made: Made, plain: Plain, patient_id: str, number: int) -> None:
    time = "2026-01-01T08:00:00Z"
    payload = {
        "header": {
            "uuid": f"00000000-0000-4000-8000-{number:012}",
            "schema_id": {"namespace": "omh", "name": "blood-pressure", "version": "4.0"},
            "source_creation_date_time": time,
            "modality": "sensed",
            "external_datasheets": [{"datasheet_type": "manufacturer", "datasheet_reference": "none"}],
        },
        "body": {
            "systolic_blood_pressure": {"unit": "mmHg", "value": 120},
            "diastolic_blood_pressure": {"unit": "mmHg", "value": 70},
            "effective_time_frame": {"date_time": time},
        },
    }
    resource = {
        "resourceType": "Observation",
        "status": "final",
        "subject": {"reference": f"Patient/{patient_id}"},
        "device": {"reference": "Device/70001"},
        "code": {"coding": [{"system": OMH, "code": "omh:blood-pressure:4.0"}]},
        "valueAttachment": {
            "contentType": "application/json",
            "data": base64.b64encode(json.dumps(payload).encode()).decode(),
        },
    }
    before = len(plain.observations(patient_id))
    _send(made, f"{plain.dialect.fhir_base}/Observation", resource)  # older: kept, and answered by a 404
    assert len(plain.observations(patient_id)) == before + 1


def test_somebody_new_is_counted_step_by_step(
    taker: tuple[RemotePatient, str, str], made: Made, plain: Plain
) -> None:
    record, place, study = taker

    def now() -> tuple[bool | None, int | None, int | None, list[bool | None]]:
        found = made.jhe.holdings(record.id, place)
        assert found.complete
        assert found.last_organization is True
        one = next(each for each in found.studies or () if each.study.id == study)
        agreed = [each.agreed for each in one.consents or () if each.code == "omh:blood-pressure:4.0"]
        return one.enrolled, one.observations, found.observations, agreed

    assert now() == (True, 0, 0, [None])
    _agree(made, record.id, study)
    assert now() == (True, 0, 0, [True])
    for number in (1, 2, 3):
        _observe(made, plain, record.id, number)
    assert now() == (True, 3, 3, [True])
    exported = [piece.part for piece in made.jhe.export(record.id, place)]
    assert exported.count(HoldingPart.OBSERVATIONS) == 3

    headers = {"Authorization": f"Bearer {made.token}"}
    path = f"{made.url}/api/v1/studies/{study}/patients"
    left = requests.delete(path, json={"patientIds": [int(record.id)]}, headers=headers, timeout=TIMEOUT)
    assert left.ok
    assert now() == (False, 0, 3, [])
    exported = [piece.part for piece in made.jhe.export(record.id, place)]
    assert exported.count(HoldingPart.OBSERVATIONS) == 3


def test_older_search_does_not_tell_observations_of_somebody_in_no_study(
    taker: tuple[RemotePatient, str, str], made: Made, plain: Plain
) -> None:
    """Why that generation is asked by lists."""
    if not plain.older:
        pytest.skip("the current search tells them")
    record, _place, study = taker
    _agree(made, record.id, study)
    _observe(made, plain, record.id, 4)
    search = f"{plain.dialect.fhir_base}/Observation"
    assert plain.get(search, patient=record.id).json()["count"] == 1
    headers = {"Authorization": f"Bearer {made.token}"}
    path = f"{made.url}/api/v1/studies/{study}/patients"
    requests.delete(path, json={"patientIds": [int(record.id)]}, headers=headers, timeout=TIMEOUT)
    assert plain.get(search, patient=record.id).json()["count"] == 0
    assert len(plain.observations(record.id)) == 1
