"""What is compared: names, dates, numbers and contact details in one form."""

from datetime import date

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from integrations.types import Address
from patients.matching import contact, dates, names, numbers, text


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("O'Neill", "oneill"),
        ("O’NEILL", "oneill"),
        ("Smith-Jones", "smith jones"),
        ("  Zoë   Müller ", "zoe muller"),
        ("Łukasz", "lukasz"),
        ("王小明", "wangxiaoming"),
        ("محمد علي", "mhmd ly"),
        ("Дмитрий", "dmitriy"),
        ("ع", "u639"),
        ("St. John", "st john"),
        ("", ""),
        (" - ", ""),
    ],
)
def test_fold(typed: str, folded: str) -> None:
    assert names.fold(typed) == folded


@given(st.text())
@example("ʻ")
@example("ª")
@settings(deadline=None)
def test_fold_is_idempotent_and_never_empties_a_name_with_letters(typed: str) -> None:
    folded = names.fold(typed)
    assert names.fold(folded) == folded
    assert bool(folded) or not any(character.isalnum() for character in typed)


@given(st.text())
@example("῀``")
@settings(deadline=None)
def test_every_other_normalising_is_idempotent(typed: str) -> None:
    for normalise in (
        text.plain,
        numbers.nhs_digits,
        contact.compared_email,
        contact.compared_phone,
        contact.compared_postcode,
        lambda line: contact.compared_lines((line,)),
        contact.read_email,
    ):
        assert normalise(normalise(typed)) == normalise(typed)


@pytest.mark.parametrize(
    ("surname", "parts"),
    [
        ("Smith-Jones", ("smith", "jones")),
        ("van der Berg", ("van der berg",)),
        ("Lopez de la Vega", ("lopez", "de la vega")),
        ("O'Neill Brown", ("oneill", "brown")),
        ("Van", ("van",)),
        ("", ()),
    ],
)
def test_surname_parts(surname: str, parts: tuple[str, ...]) -> None:
    assert names.surname_parts(surname) == parts


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        (("Mrs", "Anne", "Smith"), ("Anne", "Smith")),
        (("Dean", "Martin"), ("Dean", "Martin")),
        (("Dr.", "King"), ("King",)),
        (("Master",), ("Master",)),
        (("John", "Smith", "Jr"), ("John", "Smith")),
        (("Prof", "Sir", "John", "Bell", "OBE"), ("John", "Bell")),
    ],
)
def test_strip_titles_leaves_names_that_look_like_titles(
    words: tuple[str, ...], kept: tuple[str, ...]
) -> None:
    assert names.strip_titles(words) == kept


@pytest.mark.parametrize(
    ("full", "given_name", "family"),
    [
        ("Dr Anne van der Berg", "Anne", "van der Berg"),
        ("Berg, Anne", "Anne", "Berg"),
        ("Dean Martin", "Dean", "Martin"),
        ("Madonna", "Madonna", ""),
        ("", "", ""),
    ],
)
def test_split_full_name(full: str, given_name: str, family: str) -> None:
    parts = names.split_full_name(full)
    assert (parts.given, parts.family) == (given_name, family)


def test_nicknames_have_a_direction_and_share_no_root() -> None:
    assert names.short_for("Bill", "William")
    assert not names.short_for("Tom", "William")
    assert not names.short_for("Jack", "Ian")
    assert "elizabeth" in names.nickname_roots("Liz")
    assert names.short_for("Pippa", "Philippa")
    assert not names.short_for("Philippa", "Pippa")


@pytest.mark.parametrize(
    "typed", ["9434765919", "943 476 5919", "943-476-5919", "９４３ ４７６ ５９１９", "٩٤٣٤٧٦٥٩١٩"]
)
def test_nhs_number_in_any_spelling(typed: str) -> None:
    assert numbers.nhs_digits(typed) == "9434765919"
    assert numbers.is_valid_nhs(typed)
    assert numbers.show_nhs(typed) == "943 476 5919"


@pytest.mark.parametrize(
    "typed", ["9434765918", "943476591", "94347659190", "", "0000000000", "9999999999", "H943476591"]
)
def test_what_is_no_valid_nhs_number(typed: str) -> None:
    assert not numbers.is_valid_nhs(typed)


@pytest.mark.parametrize(
    ("typed", "full", "compared"),
    [
        ("07700 900123", "+447700900123", "7700900123"),
        ("+44 (0)7700 900123", "+447700900123", "7700900123"),
        ("0113 496 0000 ext 12", "+441134960000", "1134960000"),
        ("+1 (212) 555-0100", "+12125550100", "2125550100"),
        ("12345", "", ""),
        ("", "", ""),
    ],
)
def test_phone(typed: str, full: str, compared: str) -> None:
    assert contact.compared_phone(typed) == compared
    assert contact.e164(typed, "GB") == full


def test_phone_is_shown_in_home_or_international_form() -> None:
    assert contact.show_phone("+447700900123", "GB") == "07700 900123"
    assert contact.show_phone("+12125550100", "GB").startswith("+1 ")


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        (" Anne.Smith@Example.COM ", "anne.smith@example.com"),
        ("anne@clinic.test", "anne@clinic.test"),
        ("anne@clinic.example", "anne@clinic.example"),
        ("anne@clinic", ""),
        ("anne", ""),
        ("", ""),
    ],
)
def test_email(typed: str, read: str) -> None:
    assert contact.read_email(typed) == read


@pytest.mark.parametrize(
    ("typed", "code", "outward", "shown"),
    [
        ("ls6 2ab", "LS62AB", "LS6", "LS6 2AB"),
        ("SW1A1AA", "SW1A1AA", "SW1A", "SW1A 1AA"),
        ("bfpo 801", "BFPO801", "BFPO", "BFPO 801"),
        ("75001", "75001", "75001", "75001"),
        ("", "", "", ""),
    ],
)
def test_postcode(typed: str, code: str, outward: str, shown: str) -> None:
    assert contact.compared_postcode(typed) == code
    assert contact.outward(typed) == outward
    assert contact.show_postcode(typed) == shown


def test_address_lines_have_street_words_written_out() -> None:
    short = Address(lines=("Flat 2", "12 High St."))
    assert contact.compared_address(short) == "flat 2 12 high street"
    assert contact.compared_address(Address(lines=("St Mary's Rd",))) == "st marys road"
    assert contact.compared_address(None) == ""


def test_dates() -> None:
    assert dates.as_number(date(1980, 4, 3)) == 19800403
    assert dates.as_number(None) == 0
    assert dates.show(date(1980, 4, 3)) == "03-Apr-1980"
    assert dates.swapped(19800403) == 19800304
    assert dates.swapped(19800431) == dates.swapped(19800404) == 0


@pytest.mark.parametrize(
    ("number", "stand_in", "placeholder"),
    [(19000101, True, True), (19800101, False, True), (19800403, False, False)],
)
def test_placeholder_dates(number: int, stand_in: bool, placeholder: bool) -> None:
    assert dates.is_stand_in(number) is stand_in
    assert dates.is_placeholder(number) is placeholder
