"""Edits that write one person over another, and those that do not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.writes import Details, Part
from patients.entering.overwriting import Reason, is_still_the_same_person
from tests.benchmarks.overlays import (
    LEAST_STOPPED,
    MOST_DISTURBED,
    Crowd,
    honest,
    judged,
    overlays,
)
from tests.benchmarks.population import TUNING_SEEDS, Population

FAMILY, GIVEN, BIRTH, NHS = Part.FAMILY_NAME, Part.GIVEN_NAME, Part.BIRTH_DATE, Part.NHS_NUMBER
ANNE = Details(given_name="Anne", family_name="Smith", birth_date=date(1980, 4, 3), nhs_number="401 023 2137")
OTHER_NUMBER = "943 476 5919"
DETAILS = st.builds(
    Details,
    given_name=st.text(max_size=10),
    family_name=st.text(max_size=10),
    birth_date=st.none() | st.dates(),
    nhs_number=st.text("0123456789", max_size=11),
)


@pytest.mark.parametrize(
    "values",
    [
        {"family_name": "Jones"},  # marriage
        {"family_name": "Jones", "birth_date": date(1980, 3, 4)},  # and a mended date
        {"family_name": "Smyth", "given_name": "Ann"},
        {"family_name": "Smyth", "birth_date": date(1980, 4, 8)},
        {"given_name": "Smith", "family_name": "Anne"},  # the right way round
        {"given_name": "Robert"},  # known as something else
        {"birth_date": date(1951, 12, 30)},
        {"nhs_number": OTHER_NUMBER},
        {"nhs_number": "401 023 2173", "given_name": "Ann"},
        {"nhs_number": ""},
        {"birth_date": None},
        {"birth_date": date(1981, 4, 3), "given_name": "Ann"},  # a year off
        {"email": "b@example.org", "phone": "07700 900123"},
        {"given_name": "ANNE", "family_name": "smith", "nhs_number": "4010232137"},
    ],
)
def test_mending_moving_and_marrying_are_left_alone(values: dict[str, object]) -> None:
    verdict = is_still_the_same_person(ANNE, replace(ANNE, **values))  # type: ignore[arg-type]
    assert not verdict.stops
    assert verdict.sentence == ""


@pytest.mark.parametrize(
    ("values", "replaced", "touched"),
    [
        ({"given_name": "Robert", "family_name": "Jones"}, (FAMILY, GIVEN), ()),
        ({"given_name": "Robert", "birth_date": date(2010, 12, 30)}, (GIVEN, BIRTH), ()),
        ({"family_name": "Jones", "birth_date": date(1951, 12, 30)}, (FAMILY, BIRTH), ()),
        ({"birth_date": date(1951, 12, 30), "nhs_number": OTHER_NUMBER}, (BIRTH, NHS), ()),
        ({"given_name": "Robert", "nhs_number": OTHER_NUMBER}, (GIVEN, NHS), ()),
        # a namesake, a twin: near, and not a typing error
        ({"given_name": "Anna", "birth_date": date(1951, 12, 30)}, (BIRTH,), (GIVEN,)),
        ({"given_name": "Anna", "nhs_number": OTHER_NUMBER}, (NHS,), (GIVEN,)),
        ({"birth_date": date(1951, 12, 30), "nhs_number": ""}, (BIRTH,), (NHS,)),
    ],
)
def test_another_person_is_stopped_and_what_was_replaced_is_named(
    values: dict[str, object], replaced: tuple[Part, ...], touched: tuple[Part, ...]
) -> None:
    verdict = is_still_the_same_person(ANNE, replace(ANNE, **values))  # type: ignore[arg-type]
    assert verdict.stops
    assert (verdict.replaced, verdict.touched) == (replaced, touched)
    assert Reason.CORRECTION in verdict.reasons


@pytest.mark.parametrize("unknown", [date(1900, 1, 1), date(1951, 1, 1)])
def test_birth_date_that_was_not_known_is_filled_in(unknown: date) -> None:
    before = replace(ANNE, birth_date=unknown, given_name="Ann")
    after = replace(ANNE, birth_date=date(1951, 12, 30))
    assert not is_still_the_same_person(before, after).stops


def test_sentence_names_what_changes() -> None:
    after = replace(ANNE, given_name="Robert", family_name="Jones", nhs_number=OTHER_NUMBER)
    said = is_still_the_same_person(ANNE, after).sentence
    assert said.startswith("This changes family name, given name and NHS number at once")


@pytest.mark.parametrize(
    ("values", "reasons"),
    [
        ({}, ()),
        ({"family_name": "Jones"}, tuple(Reason)),
        ({"given_name": "Robert"}, (Reason.CORRECTION, Reason.TRANSITION, Reason.ADOPTION)),
        (
            {"given_name": "Robert", "nhs_number": OTHER_NUMBER},
            (Reason.CORRECTION, Reason.TRANSITION, Reason.ADOPTION),
        ),
        ({"family_name": "Jones", "birth_date": date(1951, 12, 30)}, (Reason.CORRECTION,)),
    ],
)
def test_answers_offered_explain_all_that_was_replaced(
    values: dict[str, object], reasons: tuple[Reason, ...]
) -> None:
    verdict = is_still_the_same_person(ANNE, replace(ANNE, **values))  # type: ignore[arg-type]
    assert verdict.reasons == reasons
    assert all(reason.sentence.endswith(".") for reason in Reason)


@given(DETAILS, DETAILS)
@settings(deadline=None)
def test_any_two_are_judged_and_nothing_is_said_of_what_did_not_change(one: Details, other: Details) -> None:
    verdict = is_still_the_same_person(one, other)
    assert not set(verdict.replaced) & set(verdict.touched)
    assert all(getattr(one, part) != getattr(other, part) for part in (*verdict.replaced, *verdict.touched))
    assert not is_still_the_same_person(one, one).replaced
    assert bool(verdict.sentence) is verdict.stops
    assert not is_still_the_same_person(Details(), other).stops


@pytest.mark.slow
def test_figures_of_the_benchmark_hold_for_a_small_crowd() -> None:
    crowd, chance = Crowd(list(Population(records=12_000, seed=TUNING_SEEDS[-1]).people())), Random(7)  # noqa: S311 (repeats)
    assert judged(list(overlays(crowd, chance, 500)))["all"]["share"] >= LEAST_STOPPED
    assert judged(list(honest(crowd, chance, 1_000)))["all"]["share"] <= MOST_DISTURBED
