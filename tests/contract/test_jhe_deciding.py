"""People's decisions in JHE: read, made and changed, in both generations (README.md §15)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from integrations import errors
from integrations.jhe.adapter import JheAdapter
from integrations.jhe.guards import OUTSIDE, ROLE
from integrations.sandbox.faults import Fault, FaultKind
from integrations.studies import ANOTHER_STUDY, NOT_ASKED_FOR, NOT_TAKEN, NOT_TAKING_PART
from integrations.types import Caller

from .jhe_bench import (
    BLOOD_PRESSURE,
    ELSEWHERE,
    GLUCOSE,
    HEART,
    HEART_RATE,
    LAB,
    OTHERS_STUDY,
    PAMELA,
    PETER,
    PRESSURE,
    PULSE,
    VIEWER,
    adapter,
    change,
    decided,
    people_of,
    stranger,
    writes,
)
from .subjects import Bench
from .subjects_jhe import CURRENT, caller_of

HTML_500 = Fault(kind=FaultKind.STATUS, status=500, html=True, path="/consents$")
CODE = BLOOD_PRESSURE[1]


def decide(bench: Bench, agreed: bool, *, who: str = PAMELA, **more: Any) -> Any:
    """One decision on blood pressure in the heart study, unless said otherwise."""
    jhe: JheAdapter = more.get("by") or adapter(bench)
    study, scope = more.get("study", HEART), more.get("scope", BLOOD_PRESSURE)
    return jhe.decide(who, study, scope, agreed, LAB)


# --- Reading ------------------------------------------------------------------------------


def test_decisions_are_those_of_the_organization(either: Bench) -> None:
    with either.sandbox.stores["jhe"].writing() as state:
        state["patients"][PAMELA]["organizations"].append(int(PULSE))
        state["enrolments"].append({"id": 990, "study_id": int(OTHERS_STUDY), "patient_id": int(PAMELA)})
    decisions = adapter(either).decisions(PAMELA, LAB)
    assert set(decisions.by_study) == {HEART, PRESSURE}
    held = decisions.asked(HEART, HEART_RATE)
    assert held is not None
    assert held.agreed is True
    assert held.decided_at is not None
    assert decisions.asked(HEART, GLUCOSE) is None
    assert decisions.asked(OTHERS_STUDY, BLOOD_PRESSURE) is None


def test_question_without_an_answer_is_neither_yes_nor_no(either: Bench) -> None:
    held = adapter(either).decisions(PETER, LAB).asked(PRESSURE, BLOOD_PRESSURE)
    assert held is not None
    assert held.agreed is None
    assert held.decided_at is None


def test_any_role_reads_and_none_does_not(either: Bench) -> None:
    assert adapter(either, VIEWER).decisions(PAMELA, LAB).by_study
    for who, person, reason in ((ELSEWHERE, PAMELA, ROLE), (VIEWER, stranger(either), OUTSIDE)):
        with pytest.raises(errors.Forbidden) as caught:
            adapter(either, who).decisions(person, LAB)
        assert caught.value.reason == reason
    assert writes(either) == []


# --- Writing ------------------------------------------------------------------------------


@pytest.mark.parametrize("agreed", [True, False])
def test_first_decision_is_made(either: Bench, agreed: bool) -> None:
    decisions = decide(either, agreed, who=PETER, study=PRESSURE)
    assert decisions.asked(PRESSURE, BLOOD_PRESSURE).agreed is agreed
    assert decided(either, PETER, PRESSURE) == {CODE: agreed}
    assert writes(either) == ["POST"]


def test_decision_is_changed_and_changed_back(either: Bench) -> None:
    others = {code: agreed for code, agreed in decided(either, PAMELA, HEART).items() if code != CODE}
    in_the_other_study = decided(either, PAMELA, PRESSURE)
    for agreed in (False, True):
        assert decide(either, agreed).asked(HEART, BLOOD_PRESSURE).agreed is agreed
        assert decided(either, PAMELA, HEART) == {**others, CODE: agreed}
    assert decided(either, PAMELA, PRESSURE) == in_the_other_study
    change_of_one = ["PATCH"] if either.subject is CURRENT else ["DELETE", "POST"]
    assert writes(either) == change_of_one * 2


def test_what_is_decided_so_already_is_not_sent(either: Bench) -> None:
    assert decide(either, True).asked(HEART, BLOOD_PRESSURE).agreed is True
    assert writes(either) == []


def test_no_look_forgets_everything(either: Bench) -> None:
    """A GET with ``reset`` deletes all decisions: what else is there has to be there still."""
    before = decided(either, PETER, HEART)
    decide(either, False, who=PETER, study=PRESSURE)
    assert decided(either, PETER, HEART) == before


# --- What is refused before it leaves -----------------------------------------------------


@pytest.mark.parametrize("who", [VIEWER, ELSEWHERE])
def test_without_the_role_nothing_is_sent(either: Bench, who: str) -> None:
    before = people_of(either)
    with pytest.raises(errors.Forbidden) as caught:
        decide(either, False, by=adapter(either, who))
    assert caught.value.reason == ROLE
    assert writes(either) == []
    assert people_of(either) == before


def test_study_and_record_have_to_be_the_organizations(either: Bench) -> None:
    with pytest.raises(errors.Forbidden) as caught:
        decide(either, True, study=OTHERS_STUDY)
    assert caught.value.reason == ANOTHER_STUDY
    with pytest.raises(errors.Forbidden) as caught:
        decide(either, True, who=stranger(either))
    assert caught.value.reason == OUTSIDE
    assert writes(either) == []


def test_who_takes_no_part_has_nothing_to_decide(either: Bench) -> None:
    change(either, "40003", organizations=[int(LAB)])
    with pytest.raises(errors.Conflict) as caught:
        decide(either, True, who="40003")
    assert caught.value.reason == NOT_TAKING_PART
    assert writes(either) == []


def test_what_the_study_does_not_ask_for_is_not_sent(either: Bench) -> None:
    """JHE would keep it where nobody sees it."""
    for scope in (GLUCOSE, ("https://elsewhere.example.org", CODE)):
        with pytest.raises(errors.Conflict) as caught:
            decide(either, True, scope=scope)
        assert caught.value.reason == NOT_ASKED_FOR
    assert writes(either) == []


def test_api_key_writes_nothing(current: Bench) -> None:
    with pytest.raises(errors.Unauthorised):
        decide(current, False, by=JheAdapter(Caller(background=True)))
    assert writes(current) == []


# --- What is read back --------------------------------------------------------------------


def test_yes_that_did_not_take_is_told(current: Bench) -> None:
    """The answer is good and the decision another: somebody else was there in between."""

    def undo_behind_its_back() -> None:
        if writes(current):
            with current.sandbox.stores["jhe"].writing() as state:
                for row in state["consents"]:
                    row["consented"] = True

    jhe = JheAdapter(replace(caller_of(current.sandbox), sending=undo_behind_its_back))
    with pytest.raises(errors.Conflict) as caught:
        decide(current, False, by=jhe)
    assert caught.value.reason == NOT_TAKEN
    assert not caught.value.outcome_unknown


def test_reading_back_that_fails_leaves_the_outcome_unknown(either: Bench) -> None:
    def fail_after_the_change() -> None:
        if "POST" in writes(either):
            either.faults.add(replace(HTML_500, method="GET"))

    jhe = JheAdapter(replace(caller_of(either.sandbox), sending=fail_after_the_change))
    with pytest.raises(errors.Unavailable) as caught:
        decide(either, True, who=PETER, study=PRESSURE, by=jhe)
    assert caught.value.outcome_unknown
    assert decided(either, PETER, PRESSURE) == {CODE: True}


# --- Two requests for one change (2025-10) ------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        replace(HTML_500, method="POST"),
        replace(HTML_500, method="POST", status=503),
        Fault(kind=FaultKind.STATUS, status=403, method="POST", path="/consents$"),
        Fault(kind=FaultKind.RESET, method="POST", path="/consents$"),
    ],
    ids=str,
)
def test_interruption_between_the_two_is_unknown_and_the_same_call_sets_it_right(
    older: Bench, fault: Fault
) -> None:
    """Even where the second was refused, the first had its effect."""
    active = older.faults.add(fault)
    with pytest.raises(errors.IntegrationError) as caught:
        decide(older, False)
    assert caught.value.outcome_unknown
    assert CODE not in decided(older, PAMELA, HEART)
    older.faults.remove(active.id)
    older.faults.forget_requests()
    decide(older, False)
    assert decided(older, PAMELA, HEART)[CODE] is False
    assert writes(older) == ["POST"]


def test_forgetting_whose_answer_is_lost_goes_no_further(older: Bench) -> None:
    older.faults.add(Fault(kind=FaultKind.RESET, method="DELETE", after_effect=True, times=1))
    with pytest.raises(errors.Unavailable) as caught:
        decide(older, False)
    assert caught.value.outcome_unknown
    assert writes(older) == ["DELETE"]
    decide(older, False)
    assert decided(older, PAMELA, HEART)[CODE] is False


def test_500_that_forgot_nothing_makes_no_second_decision(older: Bench) -> None:
    older.faults.add(replace(HTML_500, method="DELETE"))
    with pytest.raises(errors.Unavailable) as caught:
        decide(older, False)
    assert caught.value.outcome_unknown
    assert writes(older) == ["DELETE"]
    assert decided(older, PAMELA, HEART)[CODE] is True


def test_reading_between_the_two_that_fails_leaves_the_outcome_unknown(older: Bench) -> None:
    def fail_in_between() -> None:
        if writes(older) == ["DELETE"]:
            older.faults.add(replace(HTML_500, method="GET"))

    jhe = JheAdapter(replace(caller_of(older.sandbox), sending=fail_in_between))
    with pytest.raises(errors.Unavailable) as caught:
        decide(older, False, by=jhe)
    assert caught.value.outcome_unknown
    assert writes(older) == ["DELETE"]
