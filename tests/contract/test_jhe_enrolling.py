"""Putting people into JHE's studies and taking them out, in both generations (README.md §14)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from integrations import errors
from integrations.jhe.adapter import JheAdapter
from integrations.jhe.guards import OUTSIDE, ROLE
from integrations.sandbox.faults import Fault, FaultKind
from integrations.studies import ANOTHER_STUDY, NOT_IN_ORGANIZATION
from integrations.types import Caller

from .jhe_bench import (
    ELSEWHERE,
    HEART,
    LAB,
    MANAGER,
    OTHERS_STUDY,
    PAMELA,
    PETER,
    PRESSURE,
    PULSE,
    VIEWER,
    adapter,
    are_enrolled,
    change,
    decided,
    people_of,
    stranger,
    writes,
)
from .subjects import Bench

Write = Callable[[JheAdapter, str, str, str], None]
WRITES: dict[str, Write] = {
    "enrol": lambda jhe, who, study, where: jhe.enrol(who, study, where),
    "unenrol": lambda jhe, who, study, where: jhe.unenrol(who, study, where),
}
either_way = pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)


def newcomer(bench: Bench) -> str:
    """The known person, in the lab and in none of its studies."""
    with bench.sandbox.stores["jhe"].writing() as state:
        state["patients"][bench.known_id]["organizations"] = [int(LAB)]
        rows = state["enrolments"]
        state["enrolments"] = [row for row in rows if row["patient_id"] != int(bench.known_id)]
    return bench.known_id


@pytest.mark.parametrize("who", [MANAGER, "member_megan@example.com"])
def test_enrolled_person_takes_part(either: Bench, who: str) -> None:
    person, jhe = newcomer(either), adapter(either, who)
    assert not jhe.takes_part(person, HEART)
    jhe.enrol(person, HEART, LAB)
    assert jhe.takes_part(person, HEART)
    assert not jhe.takes_part(person, PRESSURE)
    assert writes(either) == ["POST"]


def test_who_takes_part_already_is_not_sent_again(either: Bench) -> None:
    """JHE would answer by a 500."""
    adapter(either).enrol(PAMELA, HEART, LAB)
    assert writes(either) == []


def test_who_has_left_is_told_by_name(either: Bench) -> None:
    """Also of whom the organization holds no more: JHE ends what they took part in with that."""
    jhe = adapter(either)
    assert not jhe.has_left(PETER, HEART, LAB)
    adapter(either).unenrol(PAMELA, HEART, LAB)
    assert jhe.has_left(PAMELA, HEART, LAB)
    person = newcomer(either)
    adapter(either, MANAGER).enrol(person, HEART, LAB)
    adapter(either, MANAGER).remove_altogether(person, LAB)
    assert jhe.has_left(person, HEART, LAB)


@pytest.mark.parametrize("who", [ELSEWHERE, "admin@example.com"])
def test_nobody_is_said_to_have_left_to_who_is_not_told(either: Bench, who: str) -> None:
    with pytest.raises(errors.IntegrationError):
        adapter(either, who).has_left(PETER, HEART, LAB)


def test_unenrolled_person_takes_no_part_and_loses_the_decisions_in_that_study_alone(either: Bench) -> None:
    jhe = adapter(either)
    jhe.unenrol(PAMELA, HEART, LAB)
    assert not jhe.takes_part(PAMELA, HEART)
    assert jhe.takes_part(PAMELA, PRESSURE)
    assert decided(either, PAMELA, HEART) == {}
    assert decided(either, PAMELA, PRESSURE)
    jhe.unenrol(PAMELA, HEART, LAB)
    assert writes(either) == ["DELETE"]


def test_reading_of_who_takes_part_saves_no_selection_in_the_console(current: Bench) -> None:
    before = current.sandbox.stores["jhe"].snapshot()["practitioners"]
    jhe = adapter(current)
    jhe.takes_part(PAMELA, HEART)
    jhe.enrol(newcomer(current), HEART, LAB)
    jhe.unenrol(PAMELA, HEART, LAB)
    assert current.sandbox.stores["jhe"].snapshot()["practitioners"] == before


# --- What is refused before it leaves -----------------------------------------------------


@either_way
@pytest.mark.parametrize("who", [VIEWER, ELSEWHERE])
def test_without_the_role_nothing_is_sent(either: Bench, write: Write, who: str) -> None:
    """JHE asks for none here."""
    before = people_of(either)
    with pytest.raises(errors.Forbidden) as caught:
        write(adapter(either, who), PAMELA, HEART, LAB)
    assert caught.value.reason == ROLE
    assert writes(either) == []
    assert people_of(either) == before


@either_way
@pytest.mark.parametrize("study", [OTHERS_STUDY, "99999", "abc", "-1"])
def test_study_of_another_organization_is_left_alone(either: Bench, write: Write, study: str) -> None:
    change(either, PAMELA, organizations=[int(LAB), int(PULSE)])
    with pytest.raises(errors.Forbidden) as caught:
        write(adapter(either), PAMELA, study, LAB)
    assert caught.value.reason == ANOTHER_STUDY
    assert writes(either) == []


def test_record_of_another_organization_is_not_enrolled_and_it_is_said_where_it_is(either: Bench) -> None:
    change(either, either.known_id, organizations=[20001])
    with pytest.raises(errors.Conflict) as caught:
        adapter(either, MANAGER).enrol(either.known_id, HEART, LAB)
    assert caught.value.reason == NOT_IN_ORGANIZATION
    assert "Planetary Research Institute" in caught.value.for_staff
    assert "Add the record" in caught.value.next_step
    assert not caught.value.outcome_unknown
    assert writes(either) == []


def test_organizations_in_which_one_has_no_role_are_not_named(either: Bench) -> None:
    with pytest.raises(errors.Conflict) as caught:
        adapter(either).enrol(stranger(either), HEART, LAB)
    assert "none of yours" in caught.value.for_staff
    assert "Planetary" not in caught.value.for_staff


def test_record_of_another_organization_is_not_unenrolled(either: Bench) -> None:
    """JHE would do it."""
    with either.sandbox.stores["jhe"].writing() as state:
        state["enrolments"].append({"id": 990, "study_id": int(HEART), "patient_id": 40003})
    with pytest.raises(errors.Forbidden) as caught:
        adapter(either).unenrol(stranger(either), HEART, LAB)
    assert caught.value.reason == OUTSIDE
    assert "40003" in are_enrolled(either, HEART)
    assert writes(either) == []


@either_way
def test_record_that_is_gone_is_not_found(either: Bench, write: Write) -> None:
    with pytest.raises(errors.NotFound):
        write(adapter(either), "99999999", HEART, LAB)
    assert writes(either) == []


@either_way
def test_api_key_writes_nothing(current: Bench, write: Write) -> None:
    with pytest.raises(errors.Unauthorised):
        write(JheAdapter(Caller(background=True)), PAMELA, HEART, LAB)
    assert writes(current) == []


# --- Who takes part -----------------------------------------------------------------------


def test_person_out_of_reach_is_refused_and_not_said_to_take_no_part(either: Bench) -> None:
    with pytest.raises(errors.Forbidden):
        adapter(either).takes_part(stranger(either), HEART)


def test_server_that_ignores_the_study_is_not_believed(current: Bench) -> None:
    """So is one that answers a patient's own login, which is shown its own data only."""
    with current.sandbox.stores["jhe"].writing() as state:
        login = next(row for row in state["users"].values() if row["email"] == "member_megan@example.com")
        state["patients"]["40003"]["user_id"] = login["id"]
    with pytest.raises(errors.ProtocolError):
        adapter(current).takes_part("40003", HEART)


def test_answer_to_another_question_is_not_taken_for_done(either: Bench) -> None:
    person = newcomer(either)
    either.faults.add(Fault(kind=FaultKind.WRONG_TYPES, method="POST", path="/patients$"))
    with pytest.raises(errors.ProtocolError) as caught:
        adapter(either).enrol(person, HEART, LAB)
    assert caught.value.outcome_unknown
    assert person in are_enrolled(either, HEART)
