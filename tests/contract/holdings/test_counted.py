"""What an organization holds of a person, counted, with every part failing apart."""

from __future__ import annotations

from dataclasses import replace

import pytest

from integrations import errors
from integrations.holdings import Holdings
from integrations.jhe import dialect as dialects
from integrations.sandbox import jhe as server
from integrations.sandbox.faults import Fault, FaultKind
from tests.contract.jhe_bench import (
    INSTITUTE,
    LAB,
    MANAGER,
    PULSE,
    VIEWER,
    adapter,
    asked,
    people_of,
    stranger,
)
from tests.contract.subjects import Bench
from tests.contract.subjects_jhe import CURRENT, READER

from .bench import (
    BOTH,
    CONSENTS,
    FAULTS,
    LOST,
    OBSERVATIONS,
    PEOPLE,
    PERSON,
    PRESSURE,
    STUDIES,
    Part,
    leave,
    observe,
    state,
)

OMH = "https://w3id.org/openmhealth"


def _by_study(found: Holdings) -> dict[str, tuple[bool | None, int | None]]:
    return {each.study.id: (each.enrolled, each.observations) for each in found.studies or ()}


def _decisions(found: Holdings, study: str) -> list[tuple[str, bool | None, bool]]:
    (one,) = [each for each in found.studies or () if each.study.id == study]
    return sorted((each.code, each.agreed, each.decided_at is not None) for each in one.consents or ())


# --- Counted ------------------------------------------------------------------------------


def test_holdings_are_what_the_server_holds(either: Bench) -> None:
    found = adapter(either).holdings(PERSON, LAB)
    current = either.subject is CURRENT
    assert found.complete
    assert dict(found.unread) == {}
    assert found.observations == (2 if current else 4)
    # The current server lets a study see only what it asks for.
    assert _by_study(found) == {BOTH: (True, found.observations), PRESSURE: (True, 1 if current else 4)}
    assert found.last_organization is True
    assert found.unplaced == ()
    with either.sandbox.stores["jhe"].reading() as data:
        names = {str(row["id"]): row["name"] for row in data["studies"].values()}
    assert {each.study.id: each.study.name for each in found.studies or ()} == {
        study: names[study] for study in (BOTH, PRESSURE)
    }
    assert {each.study.organization and each.study.organization.id for each in found.studies or ()} == {LAB}


def test_decisions_are_yes_no_and_not_yet_each_with_its_time(either: Bench) -> None:
    with state(either) as data:
        enrolment = next(
            row["id"]
            for row in data["enrolments"]
            if (row["patient_id"], row["study_id"]) == (int(PERSON), int(BOTH))
        )
        mine = [row for row in data["consents"] if row["enrolment_id"] == enrolment]
        pressure = next(row for row in mine if row["scope_code_id"] == 50002)
        heart = next(row for row in mine if row["scope_code_id"] == 50004)
        heart["consented"] = False
        data["consents"].remove(pressure)
    found = [
        each for each in _decisions(adapter(either).holdings(PERSON, LAB), BOTH) if each[0].startswith("omh")
    ]
    assert found == [("omh:blood-pressure:4.0", None, False), ("omh:heart-rate:2.0", False, True)]


def test_who_left_a_study_is_in_it_no_more_and_keeps_the_observations(either: Bench) -> None:
    before = adapter(either).holdings(PERSON, LAB)
    leave(either, BOTH)
    leave(either, PRESSURE)
    found = adapter(either).holdings(PERSON, LAB)
    assert found.complete
    assert _by_study(found) == {BOTH: (False, 0), PRESSURE: (False, 0)}
    assert _decisions(found, BOTH) == []
    assert found.observations == before.observations


def test_study_that_asks_for_nothing_still_has_the_person(either: Bench) -> None:
    """It is in neither list of the consents page."""
    with state(either) as data:
        data["studies"][PRESSURE]["scope_requests"] = []
    found = adapter(either).holdings(PERSON, LAB)
    assert found.complete
    assert _by_study(found)[PRESSURE][0] is True
    assert _decisions(found, PRESSURE) == []


def test_agreement_to_what_no_study_asks_for_is_not_lost_from_sight(either: Bench) -> None:
    with state(either) as data:
        enrolment = next(row for row in data["enrolments"] if row["patient_id"] == int(PERSON))
        like = next(row for row in data["consents"] if row["enrolment_id"] == enrolment["id"])
        data["consents"].append({**like, "id": 990, "scope_code_id": 50001, "consented": True})
    found = adapter(either).holdings(PERSON, LAB)
    assert [(each.system, each.code) for each in found.unplaced or ()] == [(OMH, "omh:blood-glucose:4.0")]


def test_other_organizations_studies_are_left_out(either: Bench) -> None:
    with state(either) as data:
        data["patients"][PERSON]["organizations"].append(int(PULSE))
        server.enrol(data, 30004, int(PERSON))
    found = adapter(either).holdings(PERSON, LAB)
    assert found.last_organization is False
    assert set(_by_study(found)) == {BOTH, PRESSURE}
    pieces = list(adapter(either).export(PERSON, LAB))
    assert {piece.study_id for piece in pieces} == {"", BOTH, PRESSURE}


def test_counting_fetches_no_page_of_many(either: Bench) -> None:
    """Two of these would not fit into a reply that the portal takes."""
    payload = {"header": {}, "body": {"text": "x" * 4_500_000}}
    observe(either, 3, omh_data=payload)
    found = adapter(either).holdings(PERSON, LAB)
    assert found.complete
    assert (found.observations, _by_study(found)[PRESSURE]) == (3, (True, 3))


def test_reading_changes_nothing(either: Bench) -> None:
    before = people_of(either)
    adapter(either).holdings(PERSON, LAB)
    list(adapter(either).export(PERSON, LAB))
    assert people_of(either) == before


# --- Whose it is to see -------------------------------------------------------------------


@pytest.mark.parametrize("email", [READER, VIEWER, MANAGER])
def test_every_role_of_the_organization_may_read_it(either: Bench, email: str) -> None:
    assert adapter(either, email).holdings(PERSON, LAB).complete


def test_person_or_organization_out_of_reach_is_refused(either: Bench) -> None:
    other = stranger(either)
    with state(either) as data:
        data["patients"][PERSON]["organizations"].append(int(INSTITUTE))
    for patient, place in (
        (other, INSTITUTE),
        (other, LAB),
        (PERSON, INSTITUTE),
        (PERSON, PULSE),
        (PERSON, ""),
    ):
        for ask in (adapter(either).holdings, adapter(either).export):
            with pytest.raises(errors.Forbidden):
                ask(patient, place)
    assert asked(either, "/consents$") == 0
    with pytest.raises(errors.NotFound):
        adapter(either).holdings("99999999", LAB)


def test_organization_of_the_caller_that_the_person_is_not_in_is_refused(either: Bench) -> None:
    with pytest.raises(errors.Forbidden):
        adapter(either, MANAGER).holdings(PERSON, INSTITUTE)


def test_superuser_may_not_read_all_and_sees_no_zero(current: Bench) -> None:
    found = adapter(current, "admin@example.com").holdings(PERSON, LAB)
    assert found.observations is None
    assert {type(each) for each in found.unread.values()} == {errors.Forbidden}
    assert set(found.unread) == {Part.CONSENTS, Part.OBSERVATIONS, Part.ENROLMENTS, Part.STUDY_OBSERVATIONS}
    assert found.last_organization is True


@pytest.fixture
def patient_too(current: Bench) -> Bench:
    """The reader is somebody's patient as well, with an observation of her own."""
    with state(current) as data:
        user = next(row for row in data["users"].values() if row["email"] == READER)
        data["patients"]["40005"]["user_id"] = user["id"]
        data["patients"]["40005"]["organizations"].append(int(LAB))
        server.enrol(data, int(BOTH), 40005)
    observe(current, 1, patient="40005")
    return current


@pytest.mark.parametrize("own", [0, 1])
def test_staff_who_are_patients_are_not_told_their_own_number(patient_too: Bench, own: int) -> None:
    """For them JHE ignores whose observations and studies are asked for."""
    observe(patient_too, own, patient="40005")
    leave(patient_too, PRESSURE)
    found = adapter(patient_too).holdings(PERSON, LAB)
    assert found.observations is None
    assert _by_study(found) == {BOTH: (True, None), PRESSURE: (None, None)}
    assert set(found.unread) == {Part.OBSERVATIONS, Part.ENROLMENTS, Part.STUDY_OBSERVATIONS}
    pieces = list(adapter(patient_too).export(PERSON, LAB))
    assert [piece.fault is not None for piece in pieces if piece.part is Part.OBSERVATIONS] == [True]


def test_rows_of_another_person_are_no_count(patient_too: Bench) -> None:
    """Even where the proof beforehand was passed by chance."""
    once = Fault(kind=FaultKind.STATUS, status=403, path="/Observation$", times=1)
    patient_too.faults.add(once)
    found = adapter(patient_too).holdings(PERSON, LAB)
    assert found.observations is None
    assert found.unread[Part.OBSERVATIONS].reason == "another person's"


# --- Faults -------------------------------------------------------------------------------


@pytest.mark.parametrize("path", LOST, ids=["studies", "consents", "people", "observations"])
@pytest.mark.parametrize("fault", FAULTS)
def test_part_that_fails_is_named_and_takes_nothing_else_along(either: Bench, path: str, fault: str) -> None:
    leave(either, PRESSURE)  # so that somebody has to be asked about the enrolment
    whole = adapter(either).holdings(PERSON, LAB)
    assert whole.complete
    either.faults.add(replace(FAULTS[fault], path=path))
    found = adapter(either).holdings(PERSON, LAB)
    assert set(found.unread) == LOST[path]
    assert not found.complete
    assert found.last_organization is True
    assert found.observations == (None if path == OBSERVATIONS else whole.observations)
    assert found.unplaced == (None if path == CONSENTS else whole.unplaced)
    if path == STUDIES:
        assert found.studies is None
        return
    for one, other in zip(found.studies or (), whole.studies or (), strict=True):
        # The consents page proves who takes part, its silence nothing.
        blind = path == PEOPLE and not other.enrolled
        assert one.enrolled == (None if blind else other.enrolled)
        assert one.consents == (None if path == CONSENTS else other.consents)
        unseen = path == OBSERVATIONS and other.enrolled
        assert one.observations == (None if unseen else other.observations)


def test_one_study_that_fails_leaves_the_others(older: Bench) -> None:
    leave(older, BOTH)
    leave(older, PRESSURE)
    older.faults.add(Fault(kind=FaultKind.STATUS, status=403, path=PEOPLE, times=1))
    found = adapter(older).holdings(PERSON, LAB)
    assert sorted(map(str, _by_study(found).values())) == ["(False, 0)", "(None, 0)"]
    assert set(found.unread) == {Part.ENROLMENTS}


@pytest.mark.parametrize("path", [r"/patients/\d+$", "/organizations$"])
def test_without_the_record_or_the_roles_nothing_is_said(either: Bench, path: str) -> None:
    jhe = adapter(either)
    either.faults.add(Fault(kind=FaultKind.STATUS, status=500, html=True, path=path))
    for ask in (jhe.holdings, jhe.export):
        with pytest.raises(errors.Unavailable):
            ask(PERSON, LAB)


def test_sign_in_that_ends_meanwhile_is_said_as_such(either: Bench) -> None:
    either.faults.add(Fault(kind=FaultKind.STATUS, status=401, path=CONSENTS))
    with pytest.raises(errors.Unauthorised):
        adapter(either).holdings(PERSON, LAB)


def test_server_of_spring_2026_says_that_it_cannot_be_counted(older: Bench) -> None:
    """It saves what is listed, and its FHIR finds nobody: enrolments are known from decisions only."""
    older.faults.add(Fault(kind=FaultKind.STATUS, status=200, path="/health$"))
    dialects.forget(older.sandbox.url("jhe"))
    found = adapter(older).holdings(PERSON, LAB)
    assert _by_study(found) == {BOTH: (True, None), PRESSURE: (True, None)}
    assert found.observations is None
    assert {type(each) for each in found.unread.values()} == {errors.Unsupported}
    assert asked(older, "/api/v1/(patients|studies|observations)$") == 0
