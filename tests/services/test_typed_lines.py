"""Lines as staff type, paste and scan them, each among the 121 people of the test data.

The same lines in an index of 100,000 are ``make bench-typed``.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from patients.models import OwnRoles
from patients.services import index, suggesting, visibility
from patients.services.understanding import Asked, read
from portal.accounts.models import User
from tests.typed import LINES, NEAR, ORGANIZATION, PEOPLE, lines_of, rank_of, records_of

TYPED_ON = "2026-11-21"  # years of two digits are read as past on this day

pytestmark = pytest.mark.django_db


@pytest.fixture
def looker(reader: User) -> User:
    """A reader who holds a role in the organization of the people in JHE."""
    kept = timezone.now() + timedelta(days=365)
    OwnRoles.objects.create(user=reader, system="jhe", organizations=[ORGANIZATION], read_at=kept)
    return reader


@pytest.mark.slow
@time_machine.travel(TYPED_ON)
def test_typed_line_finds_the_person_meant_within_the_first_three(looker: User) -> None:
    people = records_of(PEOPLE)
    index.store(record for each in people.values() for record in each)
    reach = visibility.reach_of(looker)
    missed = []
    for line in lines_of(LINES):
        shown = suggesting.suggest(
            read(Asked(text=line.text)).to_query(), run=str(line.number), by=looker, reach=reach
        ).people
        rank = rank_of(people[line.expected], shown)
        if rank is None or rank >= NEAR:
            missed.append(line.number)
    assert missed == []


def test_lines_name_people_of_the_file_and_numbers_are_sound() -> None:
    people = records_of(PEOPLE)
    lines = lines_of(LINES)
    assert len(lines) == len({line.text for line in lines}) == 200
    assert {line.expected for line in lines} == set(people)
    numbers = [each.demographics.nhs_number for some in people.values() for each in some]
    held = [number for number in numbers if number]
    assert len(held) == len(set(held))
    assert all(number.startswith("999") for number in held)
