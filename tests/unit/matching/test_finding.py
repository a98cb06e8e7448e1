"""Which keys a look-up asks for."""

from __future__ import annotations

from datetime import date

import pytest

from integrations.types import Demographics, SearchQuery
from patients.matching.compared import compared
from patients.matching.finding import asked_keys, keys_if_short
from patients.matching.keys import Kind, lookup_keys, matching_keys

BORN = date(1974, 3, 12)
HELD = compared(Demographics(given_name="Aoife", family_name="Al-Masri", birth_date=BORN))


@pytest.mark.parametrize(
    "words", [("aoife", "xlmasri"), ("xoife", "al", "masri"), ("masri", "aoife"), ("efa", "al", "masri")]
)
def test_date_with_one_name_leads_to_the_person_without_the_date_alone(words: tuple[str, ...]) -> None:
    query = SearchQuery(words=words, birth_dates=(BORN,))
    held = {*matching_keys(HELD), *lookup_keys(HELD)}
    shared = asked_keys(query).keys() & held - keys_if_short(query)
    assert any(key.kind is not Kind.NAMES for key in shared)


def test_date_alone_or_beside_one_word_leads_to_everybody_born_then() -> None:
    for words in ((), ("aoife",)):
        query = SearchQuery(words=words, birth_dates=(BORN,))
        assert any(key.kind is Kind.BIRTH for key in asked_keys(query))
        assert not keys_if_short(query)


def test_namesakes_are_read_the_less_the_more_was_typed() -> None:
    name = ("john", "smith")
    alone = asked_keys(SearchQuery(words=name))
    dated = asked_keys(SearchQuery(words=name, birth_dates=(BORN,)))
    (key,) = (each for each in alone if each.kind is Kind.TWO_WORDS)
    assert dated[key] < alone[key]
