"""The made-up population: the same on every run, consistent, and as often wrong as it says."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

import pytest

from integrations.types import Sex
from patients.matching.names import compact
from tests.benchmarks.population import MOST_RECORDS, Asked, Known, Made, NameSlip, Population, queries
from tests.benchmarks.population.homes import HOMES_A_POSTCODE, home
from tests.benchmarks.population.identity import check_digit, nhs_numbers
from tests.benchmarks.population.person import Person
from tests.benchmarks.population.rates import TODAY

pytestmark = pytest.mark.slow  # reads whole lists of names
RECORDS = 12_000
GENERATION_DAYS = 17 * 365


@pytest.fixture(scope="module")
def people() -> list[Known]:
    return list(Population(records=RECORDS, seed=3).people())


@pytest.fixture(scope="module")
def made() -> list[Made]:
    return list(Population(records=RECORDS, seed=3))


@pytest.fixture(scope="module")
def asked() -> list[Asked]:
    return list(queries(Population(records=RECORDS, seed=3), seed=5, each_origin=150))


def _homes(people: list[Known]) -> dict[int, list[Person]]:
    homes: dict[int, list[Person]] = defaultdict(list)
    for known in people:
        homes[known.person.household].append(known.person)
    return homes


def _share(counted: int, among: int) -> float:
    return counted / among


def test_population_same_seed_same_people(made: list[Made]) -> None:
    assert list(Population(records=RECORDS, seed=3)) == made
    assert list(Population(records=50, seed=4)) != made[:50]


def test_population_has_as_many_records_as_asked_for(made: list[Made]) -> None:
    assert len(made) == RECORDS
    assert len({(each.record.system, each.record.id) for each in made}) == RECORDS


def test_population_beyond_the_nhs_numbers_is_refused() -> None:
    with pytest.raises(ValueError, match="NHS numbers"):
        Population(records=MOST_RECORDS + 1, seed=1)


def test_records_hold_what_their_system_has(made: list[Made]) -> None:
    for each in made:
        about = each.record.demographics
        if each.record.system != "jump":
            assert not about.nhs_number
            assert not about.middle_name
            assert len(about.phones) <= 1
        if each.record.system == "jhe":
            assert about.sex is None
            assert about.address is None
            assert about.email
        if each.record.system == "impilo":
            assert about.given_name
            assert about.family_name


def test_jhe_emails_are_unique(made: list[Made]) -> None:
    emails = [each.record.demographics.email.lower() for each in made if each.record.system == "jhe"]
    assert len(set(emails)) == len(emails)


def test_nhs_numbers_are_synthetic_and_mostly_valid(made: list[Made]) -> None:
    jump = [each.record.demographics.nhs_number for each in made if each.record.system == "jump"]
    held = [number for number in jump if number]
    valid = [number for number in held if check_digit(number[:9]) == int(number[9])]
    assert all(len(number) == 10 and number.startswith("999") for number in held)
    assert 0.03 < 1 - _share(len(held), len(jump)) < 0.08
    assert 0.98 < _share(len(valid), len(held)) < 1


def test_check_digit_of_a_known_number() -> None:
    assert check_digit("943476591") == 9


def test_nhs_numbers_come_once_each() -> None:
    numbers = [number for number, _ in zip(nhs_numbers(7), range(20_000), strict=False)]
    assert len(set(numbers)) == 20_000
    assert all(check_digit(number[:9]) == int(number[9]) for number in numbers)


def test_children_are_younger_than_their_parents(people: list[Known]) -> None:
    for members in _homes(people).values():
        children = [member for member in members if (TODAY - member.birth_date).days < 17 * 365]
        elders = [member for member in members if (TODAY - member.birth_date).days >= 2 * 17 * 365]
        for child in children:
            assert members[0] is not child
            assert all((child.birth_date - elder.birth_date).days >= GENERATION_DAYS for elder in elders)


def test_twins_share_birth_date_and_family_name(people: list[Known]) -> None:
    twins = []
    for members in _homes(people).values():
        twins += [
            (one, other)
            for at, one in enumerate(members)
            for other in members[at + 1 :]
            if one.birth_date == other.birth_date and (TODAY - one.birth_date).days < 24 * 366
        ]
    children = sum((TODAY - known.person.birth_date).days < 24 * 366 for known in people)
    assert 0.005 < _share(len(twins), children) < 0.03
    for one, other in twins:
        assert one.given != other.given
        assert one.surname[:4] == other.surname[:4] or one.sex is not other.sex


def test_some_children_bear_a_parents_name(people: list[Known]) -> None:
    namesakes = 0
    for members in _homes(people).values():
        names = [(member.given, member.surname) for member in members]
        namesakes += len(names) - len(set(names))
    assert 0.001 < _share(namesakes, len(people)) < 0.03


def test_families_share_mailboxes_and_phones(people: list[Known]) -> None:
    homes = [members for members in _homes(people).values() if len(members) > 2]
    mailboxes = sum(len({member.email for member in members}) < len(members) for members in homes)
    phones = sum(len({member.mobile for member in members}) < len(members) for members in homes)
    assert _share(mailboxes, len(homes)) > 0.4
    assert _share(phones, len(homes)) > 0.4


def test_about_fifteen_homes_share_a_postcode() -> None:
    homes: dict[str, int] = defaultdict(int)
    for number in range(60_000):
        homes[home(number).postcode] += 1
    assert max(homes.values()) == HOMES_A_POSTCODE


def test_neighbours_have_different_addresses() -> None:
    places = [home(number).address() for number in range(5_000)]
    assert len({(place.lines, place.postcode) for place in places}) == len(places)


def test_records_err_as_often_as_the_rates_say(people: list[Known]) -> None:
    records = [(known.person, copy) for known in people for copy in known.copies]
    born = sum(copy.record.demographics.birth_date != person.birth_date for person, copy in records)
    spelt = sum(copy.record.demographics.family_name != copy.surname for _, copy in records)
    placeholder = sum(copy.record.demographics.birth_date == date(1900, 1, 1) for _, copy in records)
    assert 0.015 < _share(born, len(records)) < 0.04
    assert 0.04 < _share(spelt, len(records)) < 0.14
    assert 0 < _share(placeholder, len(records)) < 0.005


def test_every_origin_has_people_of_both_sexes(people: list[Known]) -> None:
    seen = {(known.person.origin, known.person.sex) for known in people}
    assert len(seen) == 14
    assert {sex for _, sex in seen} == {Sex.FEMALE, Sex.MALE}


def test_some_people_have_two_records_in_one_system(people: list[Known]) -> None:
    twice = sum(len({copy.record.system for copy in known.copies}) < len(known.copies) for known in people)
    assert 0.012 < _share(twice, len(people)) < 0.03


def test_queries_come_in_threes_for_every_origin(asked: list[Asked]) -> None:
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for each in asked:
        stage = "right" if each.date_error is None else "third" if each.third else "wrong"
        counts[each.origin, stage] += 1
    assert len(counts) == 21
    assert set(counts.values()) == {150}


def test_every_query_differs_from_every_name_held(asked: list[Asked], people: list[Known]) -> None:
    by_number = {known.person.number: known for known in people}
    for each in asked:
        typed = "".join(compact(word) for word in each.query.words)
        for copy in by_number[each.person].copies:
            about = copy.record.demographics
            given, family = compact(about.given_name), compact(about.family_name)
            assert typed != given + family
            assert each.name_error is NameSlip.SWAPPED or typed != family + given


def test_query_dates_and_details_are_right_or_wrong_as_said(asked: list[Asked], people: list[Known]) -> None:
    by_number = {known.person.number: known for known in people}
    for each in asked:
        known = by_number[each.person]
        assert (each.query.birth_dates[0] == known.person.birth_date) == (each.date_error is None)
        assert each.query.birth_dates[0] <= TODAY
        given = [name for name in ("postcode", "phone", "email") if getattr(each.query, name)]
        assert given == ([each.third.value] if each.third else [])
        if each.query.email:
            assert any(copy.record.demographics.email == each.query.email for copy in known.copies)


def test_every_kind_of_error_is_asked(asked: list[Asked]) -> None:
    assert {each.name_error for each in asked} == set(NameSlip)


def test_queries_same_seed_same_queries(asked: list[Asked]) -> None:
    again = queries(Population(records=RECORDS, seed=3), seed=5, each_origin=150)
    assert list(again) == asked
