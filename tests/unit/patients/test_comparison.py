"""What a page shows of records: every field of theirs, each value once, with its systems and its age."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from integrations.types import (
    Accessibility,
    Address,
    Administrative,
    ContactPreferences,
    Demographics,
    Gender,
    Identifier,
    Organization,
    Phone,
    PhoneKind,
    RecordStatus,
    Registration,
    RemotePatient,
    Sex,
)
from patients.matching.grouping import Group
from patients.services.answers import KeptRecord
from patients.services.comparison import Comparison, compare
from patients.services.lookup import Person
from patients.services.rows import Row
from patients.services.visibility import Reach

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
EVERYTHING = RemotePatient(
    system="jump",
    id="ID-7",
    demographics=Demographics(
        given_name="Given",
        family_name="Family",
        middle_name="Middle",
        preferred_name="Preferred",
        title="Title",
        full_name="Unsplit",
        birth_date=date(1980, 4, 3),
        sex=Sex.INDETERMINATE,
        gender=Gender.NON_BINARY,
        nhs_number="9434765919",
        email="mail@example.org",
        phones=(
            Phone(number="0113 496 0001"),
            Phone(kind=PhoneKind.MOBILE, number="07700 900002"),
            Phone(kind=PhoneKind.HOME, number="0113 496 0003"),
        ),
        address=Address(
            lines=("Line one", "Line two", "Line three"),
            town="Town",
            county="County",
            postcode="LS1 4AP",
            country="Country",
            note="Delivery note",
        ),
    ),
    contact=ContactPreferences(
        preferred_method="post", sms=True, email=False, marketing=False, electronic=True
    ),
    accessibility=Accessibility(needs=("Need",), notes=("Note on needs",)),
    administrative=Administrative(
        is_deceased=True,
        date_of_death=date(2025, 5, 6),
        requires_review=True,
        review_reason="Reason for review",
        ethnicity="Ethnicity",
        occupation="Occupation held",
        notes="Notes held",
        custom_fields=(("referral_source", "A friend"), ("bay_needed", "wide")),
        enrolled=False,
        site="Site held",
        site_details=("Site street", "Site phone"),
        login="10012",
        archived_at=NOON,
        archived_by="Archivist",
        archive_reason="Moved",
        archive_notes="To Leeds",
        created_at=NOON - timedelta(days=9),
    ),
    status=RecordStatus.ARCHIVED,
    registration=Registration.TEMPORARY,
    identifiers=(
        Identifier(system="registry", value="R-1"),
        Identifier(system="x", value="MD5", guessable=True),
    ),
    organizations=(Organization(id="20003", name="Harbour Clinic"),),
    updated_at=NOON + timedelta(days=9),
    unread=("gender",),
)
#: What stands on the page for each field of the record, in the words of the page.
SHOWN = (
    "ID-7", "Given", "Family", "Middle", "Preferred", "Title", "Unsplit", "03-Apr-1980", "Indeterminate",
    "Non binary", "943 476 5919", "mail@example.org", "0113 496 0001", "07700 900002", "0113 496 0003",
    "Line one, Line two, Line three, Town, County, Country", "LS1 4AP", "Delivery note", "Post", "Need",
    "Note on needs", "Yes, 06-May-2025", "Reason for review", "Ethnicity", "Occupation held", "Notes held",
    "A friend", "wide", "Site held", "Site street", "Site phone", "10012", "04-Mar-2026, 12:00", "Archivist",
    "Moved", "To Leeds", "23-Feb-2026, 12:00", "Archived", "Temporary", "R-1 (given by registry)",
    "Harbour Clinic", "13-Mar-2026, 12:00",
)  # fmt: skip


REACH = Reach(organizations={each: frozenset({"20003"}) for each in ("jump", "jhe", "impilo")})


def kept(record: RemotePatient, *, days: float = 0, problem: str = "") -> KeptRecord:
    return KeptRecord(number=1, read_at=timezone.now() - timedelta(days=days), record=record, problem=problem)


def of(*records: KeptRecord, asking: tuple[tuple[str, str], ...] = ()) -> Comparison:
    person = Person(group=Group(records=tuple(each.record for each in records)), kept=records)
    return compare(person, reach=REACH, asking=asking)


def row(comparison: Comparison, label: str) -> Row:
    (found,) = [each for group in comparison.groups for each in group.rows if each.label == label]
    return found


def sources(found: Row) -> list[list[tuple[str, str]]]:
    return [[(each.system_label, each.age) for each in value.sources] for value in found.values]


def record(system: str, **details: object) -> RemotePatient:
    return RemotePatient(system=system, id="7", demographics=Demographics(**details))  # type: ignore[arg-type]


def test_every_field_of_a_record_is_on_the_page() -> None:
    shown = of(kept(EVERYTHING))
    lines = {
        line
        for some in (shown.alerts.rows, *(group.rows for group in shown.groups))
        for each in some
        for value in each.values
        for line in value.lines
    }
    lines |= {shown.records[0].id}

    assert set(SHOWN) - lines == set()
    assert "MD5" not in "".join(lines)
    assert shown.records[0].unread == ("gender",)
    (consents,) = [group for group in shown.groups if group.title == "Contact preferences"]
    assert {each.label: each.values[0].lines[0] for each in consents.rows[1:]} == {
        "Text messages": "Yes",
        "E-mails": "No permission recorded",
        "Electronic messages": "Yes",
        "Marketing": "No permission recorded",
    }


def test_needs_and_alerts_stand_apart_and_nowhere_else() -> None:
    shown = of(kept(EVERYTHING))
    labels = [each.label for each in shown.alerts.rows]
    assert labels == ["Deceased", "Accessibility needs", "Accessibility notes", "Needs review"]
    assert not {each.label for group in shown.groups for each in group.rows} & set(labels)


def test_equal_values_stand_once_with_every_system() -> None:
    shown = of(kept(record("jump", family_name="Lee")), kept(record("impilo", family_name="Lee")))
    found = row(shown, "Family name")
    assert sources(found) == [[("Jump EHR", "read now"), ("Impilo", "read now")]]
    assert (found.verdict, shown.differences) == ("same", 0)


def test_values_that_differ_stand_each_with_its_system_and_in_words() -> None:
    shown = of(
        kept(record("jump", birth_date=date(1980, 4, 3))), kept(record("impilo", birth_date=date(1980, 3, 4)))
    )
    found = row(shown, "Birth date")
    assert [value.lines for value in found.values] == [("03-Apr-1980",), ("04-Mar-1980",)]
    assert "day and month swapped" in found.says
    assert (found.verdict, shown.differences) == ("differs", 1)


def test_what_every_system_has_of_its_own_is_no_difference() -> None:
    one = RemotePatient(system="jump", id="1", demographics=Demographics(), updated_at=NOON)
    other = RemotePatient(system="jhe", id="2", demographics=Demographics(), updated_at=NOON + timedelta(1))
    shown = of(kept(one), kept(other))
    assert row(shown, "Changed there").verdict == "own"
    assert shown.differences == 0


@pytest.mark.parametrize(
    ("days", "problem", "asking", "age", "standing"),
    [
        (0, "", False, "read now", "now"),
        (0.01, "", False, "as of 14 minutes ago", "old"),
        (3, "", True, "as of 3 days ago", "asking"),
        (3, "Not answering.", False, "as of 3 days ago", "old"),
        (0, "Not answering.", False, "as of a moment ago", "old"),
        (0, "", True, "as of a moment ago", "asking"),
    ],
)
def test_only_what_its_system_has_just_said_is_called_current(
    days: float, problem: str, asking: bool, age: str, standing: str
) -> None:
    held = kept(record("jump", family_name="Lee"), days=days, problem=problem)
    shown = of(held, asking=(("jump", "7"),) if asking else ())
    (source,) = row(shown, "Family name").values[0].sources
    assert (source.age, source.standing) == (age, standing)
    assert shown.is_current is (standing == "now")


def test_custom_fields_have_the_organizations_labels(settings: Settings) -> None:
    fields = (("external_id", "H-1"), ("bay_needed", "wide"), ("marketing_consent", "no"))
    held = RemotePatient(
        system="jump",
        id="7",
        demographics=Demographics(),
        administrative=Administrative(custom_fields=fields),
        identifiers=(Identifier(system="external", value="H-1"),),
    )
    settings.CUSTOM_FIELD_LABELS = {"external_id": "Hospital number"}
    shown = of(kept(held))

    assert row(shown, "Hospital number").values[0].lines == ("H-1",)
    assert row(shown, "Bay needed").values[0].lines == ("wide",)
    assert row(shown, "Marketing consent").values[0].lines == ("No permission recorded",)
    assert "Other identifiers" not in {each.label for group in shown.groups for each in group.rows}


def test_groups_without_values_are_left_out() -> None:
    shown = of(kept(record("jump", family_name="Lee")))
    assert [group.title for group in shown.groups] == ["Names", "Registration"]


def test_former_names_are_shown_and_are_no_difference() -> None:
    held = kept(record("jump", family_name="Lee"))
    person = Person(group=Group(records=(held.record,)), kept=(held,))
    shown = compare(person, reach=REACH, former={("jump", "7"): ["Oldfield (family name)"]})
    assert row(shown, "Former names").values[0].lines == ("Oldfield (family name)",)
    assert shown.differences == 0
