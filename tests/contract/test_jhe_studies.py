"""What JHE's studies ask for and what their people sent, in both generations (README.md §14)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integrations import errors
from integrations.jhe import client, studies
from integrations.jhe.adapter import JheAdapter
from integrations.jhe.guards import ROLE
from integrations.sandbox.faults import Fault, FaultKind, Variant
from integrations.studies import ANOTHER_STUDY, App, Seen
from integrations.types import Caller

from .jhe_bench import (
    BLOOD_PRESSURE,
    ELSEWHERE,
    HEART,
    HEART_RATE,
    LAB,
    OTHERS_STUDY,
    PAMELA,
    PETER,
    VIEWER,
    adapter,
    asked,
    writes,
)
from .subjects import Bench
from .subjects_jhe import CURRENT, READER

Read = Callable[[JheAdapter, str, str], Any]
SUPERUSER = "admin@example.com"
READS: dict[str, Read] = {
    "plan": lambda jhe, study, where: jhe.study_plan(study, where),
    "observations": lambda jhe, study, where: jhe.observations_of_study(study, where),
    "people": lambda jhe, study, where: jhe.patients_of_study(study, where),
}
either_read = pytest.mark.parametrize("read", READS.values(), ids=READS)


def put(bench: Bench, person: str, code: int, at: datetime, number: int) -> None:
    """An observation that arrives at a moment."""
    with bench.sandbox.stores["jhe"].writing() as state:
        like = next(iter(state["observations"].values()))
        moment = at.isoformat(timespec="microseconds").replace("+00:00", "Z")
        state["observations"][str(number)] = {
            **like,
            "id": number,
            "patient_id": int(person),
            "scope_code_id": code,
            "last_updated": moment,
        }


def clear(bench: Bench) -> None:
    """No observation of anybody."""
    with bench.sandbox.stores["jhe"].writing() as state:
        like = next(iter(state["observations"].items()))
        state["observations"] = dict([like])
        like[1].update(patient_id=40003)  # one that is nobody's of the lab, to make others of


# --- The plan -----------------------------------------------------------------------------


def test_plan_tells_what_a_study_asks_for(either: Bench) -> None:
    plan = adapter(either, VIEWER).study_plan(HEART, LAB)
    assert plan.study.name == "Lifespan Study on BP & HR"
    assert plan.study.description == "Blood Pressure & Heart Rate"
    assert plan.study.organization is not None
    assert plan.study.organization.id == LAB
    assert {BLOOD_PRESSURE, HEART_RATE} <= {each.key for each in plan.scopes}
    assert all(each.text for each in plan.scopes)


def test_plan_of_today_names_apps_and_data_sources(current: Bench) -> None:
    plan = adapter(current).study_plan(HEART, LAB)
    assert plan.apps == (App(id="1", name="CareX"), App(id="3", name="Patient Access"))
    assert [(each.id, each.name, each.kind) for each in plan.data_sources] == [
        ("70001", "CareX", "personal_device"),
        ("70005", "Questionnaire", "patient_app"),
    ]


def test_app_without_an_invitation_address_is_said_to_have_none(current: Bench) -> None:
    with current.sandbox.stores["jhe"].writing() as state:
        state["clients"]["3"]["invitation_url"] = None
    apps = {each.name: each.invites for each in adapter(current).study_plan(HEART, LAB).apps}
    assert apps == {"CareX": True, "Patient Access": False}


def test_older_plan_names_no_apps_and_does_not_ask_for_them(older: Bench) -> None:
    assert adapter(older).study_plan(HEART, LAB).apps == ()
    assert asked(older, r"/studies/\d+/clients") == 0


def test_nothing_of_an_apps_secret_is_kept(current: Bench) -> None:
    assert "pbkdf2" not in repr(adapter(current).study_plan(HEART, LAB))


@either_read
def test_without_a_role_nothing_is_shown(either: Bench, read: Read) -> None:
    """JHE shows anybody what any study asks for."""
    with pytest.raises(errors.Forbidden) as caught:
        read(adapter(either, ELSEWHERE), HEART, LAB)
    assert caught.value.reason == ROLE
    with pytest.raises(errors.Forbidden) as caught:
        read(adapter(either), OTHERS_STUDY, LAB)
    assert caught.value.reason == ANOTHER_STUDY
    assert asked(either, r"/studies/\d+/") == 0
    assert asked(either, "/Observation|/observations") == 0


def test_studies_of_an_organization_without_a_role_are_refused_and_not_none(either: Bench) -> None:
    with pytest.raises(errors.Forbidden) as caught:
        adapter(either, ELSEWHERE).studies(LAB)
    assert caught.value.reason == ROLE


@pytest.mark.parametrize("part", ["observations", "people"])
def test_superuser_shares_no_organization_and_is_refused_what_people_hold(either: Bench, part: str) -> None:
    """JHE names a role of theirs everywhere, and answers their lists of people by nobody (README.md §14)."""
    jhe = adapter(either, SUPERUSER)
    assert jhe.studies(LAB)
    with pytest.raises(errors.Forbidden) as caught:
        READS[part](jhe, HEART, LAB)
    assert caught.value.reason == ROLE
    assert asked(either, r"/studies/\d+/patients|/patients$|/Observation|/observations") == 0


@pytest.mark.parametrize("role", [None, "super_user"])
def test_role_that_ends_while_people_are_listed_is_no_end_of_the_list(
    either: Bench, monkeypatch: pytest.MonkeyPatch, role: str | None
) -> None:
    """What is left of the list would be nobody."""
    monkeypatch.setattr(client, "REST_PAGE", 1)
    found = adapter(either).patients_of_study(HEART, LAB)
    next(found)
    with either.sandbox.stores["jhe"].writing() as state:
        login = next(row for row in state["users"].values() if row["email"] == READER)
        login["is_superuser"] = role is not None
        state["roles"] = [row for row in state["roles"] if row["user_id"] != login["id"]]
    with pytest.raises(errors.IntegrationError):
        list(found)


@either_read
@pytest.mark.parametrize("wrong", ["abc", "-1", "30001/", "99999"])
def test_study_that_is_none_is_refused_and_not_asked_for(either: Bench, read: Read, wrong: str) -> None:
    with pytest.raises((errors.Forbidden, errors.NotFound)):
        read(adapter(either), wrong, LAB)
    assert asked(either, r"/studies/") == 0


@pytest.mark.parametrize("path", ["scope_requests", "clients", "data_sources"])
@pytest.mark.parametrize("variant", Variant)
def test_part_that_cannot_be_read_is_not_left_out(current: Bench, path: str, variant: Variant) -> None:
    if (path, variant) == ("data_sources", Variant.NULLS):
        pytest.skip("a list stays a list of nothing")
    jhe = adapter(current)
    jhe.organizations()
    current.faults.add(Fault(kind=FaultKind.WRONG_TYPES, variant=variant, path=rf"/studies/\d+/{path}$"))
    with pytest.raises(errors.ProtocolError):
        jhe.study_plan(HEART, LAB)


def test_reading_saves_no_selection_in_the_console(current: Bench) -> None:
    before = current.sandbox.stores["jhe"].snapshot()["practitioners"]
    jhe = adapter(current)
    jhe.study_plan(HEART, LAB)
    assert list(jhe.observations_of_study(HEART, LAB))
    assert current.sandbox.stores["jhe"].snapshot()["practitioners"] == before
    assert writes(current) == []


def test_api_key_reads(current: Bench) -> None:
    background = JheAdapter(Caller(background=True))
    assert background.study_plan(HEART, LAB).scopes
    assert list(background.observations_of_study(HEART, LAB))
    assert list(background.patients_of_study(HEART, LAB))


# --- What was sent ------------------------------------------------------------------------

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)


def test_observations_are_those_of_people_in_the_study_of_what_it_asks_for(either: Bench) -> None:
    clear(either)
    put(either, PETER, 50002, NOON, 60101)
    put(either, PAMELA, 50004, NOON + timedelta(seconds=1), 60102)
    put(either, PAMELA, 50001, NOON + timedelta(seconds=2), 60103)  # which the study does not ask for
    put(either, "40003", 50002, NOON + timedelta(seconds=3), 60104)  # who is in another study
    found = adapter(either).observations_of_study(HEART, LAB)
    assert sorted(found, key=lambda each: each.patient_id) == [
        Seen(patient_id=PETER, scope=BLOOD_PRESSURE, at=NOON),
        Seen(patient_id=PAMELA, scope=HEART_RATE, at=NOON + timedelta(seconds=1)),
    ]


def test_since_leaves_out_what_was_stored_then_and_before(either: Bench) -> None:
    clear(either)
    for count in range(4):
        put(either, PAMELA, 50002, NOON + timedelta(microseconds=count), 60101 + count)
    since = NOON + timedelta(microseconds=1)
    found = adapter(either).observations_of_study(HEART, LAB, since)
    assert {each.at for each in found} == {NOON + timedelta(microseconds=count) for count in (2, 3)}


@pytest.mark.parametrize("same_moment", [False, True])
def test_every_page_is_read_and_nothing_twice(
    either: Bench, monkeypatch: pytest.MonkeyPatch, same_moment: bool
) -> None:
    monkeypatch.setattr(studies, "FHIR_PAGE", 2)
    monkeypatch.setattr(studies, "REST_PAGE", 2)
    clear(either)
    for count in range(7):
        later = timedelta() if same_moment and count > 1 else timedelta(seconds=count)
        put(either, PAMELA, 50002, NOON + later, 60101 + count)
    assert len(list(adapter(either).observations_of_study(HEART, LAB))) == 7
    assert client.FHIR_PAGE > 2


def test_what_was_broken_off_goes_on_where_it_was(either: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studies, "FHIR_PAGE", 2)
    monkeypatch.setattr(studies, "REST_PAGE", 2)
    clear(either)
    for count in range(9):
        put(either, PAMELA, 50002, NOON + timedelta(seconds=count // 4), 60101 + count)
    jhe, since = adapter(either), NOON - timedelta(seconds=1)
    found = list(jhe.observations_of_study(HEART, LAB, since))
    assert len(found) == 9
    for count, each in enumerate(found):
        rest = list(jhe.observations_of_study(HEART, LAB, since, each.resume))
        assert rest[-len(found[count:]) :] == found[count:]
    assert len(list(jhe.observations_of_study(HEART, LAB, since, found[-1].resume))) < 5


def test_one_that_vanishes_between_two_pages_costs_no_other(
    current: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Page numbers would skip the first of the next page."""
    monkeypatch.setattr(studies, "FHIR_PAGE", 2)
    clear(current)
    for count in range(6):
        put(current, PAMELA, 50002, NOON + timedelta(seconds=count), 60101 + count)
    found = adapter(current).observations_of_study(HEART, LAB)
    moments = {next(found).at}
    with current.sandbox.stores["jhe"].writing() as state:
        del state["observations"]["60101"]
    moments |= {each.at for each in found}
    assert moments == {NOON + timedelta(seconds=count) for count in range(6)}


def test_server_that_ignores_the_study_is_not_believed(current: Bench) -> None:
    """So is one that answers a patient's own login, which is shown its own data only."""
    with current.sandbox.stores["jhe"].writing() as state:
        login = next(row for row in state["users"].values() if row["email"] == "member_megan@example.com")
        state["patients"]["40003"]["user_id"] = login["id"]
    with pytest.raises(errors.ProtocolError):
        adapter(current).observations_of_study(HEART, LAB)


def test_row_that_cannot_be_read_is_not_left_out(either: Bench) -> None:
    jhe = adapter(either)
    found = jhe.observations_of_study(HEART, LAB)
    path = "/Observation$" if either.subject is CURRENT else "/observations$"
    either.faults.add(Fault(kind=FaultKind.WRONG_TYPES, path=path))
    with pytest.raises(errors.ProtocolError):
        list(found)
