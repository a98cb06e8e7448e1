"""The rule for "same person", and records shown as people."""

import time
from datetime import date
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.types import (
    Address,
    Demographics,
    Identifier,
    Phone,
    RecordStatus,
    Registration,
    RemotePatient,
    Sex,
)
from patients.matching.grouping import NoteKind, group
from patients.matching.same_person import Rule, Tier, judge

from .people import BLANK, OTHER_VALID_NHS, record

JULY = date(1945, 7, 14)
STAND_IN = date(1900, 1, 1)

CASES: list[tuple[str, dict[str, Any], dict[str, Any], Tier]] = [
    ("everything equal", {}, {}, Tier.HIGH),
    ("NHS, birth date and names", {**BLANK, "nhs_number": "9434765919"}, {}, Tier.HIGH),
    ("NHS, birth date, nickname", {"given_name": "Liz"}, {"given_name": "Elizabeth"}, Tier.HIGH),
    ("NHS, birth date, changed surname", {"family_name": "Jones"}, {}, Tier.HIGH),
    ("NHS, swapped date, near names", {"birth_date": date(1980, 3, 4)}, {}, Tier.MEDIUM),
    ("NHS, two date parts, initial", {"birth_date": date(1980, 4, 27), "given_name": "A"}, {}, Tier.HIGH),
    ("NHS, names swapped", {"given_name": "Smith", "family_name": "Anne"}, {}, Tier.HIGH),
    ("NHS, nothing else", {"given_name": "Tom", "family_name": "Brown", "birth_date": JULY}, {}, Tier.MEDIUM),
    ("NHS, stand-in date, both names", {"birth_date": STAND_IN}, {"birth_date": STAND_IN}, Tier.HIGH),
    (
        "NHS, stand-in date, one name",
        {"birth_date": STAND_IN, "family_name": "Jones"},
        {"birth_date": STAND_IN},
        Tier.MEDIUM,
    ),
    ("names and birth date alone", BLANK, {}, Tier.MEDIUM),
    ("names, birth date and phone", {**BLANK, "phones": (Phone(number="+447700900123"),)}, {}, Tier.HIGH),
    ("names, birth date and e-mail", {**BLANK, "email": "ANNE.SMITH@home.test"}, {}, Tier.HIGH),
    (
        "names, birth date and address",
        {**BLANK, "address": Address(lines=("12 High St.",), postcode="ls62ab")},
        {},
        Tier.HIGH,
    ),
    ("names, birth date, postcode only", {**BLANK, "address": Address(postcode="LS6 2AB")}, {}, Tier.MEDIUM),
    ("names, birth date, another valid number", {"nhs_number": OTHER_VALID_NHS}, {}, Tier.MEDIUM),
    ("names, birth date, an invalid number", {"nhs_number": "9434765918"}, {}, Tier.HIGH),
    ("another recorded sex", {"sex": Sex.MALE}, {}, Tier.MEDIUM),
    ("indeterminate and female", {"sex": Sex.INDETERMINATE}, {}, Tier.MEDIUM),
    ("unknown sex contradicts nothing", {"sex": Sex.UNKNOWN}, {}, Tier.HIGH),
    ("other sex contradicts nothing", {"sex": Sex.OTHER}, {}, Tier.HIGH),
    ("missing sex contradicts nothing", {"sex": None}, {}, Tier.HIGH),
    ("twins", {"given_name": "Tom", "nhs_number": OTHER_VALID_NHS}, {}, Tier.NONE),
    ("twins with names alike", {"given_name": "Amira"}, {"given_name": "Samira"}, Tier.MEDIUM),
    ("a test record", {"registration": Registration.DUMMY}, {}, Tier.MEDIUM),
    ("a merged record", {"status": RecordStatus.MERGED}, {}, Tier.MEDIUM),
    ("a temporary registration is a person", {"registration": Registration.TEMPORARY}, {}, Tier.HIGH),
    ("e-mail alone", {**BLANK, "email": "anne.smith@home.test", "birth_date": None}, {}, Tier.MEDIUM),
    ("mailbox of a family", {"given_name": "Tom", "birth_date": JULY, "nhs_number": ""}, {}, Tier.NONE),
    ("father and son of one name", {"birth_date": JULY, "nhs_number": ""}, {}, Tier.NONE),
    ("similar name, near date", {**BLANK, "given_name": "Ann", "birth_date": date(1980, 4, 8)}, {}, Tier.LOW),
    ("former surname", {**BLANK, "family_name": "Jones"}, {}, Tier.LOW),
    (
        "phone, names and near birth date",
        {**BLANK, "phones": (Phone(number="07700900123"),), "birth_date": date(1980, 3, 4)},
        {},
        Tier.MEDIUM,
    ),
    ("namesake without birth date", {**BLANK, "birth_date": None}, {}, Tier.NONE),
    ("strangers", {**BLANK, "given_name": "Tom", "family_name": "Brown", "birth_date": JULY}, {}, Tier.NONE),
]  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "tier"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_tiers(one: dict[str, Any], other: dict[str, Any], tier: Tier) -> None:
    first, second = record("jump", **one), record("jhe", **other)
    judgement = judge(first, second)
    assert judgement.tier is tier
    assert judge(second, first) == judgement
    assert bool(judgement.reasons) is (tier is not Tier.NONE)


def test_one_number_behind_two_people_is_an_identifier_conflict() -> None:
    stranger = record("jhe", given_name="Tom", family_name="Brown", birth_date=JULY)
    assert judge(record(), stranger).identifier_conflict
    assert judge(record(), record("jhe", given_name="Tom")).identifier_conflict
    assert not judge(record(), record("jhe")).identifier_conflict


def test_family_is_shown_as_family() -> None:
    brother = record("jhe", given_name="Tom", birth_date=JULY, nhs_number="", sex=Sex.MALE)
    twin = record("jhe", given_name="Tom", **BLANK)
    assert judge(record(), brother).family
    assert judge(record(), twin).family
    assert not judge(record(), record("jhe")).family


def test_two_records_of_one_system_are_never_joined_by_names_and_birth_date() -> None:
    phone_only = {**BLANK, "phones": (Phone(number="07700900123"),)}
    assert judge(record("jhe", "1", **phone_only), record("jhe", "2", **phone_only)).tier is Tier.MEDIUM
    assert judge(record("jhe", "1"), record("jhe", "2")).rule is Rule.NHS_NUMBER_AND_NAMES


def test_guessable_identifiers_never_count() -> None:
    recipe = (Identifier(system="impilo", value="5f4dcc3b5aa765d61d8327deb882cf99", guessable=True),)
    first = record("impilo", identifiers=recipe, **BLANK)
    second = record("jhe", identifiers=recipe, **BLANK)
    assert judge(first, second).tier is Tier.MEDIUM


def test_nothing_empty_equals_anything() -> None:
    nobody = RemotePatient(system="jump", id="1", demographics=Demographics())
    judgement = judge(nobody, RemotePatient(system="jhe", id="2", demographics=Demographics()))
    assert judgement.tier is Tier.NONE
    assert not judgement.family


def keys(records: list[RemotePatient]) -> list[tuple[tuple[str, str], ...]]:
    return [people.keys for people in group(records)]


def test_records_of_one_person_are_one_group() -> None:
    everywhere = [
        record("jump", "1"),
        record("jhe", "2", nhs_number=""),
        record("impilo", "3", nhs_number=""),
    ]
    assert keys(everywhere) == [(("impilo", "3"), ("jhe", "2"), ("jump", "1"))]


def test_rule_b_needs_exactly_one_record_of_each_system() -> None:
    records = [record("jump", "1"), record("jhe", "2", nhs_number=""), record("jhe", "3", nhs_number="")]
    assert len(group(records)) == 3
    kinds = {note.kind for people in group(records) for note in people.notes}
    assert kinds == {NoteKind.POSSIBLY_SAME}


def test_a_duplicate_inside_one_system_is_noted() -> None:
    (people,) = group([record("jump", "1"), record("jump", "2")])
    assert [note.kind for note in people.notes] == [NoteKind.DUPLICATE]


def test_a_chain_that_would_join_unlike_people_is_stopped_and_noted() -> None:
    bridge = record("jhe", "2", sex=None, nhs_number="")
    records = [
        record("jump", "1", sex=Sex.FEMALE),
        bridge,
        record("impilo", "3", sex=Sex.MALE, nhs_number=""),
    ]
    people = group(records)
    assert [each.keys for each in people] == [(("impilo", "3"),), (("jhe", "2"),), (("jump", "1"),)]
    assert all(NoteKind.KEPT_APART in {note.kind for note in each.notes} for each in people)


def test_the_stronger_link_of_a_stopped_chain_stands() -> None:
    bridge = record("jhe", "2", sex=None)
    records = [record("jump", "1"), bridge, record("impilo", "3", sex=Sex.MALE, nhs_number="")]
    assert keys(records) == [(("impilo", "3"),), (("jhe", "2"), ("jump", "1"))]


def test_families_twins_and_conflicts_stay_apart_with_a_note() -> None:
    records = [
        record("jump", "1"),
        record("jump", "2", given_name="Tom", nhs_number=OTHER_VALID_NHS, sex=Sex.MALE),
        record("impilo", "3", **{**BLANK, "nhs_number": "9434765919"}, given_name="Joe", birth_date=JULY),
    ]
    people = {each.keys[0][1]: {note.kind for note in each.notes} for each in group(records)}
    assert people["1"] == {NoteKind.IDENTIFIER_CONFLICT, NoteKind.FAMILY}
    assert people["2"] == {NoteKind.FAMILY}
    assert people["3"] == {NoteKind.IDENTIFIER_CONFLICT}


def test_a_record_given_twice_is_taken_once_and_in_full() -> None:
    short = record("jump", "1", complete=False, **BLANK)
    (people,) = group([short, record("jump", "1"), short])
    assert people.records == (record("jump", "1"),)


def variants(system: str) -> st.SearchStrategy[RemotePatient]:
    return st.builds(
        record,
        system=st.just(system),
        number=st.sampled_from("12345"),
        given_name=st.sampled_from(["Anne", "Ann", "Tom", "A", ""]),
        family_name=st.sampled_from(["Smith", "Smith-Jones", "Jones", ""]),
        birth_date=st.sampled_from([date(1980, 4, 3), date(1980, 3, 4), STAND_IN, None]),
        sex=st.sampled_from([Sex.FEMALE, Sex.MALE, Sex.UNKNOWN, None]),
        nhs_number=st.sampled_from(["9434765919", OTHER_VALID_NHS, "9434765918", ""]),
        email=st.sampled_from(["anne.smith@home.test", ""]),
        phones=st.sampled_from([(Phone(number="07700 900123"),), ()]),
        status=st.sampled_from([RecordStatus.ACTIVE, RecordStatus.MERGED]),
    )


RECORDS = st.one_of(variants("jump"), variants("jhe"), variants("impilo"))


@given(st.lists(RECORDS, max_size=8), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_groups_are_a_partition_and_do_not_depend_on_order(records: list[RemotePatient], chance: Any) -> None:
    people = group(records)
    shown = [key for each in people for key in each.keys]
    assert sorted(shown) == sorted({(each.system, each.id) for each in records})
    chance.shuffle(records)
    assert group(records) == people


@given(st.lists(RECORDS, max_size=8))
@settings(deadline=None)
def test_no_group_holds_a_contradiction(records: list[RemotePatient]) -> None:
    for people in group(records):
        assert not any(judgement.contradictions for judgement in people.judgements.values())


@given(RECORDS, RECORDS)
@settings(deadline=None)
def test_judge_is_symmetric(one: RemotePatient, other: RemotePatient) -> None:
    if (one.system, one.id) != (other.system, other.id):
        assert judge(one, other) == judge(other, one)


def test_every_order_of_a_stopped_chain_gives_the_same_groups() -> None:
    records = [
        record("jump", "1"),
        record("jhe", "2", sex=None, nhs_number=""),
        record("impilo", "3", sex=Sex.MALE),
    ]
    assert len({group(order) == group(records) for order in permutations(records)}) == 1


def namesake(system: str, number: int) -> RemotePatient:
    """One of many Anne Smiths, in families of four, each with a number, mailbox and phone of her own."""
    return record(
        system,
        f"{number}",
        birth_date=date(1950 + number, 1 + number % 12, 3),
        nhs_number="",
        email=f"anne{number}@home.test",
        phones=(Phone(number=f"07700 9001{number // 4:02d}"),),
        address=Address(lines=(f"{number // 4} High Street",), postcode="LS6 2AB"),
    )


def test_grouping_sixty_records_is_quick() -> None:
    records = [namesake(system, number) for system in ("jump", "jhe", "impilo") for number in range(20)]
    assert len(group(records)) == 20
    times = []
    for _ in range(3):
        start = time.process_time()
        group(records)
        times.append(time.process_time() - start)
    assert min(times) < 0.05
