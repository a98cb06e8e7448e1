"""The look-up box: what is typed, and what it is understood to be."""

import time
from datetime import date

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from integrations.types import SearchQuery, Term
from patients.matching.query import LONGEST_LINE, Understood, understand
from patients.matching.typed_fields import TypedFields, understand_fields

TODAY = date(2026, 11, 21)
IDS = {"jump": r"pat_\w+|[0-9a-f]{8}-[0-9a-f-]{27}", "jhe": r"4\d{4}", "impilo": ""}
APRIL, MARCH = date(1980, 4, 3), date(1980, 3, 4)


def read(text: str, date_order: str = "DMY", country: str = "GB") -> Understood:
    return understand(text, date_order=date_order, country=country, today=TODAY, id_patterns=IDS)


def warnings(understood: Understood) -> list[str]:
    return [tag.warning for tag in understood.tags if tag.warning]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("smith", SearchQuery(words=("smith",))),
        ("LL-014", SearchQuery(study_number="LL-014")),
        ("ll-014 smith", SearchQuery(study_number="ll-014", words=("smith",))),
        ("BP-02-0014", SearchQuery(study_number="BP-02-0014")),
        ("smith apr-80", SearchQuery(words=("smith", "apr"))),
        ("john smith 3/4/80", SearchQuery(words=("john", "smith"), birth_dates=(APRIL, MARCH))),
        (
            "Smith, Anne 943 476 5919",
            SearchQuery(
                words=("Smith", "Anne"), family_name="Smith", given_name="Anne", nhs_number="9434765919"
            ),
        ),
        ("SMITH Anne", SearchQuery(words=("SMITH", "Anne"), family_name="SMITH", given_name="Anne")),
        (
            "anne SMITH-JONES",
            SearchQuery(words=("anne", "SMITH-JONES"), family_name="SMITH-JONES", given_name="anne"),
        ),
        ("McDONALD Ann", SearchQuery(words=("McDONALD", "Ann"), family_name="McDONALD", given_name="Ann")),
        ("ANNE SMITH", SearchQuery(words=("ANNE", "SMITH"))),
        ("JP Smith", SearchQuery(words=("JP", "Smith"))),
        ("Mrs Anne Smith", SearchQuery(words=("Anne", "Smith"))),
        ("John Smith, Jr", SearchQuery(words=("John", "Smith"))),
        ("Smith, Mrs Anne", SearchQuery(words=("Smith", "Anne"), family_name="Smith", given_name="Anne")),
        ("O’Neill", SearchQuery(words=("O'Neill",))),
        ("Max Born", SearchQuery(words=("Max", "Born"))),
        ("April Smith 3/4/80", SearchQuery(words=("April", "Smith"), birth_dates=(APRIL, MARCH))),
        ("محمد علي ٩٤٣٤٧٦٥٩١٩", SearchQuery(words=("محمد", "علي"), nhs_number="9434765919")),
        ("王小明 1980-04-03", SearchQuery(words=("王小明",), birth_dates=(APRIL,))),
        ("Ａｎｎｅ ９４３４７６５９１９", SearchQuery(words=("Anne",), nhs_number="9434765919")),
        (
            "\u200bAnne\u200f Sm\u200bith\u00a03 Apr 80",
            SearchQuery(words=("Anne", "Smith"), birth_dates=(APRIL,)),
        ),
        ("“Anne Smith” (3 Apr 1980)", SearchQuery(words=("Anne", "Smith"), birth_dates=(APRIL,))),
        ("anne@clinic.test 030480", SearchQuery(email="anne@clinic.test", birth_dates=(APRIL, MARCH))),
        ("Anne@Clinic.EXAMPLE.", SearchQuery(email="anne@clinic.example")),
        ("07700 900123", SearchQuery(phone="07700 900123")),
        ("+44 (0)7700 900123", SearchQuery(phone="+44 (0)7700 900123")),
        ("(0113) 496-0000", SearchQuery(phone="(0113) 496-0000")),
        ("077009", SearchQuery(phone="077009")),
        ("smith 0123", SearchQuery(words=("smith",), phone="0123")),
        ("00123 smith", SearchQuery(words=("smith",), phone="00123")),
        ("smith 900759", SearchQuery(words=("smith",), phone="900759")),
        ("smith 0123 1980-04-03", SearchQuery(words=("smith",), phone="0123", birth_dates=(APRIL,))),
        ("030480 07700 900123", SearchQuery(birth_dates=(APRIL, MARCH), phone="07700 900123")),
        (
            "3 4 80 943 476 5919 07700 900123",
            SearchQuery(birth_dates=(APRIL, MARCH), nhs_number="9434765919", phone="07700 900123"),
        ),
        ("07700900123 9434765919", SearchQuery(phone="07700900123", nhs_number="9434765919")),
        ("ls62ab smith", SearchQuery(words=("smith",), postcode="LS62AB")),
        ("smith LS6", SearchQuery(words=("smith",), postcode="LS6")),
        ("pat_01HABC", SearchQuery(record_id="pat_01HABC", record_system="jump")),
        ("ref_01HABC", SearchQuery(record_id="ref_01HABC")),
        ("JUMP:8c1d-22", SearchQuery(record_id="8c1d-22", record_system="jump")),
        ("jhe:40006", SearchQuery(record_id="40006", record_system="jhe")),
        ("impilo: 123", SearchQuery(record_id="123", record_system="impilo")),
        ("id 123", SearchQuery(record_id="123")),
        ("40006", SearchQuery(record_id="40006", record_system="jhe")),
        ("50006", SearchQuery(record_id="50006")),
        (
            "123e4567-e89b-12d3-a456-426614174000",
            SearchQuery(record_id="123e4567-e89b-12d3-a456-426614174000", record_system="jump"),
        ),
        ("tel 4960000", SearchQuery(phone="4960000")),
        ("447700900123", SearchQuery(phone="+447700900123")),
        ("T: 0770090", SearchQuery(phone="0770090")),
        ("jhe 40006", SearchQuery(record_id="40006", record_system="jhe")),
        ("DOB:03041980NHS:9434765919", SearchQuery(birth_dates=(APRIL, MARCH), nhs_number="9434765919")),
        ("3 4 80 Anne Hill", SearchQuery(words=("Anne", "Hill"), birth_dates=(APRIL, MARCH))),
        ("Anne Smith b. 3 Apr 80", SearchQuery(words=("Anne", "Smith"), birth_dates=(APRIL,))),
        ("re: Anne Smith", SearchQuery(words=("Anne", "Smith"))),
        ("", SearchQuery()),
        (" \t;,\u200b", SearchQuery()),
    ],
)
def test_a_line_is_understood(typed: str, expected: SearchQuery) -> None:
    assert read(typed).to_query() == expected


@pytest.mark.parametrize(
    "typed",
    [
        "Name: Anne Smith\tDOB: 3 Apr 1980; NHS No: 943 476 5919 Tel: 07700 900123 Email: Anne@Clinic.test "
        "Address 12 High Street, Leeds LS6 2AB",
        "NHS number - 943 476 5919\nPatient name: Anne Smith\nD.O.B. 03-Apr-1980\nMobile: 07700 900123\n"
        "mailto:anne@clinic.test\nPostcode: LS6 2AB\nGP: Dr Jones\nReason: cough since 2020",
        '"Anne Smith","3rd April 1980",9434765919|07700 900123|anne@clinic.test|LS6 2AB',
    ],
)
def test_a_pasted_referral_line_is_understood(typed: str) -> None:
    query = read(typed).to_query()
    assert query == SearchQuery(
        words=("Anne", "Smith"),
        birth_dates=(APRIL,),
        nhs_number="9434765919",
        email="anne@clinic.test",
        phone="07700 900123",
        postcode="LS62AB",
    )


def test_labels_say_which_name_is_which() -> None:
    query = read("Surname: Smith\nFirst name: Anne Marie").to_query()
    assert (query.family_name, query.given_name) == ("Smith", "Anne Marie")


@pytest.mark.parametrize(
    "typed",
    [
        "3/4/80", "03.04.1980", "1980-04-03", "3 Apr 1980", "Apr 3 1980", "3rd April 1980", "030480",
        "03041980", "born 3/4/80", "DOB: 03-Apr-1980", "d.o.b. 3.4.80", "Thursday, 3 April '80", "19800403",
        "3 / 4 / 1980", "3 4 1980", "80-04-03", "April 1980, 3rd", "3rd of April 1980",
    ],
)  # fmt: skip
def test_birth_dates_in_any_usual_form(typed: str) -> None:
    assert read(typed).to_query().birth_dates[0] == APRIL


def test_an_ambiguous_date_follows_the_order_and_keeps_the_other() -> None:
    british, american = read("3/4/80").tags[0], read("4/3/80", date_order="MDY").tags[0]
    assert british.reading == american.reading == "born 03-Apr-1980"
    assert british.alternatives == american.alternatives == ("born 04-Mar-1980",)
    assert read("80/4/3", date_order="YMD").to_query().birth_dates == (APRIL,)


def test_a_date_that_fits_only_the_other_order_says_so() -> None:
    tag = read("12/31/79").tags[0]
    assert tag.dates == (date(1979, 12, 31),)
    assert "only be read this way" in tag.note


def test_two_digit_years_are_past_and_hundred_year_olds_are_thought_of() -> None:
    assert read("22/11/26").to_query().birth_dates == (date(1926, 11, 22),)
    recent = read("21/11/26").tags[0]
    assert recent.dates == (TODAY,)
    assert "1926" in recent.note


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("31/02/1980", "31/02/1980 is not a date: check day, month and year."),
        ("30/2/05", "30/2/05 is not a date: check day, month and year."),
        ("3 Apr 2030", "03-Apr-2030 is in the future: check the year."),
        ("3/4/1885", "03-Apr-1885 is before 1890: check the year."),
        ("943 476 5918", "Not a valid NHS number: check the digits."),
        ("943476591", "9 digits: too short for an NHS number."),
        ("943476591912", "12 digits: too long for an NHS number."),
        ("NHS no 943 476", "6 digits: too short for an NHS number."),
        ("anne@clinic", "Not a whole e-mail address: type it like name@place.uk."),
    ],
)
def test_what_is_wrong_is_said(typed: str, said: str) -> None:
    assert warnings(read(typed)) == [said]


def test_a_wrong_check_digit_is_still_searched_for_but_a_wrong_length_is_not() -> None:
    assert read("943 476 5918").to_query().nhs_number == "9434765918"
    assert not read("943 476 59191").is_searchable


def test_ten_digits_that_could_be_a_phone_say_so() -> None:
    number = read("0123456782")
    assert [tag.kind for tag in number.tags] in ([Term.NHS_NUMBER], [Term.PHONE])
    assert number.tags[0].note
    assert read("Tel: 0123456782").tags[0].kind is Term.PHONE
    assert read("NHS: 0123456782").tags[0].kind is Term.NHS_NUMBER


def test_a_second_of_a_kind_is_set_aside() -> None:
    understood = read("9434765919 9434765870")
    assert understood.to_query().nhs_number == "9434765919"
    assert [tag.used for tag in understood.tags] == [True, False]


@pytest.mark.parametrize(
    ("typed", "left"),
    [
        ("anne 1980", ["1980"]),
        ("DOB: unknown", ["unknown"]),
        ("GP: Dr Jones", ["Dr", "Jones"]),
        ("Address: 12 High Street", ["12 High Street"]),
        ("anne 46y", ["46y"]),
        ("find anne", ["find"]),
        ("Anne, 12 High Street, Leeds, LS6 2AB", ["12 High Street, Leeds"]),
        ("SMITH, ANNE (MRS)", ["MRS"]),
    ],
)
def test_what_is_not_used_is_left_over_with_a_reason(typed: str, left: list[str]) -> None:
    leftovers = read(typed).leftovers
    assert [leftover.typed for leftover in leftovers] == left
    assert all(leftover.reason for leftover in leftovers)


def test_a_line_is_read_up_to_its_limit() -> None:
    understood = read("a" * (LONGEST_LINE + 1))
    assert "500" in understood.message
    assert understood.leftovers[-1].typed == "a"


NHS_NUMBERS = st.sampled_from(["9434765919", "4010232137", "6328797966", "9990000034"])
FRAGMENTS = st.sampled_from(
    ["DOB:", "3/4/80", "943 476 5919", "07700 900123", "Smith,", "Anne", "jhe:", "\n", ";", "@", "a@b.test",
     "id", "(", ")", "+", "May", "12", "LS6 2AB", "\u200f", "١٢", "\0", "ﷺ", "NHS", "born", "1980", "-"]
)  # fmt: skip


@given(
    st.one_of(
        st.text(max_size=60), st.lists(FRAGMENTS, max_size=12).map(" ".join), st.lists(FRAGMENTS).map("".join)
    )
)
@example("\0")
@example("0" * 400)
@example("1 " * 200)
@settings(max_examples=300, deadline=None)
def test_every_character_typed_is_accounted_for_and_nothing_raises(typed: str) -> None:
    understood = read(typed)
    assert "".join(piece.typed for piece in understood.pieces) == typed
    separators = "".join(piece.typed for piece in understood.pieces if piece.role == "separator")
    assert not any(character.isalnum() for character in separators)
    understood.to_query()


@given(NHS_NUMBERS, st.lists(st.integers(1, 9), max_size=4), st.sampled_from([" ", "-", ".", "\u00a0", "  "]))
@example("9434765919", [5, 7, 8], "-")
@settings(deadline=None)
def test_every_typed_nhs_number_is_found_in_any_spacing(number: str, cuts: list[int], gap: str) -> None:
    typed = "".join(f"{gap if place in cuts else ''}{digit}" for place, digit in enumerate(number))
    for line in (
        typed,
        f"anne smith {typed}",
        f"{typed}, Smith",
        f"{typed} Anne Hill",
        f"NHS No: {typed}; Tel: 07700 900123",
    ):
        assert read(line).to_query().nhs_number == number


def test_understanding_is_quick() -> None:
    line = (
        "Name: Anne Smith\tDOB: 3/4/80; NHS No: 943 476 5919 Tel: 07700 900123 Email: a@clinic.test LS6 2AB"
    )
    read(line)
    best = min(_seconds(line) for _ in range(5))
    assert best < 0.005


def _seconds(line: str) -> float:
    start = time.perf_counter()
    read(line)
    return time.perf_counter() - start


def test_corrected_fields_make_the_same_query() -> None:
    understood = understand_fields(
        TypedFields(
            given_name="Anne",
            family_name="O’Neill",
            birth_date="03-Apr-1980",
            nhs_number="943-476-5919",
            email="ANNE@clinic.test",
            phone="07700 900123",
            postcode="ls6 2ab",
            record_id="40006",
        ),
        date_order="DMY",
        country="GB",
        today=TODAY,
        id_patterns=IDS,
    )
    assert not understood.field_errors
    assert understood.to_query() == SearchQuery(
        words=("Anne", "O'Neill"),
        given_name="Anne",
        family_name="O'Neill",
        birth_dates=(APRIL,),
        nhs_number="9434765919",
        email="anne@clinic.test",
        phone="07700 900123",
        postcode="LS62AB",
        record_id="40006",
        record_system="jhe",
    )


def test_corrected_fields_say_what_is_wrong_with_each() -> None:
    understood = understand_fields(
        TypedFields(
            words="smith", birth_date="yesterday", nhs_number="12", email="x", phone="1", postcode="-"
        ),
        date_order="DMY",
        country="GB",
        today=TODAY,
    )
    assert set(understood.field_errors) == {"birth_date", "nhs_number", "email", "phone", "postcode"}
    assert understood.to_query() == SearchQuery(words=("smith",))


@given(st.text(max_size=40))
@settings(max_examples=100, deadline=None)
def test_corrected_fields_never_raise(typed: str) -> None:
    names = (
        "words",
        "given_name",
        "family_name",
        "birth_date",
        "nhs_number",
        "email",
        "phone",
        "postcode",
        "record_id",
    )
    fields = TypedFields(**dict.fromkeys(names, typed))
    understand_fields(fields, date_order="DMY", country="GB", today=TODAY).to_query()
