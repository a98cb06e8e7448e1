"""The judge of the fault harness: what was planted is found, as what it is, and nothing else is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.faults.intents import Effect, Held, Intent, Verb
from tests.faults.judging import Kind, counts, judge
from tests.faults.people import People
from tests.faults.proving import missed

OTHER_PHONE = "07700 900001"
RECORD = Held(system="jump", id="7", family="Kola", fields={"phone": "1", "town": "Leeds", "groups": [5]})
CREATED = Held(system="jump", id="8", family="Bruna", fields={"phone": "2", "first_name": "Ines"})


def change(number: int, *effects: Effect, **values: Any) -> Intent:
    settled: dict[str, Any] = {"answered": True, "state": "done", "operation": f"op{number}"} | values
    return Intent(
        number=number,
        kind="jump change",
        fault="none",
        system="jump",
        person="Kola",
        record="7",
        effects=effects,
        **settled,
    )


def creation(**values: Any) -> Intent:
    return replace(
        change(9, Effect(Verb.SET, "phone", "2")), record="", person="Bruna", kind="jump create", **values
    )


def phone(value: str) -> Effect:
    return Effect(Verb.SET, "phone", value)


def found(intents: list[Intent], *after: Held) -> list[tuple[Kind, int]]:
    state = {(each.system, each.id): each for each in after}
    before = {("jump", "7"): RECORD} if any(each.record for each in intents) else {}
    return [(each.kind, each.intent.number) for each in judge(intents, before, state)]


def holding(**fields: Any) -> Held:
    return replace(RECORD, fields={**RECORD.fields, **fields})


IN_ORDER = [change(1, phone("a")), change(2, phone("b")), change(3, phone("c"))]


@pytest.mark.parametrize(
    ("held", "finding"),
    [
        ({"phone": "c"}, []),
        ({"phone": "1"}, [(Kind.LOST, 3)]),
        ({"phone": "b"}, [(Kind.WRONG_VALUE, 3)]),  # the earlier one came after the later one
        ({"phone": "c", "town": ""}, [(Kind.WRONG_VALUE, 3)]),  # what nobody was to touch
    ],
)
def test_judge_changes_in_order(held: Mapping[str, Any], finding: list[tuple[Kind, int]]) -> None:
    assert found(IN_ORDER, holding(**held)) == finding


@pytest.mark.parametrize(
    ("groups", "finding"),
    [
        ([5, 6], []),
        ([5], [(Kind.LOST, 1)]),
        ([5, 6, 6], [(Kind.DUPLICATED, 1)]),
        ([6], [(Kind.WRONG_VALUE, 1)]),
        ([5, 6, 7], [(Kind.WRONG_VALUE, 1)]),
    ],
)
def test_judge_additions_to_a_list(groups: list[int], finding: list[tuple[Kind, int]]) -> None:
    assert found([change(1, Effect(Verb.ADD, "groups", 6))], holding(groups=groups)) == finding


def test_judge_removal_that_did_not_happen_is_lost() -> None:
    assert found([change(1, Effect(Verb.REMOVE, "groups", 5))], RECORD) == [(Kind.LOST, 1)]
    assert found([change(1, Effect(Verb.REMOVE, "groups", 5))], holding(groups=[])) == []


def test_judge_creation() -> None:
    assert found([creation()], CREATED) == []
    assert found([creation()]) == [(Kind.LOST, 9)]
    assert found([creation()], CREATED, replace(CREATED, id="10")) == [(Kind.DUPLICATED, 9)]
    wrong = replace(CREATED, fields={"phone": OTHER_PHONE})
    assert found([creation()], wrong) == [(Kind.WRONG_VALUE, 9)]


GONE = Effect(Verb.DELETE, "record", "gone")


def test_judge_deletion() -> None:
    assert found([change(1, GONE)]) == []
    assert found([change(1, GONE)], RECORD) == [(Kind.LOST, 1)]
    assert found([change(1, GONE)], holding(groups=[])) == [(Kind.WRONG_VALUE, 1)]
    assert found([change(1, GONE, state="held")], RECORD) == []
    assert found([change(1, GONE, state="refused")]) == [(Kind.WRONG_VALUE, 1)]


def test_judge_somebody_elses_record_that_has_gone_is_found() -> None:
    other = replace(RECORD, id="70")
    before = {("jump", "7"): RECORD, ("jump", "70"): other}
    assert judge([change(1, GONE)], before, {("jump", "70"): other}) == []
    assert [each.kind for each in judge([change(1, GONE)], before, {})] == [Kind.WRONG_VALUE]


def test_proof_finds_what_it_plants_of_a_deletion() -> None:
    other = replace(RECORD, id="70")
    before = {("jump", "7"): RECORD, ("jump", "70"): other}
    assert missed([change(1, GONE)], before, {("jump", "70"): other}) == []


def test_judge_record_that_has_gone_is_lost() -> None:
    assert found(IN_ORDER) == [(Kind.LOST, 3)]


def test_judge_write_behind_one_that_is_held_has_done_nothing() -> None:
    asked = [
        change(1, phone("a"), state="held"),
        change(2, Effect(Verb.SET, "town", "York"), state="behind"),
    ]
    assert found(asked, holding(phone="a")) == []
    assert found(asked, holding(phone="a", town="York")) == [(Kind.WRONG_VALUE, 2)]
    assert found([creation(state="behind")]) == []
    assert found([change(1, GONE, state="behind")]) == [(Kind.WRONG_VALUE, 1)]


def test_judge_claims_nothing_of_what_was_held_or_never_answered() -> None:
    assert found([creation(state="held")]) == []
    assert found([creation(answered=False, state="")]) == []
    assert found([change(1, phone("a"), state="held")], holding(phone="x")) == []


def test_judge_refused_creation_must_have_left_nothing() -> None:
    assert found([creation(state="refused")], CREATED) == [(Kind.WRONG_VALUE, 9)]


def test_judge_counts_write_that_is_still_open_as_lost() -> None:
    assert found([creation(state="unknown")]) == [(Kind.LOST, 9)]


def test_counts_names_every_kind() -> None:
    state = {("jump", "7"): RECORD}
    assert counts(judge(IN_ORDER, state, state)) == {"lost": 1, "duplicated": 0, "wrong_value": 0}


def test_proof_finds_what_it_plants() -> None:
    before = {("jump", "7"): RECORD}
    after = {("jump", "7"): holding(phone="c"), ("jump", "8"): CREATED}
    assert missed([*IN_ORDER, creation()], before, after) == []


def test_proof_fails_where_the_state_was_wrong_before() -> None:
    before = {("jump", "7"): RECORD}
    after = {("jump", "7"): holding(phone="c", town=""), ("jump", "8"): CREATED}
    assert missed([*IN_ORDER, creation()], before, after)


def test_people_share_nothing() -> None:
    people = People(1)
    made = [people.one() for _ in range(2000)]
    for name in ("family", "nhs", "email", "phone"):
        assert len({getattr(each, name) for each in made}) == len(made)
