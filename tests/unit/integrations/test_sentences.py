"""Words put into sentences."""

from __future__ import annotations

import pytest

from integrations.sentences import listed


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], ""),
        (["name"], "name"),
        (["name", "e-mail"], "name and e-mail"),
        (["name", "birth date", "e-mail"], "name, birth date and e-mail"),
    ],
)
def test_listed_reads_as_a_sentence(words: list[str], sentence: str) -> None:
    assert listed(iter(words)) == sentence
