"""How many others agree by chance: few where names are rare, many where they are not."""

from __future__ import annotations

import pytest

from patients.matching.chance import expected
from patients.matching.fields import Field
from patients.matching.levels import Level, Levels

RECORDS = 100_000


def levels(given: Level, family: Level, birth: Level) -> Levels:
    """These levels, and nothing else to compare."""
    return {Field.GIVEN_NAME: given, Field.FAMILY_NAME: family, Field.BIRTH_DATE: birth}


SAME_NAMES = levels(Level.EXACT, Level.EXACT, Level.TWO_PARTS)


def others(of: Levels = SAME_NAMES, *, given: int = 20, family: int = 20, **values: object) -> float:
    """How many, for names that so many of a hundred thousand have."""
    settings = {"records": RECORDS, "is_placeholder": False} | values
    return expected(of, given=given, family=family, **settings)  # type: ignore[arg-type]


def test_common_names_meet_by_chance_and_rare_ones_do_not() -> None:
    assert others(given=2_000, family=800) == pytest.approx(0.2, rel=0.1)
    assert others() < 0.0005
    assert others(given=2_000, family=2) > others()


@pytest.mark.parametrize("place", range(3))
def test_the_nearer_they_agree_the_fewer_there_are(place: int) -> None:
    nearest = [Level.EXACT, Level.EXACT, Level.EXACT]
    for farther in (Level.NEAR, Level.SIMILAR) if place < 2 else (Level.ONE_DIGIT, Level.TWO_PARTS):
        near, far = levels(*nearest), list(nearest)
        far[place] = farther
        assert others(levels(*far)) > others(near)
        nearest = far


def test_what_is_not_known_tells_nobody_from_anybody() -> None:
    unknown = levels(Level.MISSING, Level.EXACT, Level.MISSING)

    assert others(unknown, family=1_000) == pytest.approx(1_000, rel=0.01)


def test_first_of_january_is_many_peoples() -> None:
    same = levels(Level.EXACT, Level.EXACT, Level.EXACT)

    assert others(same, is_placeholder=True) > 100 * others(same)


def test_few_records_say_little_of_how_frequent_a_name_is() -> None:
    assert others(given=1, family=1, records=1) < 0.001
    assert others(given=40, family=40, records=41) > 0.01
