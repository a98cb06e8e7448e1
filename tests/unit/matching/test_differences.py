"""Records side by side, in words."""

from datetime import date

from integrations.types import Address, Demographics, Phone, RemotePatient, Sex
from patients.matching.differences import Agreement, FieldDifference, differences
from patients.matching.fields import Field

from .people import record


def by_field(*records: RemotePatient) -> dict[Field, FieldDifference]:
    return {entry.field: entry for entry in differences(records)}


def test_equal_records_agree_in_everything_they_hold() -> None:
    rows = by_field(record(), record("jhe"))
    assert {row.agreement for row in rows.values()} == {Agreement.SAME}
    assert Field.TITLE not in rows
    assert list(rows) == sorted(rows, key=lambda field: field.position)


def test_writing_is_no_difference() -> None:
    rows = by_field(
        record(),
        record(
            "jhe",
            family_name="SMITH",
            email="Anne.Smith@Home.test",
            phones=(Phone(number="+447700900123"),),
            nhs_number="9434765919",
            address=Address(lines=("12 High St.",), town="Leeds", postcode="ls62ab"),
        ),
    )
    assert rows[Field.FAMILY_NAME].agreement is Agreement.WRITING
    assert rows[Field.PHONE].agreement is Agreement.WRITING
    assert rows[Field.ADDRESS].agreement is Agreement.WRITING
    assert rows[Field.NHS_NUMBER].agreement is Agreement.SAME
    assert not any(row.differs for row in rows.values())


def test_differences_are_said_in_words() -> None:
    rows = by_field(
        record(title="Mrs"),
        record("jhe", family_name="Jones", title="Ms", birth_date=date(1980, 3, 4), nhs_number="9434765918"),
        record("impilo", given_name="Annie", phones=(Phone(number="07700 900124"),), birth_date=None),
    )
    assert rows[Field.BIRTH_DATE].sentences == (
        "birth date: 03-Apr-1980 and 04-Mar-1980: day and month swapped",
    )
    assert rows[Field.NHS_NUMBER].sentences == (
        "NHS number: 943 476 5919 and 943 476 5918, one digit differs",
    )
    assert "given name: Annie is short for Anne" in rows[Field.GIVEN_NAME].sentences
    assert rows[Field.PHONE].sentences == ("phone: one digit differs",)
    assert rows[Field.TITLE].sentences == ("title: Mrs and Ms",)
    assert all(rows[field].differs for field in (Field.FAMILY_NAME, Field.TITLE))
    assert rows[Field.BIRTH_DATE].values == ("03-Apr-1980", "04-Mar-1980", "")


def test_a_former_surname_is_asked_about() -> None:
    rows = by_field(record(), record("jhe", family_name="Jones"))
    assert rows[Field.FAMILY_NAME].sentences == ("family name: Smith and Jones: a former surname?",)


def test_unknown_is_shown_and_differs_from_nothing() -> None:
    rows = by_field(record(), record("jhe", sex=Sex.UNKNOWN))
    assert rows[Field.SEX].agreement is Agreement.ONE_ONLY
    assert rows[Field.SEX].values == ("female", "unknown")


def test_one_more_phone_is_a_difference_in_words() -> None:
    more = (Phone(number="07700 900123"), Phone(number="0113 496 0000"))
    rows = by_field(record(), record("jhe", phones=more))
    assert rows[Field.PHONE].sentences == ("phone: only some of the numbers are the same",)


def test_no_records_and_empty_records_have_no_rows() -> None:
    assert differences([]) == ()
    assert differences([RemotePatient(system="jump", id="1", demographics=Demographics())]) == ()
