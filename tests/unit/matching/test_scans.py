"""What barcode scanners type: NHS numbers with the marks of their codes, wristbands, labels."""

from __future__ import annotations

from datetime import date

import pytest

from integrations.types import SearchQuery
from patients.matching.query import Understood, understand

NHS = "9998199336"
BAND = "505089899981993367"  # seven digits of the issuer, the NHS number, a check digit
MAY = date(1997, 5, 23)


def read(text: str) -> Understood:
    return understand(text, date_order="DMY", country="GB", today=date(2026, 11, 21))


@pytest.mark.parametrize(
    "typed",
    [
        NHS,
        f"]C0{NHS}",
        f"*{NHS}*",
        f"%{NHS}?",
        f"N{NHS}",
        f"NHS{NHS}",
        f"(8018){BAND}",
        f"]d2(8018){BAND}(91)RTD(92)BROWN(93)Shanice(94)23-May-1997",
        f"]d28018{BAND}\x1d91RTD12\x1d92BROWN",
    ],
)
def test_scanned_nhs_number_is_all_that_is_looked_up(typed: str) -> None:
    understood = read(typed)
    assert understood.to_query() == SearchQuery(nhs_number=NHS)
    assert "".join(piece.typed for piece in understood.pieces) == typed


@pytest.mark.parametrize("typed", [f"(8018){BAND[:-1]}8", "(8018)505089899981993376", "X1234567890"])
def test_scan_whose_digits_do_not_check_is_not_taken_for_a_number(typed: str) -> None:
    assert read(typed).to_query().nhs_number == ""


@pytest.mark.parametrize(
    "typed",
    [
        "BROWN^Shanice^^^MS 19970523 F",
        "BROWN, Shanice DOB 23-May-1997 F",
        "Surname: BROWN Forename: Shanice Born: 23-May-1997",
    ],
)
def test_label_text_says_which_name_is_which(typed: str) -> None:
    query = read(typed).to_query()
    assert (query.family_name, query.given_name, query.birth_dates[0]) == ("BROWN", "Shanice", MAY)


def test_two_dimensional_label_is_read_field_by_field() -> None:
    query = read(f"{NHS}|BROWN|SHANICE|19970523|F").to_query()
    assert query == SearchQuery(words=("BROWN", "SHANICE"), birth_dates=(MAY,), nhs_number=NHS)
