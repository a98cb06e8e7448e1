"""Records shown as people where it is known of some of them whose they are."""

from __future__ import annotations

from datetime import date
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.types import RemotePatient
from patients.matching.grouping import Known, NoteKind, RecordKey, group
from patients.matching.same_person import are_unlike, judge

from .people import BLANK, OTHER_VALID_NHS, record

A, B, C = ("jump", "a"), ("impilo", "b"), ("jhe", "c")
#: Nobody's details: the rule would join such a record with nothing here.
STRANGE: dict[str, Any] = {
    "given_name": "Tom", "family_name": "Brown", "birth_date": date(1945, 7, 14), "nhs_number": "",
    "email": "", "phones": (), "address": None,
}  # fmt: skip


def held(key: RecordKey, **details: Any) -> RemotePatient:
    return record(*key, **details)


def people(records: list[RemotePatient], known: Known | None = None) -> set[frozenset[RecordKey]]:
    return {frozenset(each.keys) for each in group(records, known)}


def test_records_of_one_owner_are_one_person_though_the_rule_would_not_say_so() -> None:
    records = [held(A), held(B, **STRANGE)]

    assert people(records) == {frozenset({A}), frozenset({B})}
    assert people(records, Known(owners={A: 7, B: 7})) == {frozenset({A, B})}


def test_records_of_two_owners_are_two_people_though_the_rule_would_join_them() -> None:
    records = [held(A), held(B)]

    assert people(records) == {frozenset({A, B})}
    (one, other) = group(records, Known(owners={A: 7, B: 8}))
    assert {one.keys, other.keys} == {(A,), (B,)}
    assert [note.kind for note in (*one.notes, *other.notes)] == [NoteKind.POSSIBLY_SAME] * 2


def test_records_kept_apart_by_somebody_stay_so_and_it_is_said() -> None:
    one, other = group([held(A), held(B)], Known(apart=frozenset({frozenset({A, B})})))

    assert [note.kind for note in (*one.notes, *other.notes)] == [NoteKind.KEPT_APART] * 2
    assert "decided" in one.notes[0].sentence


def test_record_without_an_owner_joins_by_the_rule_whom_it_belongs_to() -> None:
    records = [held(A), held(B, **BLANK), held(C)]

    assert frozenset({A, B, C}) not in people(records)
    assert people(records, Known(owners={A: 7, B: 7})) == {frozenset({A, B, C})}


def test_record_that_would_bring_two_owners_together_stands_alone() -> None:
    records = [held(A), held(B), held(C)]

    assert people(records, Known(owners={A: 7, B: 8})) == {frozenset({A}), frozenset({B}), frozenset({C})}


def test_record_unlike_another_of_the_owner_is_not_chained_to_it() -> None:
    """``c`` is surely ``a``; but ``b``, linked with ``a`` by hand, has another valid NHS number."""
    records = [held(A), held(B, nhs_number=OTHER_VALID_NHS), held(C)]

    assert people(records, Known(owners={A: 7, B: 7})) == {frozenset({A, B}), frozenset({C})}


def test_records_kept_apart_are_not_chained_by_a_third() -> None:
    apart = Known(apart=frozenset({frozenset({A, B})}))

    assert not any({A, B} <= each for each in people([held(A), held(B), held(C)], apart))


@pytest.mark.parametrize("owners", [{}, {("jump", "nowhere"): 1}])
def test_owners_of_other_records_change_nothing(owners: dict[RecordKey, int]) -> None:
    records = [held(A), held(B)]

    assert group(records, Known(owners=owners)) == group(records)


DETAILS = st.fixed_dictionaries(
    {
        "given_name": st.sampled_from(["Anne", "Ann", "Anna", "Tom"]),
        "birth_date": st.sampled_from([date(1980, 4, 3), date(1980, 3, 4), None]),
        "nhs_number": st.sampled_from(["9434765919", OTHER_VALID_NHS, ""]),
    }
)
SYSTEMS = ("jump", "jhe", "impilo")


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[RemotePatient], Known]:
    """Some records, whose they are known to be, and who is kept apart from whom."""
    details = draw(st.lists(DETAILS, min_size=2, max_size=7))
    records = [held((SYSTEMS[place % 3], str(place)), **each) for place, each in enumerate(details)]
    keys = [(each.system, each.id) for each in records]
    owned = draw(st.lists(st.sampled_from(keys), unique=True))
    owners = {key: draw(st.integers(1, 3)) for key in owned}
    pairs = [frozenset(pair) for pair in combinations(keys, 2) if len({owners.get(key) for key in pair}) == 2]
    apart = frozenset(draw(st.lists(st.sampled_from(pairs), max_size=2))) if pairs else frozenset()
    return records, Known(owners=owners, apart=apart)


@settings(max_examples=150, deadline=None)
@given(case=cases(), data=st.data())
def test_what_is_known_holds_in_any_order_and_nobody_unlike_is_chained(
    case: tuple[list[RemotePatient], Known], data: st.DataObject
) -> None:
    records, known = case
    found = group(records, known)

    assert group(data.draw(st.permutations(records)), known) == found
    assert sorted(key for each in found for key in each.keys) == sorted((r.system, r.id) for r in records)
    for each in found:
        owners = {known.owners[key] for key in each.keys if key in known.owners}
        assert len(owners) <= 1
        for one, other in combinations(each.records, 2):
            keys = frozenset({(one.system, one.id), (other.system, other.id)})
            if not keys <= known.owners.keys():  # joined by the rule, not by what is known
                assert keys not in known.apart
                assert not are_unlike(judge(one, other))
    for owner in set(known.owners.values()):
        own = {key for key, whose in known.owners.items() if whose == owner}
        assert any(own <= set(each.keys) for each in found)
