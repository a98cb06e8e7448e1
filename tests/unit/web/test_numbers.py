"""Numbers that anybody can write."""

from __future__ import annotations

import pytest

from portal.web.numbers import whole_number


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("7", 7), ("120", 120), ("121", None), ("007", 7), ("-1", None), ("", None), (None, None)],
)
def test_number_is_read_up_to_the_most(text: str | None, number: int | None) -> None:
    assert whole_number(text, most=120) == number


@pytest.mark.parametrize("text", ["9" * 5000, "१२", "²", "1 2", "1e3"])
def test_anything_else_is_no_number(text: str) -> None:
    assert whole_number(text, most=10_000_000) is None
