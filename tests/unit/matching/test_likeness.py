"""Given names that may be one, mailboxes that bear one, and homes that are one."""

from __future__ import annotations

import pytest

from integrations.types import Address, Demographics
from patients.matching.compared import compared
from patients.matching.levels import names_levels, place_level
from patients.matching.likeness import (
    Likeness,
    given_likeness,
    is_named_in_mailbox,
    is_one_family_name,
    is_one_home,
    is_short_form,
)

ONE, PERHAPS, OTHER = Likeness.ONE, Likeness.PERHAPS, Likeness.OTHER


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        ("Ronald", "Ronald", ONE),
        ("Pwt", "Pat", ONE),
        ("Jei", "Jie", ONE),
        ("Xueemei", "Xooemei", ONE),
        ("Md", "Mohammed", ONE),
        ("Beth", "Elizabeth", ONE),
        ("Nick", "Niholas", ONE),
        ("Mohd", "Moammed", ONE),
        ("Alan", "Laan Andrew", ONE),
        ("Sal", "Sarah", ONE),
        ("Basia", "Barbara", ONE),
        ("C", "Charlotte", PERHAPS),
        ("Darren", "Mark Darren", PERHAPS),
        ("Maria", "Marjorie", PERHAPS),
        ("Zofia", "Anna", OTHER),
        ("Jo", "Al", OTHER),
        ("", "Anna", OTHER),
    ],
)
def test_given_names(one: str, other: str, wanted: Likeness) -> None:
    first, second = (compared(Demographics(given_name=name, family_name="Nowak")) for name in (one, other))
    given, _ = names_levels(first, second)
    back, _ = names_levels(second, first)

    assert given_likeness(first, second, given) is wanted
    assert given_likeness(second, first, back) is wanted


@pytest.mark.parametrize(
    ("middle", "preferred", "wanted"), [("Teresa", "", PERHAPS), ("", "Teresa", PERHAPS), ("", "", OTHER)]
)
def test_slip_in_a_name_that_is_not_the_first(middle: str, preferred: str, wanted: Likeness) -> None:
    held = Demographics(
        given_name="Helen", middle_name=middle, preferred_name=preferred, family_name="Thrailkill"
    )
    one, other = compared(Demographics(given_name="Teres", family_name="Thrailkill")), compared(held)

    assert given_likeness(one, other, names_levels(one, other)[0]) is wanted


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [("Fox", "Fix", True), ("Nnanley", "Manley", True), ("Du", "Li", False), ("Nowak", "Mwangi", False)],
)
def test_family_names(one: str, other: str, wanted: bool) -> None:
    first, second = (compared(Demographics(given_name="Tom", family_name=name)) for name in (one, other))

    assert is_one_family_name(first, second, names_levels(first, second)[1]) is wanted


def test_short_form_is_one_word_and_much_shorter() -> None:
    assert not is_short_form("david", "win david")
    assert not is_short_form("joan", "joann")
    assert not is_short_form("m", "mohammed")


@pytest.mark.parametrize(
    ("given", "email", "wanted"),
    [
        ("barbara", "clark.barbara1@example.org", True),
        ("mary jane", "maryjane@example.org", True),
        ("barbara", "j.clark@barbara.example.org", False),
        ("ann", "joanna@example.org", False),
        ("", "joanna@example.org", False),
    ],
)
def test_mailboxes(given: str, email: str, wanted: bool) -> None:
    assert is_named_in_mailbox(given, email) is wanted


@pytest.mark.parametrize(
    ("line", "wanted"),
    [("14 Cedar Rd", True), ("14 Ceder Road", True), ("16 Cedar Road", False), ("14a Cedar Road", False)],
)
def test_neighbours_do_not_live_in_one_home(line: str, wanted: bool) -> None:
    one, other = (
        compared(Demographics(address=Address(lines=(each,), postcode="LS6 1AA")))
        for each in ("14 Cedar Road", line)
    )

    assert is_one_home(one, other, place_level(one, other)) is wanted
